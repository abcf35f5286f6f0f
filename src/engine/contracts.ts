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
import type { Log, Metrics } from '../telemetry/ports.ts'
import type { Traces } from '../telemetry/traces.ts'

export interface Context {
  readonly id: string
  readonly host: Host
  readonly log: Log
  readonly metrics: Metrics
}

export interface SourceContext extends Context {
  /** Durable when it resolves. Rejects with a WeirError, see its `retry`. `events`: the unit's, for traces. */
  append(unit: Omit<Unit, 'source'>, events?: readonly WeirEvent[]): Promise<Appended>
  /** Skips and counts events pushed before, by source and id. */
  readonly appendOnce?: (
    unit: Omit<Unit, 'source'>,
  ) => Promise<Appended & { readonly accepted: number; readonly duplicates: number }>
  /** Must settle rows before the source acknowledges them. */
  readonly awaited?: (sink: string) => AwaitedSink
  /** Durable with the source's next unit. */
  shed(reason: string, rows: number): void
  /** Of the last unit before this start. */
  readonly cursor: Uint8Array | undefined
  readonly epoch: number
  readonly replay?: Replay
  /** Folder; may not exist yet. Undefined: no state across restarts. */
  readonly state?: string
  /** In ms; Infinity: limited only by disk space. Undefined: no store. */
  readonly storeRetentionMs?: number
  /** Absent if not configured. */
  readonly enrichment?: FlowEnrichment
}

export interface FlowEnrichment {
  fill(flows: FlowBuilder): void
}

export interface AwaitedSink {
  /** True once the sink receives all later rows; false after an abort. */
  ready(signal: AbortSignal, waiting: (why: string) => void): Promise<boolean>
  /**
   * `settled`: the sink is durably past the unit and its duplicates' originals. `gone`: removed. `stopped`: aborted.
   */
  settled(
    appended: Appended & { readonly duplicates?: number },
    signal: AbortSignal,
  ): Promise<'settled' | 'gone' | 'stopped'>
}

export interface Replay {
  after(position: Position): AsyncIterable<Frame>
  /** Pins later frames. Resolves when reclaiming respects it. */
  hold(sequence: number): Promise<void>
  /** Only with a journal on a bus. */
  readonly shared?: SharedState
}

/** For the instance that continues the source. */
export interface SharedState {
  /** `before`: last removed position. `last`: end. `accepted`: rows so far. */
  bounds(): Promise<{ readonly before: number; readonly last: number; readonly accepted: number }>
  newest(): Promise<StateNote | undefined>
  /** Throws when some are unreadable. */
  pieces(note: StateNote): AsyncIterable<StatePiece>
  /** Rejects as `append` does. `newest` never returns an incomplete state. */
  put(append: (unit: Omit<Unit, 'source'>) => Promise<Appended>, state: NewState): Promise<Omit<StateNote, 'source'>>
  /** Shared by all instances of the source. */
  readonly leaderRecord: LeaderRecord
}

/** A state in frames of kind `empty`. The last frame has this note as its cursor. */
export interface StateNote {
  /** Full name of the source that stored it. */
  readonly source: string
  /** Position of its first frame. Covers all earlier rows of the source. */
  readonly from: number
  readonly pieces: number
  readonly bytes: number
  /** Unix ms. */
  readonly at: number
  /** Opaque identity, chosen by the source. */
  readonly of: string
}

export interface NewState {
  readonly of: string
  /** `act` appends the first frame, once the pieces cover all rows emitted before. */
  readonly begin: (act: () => Promise<Appended>) => Promise<Appended>
  readonly pieces: AsyncIterable<StatePiece>
}

/** Owns its buffer; at most 512 KiB. */
export interface StatePiece {
  readonly stream: string
  readonly bytes: Uint8Array
}

export interface LeaderRecord {
  /** Unique per start; begins with the instance's name. */
  readonly instance: string
  read(signal: AbortSignal): Promise<{ readonly version: string; readonly value: unknown } | undefined>
  /** Compare-and-set. Returns the new version, or undefined if `before` is not current. */
  write(before: string | undefined, value: unknown, signal: AbortSignal): Promise<string | undefined>
}

export interface Source extends Partial<KnownObjects> {
  /** Known when `build` resolves. */
  readonly addresses: readonly string[]
  run(signal: AbortSignal): Promise<void>
}

export interface SinkBatch {
  /** Equal for every retry of exactly these rows, across restarts. */
  readonly token: string
  readonly count: number
  readonly pieces: readonly SinkPiece[]
  readonly trace?: WriteTrace
  /** Redriven dead letters, which arrive out of order. */
  readonly retried: boolean
}

export interface WriteTrace {
  /** W3C trace context; undefined if not sampled. */
  traceparent(event: WeirEvent): string | undefined
  /** The row is sent in another form. */
  wrote(index: number, form: WeirEvent): void
}

export interface SinkPiece {
  readonly header: FrameHeader
  readonly batch: Batch
  readonly rows: Uint32Array
  /** Frame row of row 0 of `batch`. */
  readonly firstRow: number
}

export type Idempotency = 'token' | 'id' | 'transactional' | 'none'

