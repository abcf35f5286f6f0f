/** A source that reads a message bus, whichever bus it is: what the bus's client pulls goes into the journal, and is acknowledged when it is synced there. */
import { messageReader, rejectedMessage, type InMessage, type MessageReader, type ReadChoice } from '../codecs/bus-message/read.ts'
import type { Source, SourceContext } from '../engine/ports.ts'
import { encodeBatch } from '../journal/bodies.ts'
import { WeirError } from '../model/errors.ts'
import { toEventBatch, type WeirEvent } from '../model/events.ts'
import type { ClaimPlace } from '../schema/index.ts'
import { Joining, type Whole } from './joining.ts'
import { Redeeming } from './redeeming.ts'

/** The settings that every such source has (`messageSourceFields` of the schema). */
export interface MessageSourceConfig extends ReadChoice {
  /** Most bytes of messages that may be in memory, not yet synced. */
  readonly buffer: number
  /** Most bytes of parts whose messages are not whole yet. */
  readonly join_bytes: number
  /** ms. */
  readonly join_wait: number
  readonly claims: ClaimPlace | null
}

export interface Pulled<Handle> {
  readonly message: InMessage
  /** By which the client acknowledges it. */
  readonly handle: Handle
}

/** A client of a bus as a source needs it. */
export interface Puller<Handle> {
  /** Shown as the source's address. */
  readonly address: string
  /** The next messages, at least one; waits for them. Resolves with none when the signal aborts; rejects, in words, when the other side is away or refuses us: it is asked again. */
  pull(signal: AbortSignal): Promise<readonly Pulled<Handle>[]>
  /** These are synced. What fails here comes again, and is known then. */
  ack(handles: readonly Handle[]): Promise<void>
  /** These are not: they are to come again, to whoever reads then. */
  release(handles: readonly Handle[]): Promise<void>
  /** The journal makes these wait: the bus is not to give them to another. Called every `keepMs`. */
  keep?(handles: readonly Handle[]): Promise<void>
  readonly keepMs?: number
  close(): Promise<void>
}

export interface MessageSourceStatus {
  readonly messages: number
  readonly rejected: number
  /** Why nothing comes, and what to do. */
  readonly problem?: string
}

const [leastWaitMs, mostWaitMs, usualKeepMs] = [500, 30_000, 10_000]
/** A unit of the journal, about: a frame is compressed and larger ones are cut. */
const [unitBytes, unitMessages] = [384 * 1024, 4096]
const perEvent = 400
/** Units that may be under way at once. */
const mostUnits = 16
/** An event may have 16 MiB with everything. */
const mostBytes = 15 << 20

interface Unit<Handle> {
  readonly events: readonly WeirEvent[]
  readonly handles: readonly Handle[]
  readonly bytes: number
}

export function messageSource<Handle>(config: MessageSourceConfig, context: SourceContext, puller: Puller<Handle>): Source & { status(): MessageSourceStatus } {
  return new MessageSource(config, context, puller)
}

class MessageSource<Handle> implements Source {
  readonly addresses: readonly string[]
  readonly #config: MessageSourceConfig
  readonly #context: SourceContext
  readonly #puller: Puller<Handle>
  readonly #joining: Joining<Handle>
  readonly #redeeming: Redeeming
  /** Pulled, and in no unit yet. */
  #coming: Handle[] = []
  /** Units under way: their handles, until they are acknowledged. */
  readonly #open = new Map<Unit<Handle>, Promise<void>>()
  #openBytes = 0
  #messages = 0
  #rejected = 0
  #reader: MessageReader | undefined
  /** The last append was refused. */
  #refused = false
  #problem: string | undefined

