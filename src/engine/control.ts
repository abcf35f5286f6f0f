import type { Frame, FrameHeader } from '../journal/types.ts'
import type { EventBatch } from '../model/batches.ts'
import type { HourSum } from '../model/hour-sums.ts'
import type { RemoteObjects } from '../model/kubernetes.ts'
import type { RowsReceived } from '../model/rows-received.ts'
import type { SqlParameters } from '../model/sql-parameters.ts'
import type { Health } from '../telemetry/health.ts'
import type { SourceFeed } from './sources/feed.ts'
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
  /** Times when Weir did not run, ascending: nothing was received. Empty if other instances may have received. */
  stops(): readonly TimeRange[]
  /** Ms since the store had all accepted rows, in steps of a second. Undefined: it has them. */
  storeLag(): number | undefined
  /** Whether its clients get a response when rows are synced. True for an unknown source. */
  acknowledges(source: string): boolean
  /**
   * Calls the listener with synced frames. There is no backpressure. While `isViewed` is false, frames are up to a
   * second late.
   */
  watch(listener: (frame: Frame) => void, isViewed?: () => boolean): () => void
  /** Whether store and live views take the rows of a frame. Default: all. */
  shows?(header: FrameHeader): boolean
  shared?(): Promise<SharedJournal | undefined>
  /** Like {@link watch}, for one source, or for the rows routed to one sink. */
  tap(target: TapTarget, listener: (piece: SinkPiece) => void): () => void
  /** Rows of a transform with those derived from them. Throws WEIR_SINK_UNKNOWN unless it is one of this instance. */
  derivations(transform: string, listener: DerivationListener): () => void
  preview(sink: string, batch: SinkBatch): Iterable<Preview> | undefined
  /** Drops the rows pending for a removed sink; resolves with their number. */
  forgetSink(sink: string): Promise<number>
  reload(): Promise<ReloadReport>
  health(): Health
}

export type SharedJournal = Readonly<{
  /** Eight letters, the same for all instances. */
  name: string
  partitions: number
  places: ReadonlyMap<number, number>
}>

export type TapTarget = { readonly source: string } | { readonly sink: string }

export type Ingested = Readonly<{
  accepted: number
  duplicates: number
  outcome?: SinkOutcome
}>

export type SinkOutcome =
  | { readonly is: 'delivered' }
  | Readonly<{
      is: 'dead-lettered'
      rows: number
      reason?: string
    }>
  | Readonly<{ is: 'dropped'; reason: string }>
  | { readonly is: 'pending' }

export type Ledger = Readonly<{
  balanced: boolean
  sources: readonly SourceLedger[]
  sinks: readonly SinkLedger[]
}>

export type SourceLedger = Readonly<{
  name: string
  accepted: number
  duplicates: number
  /** Accepted rows that are unreadable after damage on disk. */
  unreadable: number
  shed: Readonly<Record<string, number>>
}>

/** Accepted of `from` = filtered + routed; routed = delivered + dead_lettered + dropped + quarantined + pending. */
export type SinkLedger = Readonly<{
  name: string
  /** `orphaned`: pending rows of a removed sink are retained. `forgotten`: they were dropped. */
  state?: 'orphaned' | 'forgotten'
  from: readonly string[]
  filtered: Readonly<Record<string, number>>
  routed: number
  delivered: number
  dead_lettered: number
  dropped: Readonly<Record<string, number>>
  quarantined: number
  pending: number
  /** Rows delivered to the store that retention removed since, by reason. */
  expired?: Readonly<Record<string, number>>
}>

export type Pipeline = Readonly<{
  sources: readonly Readonly<{
    name: string
    type: string
    addresses: readonly string[]
    rate: number
    /** Since rows were last accepted, or since the start if only earlier runs accepted rows; absent: none. */
    silentMs?: number
    feed?: SourceFeed
    error?: string
  }>[]
  sinks: readonly Readonly<{
    name: string
    type: string
    from: readonly string[]
    lagMs: number
    /** Setting `delivery.wait`: rows may be late by this time. */
    waitMs?: number
    state: SinkState
    error?: string
    /** Size of the embedded store: bytes of its files, and the limit. */
    size?: Readonly<{ bytes: number; maxBytes: number }>
  }>[]
  journal: Readonly<{ bytes: number; segments: number; sequence: number }>
}>

