// Long because it holds all contracts between the engine and its components.
import type { Host } from '../host/index.ts'
import type { JournalBus } from '../journal/bus.ts'
import type { Appended, Frame, FrameHeader, Unit } from '../journal/types.ts'
import type { Batch, BatchKind, FlowBatch } from '../model/batches.ts'
import type { Endpoint } from '../model/endpoint.ts'
import type { WeirEvent } from '../model/events.ts'
import type { FlowBuilder } from '../model/flow-builder.ts'
import type { KnownObjects } from '../model/kubernetes.ts'
import type { Failure, Outcome } from '../model/outcome.ts'
import type { Position, Positions } from '../model/positions.ts'
import type { FilterText } from '../schema/filter-field.ts'
import type { Log, Metrics } from '../telemetry/ports.ts'
import type { Traces } from '../telemetry/traces.ts'
import type { SourceFeed } from './sources/feed.ts'

export type Context = Readonly<{
  id: string
  host: Host
  log: Log
  metrics: Metrics
}>

export interface SourceContext extends Context {
  /** Resolves when the unit is durable. `events`: the rows of the unit, so that traces need not decode it. */
  append(unit: Omit<Unit, 'source'>, events?: readonly WeirEvent[]): Promise<Appended>
  /** As `append`, for events that may be pushed twice. Duplicates by source and id are skipped and counted. */
  readonly appendOnce?: (
    unit: Omit<Unit, 'source'>,
  ) => Promise<Appended & Readonly<{ accepted: number; duplicates: number }>>
  /** A sink that must settle appended rows before the source acknowledges them. */
  readonly awaited?: (sink: string) => AwaitedSink
  /** Counts rows that were not accepted. The count becomes durable with the source's next unit. */
  shed(reason: string, rows: number): void
  /** The cursor of the source's last unit before this start. */
  readonly cursor: Uint8Array | undefined
  readonly epoch: number
  /** Reads the stored frames of this source, to rebuild state from them. */
  readonly replay?: Replay
  /** Folder for state across restarts; it may not exist yet. Undefined: the process keeps no state. */
  readonly state?: string
  /** Retention of the store in ms; Infinity: limited by disk space only. Undefined: there is no store. */
  readonly storeRetentionMs?: number
  readonly enrichment?: FlowEnrichment
}

export interface FlowEnrichment {
  /** Enriches all rows of the batch. Call once per unit. */
  fill(flows: FlowBuilder): void
}

export interface AwaitedSink {
  /** True once the sink receives all later rows; false after an abort. `waiting` is called with the reason. */
  ready(signal: AbortSignal, waiting: (why: string) => void): Promise<boolean>
  /**
   * `settled`: the unit and the originals of its duplicates are durably past the sink. `gone`: the sink was removed.
   */
  settled(
    appended: Appended & { readonly duplicates?: number },
    signal: AbortSignal,
  ): Promise<'settled' | 'gone' | 'stopped'>
  /** Outcome of a frame of a local journal, once durable. Frames settled before this start count as delivered. */
  outcome?(position: Position, signal: AbortSignal): Promise<AwaitedOutcome>
}

export type AwaitedOutcome =
  | { readonly is: 'delivered' | 'pending' | 'gone' | 'unknown' }
  | Readonly<{ is: 'dead-lettered' | 'dropped'; reason?: string }>

export interface Replay {
  /** Frames after a position, in order, up to the end that was durable at the call. */
  after(position: Position): AsyncIterable<Frame>
  /** Pins the frames after this sequence, which are needed after a crash. Resolves when reclaiming respects it. */
  hold(sequence: number): Promise<void>
  /** Shared state of a journal on a bus: another instance may continue the source. */
  readonly shared?: SharedState
}

export interface SharedState {
  /** `before`: last removed position. `last`: end of the journal. `accepted`: rows ever accepted. */
  bounds(): Promise<Readonly<{ before: number; last: number; accepted: number }>>
  /** The newest state that is complete and still stored. */
  newest(): Promise<StateNote | undefined>
  /** Pieces in order. Throws when some are unreadable. */
  pieces(note: StateNote): AsyncIterable<StatePiece>
  /** Stores a state as frames that other readers skip. An incomplete one is never returned by `newest`. */
  put(append: (unit: Omit<Unit, 'source'>) => Promise<Appended>, state: NewState): Promise<Omit<StateNote, 'source'>>
  /** Compare-and-set record shared by all instances of the source. */
  readonly leaderRecord: LeaderRecord
}

