/** Whether this process does its job now, and why not. What fails becomes a reason when it lasts (docs/adr/0023). */
import type { Clock } from '../host/index.ts'
import type { Health } from './control.ts'
import type { Log } from './contracts.ts'

/** A source or a sink that fails now. */
export interface Failing {
  /** Stable while it fails: `sink bus`. */
  readonly what: string
  readonly why: string
  /** `lasting`: a reason after the grace. `now`: at once, because it has never worked, or because posts wait for it. `partly`: the rest of it works. */
  readonly counts: 'lasting' | 'now' | 'partly'
}

export interface Seen {
  /** Why no data is accepted. */
  readonly refusal: string | undefined
  /** Why posts are not acknowledged, although data is accepted. */
  readonly unacknowledged: string | undefined
  readonly failing: readonly Failing[]
  /** What somebody should look at, and keeps nothing from working. */
  readonly warnings: readonly string[]
}

export const graceMs = 10_000
/** Housekeeping looks every second; without a look for so long something hangs. */
const silentMs = 30_000

export class Readiness {
  readonly #clock: Clock
  readonly #log: Log
  #state: 'starting' | 'running' | 'draining' = 'starting'
  #seen: Seen = { refusal: undefined, unacknowledged: undefined, failing: [], warnings: [] }
  #lookedAt = 0
  readonly #since = new Map<string, number>()
  /** When what is logged began. */
  readonly #logged = new Map<'ready' | 'acknowledged', number>()

  constructor(clock: Clock, log: Log) {
    this.#clock = clock
    this.#log = log
  }

  started(): void {
    this.#state = 'running'
    this.#lookedAt = this.#clock.monotonic()
  }
  drain(): void {
    this.#state = 'draining'
  }

  look(seen: Seen): void {
    const now = this.#clock.monotonic()
    this.#seen = seen
    this.#lookedAt = now
    const failing = new Set(seen.failing.map(({ what }) => what))
    for (const what of this.#since.keys()) if (!failing.has(what)) this.#since.delete(what)
    for (const what of failing) if (!this.#since.has(what)) this.#since.set(what, now)
    if (this.#state !== 'running') return
    this.#note(
      'acknowledged',
      seen.unacknowledged,
      'Posts are refused until their sink settles them again.',
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
      now - this.#lookedAt > silentMs
        ? `housekeeping has not ended for ${seconds(now - this.#lookedAt)} s: the disk of the data folder may not answer`
        : undefined
    const refusals = [silent, refusal, unacknowledged].filter((why) => why !== undefined)
    const lasting = (one: Failing): boolean =>
      one.counts === 'now' || (one.counts === 'lasting' && now - (this.#since.get(one.what) ?? now) >= graceMs)
    const sentence = (one: Failing): string =>
      `${one.what}: ${one.counts === 'partly' ? '' : `fails for ${seconds(now - (this.#since.get(one.what) ?? now))} s, `}${one.why}`
    const reasons = [...refusals, ...failing.filter(lasting).map(sentence)]
    return {
      live: true,
      ready: reasons.length === 0,
      accepting: refusals.length === 0,
      draining: false,
      reasons,
      warnings: [...failing.filter((one) => !lasting(one)).map(sentence), ...warnings],
    }
  }

  /** Once when it begins and once when it ends. */
  #note(what: 'ready' | 'acknowledged', reason: string | undefined, begun: string, ended: string): void {
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

function seconds(ms: number): number {
  return Math.round(ms / 1000)
}
