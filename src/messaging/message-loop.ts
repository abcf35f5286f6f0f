import type { Appended, AwaitedSink, Source, SourceContext } from '../engine/contracts.ts'
import { withTimeout } from '../host/with-timeout.ts'
import { messageOf } from '../model/errors.ts'
import { ackSink } from '../schema/values.ts'

export interface MessageUnit {
  readonly bytes: number
}

export type LoopConfig = Readonly<{
  ack: string
  buffer: number
}>

export type Accepted = Appended & { readonly duplicates?: number }

export type Intake<Unit extends MessageUnit> = Readonly<{
  address: string
  maxUnits: number
  /** Undefined when `until` aborts; a rejection is logged and retried. `signal`: of the source. */
  pull(until: AbortSignal, signal: AbortSignal): Promise<AsyncIterable<Unit> | undefined>
  /** `nothing`: it has no rows; undefined: the source stops. `before`: settles with all earlier units. */
  append(unit: Unit, before: Promise<unknown>, signal: AbortSignal): Promise<Accepted | 'nothing' | undefined>
  /** Whether the last append failed, so that no later unit may pass it. */
  blocked: boolean
  ack(unit: Unit): Promise<void>
  /** The unit is redelivered. `gone`: the acknowledging sink was removed. */
  release(unit: Unit, why: 'gone' | 'stopped'): Promise<void>
  start?(loop: LoopHandle<Unit>, signal: AbortSignal): readonly { cancel(): void }[]
  stopped?(): Promise<void>
  /** Leaves the bus while the acknowledging sink is absent. */
  disconnect(): Promise<void>
  close(): Promise<void>
}>

export interface LoopHandle<Unit> {
  pending(): Iterable<Unit>
  accept(units: AsyncIterable<Unit>): Promise<void>
  logProblem(what: string, error: unknown): void
}

const [minWaitMs, maxWaitMs, idleMs] = [500, 30_000, 20_000]
/** Concurrent units to an awaited sink. */
const maxUnitsToSink = 256
/** At a stop: time for the sink to settle, then for acknowledgements. */
const [settleMs, ackMs] = [2000, 4000]

export class MessageLoop<Unit extends MessageUnit> implements Source {
  readonly addresses: readonly string[]
  readonly #config: LoopConfig
  readonly #context: SourceContext
  readonly #intake: Intake<Unit>
  readonly #pending = new Map<Unit, Promise<void>>()
  #pendingBytes = 0
  #problem: string | undefined
  #recoveries = 0
  #pulledAt = Infinity
  readonly #sink: AwaitedSink | undefined
  #sinkRemoved = AbortSignal.abort()
  #onSinkRemoved: () => void = () => undefined
  readonly #stopDeadline = new AbortController()

  constructor(config: LoopConfig, context: SourceContext, intake: Intake<Unit>) {
    this.#config = config
    this.#context = context
    this.#intake = intake
    this.addresses = [intake.address]
    const sink = ackSink(config.ack)
    if (sink === undefined) return
    if (context.awaited === undefined) throw new Error(`ack: ${config.ack}: the sink does not support this setting`)
    this.#sink = context.awaited(sink)
  }

  /** How often messages arrived again after a failure. */
  get recoveries(): number {
    return this.#recoveries
  }

