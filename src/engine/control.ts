import type { Frame, FrameHeader } from '../journal/types.ts'
import type { EventBatch } from '../model/batches.ts'
import type { RemoteObjects } from '../model/kubernetes.ts'
import type { Health } from '../telemetry/health.ts'
import type { DerivationListener, Preview, SinkBatch, SinkPiece } from './contracts.ts'

export interface Control extends RemoteObjects {
  /** Appends a batch as one unit. Resolves when it is synced; with `ack: sink:<id>`, when it is settled. */
  ingest(batch: EventBatch): Promise<Ingested>
  ledger(): Promise<Ledger>
  pipeline(): Promise<Pipeline>
  exporters(): Promise<readonly SourceExporters[]>
  clusters(): Promise<readonly WatchedCluster[]>
  deadLetters: DeadLetterAdmin
  store: StoreReader | undefined
  /** Calls the listener with synced frames. There is no backpressure. */
  watch(listener: (frame: Frame) => void): () => void
  /** Whether store and live views take the rows of a frame. Default: all. */
  shows?(header: FrameHeader): boolean
  shared?(): Promise<SharedJournal | undefined>
  /** As {@link watch}, for one source or the rows routed to one sink. */
  tap(target: TapTarget, listener: (piece: SinkPiece) => void): () => void
  /** Rows of a transform with those derived from them. Throws WEIR_SINK_UNKNOWN unless it is one of this instance. */
  derivations(transform: string, listener: DerivationListener): () => void
  preview(sink: string, batch: SinkBatch): Iterable<Preview> | undefined
  /** Drops the rows pending for a removed sink; resolves with their number. */
  forgetSink(sink: string): Promise<number>
  /** Validates, builds, drains and swaps. Returns the changes, or the problems with nothing changed. */
  reload(): Promise<ReloadReport>
  health(): Health
}

export interface SharedJournal {
  /** Eight letters, the same for all instances. */
  readonly name: string
  readonly partitions: number
  readonly places: ReadonlyMap<number, number>
}

export type TapTarget = { readonly source: string } | { readonly sink: string }

export interface Ingested {
  readonly accepted: number
  readonly duplicates: number
  readonly outcome?: SinkOutcome
}

export type SinkOutcome =
  | { readonly is: 'delivered' }
  | {
      readonly is: 'dead-lettered'
      readonly rows: number
      readonly reason?: string
    }
  | Readonly<{ is: 'dropped'; reason: string }>
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
  /** Accepted rows that are unreadable after damage on disk. */
  readonly unreadable: number
  readonly shed: Readonly<Record<string, number>>
}

/** Accepted of `from` = filtered + routed; routed = delivered + dead_lettered + dropped + quarantined + pending. */
export interface SinkLedger {
  readonly name: string
  /** `orphaned`: pending rows of a removed sink are retained. `forgotten`: they were dropped. */
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
  readonly sources: readonly Readonly<{
    name: string
    type: string
    addresses: readonly string[]
    rate: number
    error?: string
  }>[]
  readonly sinks: readonly Readonly<{
    name: string
    type: string
    from: readonly string[]
    lagMs: number
    state: SinkState
    error?: string
  }>[]
  readonly journal: Readonly<{ bytes: number; segments: number; sequence: number }>
}

export interface SourceExporters {
  readonly name: string
  readonly type: string
  readonly addresses: readonly string[]
  readonly why?: string
  readonly exporters: readonly ExporterReport[]
  readonly [more: string]: unknown
}

/** One exporter address; totals since its first datagram. */
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
  readonly reached?: number
  /** Why it cannot be watched, as logged. */
  readonly problem?: string
  readonly objects: number
  /** Since the start: emitted, and suppressed by noise rules. */
  readonly changes: number
  readonly hidden: number
  /** API groups without a response of their aggregated server. */
  readonly unavailable: readonly string[]
  /** Every permitted kind is watched, and the watch positions are on disk for a restart. */
  readonly synced: boolean
  readonly workloads?: number
  readonly kinds: readonly WatchedKind[]
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
  /** Fencing epoch; in every event of the source. */
  readonly epoch?: number
  readonly problem?: string
  readonly waiting: number
}

