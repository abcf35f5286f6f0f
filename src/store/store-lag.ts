import type { Host } from '../host/index.ts'
import type { Log } from '../engine/contracts.ts'

/** Rows that wait for their names or for a commit are a few seconds old. */
const behindMs = 30_000
const everyMs = 60_000

/** Reports a store that applies rows long after their receipt. */
export class StoreLag {
  readonly #host: Pick<Host, 'clock'>
  readonly #log: Log
  #loggedAt: number | undefined

  constructor(host: Pick<Host, 'clock'>, log: Log) {
    this.#host = host
    this.#log = log
  }

  /** `received`: Unix ms of the newest applied row; `rows`: accepted after it. */
  applied(received: number, rows: number): void {
    const { clock } = this.#host
    const lag = clock.now() - received
    const now = clock.monotonic()
    if (lag < behindMs) {
      // Well before, so that a store at the limit does not report each turn.
      if (this.#loggedAt === undefined || lag > behindMs / 2) return
      this.#loggedAt = undefined
      this.#log.info('The store has caught up with the journal.')
      return
    }
    if (this.#loggedAt !== undefined && now - this.#loggedAt < everyMs) return
    this.#loggedAt = now
    this.#log.warn('The store is behind the journal: queries show rows late. None is lost.', {
      seconds: Math.round(lag / 1000),
      rows,
    })
  }
}
