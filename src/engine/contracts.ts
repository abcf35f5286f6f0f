// Long because every contract between the engine and its components is in one place.
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

/** What every component is built with. One explicit object; nothing is reached any other way. */
export interface Context {
  /** The component's written id: its state belongs to this. */
  readonly id: string
  readonly host: Host
  readonly log: Log
  readonly metrics: Metrics
}

/** How a source speaks to the engine. */
export interface SourceContext extends Context {
  /**
   * Durable when it resolves. Rejects with a WeirError whose `retry` states whether another attempt makes sense. `events`:
   * the unit's, so that traces need not decode it.
   */
  append(unit: Omit<Unit, 'source'>, events?: readonly WeirEvent[]): Promise<Appended>
  /** As `append`, for events that may be pushed twice: those that came before, by source and id, are left out and counted. */
  readonly appendOnce?: (
    unit: Omit<Unit, 'source'>,
  ) => Promise<Appended & { readonly accepted: number; readonly duplicates: number }>
  /** A sink that has to settle what was appended before others are told that it was taken. */
  readonly awaited?: (sink: string) => AwaitedSink
  /** Counts what could not be taken; it becomes durable with the source's next unit. */
  shed(reason: string, rows: number): void
  /** The cursor of the last unit of this source, after a restart. */
  readonly cursor: Uint8Array | undefined
  readonly epoch: number
  /** Frames of its own: for a source that keeps a projection of them. */
  readonly frames?: OwnFrames
  /** Folder for what the source wants to know again after a restart; it may not exist yet. Undefined: nothing is kept. */
  readonly state?: string
  /** The store forgets what it was told so long ago, in ms (Infinity: only for want of room). Undefined: there is no store. */
  readonly forgetsMs?: number
  /** Completes flows before they are recorded. Absent if nothing is configured. */
  readonly enrichment?: FlowEnrichment
}

/** Adds to flows, before they are recorded, what their addresses mean on arrival. */
export interface FlowEnrichment {
  /** Completes all rows of the batch. Called once per unit. */
  fill(flows: FlowBuilder): void
}

export interface AwaitedSink {
  /** Resolves with true once it takes what is appended from then on; with false when the signal aborts first. `waiting`: told why it takes none, in words. */
  there(signal: AbortSignal, waiting: (why: string) => void): Promise<boolean>
  /**
   * Resolves with `settled` once the sink is durably past it, delivered, filtered or dead-lettered, and past all that it is a duplicate of;
   * with `gone` when there is no such sink any more, with `stopped` when the signal aborts first.
   */
  settled(
    appended: Appended & { readonly duplicates?: number },
    signal: AbortSignal,
  ): Promise<'settled' | 'gone' | 'stopped'>
}

/** What the journal has of one source. */
export interface OwnFrames {
  /** Those after a position, in order, up to what is durable when they are asked for. */
  after(position: Position): AsyncIterable<Frame>
  /** What comes after this sequence is needed again after a crash: it is kept. Resolves when that is known where frames are removed. */
  hold(sequence: number): Promise<void>
  /** There where the journal is on a bus: folder and name of who goes on may be others. */
  readonly shared?: SharedState
}

/** What a source puts into a shared journal, beside what it tells, for whoever goes on with it anywhere. */
export interface SharedState {
  /** Up to `before` nothing is there any more, `last` is where the journal ends; `told`: rows of the source that were ever accepted. */
  bounds(): Promise<{ readonly before: number; readonly last: number; readonly told: number }>
  /** The newest state that was put there as a whole, and is there still. */
  newest(): Promise<StateNote | undefined>
  /** Its pieces, in order. Throws when some can't be read. */
  pieces(note: StateNote): AsyncIterable<StatePiece>
  /** Puts one there, as frames that nobody else looks into. Rejects as `append` does; what was not put there as a whole is not found. */
  put(append: (unit: Omit<Unit, 'source'>) => Promise<Appended>, state: NewState): Promise<Omit<StateNote, 'source'>>
  /** One record that all who run the source read and write; of two who write over the same version one is refused. */
  readonly turn: TurnRecord
}

/** A state that lies in the journal as frames of kind `empty`: each with a piece, the last with this as its cursor. */
export interface StateNote {
  /** Full name of the source that put it there. */
  readonly source: string
  /** Place of its first frame, which holds nothing: the state has whatever the source told before. */
  readonly from: number
  readonly pieces: number
  readonly bytes: number
  /** Unix ms. */
  readonly at: number
  /** The source's own word on it: another state is another text. */
  readonly of: string
}

