import type { Clock } from '../../../host/index.ts'

/** Ten changes in one read cost a fraction of ten reads. */
const readIntervalMs = 800
const drainMs = 10
/** Above these bytes in this or the previous interval no connection is held: a held server may end its watch. */
const heavyLoadBytes = 64 * 1024
const fewChanges = 4

export class Pace {
  readonly #clock: Clock
  #began = -Infinity
  #came = 0
  #before = 0
  #changes = new Map<object, number>()
  #changesBefore: ReadonlyMap<object, number> = new Map()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Called after each read. `held`: the connection is not read during the pause. */
  rest(connection: object, bytes: number, changes: number): Readonly<{ ms: number; held: boolean }> {
    const now = this.#clock.monotonic()
    if (now - this.#began >= readIntervalMs - 1) {
      const follows = now - this.#began < 2 * readIntervalMs
      this.#before = follows ? this.#came : 0
      this.#changesBefore = follows ? this.#changes : new Map()
      this.#came = 0
      this.#changes = new Map()
      this.#began = now
    }
    this.#came += bytes
    const so = (this.#changes.get(connection) ?? 0) + changes
    this.#changes.set(connection, so)
    if (
      this.#before + this.#came >= heavyLoadBytes ||
      Math.max(so, this.#changesBefore.get(connection) ?? 0) <= fewChanges
    )
      return { ms: 0, held: false }
    // An immediate hold would stop after the first chunk.
    const drained = this.#began + drainMs
    return now < drained ? { ms: drained - now, held: false } : { ms: this.#began + readIntervalMs - now, held: true }
  }
}