/** A stored state: frames of kind `empty`, each with a piece. The last frame has this note as its cursor. */
export type StateNote = Readonly<{
  source: string
  /** Position of the first frame of the state, which has no piece. The state covers all earlier rows of the source. */
  from: number
  pieces: number
  bytes: number
  at: number
  /** Opaque identity of the state, chosen by the source. */
  of: string
}>

type NewState = Readonly<{
  of: string
  begin: (act: () => Promise<Appended>) => Promise<Appended>
  pieces: AsyncIterable<StatePiece>
}>

/** Owns its buffer; at most 512 KiB. */
export type StatePiece = Readonly<{
  stream: string
  bytes: Uint8Array
}>

export interface LeaderRecord {
  /** Unique per start; begins with the instance's name. */
  readonly instance: string
  read(signal: AbortSignal): Promise<Readonly<{ version: string; value: unknown }> | undefined>
  /** Writes only if `before` is still current. Returns the new version, or undefined on conflict. */
  write(before: string | undefined, value: unknown, signal: AbortSignal): Promise<string | undefined>
}

export interface Source extends Partial<KnownObjects> {
  /** Listening addresses. They are known when `build` resolves; `build` starts no loop. */
  readonly addresses: readonly string[]
  /** Runs the loops. Resolves after the signal aborts and all accepted rows are synced. */
  run(signal: AbortSignal): Promise<void>
  /** State of the feed; only sources of feeds have it. */
  feed?(): SourceFeed
}

export type SinkBatch = Readonly<{
  /** Deduplication token of the rows: the same for every retry of exactly these rows, across restarts. */
  token: string
  count: number
  pieces: readonly SinkPiece[]
  trace?: WriteTrace
  /** Redriven dead letters, which arrive out of order. */
  retried: boolean
}>

export interface WriteTrace {
  /** W3C trace context for consumers of an event; undefined if its trace is not sampled. */
  traceparent(event: WeirEvent): string | undefined
  /** Reports that the row of this index (over the rows of all pieces) is sent in another form than in the journal. */
  wrote(index: number, form: WeirEvent): void
}

export type SinkPiece = Readonly<{
  header: FrameHeader
  batch: Batch
  /** Rows of `batch` to deliver, ascending. */
  rows: Uint32Array
  /** Row number in the frame of row 0 of `batch`; not 0 only when a single row is redelivered. */
  firstRow: number
}>

export type Idempotency = 'token' | 'id' | 'transactional' | 'none'

export interface Sink {
  /**
   * Delivers every row, or returns a failure for each row that was not delivered (index over the rows of all pieces).
   * Must not deliver a row after a failed earlier row of the same key. A rejection means that no row is known to be
   * delivered: all are retried. Implementations do not retry, and wait no longer than their request timeout.
   */
  send(batch: SinkBatch, signal: AbortSignal): Promise<readonly Failure[]>
  /** Connects before the first `send`. Errors are left to `send`. */
  open?(signal: AbortSignal): Promise<void>
  /** Connects and authenticates as `send` does, without sending. Ends when the signal aborts. */
  probe?(signal: AbortSignal): Promise<Probe>
  /** Subscribes to the destination. A string explains why that would take messages from other consumers. */
  listen?(signal: AbortSignal, options: ListenOptions): Promise<Listening | string>
  /** The output of `send` for each row, in order, without secrets. Pure. */
  preview?(batch: SinkBatch): Iterable<Preview>
  watch?(listener: DerivationListener): () => void
  close(): Promise<void>
  /** Windows of a transform with results that depend on earlier rows. */
  readonly windows?: Windows
}

/** A place in the journal, and the journal's time there: the newest receive time so far, Unix ms. */
export interface WindowStart extends Position {
  readonly time: number
}

/**
 * Memory of earlier rows. It is rebuilt from the journal after a start, so the sink holds the journal from the first
 * row that is still needed.
 */
