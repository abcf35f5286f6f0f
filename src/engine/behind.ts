import type { Clock } from '../host/index.ts'
import type { Log } from './contracts.ts'
import type { Pipeline } from './control.ts'
import { storeSink } from './ledger/ledger.ts'

/** Rows that wait for their names, a commit or one request are a few seconds old. */
const behindMs = 30_000
const everyMs = 60_000

type Reported = Pick<Pipeline['sinks'][number], 'name' | 'lagMs' | 'waitMs' | 'state' | 'error'>

/** Sinks that work, but slower than rows arrive. One that fails has a separate error. */
export function sinksBehind<Sink extends Reported>(sinks: readonly Sink[]): readonly Sink[] {
  return sinks.filter(
    ({ lagMs, waitMs = 0, state, error }) => error === undefined && state !== 'orphaned' && lagMs > behindMs + waitMs,
  )
}

export function behindText({ name, lagMs }: Reported): string {
  const what = name === storeSink ? 'the store' : `sink ${name}`
  return `${what} is ${Math.round(lagMs / 1000)} s behind the journal`
}

/** Logs sinks that are behind, once a minute each. The store logs its own lag, also after a start. */
export class Behind {
  readonly #clock: Clock
  readonly #log: Log
  readonly #loggedAt = new Map<string, number>()
  #warnings: readonly string[] = []

  constructor(clock: Clock, log: Log) {
    this.#clock = clock
    this.#log = log
  }

  get warnings(): readonly string[] {
    return this.#warnings
  }

  update(sinks: readonly Reported[], pending: ReadonlyMap<string, number>): void {
    const late = sinksBehind(sinks)
    this.#warnings = late.map((sink) => `${behindText(sink)}: ${pending.get(sink.name) ?? 0} rows wait`)
    const now = this.#clock.monotonic()
    for (const { name, lagMs } of late) {
      if (name === storeSink || now - (this.#loggedAt.get(name) ?? -Infinity) < everyMs) continue
      this.#loggedAt.set(name, now)
      this.#log.warn('A sink is behind the journal: it receives rows more slowly than they arrive.', {
        sink: name,
        seconds: Math.round(lagMs / 1000),
        rows: pending.get(name) ?? 0,
      })
    }
    for (const { name, lagMs } of sinks)
      // Well before, so that a sink at the limit does not report each turn.
      if (lagMs < behindMs / 2 && this.#loggedAt.delete(name))
        this.#log.info('A sink has caught up with the journal.', { sink: name })
  }
}
