import type { Clock } from '../../host/index.ts'

/** While little comes connections are read so far apart: to go through all that an object passes costs several times as much for one as for one of ten. */
const apartMs = 1000
/** Where so much came in this time or in the one before, nobody waits: a server that waits for us may end the watch. */
const muchBytes = 64 * 1024

/** When the connections of a source are read: what comes after a pause at once, what comes soon after it a little later, of all together. */
export class Pace {
  readonly #clock: Clock
  #began = -Infinity
  /** Bytes since then, and in the time before. */
  #came = 0
  #before = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** After so many bytes of a connection were read: for how many ms it is left alone. */
  rest(bytes: number): number {
    const now = this.#clock.monotonic()
    if (now - this.#began >= apartMs) {
      this.#before = now - this.#began < 2 * apartMs ? this.#came : 0
      this.#came = 0
      this.#began = now
    }
    this.#came += bytes
    return this.#before + this.#came >= muchBytes ? 0 : this.#began + apartMs - now
  }
}