export type SourceExporters = Readonly<{
  name: string
  type: string
  addresses: readonly string[]
  why?: string
  exporters: readonly ExporterReport[]
  [more: string]: unknown
}>

/** Report about one exporter address; totals since its first datagram. */
export type ExporterReport = Readonly<{
  address: string
  lastSeen: number
  datagrams: number
  rows: number
  why?: string
  [more: string]: unknown
}>

export type WatchedCluster = Readonly<{
  name: string
  type: string
  cluster: string
  reached?: number
  /** Why it cannot be watched, as logged. */
  problem?: string
  objects: number
  changes: number
  hidden: number
  unavailable: readonly string[]
  /** Every permitted kind is watched, and the watch positions are on disk for a restart. */
  synced: boolean
  workloads?: number
  kinds: readonly WatchedKind[]
  lease?: WatchedLease
}>

export type WatchedLease = Readonly<{
  /** Empty: the lease is in the shared journal. */
  namespace: string
  name: string
  state: 'holds' | 'stands by'
  holder?: string
  /** Start of the leadership, ISO 8601, by the clock of the leader. */
  since?: string
  /** Fencing epoch; in every event of the source. */
  epoch?: number
  problem?: string
  waiting: number
}>

type WatchedKind = Readonly<{
  kind: string
  group: string
  namespace?: string
  state: string
  reason?: string
  objects: number
  lists: number
  watches: number
  lastByte?: number
}>

/** `orphaned`: not configured, with pending rows. */
export type SinkState = 'running' | 'retrying' | 'blocked' | 'stopped' | 'orphaned'

export type DeadLetter = Readonly<{
  id: string
  sink: string
  time: number
  reason: string
  attempts: number
  state: 'open' | 'retrying' | 'delivered' | 'dropped'
  kind: 'events' | 'flows'
  body?: unknown
}>

/** Sort key in the list. It stays valid after the dead letter is settled. */
export type DeadLetterPosition = Pick<DeadLetter, 'time' | 'sink' | 'id'>

/** Unresolved dead letters of a sink with the same reason. Times in Unix ms. */
export type DeadLetterReason = Readonly<{
  sink: string
  reason: string
  open: number
  retrying: number
  oldest: number
  newest: number
}>

/** Dead letters that match every given part. */
export type DeadLetterChoice = Readonly<{
  ids?: readonly string[]
  reason?: string
  /** Unix ms: omits dead letters that were rejected later. */
  until?: number
}>

export interface DeadLetterAdmin {
  list(
    of: Readonly<{ sink?: string; reason?: string }>,
    limit: number,
    bodies: boolean,
    after?: DeadLetterPosition,
  ): Promise<readonly DeadLetter[]>
  /** A dead letter, also after it was settled. Every sink that rejected the row has a dead letter. */
  show(id: string, sink: string | undefined): Promise<DeadLetter | undefined>
  /** Reasons of unresolved dead letters, those with most rows first. */
  reasons(sink: string | undefined, limit: number): Promise<readonly DeadLetterReason[]>
  /** Retries the chosen dead letters of a sink. Default: all open ones. */
  retry(sink: string, choice?: DeadLetterChoice): Promise<number>
  /** False if it is already settled. Rejects with WEIR_DEAD_LETTER_EDIT for an invalid body. */
  edit(sink: string, id: string, body: unknown): Promise<boolean>
  drop(sink: string, choice?: DeadLetterChoice): Promise<number>
}

export type ReloadReport = Readonly<{
  ok: boolean
  changed: readonly string[]
  problems: readonly string[]
}>

export type { Health }

export const queryFormats = ['json', 'ndjson', 'csv', 'table'] as const
export type QueryFormat = (typeof queryFormats)[number]