export interface Windows {
  /** Resets the memory to this place. Rows of the following batches are restored, or sent. */
  begin(at: WindowStart): Promise<void>
  /** Takes rows after a position that were settled before, in order. Writes nothing. */
  restore(position: Position, pieces: readonly SinkPiece[]): void
  at(position: Position): void
  /** First place that is needed to rebuild the memory. */
  holds(): WindowStart
  due(): number | undefined
  /** Writes the results that are due at a time. Called while no rows are pending. */
  close(now: number): Promise<void>
}

export type ListenOptions = Readonly<{
  batch: SinkBatch
  /** Temporary queues and subscriptions are removed afterwards, but may cost money and are visible to others. */
  mayCreate: boolean
}>

export interface Listening {
  /** Called where a subscription changes the broker's response. The messages are sent once more after it. */
  begin?(): Promise<void>
  /** True when a message with the text was received. After an abort: false, or why the absence is inconclusive. */
  received(text: string, signal: AbortSignal): Promise<boolean | string>
  close(): Promise<void>
}

/** One message of a sink; `problem`: why the row yields none. */
export type Preview =
  | Readonly<{ to?: string; headers?: Readonly<Record<string, string>>; body: Uint8Array }>
  | { readonly problem: string }

/** `warn`: reachable, but acceptance of rows could not be verified. */
export type Probe = Readonly<{
  is: 'ok' | 'warn' | 'fail'
  message: string
}>

export type SinkDefinition<Config> = Readonly<{
  type: string
  accepts: readonly BatchKind[]
  idempotency: Idempotency
  /** May connect; starts no loop. An unreachable system is not an error here: `send` reports it. */
  build(config: Config, context: Context): Promise<Sink>
}>

export interface SourceDefinition<Config> {
  readonly type: string
  build(config: Config, context: SourceContext): Promise<Source>
  /** Tests reachability, credentials and backlog. Consumes nothing. */
  probe?(config: Config, context: ProbeContext, signal: AbortSignal): Promise<Probe>
  /** Tests that files and variables of the settings exist on this machine. Makes no network requests. */
  verify?(config: Config, context: ProbeContext): Promise<void>
}

export type ProbeContext = Pick<Context, 'id' | 'host'> &
  Readonly<{
    /** Folder of the source's state, as the running Weir has it. It may not exist. */
    state?: string
  }>

/** Commits its position together with its state, and pins segments until it has passed them. */
export interface Projection {
  readonly name: string
  position(): Positions
  /** Receives frames in order, each once. */
  apply(frames: readonly Frame[]): Promise<void>
  /** Makes all applied frames durable, then advances `position`. */
  commit(): Promise<void>
  /** First sequence that the projection still needs: its commit, or earlier for a window. */
  holds(): Positions
}

/** Pure and deterministic: after a crash the same event may be transformed again. */
export interface Transform {
  apply(event: WeirEvent): Readonly<{ is: 'pass'; event: WeirEvent }> | Exclude<Outcome, { is: 'pass' }>
}

/** Derives rows from rows of any kind. A function of the rows and of the memory in `windows`. */
export interface BatchTransform {
  take(piece: SinkPiece): Transformed
  readonly windows?: TransformWindows
}

export type Transformed = Readonly<{
  outputs: readonly TransformOutput[]
  /** `index` and `rows` count over the chosen rows of the piece. */
  failures: readonly Failure[]
}>

export type Derivation = Readonly<{
  /** The input row of the result; undefined for rows that a window wrote at its end. */
  before?: SinkPiece
  outputs: readonly TransformOutput[]
  failure?: Failure
}>

export interface DerivationListener {
  /** Called after the rows are written. `skipped`: rows of the same batch that are not shown. */
  derived(derivations: readonly Derivation[], skipped: number): void
  closed(): void
}

export type TransformOutput = Readonly<{
  /** Name of the output after the transform's id; empty: the id alone. */
  to: string
  batch: Batch
  /** Rows of the input that the rows of `batch` are made of. Set by transforms with several outputs. */
  rows?: Uint32Array
}>

