import type { Frame } from '../journal/types.ts'
import type { EventBatch } from '../model/batches.ts'
import type { RemoteObjects } from '../model/kubernetes.ts'
import type { Health } from '../telemetry/health.ts'
import type { Preview, SinkBatch, SinkPiece } from './contracts.ts'

export interface Control extends RemoteObjects {
  /** Resolves when synced; with `ack: sink:<id>`, when settled. */
  ingest(batch: EventBatch): Promise<Ingested>
  ledger(): Promise<Ledger>
  pipeline(): Promise<Pipeline>
  exporters(): Promise<readonly SourceExporters[]>
  clusters(): Promise<readonly WatchedCluster[]>
  deadLetters: DeadLetterAdmin
  store: StoreReader | undefined
  /** No backpressure: the listener must return quickly. Returns the unsubscribe function. */
  watch(listener: (frame: Frame) => void): () => void
  shared?(): Promise<SharedJournal | undefined>
  /** Throws WEIR_SOURCE_UNKNOWN or WEIR_SINK_UNKNOWN. */
  tap(target: TapTarget, listener: (piece: SinkPiece) => void): () => void
  /** Undefined if the sink has no preview. */
  preview(sink: string, batch: SinkBatch): Iterable<Preview> | undefined
  /** Resolves with the dropped rows. Rejects with WEIR_SINK_UNKNOWN, WEIR_SINK_CONFIGURED. */
  forgetSink(sink: string): Promise<number>
  /** Returns the changes, or the problems with nothing changed. */
  reload(): Promise<ReloadReport>
  health(): Health
}

export interface SharedJournal {
  /** Eight letters, the same for all instances. */
  readonly name: string
  readonly partitions: number
  /** Copied position by partition. */
  readonly places: ReadonlyMap<number, number>
}

export type TapTarget = { readonly source: string } | { readonly sink: string }

export interface Ingested {
  readonly accepted: number
  readonly duplicates: number
  /** Only with `ack: sink:<id>`. */
  readonly outcome?: SinkOutcome
}

export type SinkOutcome =
  | { readonly is: 'delivered' }
  | {
      readonly is: 'dead-lettered'
      readonly rows: number
      readonly reason?: string
    }
  | { readonly is: 'dropped'; readonly reason: string }
  | { readonly is: 'pending' }

export interface Ledger {
  readonly balanced: boolean
  readonly sources: readonly SourceLedger[]
  readonly sinks: readonly SinkLedger[]
}

export interface SourceLedger {
  readonly name: string
  readonly accepted: number
  readonly duplicates: number
  /** Accepted rows lost to damage on disk. */
  readonly unreadable: number
  readonly shed: Readonly<Record<string, number>>
}

/** accepted of `from` = filtered + routed; routed = delivered + dead_lettered + dropped + quarantined + pending. */
export interface SinkLedger {
  readonly name: string
  readonly state?: 'orphaned' | 'forgotten'
  readonly from: readonly string[]
  readonly filtered: Readonly<Record<string, number>>
  readonly routed: number
  readonly delivered: number
  readonly dead_lettered: number
  readonly dropped: Readonly<Record<string, number>>
  readonly quarantined: number
  readonly pending: number
}

export interface Pipeline {
  readonly sources: readonly {
    readonly name: string
    readonly type: string
    readonly addresses: readonly string[]
    readonly rate: number
    readonly error?: string
  }[]
  readonly sinks: readonly {
    readonly name: string
    readonly type: string
    readonly from: readonly string[]
    readonly lagMs: number
    readonly state: SinkState
    readonly error?: string
  }[]
  readonly journal: { readonly bytes: number; readonly segments: number; readonly sequence: number }
}

/** The source may add fields. */
export interface SourceExporters {
  readonly name: string
  readonly type: string
  readonly addresses: readonly string[]
  /** Includes the action to take. */
  readonly why?: string
  readonly exporters: readonly ExporterReport[]
  readonly [more: string]: unknown
}

export interface ExporterReport {
  readonly address: string
  readonly lastSeen: number
  readonly datagrams: number
  readonly rows: number
  readonly why?: string
  readonly [more: string]: unknown
}

export interface WatchedCluster {
  readonly name: string
  readonly type: string
  readonly cluster: string
  /** Unix ms of the last response. */
  readonly reached?: number
  /** Why it cannot be watched, as logged. */
  readonly problem?: string
  readonly objects: number
  /** Since the start, with those suppressed by noise rules. */
  readonly changes: number
  readonly hidden: number
  /** API groups without a responding aggregated server. */
  readonly unavailable: readonly string[]
  /** Every permitted kind is watched and its position is on disk. */
  readonly synced: boolean
  /** Pods, nodes and services with addresses that name flows. */
  readonly workloads?: number
  readonly kinds: readonly WatchedKind[]
  /** Set with replicas. */
  readonly lease?: WatchedLease
}

