/** On standby changes wait until this replica leads; those that the leader has emitted are only written to the map. */
import type { SourceContext } from '../../../engine/contracts.ts'
import { appendEvents } from '../../../engine/sources/append-events.ts'
import type { WeirEvent } from '../../../model/events.ts'
import { releaseBuffer } from '../../../model/release-buffer.ts'
import type { Position } from '../../../model/positions.ts'
import type { LeaseCheckpoint } from '../../../net/kubernetes/lease.ts'
import { RemoteCheckpoint, type From } from './remote.ts'
import type { LeaseKeeper } from './lease.ts'
import { patienceMs, perEvent, usualRecorderLimits, type RecorderLimits } from './limits.ts'
import type { ObjectMap } from './objects.ts'
import { covers, type Collection, type Step } from './steps.ts'

type Entry = Readonly<{
  events: readonly WeirEvent[]
  steps: readonly Step[]
  bytes: number
  from: From | undefined
}>

export class Recorder {
  readonly #context: SourceContext
  readonly #map: ObjectMap
  readonly #limits: RecorderLimits
  readonly #lease: Pick<LeaseKeeper, 'epoch'> | undefined
  readonly #emitted = new Map<string, string>()
  #elsewhere: LeaseCheckpoint | undefined
  readonly #remote = new RemoteCheckpoint()
  #queue: Entry[] = []
  #queued = 0
  #settled: Step[] = []
  #settledBytes = 0
  #position: Position | undefined
  #began = -Infinity
  #written = -Infinity
  #committed = -Infinity
  #wake: () => void = () => undefined
  #room: Readonly<{ promise: Promise<void>; resolve: () => void }> | undefined
  #failed: { readonly error: unknown } | undefined
  #acts: Readonly<{ act: () => Promise<void>; reject: (error: unknown) => void }>[] = []
  #closing = false

  constructor(
    context: SourceContext,
    map: ObjectMap,
    limits: RecorderLimits = usualRecorderLimits,
    lease?: Pick<LeaseKeeper, 'epoch'>,
  ) {
    this.#context = context
    this.#map = map
    this.#limits = limits
    this.#lease = lease
  }

  /** The version of each collection up to which changes are emitted and on disk here. */
  get emitted(): LeaseCheckpoint {
    return Object.fromEntries(this.#emitted)
  }

  get waiting(): number {
    return this.#queue.reduce((sum, { events }) => sum + events.length, 0)
  }

  /** Releases all callers that wait for room, so that they can end. */
  close(): void {
    this.#closing = true
    this.#room?.resolve()
    this.#room = undefined
  }

  wake(): void {
    this.#wake()
  }

  emittedElsewhere(checkpoint: LeaseCheckpoint): void {
    this.#elsewhere = checkpoint
    this.#remote.merge(checkpoint)
    this.#wake()
  }

  /**
   * Runs `act` when the map on disk has all emitted changes and nothing is emitted meanwhile. Rejects on standby, or if
   * the journal fails.
   */
  still<T>(act: () => Promise<T>): Promise<T> {
    if (this.#failed !== undefined) return Promise.reject(this.#failed.error as Error)
    const { promise, resolve, reject } = Promise.withResolvers<T>()
    this.#acts.push({
      act: () => (this.#isLeading() ? act().then(resolve, reject) : Promise.reject(new Error('another replica leads'))),
      reject,
    })
    this.#wake()
    return promise
  }

  record(events: readonly WeirEvent[], steps: readonly Step[], from?: From): void | Promise<void> {
    let bytes = 0
    for (const { data } of events) bytes += perEvent + (data?.length ?? 0)
    for (const step of steps) if (step.is === 'put') bytes += perEvent + step.document.length
    const entry = { events, steps, bytes, from }
    this.#queued += bytes
    if (from !== undefined && this.#remote.has(from) && this.#elsewhere === undefined) this.#pass(entry)
    else {
      if (this.#queue.length === 0) this.#began = this.#context.host.clock.monotonic()
      this.#queue.push(entry)
    }
    this.#wake()
    if (this.#failed !== undefined) throw this.#failed.error
    if (this.#closing || this.#queued < this.#limits.waitingBytes) return
    this.#room ??= Promise.withResolvers<void>()
    return this.#room.promise
  }

  async run(signal: AbortSignal): Promise<void> {
    const wake = () => this.#wake()
    signal.addEventListener('abort', wake)
    for (const { key, cursor } of this.#map.collections()) if (cursor !== undefined) this.#emitted.set(key, cursor)
    try {
      for (;;) {
        this.#leave()
        if (this.#isUnitDue() || (signal.aborted && this.#writable())) await this.#write(this.#take(), signal)
        if (this.#due()) await this.#commit()
        for (const { act, reject } of this.#acts.splice(0)) {
          await this.#commit()
          await act().catch(reject)
        }
        if (this.#elsewhere !== undefined) continue
        if (!signal.aborted) await this.#idle(signal)
        else if (!this.#writable()) break
      }
      await this.#commit()
    } catch (error) {
      this.#failed = { error }
      this.#room?.resolve()
      for (const { reject } of this.#acts.splice(0)) reject(error)
      throw error
    } finally {
      signal.removeEventListener('abort', wake)
    }
  }

  #writable() {
    return this.#queue.length > 0 && this.#isLeading()
  }

  #isLeading() {
    return this.#lease === undefined || this.#lease.epoch() !== undefined
  }

  #isUnitDue() {
    return this.#writable() && (this.#queued >= this.#limits.unitBytes || this.#toWrite() <= 0)
  }

  #toWrite() {
    const { waitMs, gatherMs } = this.#limits
    return Math.max(this.#began + waitMs, this.#written + gatherMs) - this.#context.host.clock.monotonic()
  }

  #toCommit() {
    return this.#committed + this.#limits.commitMs - this.#context.host.clock.monotonic()
  }

  #due() {
    return this.#settled.length > 0 && (this.#settledBytes > this.#limits.waitingBytes / 2 || this.#toCommit() <= 0)
  }

  async #idle(signal: AbortSignal) {
    const [writable, unsaved] = [this.#writable(), this.#settled.length > 0]
    const ready = () =>
      signal.aborted ||
      this.#elsewhere !== undefined ||
      this.#acts.length > 0 ||
      this.#writable() !== writable ||
      this.#settled.length > 0 !== unsaved ||
      this.#isUnitDue() ||
      this.#due()
    const ms = Math.min(writable ? this.#toWrite() : Infinity, unsaved ? this.#toCommit() : Infinity)
    if (ready()) return
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#wake = () => {
      if (ready()) resolve()
    }
    const timer = ms === Infinity ? undefined : this.#context.host.timers.after(ms, resolve)
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

  async #write(entries: readonly Entry[], signal: AbortSignal) {
    const events = entries.flatMap((entry) => entry.events)
    const position = events.length === 0 ? undefined : await this.#append(events, signal)
    if (position === 'not our turn') {
      this.#queue = [...entries, ...this.#queue]
      return
    }
    this.#written = this.#context.host.clock.monotonic()
    this.#position = position ?? this.#position
    for (const entry of entries) {
      this.#settle(entry)
      for (const { family } of entry.events) if (family === 'change') entry.from?.onEmitted()
    }
    this.#makeRoom()
  }

  #leave() {
    const checkpoint = this.#elsewhere
    this.#elsewhere = undefined
    if (checkpoint === undefined) return
    const behind = new Set<Collection>()
    this.#queue = this.#queue.filter((entry) => {
      const { from } = entry
      if (
        from !== undefined &&
        (behind.has(from.collection) || !covers(checkpoint[from.collection.key], from.version))
      ) {
        behind.add(from.collection)
        return true
      }
      this.#pass(entry)
      return false
    })
    this.#makeRoom()
  }

  #pass(entry: Entry) {
    this.#settle(entry)
    if (entry.events.length > 0)
      this.#context.metrics.count('weir_kubernetes_skipped_events_total', entry.events.length, {
        source: this.#context.id,
      })
    releaseAll(entry.events)
  }

