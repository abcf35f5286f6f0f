import type { Frame } from '../journal/types.ts'
import type { EventBatch } from '../model/batches.ts'
import type { RemoteObjects } from '../model/kubernetes.ts'
import type { Health } from '../telemetry/health.ts'
import type { Preview, SinkBatch, SinkPiece } from './contracts.ts'

/** What the API may ask of a running Weir. `cli/run.ts` implements it; the API knows nothing else of the engine. */
export interface Control extends RemoteObjects {
  /** Journals a batch pushed over the API as one unit; resolves when it is synced (and settled, with `ack: sink:<id>`). */
  ingest(batch: EventBatch): Promise<Ingested>
  ledger(): Promise<Ledger>
  pipeline(): Promise<Pipeline>
  /** Who sends to the sources that listen for exporters. */
  exporters(): Promise<readonly SourceExporters[]>
  /** Sources that watch a cluster, and how each of its kinds is doing. */
  clusters(): Promise<readonly WatchedCluster[]>
  deadLetters: DeadLetterAdmin
  store: StoreReader | undefined
  /** Newest frames as they are synced. The listener must be quick; it is never waited for. Returns the unsubscribe. */
  watch(listener: (frame: Frame) => void): () => void
  /** The journal that is shared with others, where it is. */
  shared?(): Promise<SharedJournal | undefined>
  /**
   * Frames as they are synced, with the rows of one source, or those routed to one sink. As quick a listener as that of
   * {@link watch}. Throws WEIR_SOURCE_UNKNOWN or WEIR_SINK_UNKNOWN. Returns the unsubscribe.
   */
  tap(target: TapTarget, listener: (piece: SinkPiece) => void): () => void
  /** How a sink would write rows; undefined when it does not tell. */
  preview(sink: string, batch: SinkBatch): Iterable<Preview> | undefined
  /** Drops what is pending for a sink that is no longer configured; resolves with how many rows. Rejects with WEIR_SINK_UNKNOWN, WEIR_SINK_CONFIGURED. */
  forgetSink(sink: string): Promise<number>
  /** Validates, builds, drains and swaps; answers what changed, or the problems, with nothing changed. */
  reload(): Promise<ReloadReport>
  health(): Health
}

/** What of a shared journal has been copied here. */
export interface SharedJournal {
  /** The same for all who share it: eight letters. */
  readonly name: string
  readonly partitions: number
  /** By partition, how far it has come. */
  readonly places: ReadonlyMap<number, number>
}

export type TapTarget = { readonly source: string } | { readonly sink: string }

export interface Ingested {
  readonly accepted: number
  readonly duplicates: number
  /** Only with `ack: sink:<id>`. */
  readonly fate?: Fate
}

/** What became of a source's batch at the sink it subscribed to. */
export type Fate =
  | { readonly is: 'delivered' }
  | {
      readonly is: 'dead-lettered'
      readonly rows: number
      /** Of the first of them, where it is known here. */ readonly reason?: string
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
  /** Rows whose frame was synced. */
  readonly accepted: number
  readonly duplicates: number
  /** Rows accepted once that no reader can read any more (damage on disk). */
  readonly unreadable: number
  /** Rows never accepted, by reason. */
  readonly shed: Readonly<Record<string, number>>
}

