/** Times in ms of a monotonic clock. */
const gatherMs = 20
/** Clients that wait for their answers send the next requests within it after each other. */
const promptMs = 2
/** As many requests are worth a sync by themselves. */
const enough = 8
const maxSkipped = 32

/**
 * How long the first request of a group waits for others. At 200 requests per second a sync for each would cost more
 * than all else, so up to 20 ms if that gathers requests; clients that wait for each other's answers are not delayed.
 */
export class PushPace {
  #opened: number | undefined
  #answered = -Infinity
  #requests = 0
  #isLate = false
  #isWaiting = true
  #futile = 0
  #skipped = 0

  arrived(now: number): void {
    this.#opened ??= now
    this.#requests++
    if (now - Math.max(this.#opened, this.#answered) > promptMs) this.#isLate = true
  }

  /** What remains to wait. */
  rest(now: number): number {
    if (!this.#isWaiting || this.#opened === undefined || this.#requests >= enough) return 0
    return Math.max(0, this.#opened + gatherMs - now)
  }

  answered(now: number): void {
    this.#answered = now
  }

  /** The group was sent. */
  sent(): void {
    if (this.#isLate) this.#futile = 0
    else if (this.#isWaiting) this.#futile++
    if (this.#isWaiting || this.#isLate) this.#skipped = 0
    else this.#skipped++
    this.#isWaiting = this.#futile < 2 || this.#skipped >= Math.min(maxSkipped, 2 ** this.#futile)
    this.#opened = undefined
    this.#requests = 0
    this.#isLate = false
  }
}