export interface Sink {
  /**
   * Returns a failure for each undelivered row (index over all pieces). Must not deliver a row after a failed one of
   * its key. A rejection fails all rows. Does not retry; waits at most for its request timeout.
   */
  send(batch: SinkBatch, signal: AbortSignal): Promise<readonly Failure[]>
  /** Errors are left to `send`. */
  open?(signal: AbortSignal): Promise<void>
  /** Connects and authenticates without sending. */
  probe?(signal: AbortSignal): Promise<Probe>
  /**
   * For `weir check`. A string explains why it would take messages from other consumers. Rejects when not permitted.
   */
  listen?(signal: AbortSignal, options: ListenOptions): Promise<Listening | string>
  /** Output of `send` by row, without secrets. Pure. */
  preview?(batch: SinkBatch): Iterable<Preview>
  close(): Promise<void>
}

export interface ListenOptions {
  readonly batch: SinkBatch
  /** Temporary queues and subscriptions may cost money. */
  readonly mayCreate: boolean
}

export interface Listening {
  /** Called if subscribing changes the broker's responses; the messages are then sent again. */
  begin?(): Promise<void>
  /** True when received. After an abort: false, or why the absence is inconclusive. */
  received(text: string, signal: AbortSignal): Promise<boolean | string>
  close(): Promise<void>
}

/** `problem`: why the row yields none. */
export type Preview =
  | { readonly to?: string; readonly headers?: Readonly<Record<string, string>>; readonly body: Uint8Array }
  | { readonly problem: string }

/** `warn`: acceptance of rows could not be verified. */
export interface Probe {
  readonly is: 'ok' | 'warn' | 'fail'
  /** Includes the action to take. */
  readonly message: string
}

export interface SinkDefinition<Config> {
  readonly type: string
  readonly accepts: readonly BatchKind[]
  readonly idempotency: Idempotency
  /** Starts no loop. `send` reports an unreachable system. */
  build(config: Config, context: Context): Promise<Sink>
}

export interface SourceDefinition<Config> {
  readonly type: string
  build(config: Config, context: SourceContext): Promise<Source>
  /** Tests reachability, credentials and backlog. Consumes nothing. */
  probe?(config: Config, context: ProbeContext, signal: AbortSignal): Promise<Probe>
  /** Tests files and variables without network. Rejects with a reason. */
  verify?(config: Config, context: ProbeContext): Promise<void>
}

export type ProbeContext = Pick<Context, 'id' | 'host'>

export interface Projection {
  readonly name: string
  position(): Positions
  /** In order, each once. */
  apply(frames: readonly Frame[]): Promise<void>
  commit(): Promise<void>
  /** First sequence still needed. */
  holds(): Positions
}

export interface Transform {
  apply(event: WeirEvent): { readonly is: 'pass'; readonly event: WeirEvent } | Exclude<Outcome, { is: 'pass' }>
}

export interface TransformDefinition<Config> {
  readonly type: string
  build(config: Config): Transform
}

export type Resolution =
  | { readonly is: 'endpoint'; readonly endpoint: Endpoint }
  | { readonly is: 'unknown' }
  /** Ask again at this Unix ms: what would explain the address may still be on its way. */
  | { readonly is: 'wait'; readonly until: number }

export interface Resolver {
  /** Four words in network order (v4-mapped) at `offset`; Unix ms. */
  resolve(words: Uint32Array, offset: number, time: number, scope: string): Resolution
  /** Increases when earlier results may have changed. */
  readonly generation: number
  /** Absent without a watched cluster; results then hold for all times. */
  readonly holders?: Holders | undefined
}

/** Ids are valid only in this process. */
export interface Holders {
  /** 0 if unknown. `at`: index in `words`; `time`: Unix ms; `mac`: 48 bits, or NaN. */
  find(words: Uint32Array, at: number, time: number, cluster: number, mac: number): number
  /** Interval in which the last result holds; empty where rows differ. */
  readonly from: number
  readonly until: number
  /** 0 if none. */
  clusterOf(scope: string): number
  /** Assigned to pods or services. */
  inClusterRange(words: Uint32Array, at: number): boolean
  endpoint(number: number): Endpoint | undefined
  nodeAddress(number: number): string | undefined
  /** Addresses with changed results; `words` is valid only during the call. */
  onChange(listener: (words: Uint32Array) => void): () => void
}

export interface Enrichment {
  /** Resolves when all events up to this sequence are applied, or on abort. */
  ready(sequence: number, signal: AbortSignal): Promise<void>
  /** `unknown`: an address in a cluster's range has no known holder. `received`: Unix ms. */
  enrich(batch: FlowBatch, received: number): { readonly batch: FlowBatch; readonly unknown: boolean }
}

/** Rejects when the bus is unreachable or refuses. */
export type JournalDriver<Config> = (config: Config, context: JournalContext) => Promise<JournalBus>

export interface JournalContext extends Pick<Context, 'id' | 'host' | 'log'> {
  /** Otherwise missing objects are an error. */
  readonly create: boolean
}

/** Write permission with a fencing epoch. */
export interface Lease {
  acquire(): Promise<number>
  release(): Promise<void>
}

export type { Endpoint, Log, Metrics, Traces }
export type { Appended, Frame, FrameHeader, Position, Positions, Unit }
