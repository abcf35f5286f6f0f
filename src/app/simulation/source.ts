import type { Appended, Source, SourceContext, SourceDefinition } from '../../engine/contracts.ts'
import { hasCode, messageOf } from '../../model/errors.ts'
import type { Origin, Weather } from './outside.ts'

type Surroundings = Readonly<{
  weather: Weather
  stepMs: number
  /** Unix ms of the start. */
  start: number
  appended: (appended: Appended, received: number) => void
}>

/** After an interruption, rows of this many steps are sent in one. */
const catchUp = 8

/** Gives rows of an origin, with the durable cursor, loss or repetition of a source of its mode. */
export function simulatedSource(origin: Origin, around: Surroundings): SourceDefinition<unknown> {
  return {
    type: origin.source.type,
    build: (_, context) => Promise.resolve(new SimulatedSource(origin, around, context)),
  }
}

class SimulatedSource implements Source {
  readonly addresses: readonly string[] = []
  readonly #origin: Origin
  readonly #around: Surroundings
  readonly #context: SourceContext

  constructor(origin: Origin, around: Surroundings, context: SourceContext) {
    this.#origin = origin
    this.#around = around
    this.#context = context
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock, timers } = this.#context.host
    const { start, stepMs } = this.#around
    this.#begin(clock.now() - start)
    while (!signal.aborted) {
      await timers.sleep(stepMs - ((clock.now() - start) % stepMs), signal)
      this.#origin.pass(clock.now() - start)
      if (!signal.aborted) await this.#give(clock.now())
    }
  }

  #begin(sinceStart: number) {
    const origin = this.#origin
    const { mode } = origin.source
    origin.pass(sinceStart)
    const { cursor } = this.#context
    if (mode === 'datagram') return origin.lose('not running', origin.waiting)
    // A polled system continues at the durable cursor; a client sends unacknowledged rows again.
    if (mode === 'poll' && cursor !== undefined)
      origin.next = Math.max(origin.next, Number(new TextDecoder().decode(cursor)))
  }

  async #give(now: number) {
    const origin = this.#origin
    const { weather, stepMs } = this.#around
    if (weather.partition && origin.source.mode === 'poll') return
    const portion = origin.portion(stepMs)
    for (let sent = 0; sent < catchUp && origin.waiting > 0; sent++) {
      const count = Math.min(portion, origin.waiting)
      if (!(await this.#append(origin.next, count, now))) return
    }
  }

  /** False: refused, to be given again. */
  async #append(first: number, count: number, received: number): Promise<boolean> {
    const origin = this.#origin
    const context = this.#context
    const isPush = origin.source.mode === 'push'
    const unit = origin.rows.unit(first, count, received)
    try {
      const appended = await context.host.memory.use(unit.raw.length, () =>
        isPush && unit.kind === 'events' && context.appendOnce !== undefined
          ? context.appendOnce(unit)
          : context.append(unit),
      )
      origin.next = first + count
      origin.acknowledged += count
      this.#around.appended(appended, received)
      return true
    } catch (error) {
      const isFull = hasCode(error, 'WEIR_JOURNAL_FULL')
      const reason = isFull ? 'journal full' : 'refused'
      const { weather, start } = this.#around
      if (isFull && context.host.clock.now() - start > weather.fullUntil) origin.refuse(messageOf(error), count)
      if (origin.source.mode !== 'datagram') return false
      context.shed(reason, count)
      origin.lose(reason, count)
      return true
    }
  }
}