  #settle({ steps, bytes }: Entry) {
    this.#settled.push(...steps)
    // After a crash an unwritten list would be repeated.
    if (steps.some((step) => step.is === 'cursor' && step.listed === true)) this.#committed = -Infinity
    this.#settledBytes += bytes
    this.#queued -= bytes
  }

  #makeRoom() {
    if (this.#queued >= this.#limits.waitingBytes / 2) return
    this.#room?.resolve()
    this.#room = undefined
  }

  async #append(events: readonly WeirEvent[], signal: AbortSignal): Promise<Position | 'not our turn'> {
    const epoch = this.#lease?.epoch()
    if (this.#lease !== undefined && epoch === undefined) return 'not our turn'
    const numbered =
      epoch === undefined ? events : events.map((event) => ({ ...event, extensions: { ...event.extensions, epoch } }))
    let isLeading = true
    const append: SourceContext['append'] = (unit, changes) => {
      // A frozen process may continue after its leadership ended.
      isLeading = this.#lease === undefined || this.#lease.epoch() === epoch
      return isLeading ? this.#context.append(unit, changes) : Promise.reject(new Error('another replica leads'))
    }
    const { id, host, log } = this.#context
    try {
      // Meanwhile the server is not read; dropped watches resume with a list.
      const { position } = await appendEvents({ id, host, log, append }, numbered, {
        signal,
        ...(this.#queue.length === 0 ? { maxDelayMs: patienceMs } : {}),
      })
      // Until the append a retry or another leader may need them.
      releaseAll(events)
      return position
    } catch (error) {
      if (isLeading) throw error
      return 'not our turn'
    }
  }

  async #commit() {
    const [steps, position] = [this.#settled, this.#position]
    this.#settled = []
    this.#settledBytes = 0
    this.#position = undefined
    this.#committed = this.#context.host.clock.monotonic()
    if (steps.length === 0 && position === undefined) return
    this.#map.commit(steps, position)
    for (const step of steps) {
      if (step.is !== 'cursor' || step.ended === true) continue
      if (step.version === undefined) this.#emitted.delete(step.collection.key)
      else this.#emitted.set(step.collection.key, step.version)
    }
    if (position !== undefined) await this.#context.replay?.hold(position.sequence)
  }
}

function releaseAll(events: readonly WeirEvent[]) {
  for (const { data } of events) if (data !== undefined) releaseBuffer(data)
}
