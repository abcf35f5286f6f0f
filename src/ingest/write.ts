import { hasCode, WeirError } from '../model/errors.ts'
import type { FlowBuilder } from '../model/flow-builder.ts'
import type { SourceContext } from '../engine/contracts.ts'
import { emptyUnit, FlowUnits, type NewUnit } from './flow-units.ts'
import { FlushTimer } from './flush-timer.ts'

/** A batch that has reached `rows` or `bytes` is handed over before the next datagram is decoded. */
export type UnitLimits = Readonly<{
  rows: number
  /** Uncompressed. */
  bytes: number
  inFlight: number
}>

/** A unit fits in one frame; 16 MiB may wait for a slow disk. */
export const defaultLimits: UnitLimits = { rows: 8192, bytes: 512 * 1024, inFlight: 32 }

const retryAfterMs = 100
/** A full journal has room again when a sink advances. */
const retryFullMs = 500

type WhenFull = 'waits' | 'drops' | { readonly until: number }

/**
 * Collects the rows of decoded datagrams, enriches them and hands them to the journal in units. Order of a source:
 * {@link makeRoom}, decode a whole datagram into {@link flows}, {@link added}. UDP is not resent, so nothing here
 * waits: if the disk is behind, rows are shed and counted.
 */
export class FlowWriter {
  readonly flows: FlowBuilder
  readonly #units: FlowUnits
  readonly #context: SourceContext
  readonly #limits: UnitLimits
  readonly #inFlight = new Set<Promise<void>>()
  #received = 0
  /** No unit has the newest counts of shed rows yet. */
  #shedUnrecorded = false
  /** Some rows of the batch are of a sender that waits. */
  #senderWaits = false
  #unitWaits = false
  readonly #stopping = new AbortController()
  readonly #timer: FlushTimer | undefined

  /** `flushMs`: maximum wait of rows, null by their rate; undefined if only the caller flushes. */
  constructor(context: SourceContext, limits = defaultLimits, flushMs?: number | null) {
    this.#context = context
    this.#limits = limits
    if (flushMs !== undefined) this.#timer = new FlushTimer(context.host, flushMs, () => this.flush())
    this.#units = new FlowUnits(context, limits.bytes)
    this.flows = this.#units.flows
  }

  get inFlight(): number {
    return this.#inFlight.size
  }

  /** False: too much is in flight, and the rows of the next datagram are to be shed. */
  makeRoom(): boolean {
    const { count, bytes } = this.flows
    return (count < this.#limits.rows && bytes < this.#limits.bytes) || this.flush()
  }

  added(rows: number, received: number): void {
    if (rows === 0) return
    this.#received = Math.max(this.#received, received)
    if (this.#senderWaits) this.#unitWaits = true
    this.#timer?.added(this.flows.count)
  }

  /** A unit that holds rows of a sender that can wait (TCP) is retried while the journal is full. */
  ofPatientSender<T>(take: () => T): T {
    this.#senderWaits = true
    try {
      return take()
    } finally {
      this.#senderWaits = false
    }
  }

  /** For sources that can wait. False after the deadline (monotonic ms). */
  async ready(deadline = Infinity): Promise<boolean> {
    const { clock, timers } = this.#context.host
    const { inFlight } = this.#limits
    if (this.#inFlight.size < inFlight) return true
    const end = new AbortController()
    const late = deadline === Infinity ? [] : [timers.sleep(Math.max(0, deadline - clock.monotonic()), end.signal)]
    while (this.#inFlight.size >= inFlight && clock.monotonic() < deadline)
      await Promise.race([...this.#inFlight, ...late])
    end.abort()
    return this.#inFlight.size < inFlight
  }

  shed(reason: string, count: number): void {
    if (count === 0) return
    this.#shedUnrecorded = true
    this.#context.shed(reason, count)
  }

  flush(): boolean {
    if (this.flows.count === 0) return true
    if (this.#inFlight.size >= this.#limits.inFlight) return false
    this.#send(this.#units.cut(this.#received), this.#unitWaits ? 'waits' : 'drops')
    this.#unitWaits = false
    this.#timer?.sent()
    return true
  }

  /** The journal may be full until `deadline` (monotonic ms). Resolves with the number of lost rows. */
  store(deadline: number): Promise<number> {
    if (this.flows.count === 0) return Promise.resolve(0)
    return new Promise((resolve) => {
      this.#send(this.#units.cut(this.#received), { until: deadline }, resolve)
    })
  }

  /** A frame without rows, so that counts of shed rows become durable while no rows are accepted. */
  recordShed(): void {
    if (!this.#shedUnrecorded || this.flows.count > 0 || this.#inFlight.size >= this.#limits.inFlight) return
    this.#send(emptyUnit(this.#context.id, this.#context.host.clock.now()), 'drops')
  }

  /** Ends the retries for a full journal. Call it before connections are closed. */
  stopWaiting(): void {
    this.#stopping.abort()
  }

  /** Resolves when every row is synced, or shed and counted. */
  async drain(): Promise<void> {
    this.stopWaiting()
    this.#timer?.cancel()
    while (!this.flush()) await Promise.race(this.#inFlight)
    await Promise.all(this.#inFlight)
    this.recordShed()
    await Promise.all(this.#inFlight)
  }

  #send(unit: NewUnit, whenFull: WhenFull, settled?: (lost: number) => void) {
    this.#shedUnrecorded = false
    const sending = this.#append(unit, whenFull)
      .finally(() => {
        this.#inFlight.delete(sending)
        this.#units.recycle(unit)
      })
      .then((lost) => settled?.(lost))
    this.#inFlight.add(sending)
  }

  async #append(unit: NewUnit, whenFull: WhenFull): Promise<number> {
    let error = await this.#try(unit)
    // A failed sync is over once the journal has a new segment.
    if (passing(error)) error = await this.#tryAfter(retryAfterMs, unit)
    while (isFull(error) && this.#mayWait(whenFull)) error = await this.#tryAfter(retryFullMs, unit)
    if (error === undefined) return 0
    this.#shedUnrecorded = true
    this.shed(isFull(error) ? 'journal_full' : 'journal_failed', unit.count)
    if (unit.count === 0) return 0
    const source = this.#context.id
    this.#context.log.error('The journal did not take rows that were received; they are lost and counted as shed.', {
      source,
      rows: unit.count,
      error,
    })
    return unit.count
  }

  #mayWait(whenFull: WhenFull) {
    if (whenFull === 'drops' || this.#stopping.signal.aborted) return false
    return whenFull === 'waits' || this.#context.host.clock.monotonic() + retryFullMs <= whenFull.until
  }

  async #tryAfter(ms: number, unit: NewUnit): Promise<unknown> {
    await this.#context.host.timers.sleep(ms, this.#stopping.signal)
    return this.#try(unit)
  }

  async #try(unit: NewUnit): Promise<unknown> {
    try {
      await this.#context.append(unit)
      return undefined
    } catch (error) {
      return error ?? new Error('append failed')
    }
  }
}

function isFull(error: unknown) {
  return hasCode(error, 'WEIR_JOURNAL_FULL')
}

function passing(error: unknown) {
  return error instanceof WeirError && error.retry && !isFull(error)
}
