/** Writes what happened: into the journal first, then, when it is synced, into the map of objects. */
import type { SourceContext } from '../../engine/ports.ts'
import { encodeBatch } from '../../journal/bodies.ts'
import { WeirError } from '../../model/errors.ts'
import { toEventBatch, type WeirEvent } from '../../model/events.ts'
import { giveBack } from '../../model/give-back.ts'
import type { Position } from '../../model/positions.ts'
import type { ObjectMap, Step } from './source-objects.ts'

export interface RecorderLimits {
  /** Bytes of events and documents that may wait. */
  readonly waitingBytes: number
  /** Bytes of events in a unit of the journal, about. */
  readonly unitBytes: number
  readonly unitEvents: number
  /** How long an event waits for others. */
  readonly waitMs: number
  /** The map is written at least so often. */
  readonly commitMs: number
}

export const usualRecorderLimits: RecorderLimits = { waitingBytes: 8 * 1024 * 1024, unitBytes: 384 * 1024, unitEvents: 4096, waitMs: 10, commitMs: 250 }

/** Beside its data, an event takes about so much. */
const perEvent = 400
const retryMs = 500

interface Entry {
  readonly events: readonly WeirEvent[]
  readonly steps: readonly Step[]
  readonly bytes: number
}

export class Recorder {
  readonly #context: SourceContext
  readonly #map: ObjectMap
  readonly #limits: RecorderLimits
  #queue: Entry[] = []
  #queued = 0
  /** Synced in the journal, and not in the map yet. */
  #settled: Step[] = []
  #settledBytes = 0
  #position: Position | undefined
  #committed = 0
  #wake: () => void = () => undefined
  #room: { readonly promise: Promise<void>; readonly resolve: () => void } | undefined
  #failed: { readonly error: unknown } | undefined

  constructor(context: SourceContext, map: ObjectMap, limits: RecorderLimits = usualRecorderLimits) {
    this.#context = context
    this.#map = map
    this.#limits = limits
  }

  /** Takes what happened to an object. The promise, if there is one, resolves when there is room for more. */
  record(events: readonly WeirEvent[], steps: readonly Step[]): void | Promise<void> {
    let bytes = 0
    for (const { data } of events) bytes += perEvent + (data?.length ?? 0)
    for (const step of steps) if (step.is === 'put') bytes += perEvent + step.document.length
    this.#queue.push({ events, steps, bytes })
    this.#queued += bytes
    this.#wake()
    if (this.#failed !== undefined) throw this.#failed.error
    if (this.#queued < this.#limits.waitingBytes) return
    this.#room ??= Promise.withResolvers<void>()
    return this.#room.promise
  }

  /** Ends when the signal aborts and everything is written, or rejects when the journal takes no more. */
  async run(signal: AbortSignal): Promise<void> {
    const { timers } = this.#context.host
    const wake = (): void => this.#wake()
    signal.addEventListener('abort', wake)
    try {
      for (;;) {
        if (this.#queue.length === 0) {
          if (signal.aborted) break
          await this.#waitFor(this.#settled.length > 0 ? this.#limits.commitMs : undefined)
          if (this.#queue.length > 0 && this.#queued < this.#limits.unitBytes && !signal.aborted) await timers.sleep(this.#limits.waitMs, signal)
        }
        if (this.#queue.length > 0) await this.#write(this.#take(), signal)
        if (this.#settled.length > 0 && (this.#queue.length === 0 || this.#settledBytes > this.#limits.waitingBytes / 2 || this.#due())) await this.#commit()
      }
      await this.#commit()
    } catch (error) {
      this.#failed = { error }
      this.#room?.resolve()
      throw error
    } finally {
      signal.removeEventListener('abort', wake)
    }
  }

  #due(): boolean {
    return this.#context.host.clock.monotonic() - this.#committed >= this.#limits.commitMs
  }

  async #waitFor(ms: number | undefined): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#wake = resolve
    const timer = ms === undefined ? undefined : this.#context.host.timers.after(ms, resolve)
    await promise
    timer?.cancel()
    this.#wake = () => undefined
  }

  #take(): Entry[] {
    const { unitBytes, unitEvents } = this.#limits
    let [bytes, events, count] = [0, 0, 0]
    for (const entry of this.#queue) {
      if (count > 0 && (bytes + entry.bytes > unitBytes || events + entry.events.length > unitEvents)) break
      bytes += entry.bytes
      events += entry.events.length
      count++
    }
    const taken = this.#queue.slice(0, count)
    this.#queue = this.#queue.slice(count)
    return taken
  }

  async #write(entries: readonly Entry[], signal: AbortSignal): Promise<void> {
    const events = entries.flatMap((entry) => entry.events)
    if (events.length > 0) this.#position = await this.#append(events, signal)
    for (const { steps, bytes } of entries) {
      this.#settled.push(...steps)
      this.#settledBytes += bytes
      this.#queued -= bytes
    }
    if (this.#queued >= this.#limits.waitingBytes / 2) return
    this.#room?.resolve()
    this.#room = undefined
  }

  async #append(events: readonly WeirEvent[], signal: AbortSignal): Promise<Position> {
    const { host, log, id } = this.#context
    const batch = toEventBatch(events)
    for (const { data } of events) if (data !== undefined) giveBack(data)
    let [timeMin, timeMax] = [Infinity, -Infinity]
    for (const time of batch.time) [timeMin, timeMax] = [Math.min(timeMin, time), Math.max(timeMax, time)]
    for (let tries = 0; ; tries++) {
      try {
        const { position } = await this.#context.append({ stream: id, kind: 'events', count: events.length, raw: encodeBatch(batch), received: host.clock.now(), timeMin, timeMax })
        giveBack(batch.data.bytes)
        return position
      } catch (error) {
        // The server is read no further meanwhile, and what it drops is found again by listing.
        if (!(error instanceof WeirError) || !error.retry || signal.aborted) throw error
        if (tries === 0) log.warn('The journal does not take changes of a cluster now; they wait.', { source: id, error: error.message })
        await host.timers.sleep(retryMs, signal)
      }
    }
  }

  async #commit(): Promise<void> {
    const [steps, position] = [this.#settled, this.#position]
    this.#settled = []
    this.#settledBytes = 0
    this.#position = undefined
    this.#committed = this.#context.host.clock.monotonic()
    if (steps.length === 0 && position === undefined) return
    this.#map.commit(steps, position)
    if (position !== undefined) await this.#context.frames?.hold(position.sequence)
  }
}