/** Memory of a transform. Time is the journal's: the newest receive time so far. */
export interface TransformWindows {
  /** `memo`: the last recorded {@link memo}, if there is one. */
  begin(at: WindowStart, memo?: string): void
  at(position: Position): void
  holds(): WindowStart
  due(): number | undefined
  /** Advances the time, and returns what ends with it. */
  close(now: number): readonly TransformOutput[]
  /** Settings and time of the results so far, which are recorded with each result. */
  memo?(): string
  /** The memory is rebuilt. True: `memo` must be recorded before further rows are taken. */
  restored?(): boolean
}

export interface TransformTools {
  /** Compiles a filter. Throws for an invalid one. */
  filter(written: FilterText): RowFilter
}

export type SettingProblem = Readonly<{
  path: readonly string[]
  text: string
  from: number
  message: string
  hint?: string
}>

export type TransformDefinition<Config> = Readonly<{
  type: string
  /** Kinds of rows that the transform accepts. Default: events. */
  accepts?: readonly BatchKind[]
  /** Names of outputs; each is the source `<id>.<name>`. Default: one output, the source `<id>`. */
  outputs?(config: Config): readonly string[]
  problems?(config: Config): readonly SettingProblem[]
  build(config: Config, tools: TransformTools, id: string): Transform | BatchTransform
}>

/** Selects rows of a batch; compiled by the caller, because the engine has no filter language. */
export type RowFilter = (batch: Batch, header: FrameHeader) => (row: number) => boolean

export type Resolution =
  | Readonly<{ is: 'endpoint'; endpoint: Endpoint }>
  | { readonly is: 'unknown' }
  /** Retry at this Unix ms: the event that names the address may not have been read yet. */
  | Readonly<{ is: 'wait'; until: number }>

/** Resolves addresses at query time. */
export type Resolver = Readonly<{
  /** Makes all applied frames durable, then advances `position`. */
  resolve(words: Uint32Array, offset: number, time: number, scope: string, beside?: RowHints<string>): Resolution
  /** Increases whenever earlier results may have changed; caches keyed by it are then invalid. */
  generation: number
  holders?: Holders | undefined
}>

/** Values of a row that help to find the holder of an address. One object serves all rows of a batch. */
export type RowHints<Network extends string | number> = {
  /** MAC address as a number of 48 bits, or NaN. */
  mac: number
  /** The name, or its number by {@link Holders.networkOf}; empty or 0 if absent. */
  network: Network
}

/** Maps addresses and times to holders. The numeric ids are valid only in this process. */
export type Holders = Readonly<{
  /** Holder of the address at `words[at…]` at a time (Unix ms); 0 if unknown. `cluster` 0 searches all. */
  find(words: Uint32Array, at: number, time: number, cluster: number, beside?: RowHints<number>): number
  from: number
  until: number
  /** Number of the cluster named by a scope; 0 if none. */
  clusterOf(scope: string): number
  networkOf(name: string): number
  /** Whether a cluster assigns the address to its pods or services. */
  inClusterRange(words: Uint32Array, at: number): boolean
  endpoint(number: number): Endpoint | undefined
  labels?(number: number): string
  /** Reports addresses with changed results. `words` is valid only during the call. */
  onChange(listener: (words: Uint32Array) => void): () => void
}>

/** Adds names of address holders to flows before sinks receive them. Absent without a watched cluster. */
export interface Enrichment {
  /** Resolves when all events up to this sequence are applied, or the signal aborts. */
  ready(sequence: number, signal: AbortSignal): Promise<void>
  /** `unknown`: an address is within a cluster's ranges but has no known holder. `received`: Unix ms of the batch. */
  enrich(batch: FlowBatch, received: number): Readonly<{ batch: FlowBatch; unknown: boolean }>
}

/**
 * Opens the journal on a bus and creates it if missing. Rejects with a reason when the bus is unreachable or refuses.
 */
export type JournalDriver<Config> = (config: Config, context: JournalContext) => Promise<JournalBus>

export interface JournalContext extends Pick<Context, 'id' | 'host' | 'log'> {
  readonly create: boolean
}

/** Write permission and its fencing epoch. In a single process: a counter synced at each start. */
export interface Lease {
  acquire(): Promise<number>
  release(): Promise<void>
}

export type { Endpoint, Log, Metrics, Traces }
export type { Appended, Frame, FrameHeader, Position, Positions, Unit }