  constructor(config: MessageSourceConfig, context: SourceContext, puller: Puller<Handle>) {
    this.#config = config
    this.#context = context
    this.#puller = puller
    this.#joining = new Joining({ bytes: config.join_bytes, waitMs: config.join_wait }, context.host.clock)
    this.#redeeming = new Redeeming({ place: config.claims, most: mostBytes, say: (problem) => { this.#say('The body of a message can\'t be fetched; it is tried again.', problem) } }, context)
    this.addresses = [puller.address]
  }

  status(): MessageSourceStatus {
    return { messages: this.#messages, rejected: this.#rejected, ...(this.#problem === undefined ? {} : { problem: this.#problem }) }
  }

  async run(signal: AbortSignal): Promise<void> {
    const { timers } = this.#context.host
    const late = timers.every(Math.min(this.#config.join_wait / 4, mostWaitMs), () => {
      this.#takeAll(this.#joining.late(), signal).catch((error: unknown) => { this.#say('Parts of messages could not be kept.', error) })
    })
    const keeping = timers.every(this.#puller.keepMs ?? usualKeepMs, () => {
      this.#puller.keep?.([...[...this.#open.keys()].flatMap(({ handles }) => handles), ...this.#joining.handles(), ...this.#coming]).catch((error: unknown) => { this.#say('Messages that wait for the journal may come again.', error) })
    })
    try {
      for (let wait = leastWaitMs; !signal.aborted; ) {
        try {
          // What has come meanwhile is taken at once; and a client that always has one more would leave the journal no turn to write.
          await timers.yield()
          const pulled = await this.#puller.pull(signal)
          if (pulled.length > 0 && this.#problem !== undefined) this.#context.log.info('Messages come again.', { source: this.#context.id })
          if (pulled.length > 0) [this.#problem, wait] = [undefined, leastWaitMs]
          this.#coming = pulled.map(({ handle }) => handle)
          await this.#takeAll(await this.#wholes(pulled, signal), signal)
          this.#coming = []
        } catch (error) {
          this.#say('No messages can be read; it is tried again.', error)
          await timers.sleep(wait, signal)
          wait = Math.min(2 * wait, mostWaitMs)
        }
      }
      await Promise.all(this.#open.values())
      await this.#puller.release(this.#joining.handles())
    } finally {
      keeping.cancel()
      late.cancel()
      this.#redeeming.close()
      await this.#puller.close()
    }
  }

  /** What is whole, in its order. What is a part waits for the others; when it is time to stop the rest is released. */
  async #wholes(pulled: readonly Pulled<Handle>[], signal: AbortSignal): Promise<Whole<Handle>[]> {
    const wholes: Whole<Handle>[] = []
    const left: Handle[] = []
    for (const { message, handle } of pulled) {
      for (const one of this.#joining.add(message, handle)) {
        // Nothing goes past one that is left.
        const whole = left.length > 0 ? undefined : await this.#redeeming.whole(one, signal)
        if (whole === undefined) left.push(...one.handles)
        else wholes.push(whole)
      }
    }
    if (left.length > 0) await this.#puller.release(left)
    return wholes
  }

  async #takeAll(wholes: readonly Whole<Handle>[], signal: AbortSignal): Promise<void> {
    const read = (this.#reader ??= await messageReader(this.#config))
    for (const unit of this.#units(wholes, read)) await this.#take(unit, signal)
  }

  *#units(wholes: readonly Whole<Handle>[], reader: MessageReader): Generator<Unit<Handle>> {
    let [events, handles, bytes]: [WeirEvent[], Handle[], number] = [[], [], 0]
    for (const { message, handles: its, reason } of wholes) {
      if (handles.length > 0 && (bytes + message.body.length > unitBytes || handles.length >= unitMessages)) {
        yield { events, handles, bytes }
        ;[events, handles, bytes] = [[], [], 0]
      }
      const read = this.#read(message, reason, reader)
      for (const event of read) events.push(event)
      for (const handle of its) handles.push(handle)
      bytes += message.body.length + perEvent * read.length
    }
    if (handles.length > 0) yield { events, handles, bytes }
  }

  #read(message: InMessage, unfit: string | undefined, reader: MessageReader): readonly WeirEvent[] {
    const { id, metrics } = this.#context
    const source = `/weir/${id}`
    this.#messages++
    try {
      if (unfit !== undefined) throw new Error(unfit)
      if (message.body.length > mostBytes) throw new Error(`it has ${message.body.length} bytes, and an event may have ${mostBytes}: only its beginning is kept`)
      const events = reader(message, source)
      metrics.count('weir_bus_messages_total', 1, { source: id, outcome: events.length === 0 ? 'empty' : 'taken' })
      return events
    } catch (error) {
      this.#rejected++
      metrics.count('weir_bus_messages_total', 1, { source: id, outcome: 'rejected' })
      const reason = error instanceof Error ? error.message : String(error)
      this.#context.log.warn('A message cannot be read: it is kept as an event of its own, with its bytes and the reason.', { source: id, place: message.place, reason })
      return [rejectedMessage(message.body.length > mostBytes ? { ...message, body: message.body.subarray(0, unitBytes) } : message, reason, source)]
    }
  }

  /** Appends begin in order, and the journal keeps it; resolves when there is room for more. */
  async #take(unit: Unit<Handle>, signal: AbortSignal): Promise<void> {
    this.#openBytes += unit.bytes
    const before = Promise.all(this.#open.values())
    const done = this.#settle(unit, before, signal).catch((error: unknown) => { this.#say('Messages could not be acknowledged; they may come again, and are known then.', error) }).finally(() => {
      this.#open.delete(unit)
      this.#openBytes -= unit.bytes
    })
    this.#open.set(unit, done)
    // Behind a unit that the journal refuses no later one is to get in.
    if (this.#refused || this.#openBytes >= this.#config.buffer) await Promise.all(this.#open.values())
    else if (this.#open.size >= mostUnits) await Promise.race(this.#open.values())
  }

  async #settle({ events, handles }: Unit<Handle>, before: Promise<unknown>, signal: AbortSignal): Promise<void> {
    if (events.length > 0 && !(await this.#append(events, before, signal))) return this.#puller.release(handles)
    await this.#puller.ack(handles)
  }

  /** False: not appended, and it is time to stop. */
  async #append(events: readonly WeirEvent[], before: Promise<unknown>, signal: AbortSignal): Promise<boolean> {
    const context = this.#context
    const { id, host, log } = context
    let [timeMin, timeMax] = [Infinity, -Infinity]
    for (const { time } of events) if (time !== undefined) [timeMin, timeMax] = [Math.min(timeMin, time), Math.max(timeMax, time)]
    const [least, most] = timeMin > timeMax ? [Number.NaN, Number.NaN] : [timeMin, timeMax]
    for (let tries = 0; ; tries++) {
      try {
        const unit = { stream: id, kind: 'events', count: events.length, raw: encodeBatch(toEventBatch(events)), received: host.clock.now(), timeMin: least, timeMax: most } as const
        await (context.appendOnce === undefined ? context.append(unit) : context.appendOnce(unit))
        this.#refused = false
        return true
      } catch (error) {
        this.#refused = true
        if (!(error instanceof WeirError) || !error.retry) log.error('The journal refuses messages; they stay on the bus, and it is tried again.', { source: id, error: String(error) })
        else if (tries === 0) log.warn('The journal does not take messages now; they stay on the bus.', { source: id, error: error.message })
        if (signal.aborted) return false
        // Refused ones go in in their order.
        await before
        await host.timers.sleep(Math.min(leastWaitMs * 2 ** tries, mostWaitMs), signal)
      }
    }
  }

  /** Said when it changes, not each time. */
  #say(what: string, error: unknown): void {
    const problem = error instanceof Error ? error.message : String(error)
    if (problem === this.#problem) return
    this.#problem = problem
    this.#context.log.warn(what, { source: this.#context.id, problem })
  }
}