/** For every sink: accepted of `from` = filtered + routed, and routed = delivered + dead_lettered + dropped + quarantined + pending. */
export interface SinkLedger {
  readonly name: string
  /** Of a sink that is not configured: `orphaned` keeps its pending rows until it returns, of one that is `forgotten` they were dropped. */
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

/** A source that listens for exporters, as it tells of itself; a source may tell more than is named here. */
export interface SourceExporters {
  readonly name: string
  readonly type: string
  readonly addresses: readonly string[]
  /** Why nothing is seen at all, and what to do. */
  readonly why?: string
  /** Those seen lately. */
  readonly exporters: readonly ExporterReport[]
  readonly [more: string]: unknown
}

/** One address that sends; totals since it was first seen. */
export interface ExporterReport {
  readonly address: string
  /** Unix ms of its last datagram. */
  readonly lastSeen: number
  readonly datagrams: number
  readonly rows: number
  /** Why nothing, or not all, is seen of it, and what to do. */
  readonly why?: string
  readonly [more: string]: unknown
}

/** A source that watches a cluster, as it tells of itself. */
export interface WatchedCluster {
  readonly name: string
  readonly type: string
  readonly cluster: string
  /** Unix ms of the last time that the server said what it has. */
  readonly reached?: number
  /** Why it cannot be watched: the sentence of the log, and the cause. */
  readonly problem?: string
  readonly objects: number
  /** Since the start: told, and hidden by rules of noise. */
  readonly changes: number
  readonly hidden: number
  /** Groups whose own server does not answer. */
  readonly unavailable: readonly string[]
  /** Everything is watched that can be, and where the watches are is on disk: after a crash they go on from there. */
  readonly synced: boolean
  /** Pods, nodes and services whose addresses name flows now. */
  readonly workloads?: number
  readonly kinds: readonly WatchedKind[]
  /** Where replicas take turns. */
  readonly lease?: WatchedLease
}

export interface WatchedLease {
  /** Empty: turns are taken by the shared journal. */
  readonly namespace: string
  readonly name: string
  readonly state: 'holds' | 'stands by'
  readonly holder?: string
  /** ISO 8601, by the holder's clock. */
  readonly since?: string
  /** One more with each holder; in every event that it tells. */
  readonly epoch?: number
  /** Why it can't be asked for. */
  readonly problem?: string
  /** Events that wait for our turn, or to be told by another one. */
  readonly waiting: number
}

export interface WatchedKind {
  readonly kind: string
  readonly group: string
  readonly namespace?: string
  readonly state: string
  /** Why it is not watched. */
  readonly reason?: string
  readonly objects: number
  readonly lists: number
  readonly watches: number
  /** Unix ms of the last byte from the server. */
  readonly lastByte?: number
}

/** `orphaned`: it is not configured, and rows are pending for it. */
export type SinkState = 'running' | 'retrying' | 'blocked' | 'stopped' | 'orphaned'

export interface DeadLetter {
  /** Stable id of the row. */
  readonly id: string
  readonly sink: string
  /** Unix ms. */
  readonly time: number
  readonly reason: string
  readonly attempts: number
  /** The last two: settled since. */
  readonly state: 'open' | 'retrying' | 'delivered' | 'dropped'
  readonly kind: 'events' | 'flows'
  /** Attributes and data of an event, or the fields of a flow; left out where it was not asked for. */
  readonly body?: unknown
}

/** Where a letter stands in the list. It may have been settled since: what is behind it stays behind it. */
export type LetterPlace = Pick<DeadLetter, 'time' | 'sink' | 'id'>

export interface DeadLetterAdmin {
  /** Those that wait, newest first; with `after`, those behind that one. */
  list(sink: string | undefined, limit: number, bodies: boolean, after?: LetterPlace): Promise<readonly DeadLetter[]>
  /** One letter, also when it was settled since; sinks that refused the same row have one each. */
  show(id: string, sink: string | undefined): Promise<DeadLetter | undefined>
  /** Moves letters back to pending; all of a sink when no ids are given. Answers how many. */
  retry(sink: string, ids?: readonly string[]): Promise<number>
  /**
   * Moves a letter back to pending with another body, in the form of {@link DeadLetter.body}. Its ids stay: it is the same
   * row. False when it does not wait. Rejects with WEIR_LETTER_EDIT when the body is not one of an event.
   */
  edit(sink: string, id: string, body: unknown): Promise<boolean>
  /** Gives letters up for good; counted as dropped. */
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

/** Asks the store. Every query pins one manifest version. */
export interface StoreReader {
  /**
   * One read-only statement. Rejects with WeirError WEIR_SQL_REFUSED (message for the user) before the first byte when the
   * statement is refused or fails to bind. The bytes are complete documents in the format; no row limit.
   */
  query(sql: string, format: QueryFormat, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>
  /**
   * A user's statement, or an export, in a process of its own, whose memory is bounded (WEIR_SQL_MEMORY). Otherwise as {@link query};
   * the iterator returns the number of rows where it is known. Absent where such processes cannot be started.
   */
  isolated?(query: IsolatedQuery, signal: AbortSignal): Promise<IsolatedAnswer>
  /** Edges of nodes, summed over all that tells them. Rejects as {@link query} does. */
  edges(asked: EdgesAsked, signal: AbortSignal): Promise<readonly StoredEdge[]>
  /** Waits until queries read every row that was accepted before the call, for two seconds at most. False: they do not. */
  fresh?(): Promise<boolean>
  /** What there is to add up. */
  sums?(): Promise<StoredSums>
}

export interface IsolatedQuery {
  readonly sql: string
  readonly format: QueryFormat | 'parquet'
  /** What `sql.timeout` bounds: all the work of the query, or each wait for more of its bytes. */
  readonly bound: 'work' | 'wait'
}

export type IsolatedAnswer = AsyncIterable<Uint8Array, number | undefined>

export interface EdgesAsked {
  readonly near: readonly string[]
  /** Only edges to these, all of them. */
  readonly far?: readonly string[]
  /** No edges to these. */
  readonly without?: readonly string[]
  /** Edges of each node: of each relation the largest first, so that no relation hides another. */
  readonly limit: number
  /** What happened from `from` to before `to`, and what held at `to`; in µs. */
  readonly span: { readonly from: bigint; readonly to: bigint }
  /** Undefined: those that people read. */
  readonly relations: ReadonlySet<string> | undefined
  /** Only edges of objects in these; undefined: all edges. */
  readonly namespaces: readonly string[] | undefined
}

/** In the order of `near`, and of each node in that of `limit`. */
export interface StoredEdge {
  readonly near: string
  readonly far: string
  readonly relation: string
  /** It leads from `near` to `far`. */
  readonly forward: boolean
  /** Traces, flows, or times in which it held. */
  readonly count: number
  readonly first: string | null
  /** null: it still holds. */
  readonly last: string | null
  readonly severity: string | null
  readonly bytes: number | null
  /** What traces call the ends. */
  readonly nearName: string | null
  readonly farName: string | null
  /** Edges of `near` beyond the limit. */
  readonly others: number
}

/** Times in Unix ms. */
export interface StoredSums {
  /** Since when each view of sums holds every flow that is stored: −Infinity, nothing is missing; Infinity, nothing is there. */
  readonly since: Readonly<Record<'flows_1m' | 'flows_5m' | 'flows_1h', number>>
  /** When the oldest sums are of; Infinity, there are none. */
  readonly oldest: number
  /** The flows themselves, which go before what was added up of them: how many there are, and when the first of them was received. */
  readonly flows: { readonly rows: number; readonly first: number }
}