interface WatchedKind {
  readonly kind: string
  readonly group: string
  readonly namespace?: string
  readonly state: string
  readonly reason?: string
  readonly objects: number
  readonly lists: number
  readonly watches: number
  readonly lastByte?: number
}

/** `orphaned`: not configured, with pending rows. */
export type SinkState = 'running' | 'retrying' | 'blocked' | 'stopped' | 'orphaned'

export interface DeadLetter {
  readonly id: string
  readonly sink: string
  readonly time: number
  readonly reason: string
  readonly attempts: number
  readonly state: 'open' | 'retrying' | 'delivered' | 'dropped'
  readonly kind: 'events' | 'flows'
  /** Attributes and data of an event, or the fields of a flow. Omitted unless requested. */
  readonly body?: unknown
}

/** Sort key in the list. It stays valid after the dead letter is settled. */
export type DeadLetterPosition = Pick<DeadLetter, 'time' | 'sink' | 'id'>

export interface DeadLetterAdmin {
  list(
    sink: string | undefined,
    limit: number,
    bodies: boolean,
    after?: DeadLetterPosition,
  ): Promise<readonly DeadLetter[]>
  /** One dead letter, also after it settled. Each sink that rejected the row has its own. */
  show(id: string, sink: string | undefined): Promise<DeadLetter | undefined>
  retry(sink: string, ids?: readonly string[]): Promise<number>
  /** False if it is already settled. Rejects with WEIR_DEAD_LETTER_EDIT for an invalid body. */
  edit(sink: string, id: string, body: unknown): Promise<boolean>
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

/** Read access to the store. Each query pins one manifest version. */
export interface StoreReader {
  /** SQL of the statements; default: DuckDB's. */
  readonly dialect?: 'duckdb' | 'clickhouse'
  /** Rejects with WEIR_SQL_REFUSED before the first byte. Yields complete documents; no row limit. */
  query(sql: string, format: QueryFormat, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>
  /** As {@link query}, in a separate process with bounded memory. The iterator returns the number of rows if known. */
  isolated?(query: IsolatedQuery, signal: AbortSignal): Promise<IsolatedResult>
  /** Edges of nodes, summed over all sources. Rejects as {@link query} does. */
  edges(request: EdgeQuery, signal: AbortSignal): Promise<readonly StoredEdge[]>
  fresh?(): Promise<boolean>
  sums?(): Promise<StoredSums>
}

export interface IsolatedQuery {
  readonly sql: string
  readonly format: QueryFormat | 'parquet'
  /** Scope of `sql.timeout`: the total work, or each wait for the next bytes. */
  readonly bound: 'work' | 'wait'
}

export type IsolatedResult = AsyncIterable<Uint8Array, number | undefined>

export interface EdgeQuery {
  readonly near: readonly string[]
  /** Only edges to these nodes, all of them. */
  readonly far?: readonly string[]
  /** Excludes edges to these nodes. */
  readonly without?: readonly string[]
  /** Edges per node; the largest of each relation first, so that no relation hides another. */
  readonly limit: number
  /** Occurrences in [`from`, `to`), and relations valid at `to`; µs. */
  readonly span: Readonly<{ from: bigint; to: bigint }>
  readonly relations: ReadonlySet<string> | undefined
  /** Restricts edges to objects in these namespaces; undefined: all edges. */
  readonly namespaces: readonly string[] | undefined
}

/** Sorted in the order of `near`, then in the order described at `limit`. */
export interface StoredEdge {
  readonly near: string
  readonly far: string
  readonly relation: string
  /** The edge points from `near` to `far`. */
  readonly forward: boolean
  /** Traces, flows, or validity intervals. */
  readonly count: number
  readonly first: string | null
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
  /** Start of complete rollups by view; −Infinity: complete, Infinity: empty. */
  readonly since: Readonly<Record<'flows_1m' | 'flows_5m' | 'flows_1h', number>>
  /** Time of the oldest rollup; Infinity: none. */
  readonly oldest: number
  /** Stored flows and the receive time of the first. They are evicted before their rollups. */
  readonly flows: Readonly<{ rows: number; first: number }>
}
