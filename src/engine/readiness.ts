/** A failure becomes a reason when it persists (docs/adr/0023). */
import type { Clock } from '../host/index.ts'
import type { Health } from './control.ts'
import type { Log } from './contracts.ts'

export type Failing = Readonly<{
  /** Stable while the failure lasts, for example `sink bus`. */
  what: string
  why: string
  /** `lasting`: a reason after the grace period. `now`: at once. `partly`: other functions work. */
  counts: 'lasting' | 'now' | 'partly'
}>

export type Observed = Readonly<{
  refusal: string | undefined
  unacknowledged: string | undefined
  failing: readonly Failing[]
  warnings: readonly string[]
}>

const graceMs = 10_000
/** Maintenance runs every second. */
const silentMs = 30_000

export class Readiness {
  readonly #clock: Clock
  readonly #log: Log
  #state: 'starting' | 'running' | 'draining' = 'starting'
  #seen: Observed = { refusal: undefined, unacknowledged: undefined, failing: [], warnings: [] }
  #checkedAt = 0
  readonly #since = new Map<string, number>()
  readonly #logged = new Map<'ready' | 'acknowledged', number>()

  constructor(clock: Clock, log: Log) {
    this.#clock = clock
    this.#log = log
  }

  started(): void {
    this.#state = 'running'
    this.#checkedAt = this.#clock.monotonic()
  }
  drain(): void {
    this.#state = 'draining'
  }

  update(seen: Observed): void {
    const now = this.#clock.monotonic()
    this.#seen = seen
    this.#checkedAt = now
    const failing = new Set(seen.failing.map(({ what }) => what))
    for (const what of this.#since.keys()) if (!failing.has(what)) this.#since.delete(what)
    for (const what of failing) if (!this.#since.has(what)) this.#since.set(what, now)
    if (this.#state !== 'running') return
    this.#note(
      'acknowledged',
      seen.unacknowledged,
      'Posts are rejected until their acknowledging sink settles rows again.',
      'Posts are acknowledged again.',
    )
    const { reasons } = this.health()
    this.#note(
      'ready',
      reasons.length === 0 ? undefined : reasons.join('; '),
      'Weir is not ready.',
      'Weir is ready again.',
    )
  }

  refuse(refusal: string | undefined): void {
    this.#seen = { ...this.#seen, refusal }
  }

  health(): Health {
    if (this.#state !== 'running')
      return {
        live: true,
        ready: false,
        accepting: false,
        draining: this.#state === 'draining',
        reasons: [`weir is ${this.#state}`],
        warnings: [],
      }
    const { refusal, unacknowledged, failing, warnings } = this.#seen
    const now = this.#clock.monotonic()
    const silent =
      now - this.#checkedAt > silentMs
        ? `maintenance has not finished for ${seconds(now - this.#checkedAt)} s: the disk of the data folder ` +
          'may not respond'
        : undefined
    const refusals = [silent, refusal, unacknowledged].filter((why) => why !== undefined)
    const lasting = (failing: Failing) =>
      failing.counts === 'now' ||
      (failing.counts === 'lasting' && now - (this.#since.get(failing.what) ?? now) >= graceMs)
    const sentence = ({ what, counts, why }: Failing) => {
      const since = this.#since.get(what) ?? now
      return `${what}: ${counts === 'partly' ? '' : `fails for ${seconds(now - since)} s, `}${why}`
    }
    const reasons = [...refusals, ...failing.filter(lasting).map(sentence)]
    return {
      live: true,
      ready: reasons.length === 0,
      accepting: refusals.length === 0,
      draining: false,
      reasons,
      warnings: [...failing.filter((candidate) => !lasting(candidate)).map(sentence), ...warnings],
    }
  }

  #note(what: 'ready' | 'acknowledged', reason: string | undefined, begun: string, ended: string) {
    const since = this.#logged.get(what)
    if (reason !== undefined && since === undefined) {
      this.#logged.set(what, this.#clock.monotonic())
      this.#log.warn(begun, { reason })
    } else if (reason === undefined && since !== undefined) {
      this.#logged.delete(what)
      this.#log.info(ended, { seconds: seconds(this.#clock.monotonic() - since) })
    }
  }
}

function seconds(ms: number) {
  return Math.round(ms / 1000)
}
