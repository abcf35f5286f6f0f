import type { Clock } from '../../host/index.ts'

/** While little comes connections are read so far apart: to go through all that an object passes costs several times as much for one as for one of ten. */
const apartMs = 800
/** What came while connections were held takes so long to be here, once they are not. */
const drainMs = 10
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

  /** After so many bytes of a connection were read: for how many ms nothing more is, and whether the connection is held meanwhile. */
  rest(bytes: number): { readonly ms: number; readonly held: boolean } {
    const now = this.#clock.monotonic()
    // Timers end up to a millisecond early.
    if (now - this.#began >= apartMs - 1) {
      this.#before = now - this.#began < 2 * apartMs ? this.#came : 0
      this.#came = 0
      this.#began = now
    }
    this.#came += bytes
    if (this.#before + this.#came >= muchBytes) return { ms: 0, held: false }
    // Held at once, a connection would be read no further than to its first piece: all behind that would be as late again.
    const drained = this.#began + drainMs
    return now < drained ? { ms: drained - now, held: false } : { ms: this.#began + apartMs - now, held: true }
  }
}