  status(): { readonly problem?: string } {
    return this.#problem === undefined || this.#context.host.clock.monotonic() - this.#pulledAt > idleMs
      ? {}
      : { problem: this.#problem }
  }

  async run(signal: AbortSignal): Promise<void> {
    const { timers } = this.#context.host
    const stopTimers: { cancel(): void }[] = []
    signal.addEventListener(
      'abort',
      () => {
        stopTimers.push(
          timers.after(settleMs, () => {
            this.#stopDeadline.abort()
          }),
        )
      },
      { once: true },
    )
    const handle: LoopHandle<Unit> = {
      pending: () => this.#pending.keys(),
      accept: (units) => this.#acceptAll(units, signal),
      logProblem: (what, error) => {
        this.logProblem(what, error)
      },
    }
    const intakeTimers = this.#intake.start?.(handle, signal) ?? []
    try {
      for (let wait = minWaitMs; !signal.aborted;) {
        try {
          if (!(await this.#waitForSink(signal))) continue
          await timers.yield()
          this.#pulledAt = this.#context.host.clock.monotonic()
          const units = await this.#intake.pull(
            this.#sink === undefined ? signal : AbortSignal.any([signal, this.#sinkRemoved]),
            signal,
          )
          if (units === undefined) continue
          if (this.#problem !== undefined) {
            this.#recoveries++
            this.#context.log.info('Messages arrive again.', { source: this.#context.id })
          }
          this.#problem = undefined
          wait = minWaitMs
          await this.#acceptAll(units, signal)
        } catch (error) {
          this.#pulledAt = Infinity
          this.logProblem('Messages cannot be read; retrying.', error)
          await timers.sleep(wait, signal)
          wait = Math.min(2 * wait, maxWaitMs)
        }
      }
      await withTimeout(Promise.all(this.#pending.values()), {
        timers,
        ms: ackMs,
        late: 'the bus did not respond in time',
      }).catch((error: unknown) => {
        this.logProblem('Messages were not acknowledged before the stop; they are redelivered and deduplicated.', error)
      })
      await this.#intake.stopped?.()
    } finally {
      for (const timer of [...intakeTimers, ...stopTimers]) timer.cancel()
      await this.#intake.close()
    }
  }

  logProblem(what: string, error: unknown): void {
    const problem = messageOf(error)
    if (problem === this.#problem) return
    this.#problem = problem
    this.#context.log.warn(what, { source: this.#context.id, problem })
  }

  async #waitForSink(signal: AbortSignal): Promise<boolean> {
    if (this.#sink === undefined || !this.#sinkRemoved.aborted) return true
    await Promise.all(this.#pending.values())
    await this.#intake.disconnect()
    if (
      !(await this.#sink.ready(signal, (why) => {
        this.logProblem('Reading messages pauses until the acknowledging sink exists.', why)
      }))
    )
      return false
    const removed = new AbortController()
    this.#sinkRemoved = removed.signal
    this.#onSinkRemoved = () => {
      if (!removed.signal.aborted)
        this.#context.log.error('The acknowledging sink was removed; messages are released to the bus.', {
          source: this.#context.id,
          ack: this.#config.ack,
        })
      removed.abort()
    }
    return true
  }

  async #acceptAll(units: AsyncIterable<Unit>, signal: AbortSignal) {
    for await (const unit of units) await this.#accept(unit, signal)
  }

  async #accept(unit: Unit, signal: AbortSignal) {
    this.#pendingBytes += unit.bytes
    const before = Promise.all(this.#pending.values())
    const done = this.#settle(unit, before, signal)
      .catch((error: unknown) => {
        this.logProblem('Acknowledging messages failed; they may be redelivered and are deduplicated.', error)
      })
      .finally(() => {
        this.#pending.delete(unit)
        this.#pendingBytes -= unit.bytes
      })
    this.#pending.set(unit, done)
    if (this.#intake.blocked) await Promise.all(this.#pending.values())
    while (
      this.#pendingBytes >= this.#config.buffer ||
      this.#pending.size >= (this.#sink === undefined ? this.#intake.maxUnits : maxUnitsToSink)
    )
      await Promise.race(this.#pending.values())
  }

  async #settle(unit: Unit, before: Promise<unknown>, signal: AbortSignal) {
    const intake = this.#intake
    const appended = await intake.append(unit, before, signal)
    if (appended === undefined) return intake.release(unit, 'stopped')
    if (this.#sink !== undefined && appended !== 'nothing') {
      const settled = await this.#sink.settled(appended, this.#stopDeadline.signal)
      if (settled === 'gone') this.#onSinkRemoved()
      if (settled !== 'settled') return intake.release(unit, settled)
    }
    await intake.ack(unit)
  }
}