export interface NewState {
  readonly of: string
  /** Does what it is given, which begins the state, at a moment when everything that was told is in the pieces that come then. */
  readonly begin: (act: () => Promise<Appended>) => Promise<Appended>
  readonly pieces: AsyncIterable<StatePiece>
}

/** The bytes are a buffer's of their own, and half a megabyte at most. */
export interface StatePiece {
  /** What it is a piece of. */
  readonly stream: string
  readonly bytes: Uint8Array
}

export interface TurnRecord {
  /** Of this start: nobody else has ever had it, and it begins with the instance. */
  readonly instance: string
  read(signal: AbortSignal): Promise<{ readonly version: string; readonly value: unknown } | undefined>
  /** Over the version that was read, or anew. The version that it has then; undefined: somebody else has written since. */
  write(before: string | undefined, value: unknown, signal: AbortSignal): Promise<string | undefined>
}

export interface Source extends Partial<KnownObjects> {
  /** Resolves when every listener is up or every connection made; starts no loop. */
  readonly addresses: readonly string[]
  /** Owns the loops; resolves after the signal aborts and everything accepted is synced. */
  run(signal: AbortSignal): Promise<void>
}

/** What a sink is given: whole batches with the rows that were routed to it, in journal order. */
export interface SinkBatch {
  /** The same for every retry of exactly these rows, across restarts. */
  readonly token: string
  readonly count: number
  readonly pieces: readonly SinkPiece[]
  /** There when traces are kept. */
  readonly trace?: WriteTrace
  /** Rows that an operator moved back from the dead letters: they come out of order. */
  readonly retried: boolean
}

export interface WriteTrace {
  /** What consumers of an event go on from (W3C Trace Context); undefined for a trace that is not kept. */
  traceparent(event: WeirEvent): string | undefined
  /** The row of this index (over all pieces' rows) goes out in another form than it has in the journal. */
  wrote(index: number, form: WeirEvent): void
}

export interface SinkPiece {
  readonly header: FrameHeader
  readonly batch: Batch
  /** Rows of `batch` to deliver, rising. */
  readonly rows: Uint32Array
  /** Row number, in the frame, of row 0 of `batch`: not 0 only where a single row is delivered again. */
  readonly firstRow: number
}

export type Idempotency = 'token' | 'id' | 'transactional' | 'none'

export interface Sink {
  /**
   * Delivers every row or says of each row it did not deliver what is to become of it (index counts over all pieces' rows).
   * Rows of one key must not be delivered past an earlier one of that key that failed. Throwing means: none is known to be
   * delivered, retry all. Never retries by itself, never waits longer than its own request timeout.
   */
  send(batch: SinkBatch, signal: AbortSignal): Promise<readonly Failure[]>
  /** Connects before the first `send`. A failure is left to `send`, which reports it. */
  open?(signal: AbortSignal): Promise<void>
  /** Connects as `send` would and sends nothing: is the other side there, does it accept who we are? Ends when the signal aborts. */
  probe?(signal: AbortSignal): Promise<Probe>
  /** Begins to listen where messages go, for who checks a bus. A text says why that would take something from others, and what is proved without. Rejects, in words, when it may not. */
  listen?(signal: AbortSignal, ask: ListenAsk): Promise<Listening | string>
  /** What `send` would write for each row, in their order, for people who look; pure, and without any secret. */
  preview?(batch: SinkBatch): Iterable<Preview>
  close(): Promise<void>
}

/** What will be sent, and listened for. */
export interface ListenAsk {
  readonly batch: SinkBatch
  /** Whether queues and subscriptions may be made for it, which are removed afterwards, where that may cost something or is a change that others see. */
  readonly mayMake: boolean
}

export interface Listening {
  /** Where being listened to would change what the other side says of a message: from here on we listen, and what was sent is sent once more, with its ids. */
  begin?(): Promise<void>
  /** Resolves with true when a message whose body holds this text has come by. Soon after the signal aborts with false, or with a text that says why that need not mean anything. */
  came(text: string, signal: AbortSignal): Promise<boolean | string>
  close(): Promise<void>
}

/** One message as it would leave; `problem`: none would, and why. */
export type Preview =
  | { readonly to?: string; readonly headers?: Readonly<Record<string, string>>; readonly body: Uint8Array }
  | { readonly problem: string }