export interface WatchedLease {
  /** Empty: the lease is in the shared journal. */
  readonly namespace: string
  readonly name: string
  readonly state: 'holds' | 'stands by'
  readonly holder?: string
  /** ISO 8601, by the leader's clock. */
  readonly since?: string
  /** Also in every event of the source. */
  readonly epoch?: number
  readonly problem?: string
  /** Events held until a leader emits them. */
  readonly waiting: number
}

export interface WatchedKind {
  readonly kind: string
  readonly group: string
  readonly namespace?: string
  readonly state: string
  readonly reason?: string
  readonly objects: number
  readonly lists: number
  readonly watches: number
  /** Unix ms of the last byte from the server. */
  readonly lastByte?: number
}

/** `orphaned`: not configured, with pending rows. */
export type SinkState = 'running' | 'retrying' | 'blocked' | 'stopped' | 'orphaned'

export interface DeadLetter {
  /** Stable id of the row. */
  readonly id: string
  readonly sink: string
  readonly time: number
  readonly reason: string
  readonly attempts: number
  /** `delivered` and `dropped` are settled. */
  readonly state: 'open' | 'retrying' | 'delivered' | 'dropped'
  readonly kind: 'events' | 'flows'
  /** Attributes and data, or a flow. Omitted unless requested. */
  readonly body?: unknown
}

/** Also valid after it settled. */
export type DeadLetterPosition = Pick<DeadLetter, 'time' | 'sink' | 'id'>

export interface DeadLetterAdmin {
  list(
    sink: string | undefined,
    limit: number,
    bodies: boolean,
    after?: DeadLetterPosition,
  ): Promise<readonly DeadLetter[]>
  /** Also after it settled. Each sink that rejected the row has its own. */
  show(id: string, sink: string | undefined): Promise<DeadLetter | undefined>
  /** Default: all. Resolves with their number. */
  retry(sink: string, ids?: readonly string[]): Promise<number>
  /** False if already settled. Rejects with WEIR_DEAD_LETTER_EDIT. */
  edit(sink: string, id: string, body: unknown): Promise<boolean>
  /** Counted as dropped. */
  drop(sink: string, ids?: readonly string[]): Promise<number>
}

export interface ReloadReport {
  readonly ok: boolean
  readonly changed: readonly string[]
  readonly problems: readonly string[]
}

export type { Health }

export const queryFormats = ['json', 'ndjson', 'csv', 'table'] as const
export type QueryFormat = (typeof queryFormats)[number]

/** Each query pins one manifest version. */
export interface StoreReader {
  /** One read-only statement. Rejects with WEIR_SQL_REFUSED before the first byte. */
  query(sql: string, format: QueryFormat, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>
  /** In a separate process with bounded memory (WEIR_SQL_MEMORY). */
  isolated?(query: IsolatedQuery, signal: AbortSignal): Promise<IsolatedResult>
  edges(request: EdgeQuery, signal: AbortSignal): Promise<readonly StoredEdge[]>
  /** Waits up to two seconds for all accepted rows. False on timeout. */
  fresh?(): Promise<boolean>
  sums?(): Promise<StoredSums>
}

export interface IsolatedQuery {
  readonly sql: string
  readonly format: QueryFormat | 'parquet'
  /** `sql.timeout` limits the total work, or each wait for the next bytes. */
  readonly bound: 'work' | 'wait'
}

export type IsolatedResult = AsyncIterable<Uint8Array, number | undefined>

export interface EdgeQuery {
  readonly near: readonly string[]
  /** Only edges to these nodes, all of them. */
  readonly far?: readonly string[]
  readonly without?: readonly string[]
  /** Per node: the largest of each relation first. */
  readonly limit: number
  /** [`from`, `to`) for occurrences, `to` for relations; µs. */
  readonly span: { readonly from: bigint; readonly to: bigint }
  /** Undefined: the relations that the console shows. */
  readonly relations: ReadonlySet<string> | undefined
  /** Namespaces of the objects; undefined: all edges. */
  readonly namespaces: readonly string[] | undefined
}

/** By `near`, then as described at `limit`. */
export interface StoredEdge {
  readonly near: string
  readonly far: string
  readonly relation: string
  /** The edge points from `near` to `far`. */
  readonly forward: boolean
  /** Traces, flows, or intervals. */
  readonly count: number
  readonly first: string | null
  /** null: still valid. */
  readonly last: string | null
  readonly severity: string | null
  readonly bytes: number | null
  /** Names of the ends in traces. */
  readonly nearName: string | null
  readonly farName: string | null
  /** Edges of `near` beyond the limit. */
  readonly others: number
}

/** Times in Unix ms. */
export interface StoredSums {
  /** Start of complete rollups; −Infinity: complete, Infinity: empty. */
  readonly since: Readonly<Record<'flows_1m' | 'flows_5m' | 'flows_1h', number>>
  /** Time of the oldest rollup; Infinity: none. */
  readonly oldest: number
  /** Flows are evicted before their rollups. */
  readonly flows: { readonly rows: number; readonly first: number }
}