export interface StoreReader {
  /** SQL dialect of the statements; default: that of DuckDB. */
  readonly dialect?: 'duckdb' | 'clickhouse'
  /**
   * Rejects with WEIR_SQL_REFUSED or WEIR_QUERY_MEMORY before the first byte, and with WEIR_QUERY_TIMEOUT at any time.
   * Yields complete documents; no row limit.
   */
  query(
    sql: string,
    format: QueryFormat,
    signal: AbortSignal,
    onProgress?: OnProgress,
  ): Promise<AsyncIterable<Uint8Array>>
  /** As {@link query}, in a separate process with bounded memory. The iterator returns the number of rows if known. */
  isolated?(query: IsolatedQuery, signal: AbortSignal, onProgress?: OnProgress): Promise<IsolatedResult>
  /** Edges of nodes, summed over all sources. Rejects as {@link query} does. */
  edges(request: EdgeQuery, signal: AbortSignal, onProgress?: OnProgress): Promise<readonly StoredEdge[]>
  fresh?(): Promise<boolean>
  sums?(): Promise<StoredSums>
}

/** Approximate progress of a statement: rows of the files that it reads, or files that are verified before. */
export type StatementProgress = Readonly<{ unit: 'files' | 'rows'; done: number; total: number }>

/** Not called by statements of less than {@link progressEveryMs}, nor by ClickHouse. */
export type OnProgress = (progress: StatementProgress) => void

export const progressEveryMs = 250

export type IsolatedQuery = Readonly<{
  sql: string
  format: QueryFormat | 'parquet'
  /** Scope of `sql.timeout`: the total work, or each wait for the next bytes. */
  bound: 'work' | 'wait'
  /** Values of `$name` in the statement; unused ones are ignored. Not with `parquet`. */
  parameters?: SqlParameters
}>

export type IsolatedResult = AsyncIterable<Uint8Array, number | undefined>

export type EdgeQuery = Readonly<{
  near: readonly string[]
  far?: readonly string[]
  without?: readonly string[]
  /** Edges per node; the largest of each relation first, so that no relation hides another. */
  limit: number
  /** Occurrences in [`from`, `to`), and relations valid at `to`; µs. */
  span: Readonly<{ from: bigint; to: bigint }>
  relations: ReadonlySet<string> | undefined
  /** Restricts edges to objects in these namespaces; undefined: all edges. */
  namespaces: readonly string[] | undefined
}>

export type StoredEdge = Readonly<{
  near: string
  far: string
  relation: string
  forward: boolean
  /** Number of traces or flows, or of validity intervals. */
  count: number
  first: string | null
  last: string | null
  severity: string | null
  bytes: number | null
  nearName: string | null
  farName: string | null
  others: number
}>

/** Times in Unix ms. */
export type TimeRange = Readonly<{ from: number; to: number }>

/** First and last time of some rows: when they occurred, and when they were received. */
export type Extent = Readonly<Record<'occurred' | 'received', TimeRange>>

/** `rows`: number of sums in all files. `without`: flows in files without sums, for each hour of receipt. */
export type FileSumsOfPart = Readonly<{ rows: number; without: readonly RowsReceived[] }>

/** Times in Unix ms. */
export type StoredSums = Readonly<{
  /** Start of complete rollups by view; −Infinity: complete, Infinity: empty. */
  since: Readonly<Record<'flows_1m' | 'flows_5m' | 'flows_1h', number>>
  oldest: number
  /**
   * Stored flows and the receive time of the first. They are evicted before their rollups. `hours`: for each hour of
   * receipt; absent: unknown. `newest`: a number by source that changes when queries see further flows of it; absent:
   * unknown.
   */
  flows: Readonly<{
    rows: number
    first: number
    hours?: readonly RowsReceived[]
    newest?: Readonly<Record<string, number>>
  }>
  /** Number of stored endpoints. Absent: unknown. */
  endpoints?: number
  /** Sums by hour that ClickHouse has beside the flows. Absent: unknown. */
  hourSums?: readonly HourSum[]
  /** Sums beside files of flows, by part; absent: no file has sums. */
  fileSums?: Readonly<Record<string, FileSumsOfPart>>
  /** By family: time by which the oldest stored event was received. Absent: unknown. */
  events?: Readonly<Record<string, number>>
  /** Rows that only lost files had, by view (`flows` and the rollups) or family. Absent if no file is lost. */
  lost?: Readonly<Record<string, readonly Extent[]>>
  /** Fields of rollups that merge no rows. Default: those of the embedded store, which merge some. */
  dimensions?: readonly string[]
}>