/** `warn`: there, but it would not say whether it would take something. */
export interface Probe {
  readonly is: 'ok' | 'warn' | 'fail'
  /** What was found, and what to do when it is not right. */
  readonly says: string
}

export interface SinkDefinition<Config> {
  readonly type: string
  readonly accepts: readonly BatchKind[]
  readonly idempotency: Idempotency
  /** May connect; starts no loop. A system that is away is no error here: `send` says so. */
  build(config: Config, context: Context): Promise<Sink>
}

export interface SourceDefinition<Config> {
  readonly type: string
  build(config: Config, context: SourceContext): Promise<Source>
  /** For what is fetched from elsewhere: is it there, does it accept who we are, what waits? Takes nothing, and ends when the signal aborts. */
  probe?(config: Config, context: ProbeContext, signal: AbortSignal): Promise<Probe>
  /** Whether what the settings need of this machine is there, files and variables: rejects in words. Asks nobody else. */
  verify?(config: Config, context: ProbeContext): Promise<void>
}

export type ProbeContext = Pick<Context, 'id' | 'host'>

/**
 * State that is derived from the journal and commits the position it reflects inside its own commit.
 * On start it is fed from there; it holds segments back until it has passed them.
 */
export interface Projection {
  readonly name: string
  /** What the last commit reflects. */
  position(): Positions
  /** Takes frames in order; must tolerate nothing twice because it is never given anything twice. */
  apply(frames: readonly Frame[]): Promise<void>
  /** Makes everything applied so far durable, then moves `position`. */
  commit(): Promise<void>
  /** First sequence that the projection still needs (its commit, or further back for a window). */
  holds(): Positions
}

/** One step of a pipeline: pure, and the same for the same event, because after a crash it may be asked again. */
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

/** Meaning on reading: resolves an address at a time in a scope. */
export interface Resolver {
  /** Four words in network order (v4-mapped), at `offset`; time in Unix ms. */
  resolve(words: Uint32Array, offset: number, time: number, scope: string): Resolution
  /** Rises whenever earlier answers may have changed: caches keyed by it are then void. */
  readonly generation: number
  /** Who has an address is another with time: absent where no cluster is known, and then an answer holds for all times. */
  readonly holders?: Holders | undefined
}

/** Who had an address when, by numbers: ids stay inside a process, names leave it. */
export interface Holders {
  /** Who had the address at `at` of `words` at that time (Unix ms); 0 when nobody is known. `mac` of the row (48 bits), or NaN. */
  find(words: Uint32Array, at: number, time: number, cluster: number, mac: number): number
  /** For which times the last answer is the same for every row; an empty span where rows differ. */
  readonly from: number
  readonly until: number
  /** Number of the cluster that a scope names; 0 when it names none. */
  clusterOf(scope: string): number
  /** Is the address one that a cluster gives to what runs in it? */
  within(words: Uint32Array, at: number): boolean
  /** What a number means; its node's address apart. */
  endpoint(number: number): Endpoint | undefined
  nodeAddress(number: number): string | undefined
  /** Tells of an address whose answers changed; the words are good until it returns. */
  onChange(listener: (words: Uint32Array) => void): () => void
}

/** Adds to flows, on their way to sinks, what their addresses meant. Absent where no cluster is watched. */
export interface Enrichment {
  /** Resolves when everything that the journal tells up to this sequence is known, or the signal aborts. */
  ready(sequence: number, signal: AbortSignal): Promise<void>
  /** `unknown`: some end is within a cluster's ranges, and nobody knows yet whose it is. `received`: Unix ms of the batch. */
  enrich(batch: FlowBatch, received: number): { readonly batch: FlowBatch; readonly unknown: boolean }
}

/** Joins the journal on a bus, and makes it where there is none. Rejects, in words, when the bus is away or does not let us. */
export type JournalDriver<Config> = (config: Config, context: JournalContext) => Promise<JournalBus>

export interface JournalContext extends Pick<Context, 'id' | 'host' | 'log'> {
  /** Whether what is missing is made; else it is a reason to reject. */
  readonly make: boolean
}

/** Who may write, and under which number. One process: a counter synced at each start. */
export interface Lease {
  acquire(): Promise<number>
  release(): Promise<void>
}

export type { Endpoint, Log, Metrics, Traces }
export type { Appended, Frame, FrameHeader, Position, Positions, Unit }
