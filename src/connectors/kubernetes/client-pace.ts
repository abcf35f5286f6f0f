import type { Clock } from '../../host/index.ts'

/** While little comes connections are read so far apart: to go through all that an object passes costs several times as much for one as for one of ten. */
const apartMs = 800
/** What came while connections were held takes so long to be here, once they are not. */
const drainMs = 10
/** Where so much came in this time or in the one before, nobody waits: a server that waits for us may end the watch. */
const muchBytes = 64 * 1024
/** A connection that brings no more changes than these, in this time and in the one before, is quiet: it is read at once. */
const fewChanges = 4

/** When the connections of a source are read: those that are quiet at once, others a little later, of all together. */
export class Pace {
  readonly #clock: Clock
  #began = -Infinity
  /** Bytes since then, and in the time before. */
  #came = 0
  #before = 0
  /** Changes of each connection since then, and in the time before. */
  #changes = new Map<object, number>()
  #changesBefore: ReadonlyMap<object, number> = new Map()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** After so many bytes and changes of a connection were read: for how many ms nothing more is, and whether the connection is held meanwhile. */
  rest(connection: object, bytes: number, changes: number): { readonly ms: number; readonly held: boolean } {
    const now = this.#clock.monotonic()
    // Timers end up to a millisecond early.
    if (now - this.#began >= apartMs - 1) {
      const follows = now - this.#began < 2 * apartMs
      this.#before = follows ? this.#came : 0
      this.#changesBefore = follows ? this.#changes : new Map()
      this.#came = 0
      this.#changes = new Map()
      this.#began = now
    }
    this.#came += bytes
    const so = (this.#changes.get(connection) ?? 0) + changes
    this.#changes.set(connection, so)
    if (this.#before + this.#came >= muchBytes || Math.max(so, this.#changesBefore.get(connection) ?? 0) <= fewChanges)
      return { ms: 0, held: false }
    // Held at once, a connection would be read no further than to its first piece: all behind that would be as late again.
    const drained = this.#began + drainMs
    return now < drained ? { ms: drained - now, held: false } : { ms: this.#began + apartMs - now, held: true }
  }
}
