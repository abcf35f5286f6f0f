import type { Thread } from '../host/thread.ts'

const minGarbage = 8e6
/** V8 keeps freed pages for later objects of the same thread. Only a full collection returns them to the system. */
const minFreePages = 16e6
/** More than the least that was in use after a collection: the last one found buffers that are perhaps free now. */
const minRemainder = 16e6
const [firstRepeatMs, longestRepeatMs] = [2000, 64_000]

/** Returns garbage of a thread while the memory of its container is short. */
export class ShortMemory {
  readonly #thread: Pick<Thread, 'memory' | 'used' | 'isMemoryShort' | 'collectGarbage'>
  /** Bytes after the last collection, or the least since. */
  #live: number
  #least: number
  #largestHeap: number
  #repeatMs = firstRepeatMs
  #sinceMs = 0

  constructor(thread: Pick<Thread, 'memory' | 'used' | 'isMemoryShort' | 'collectGarbage'>) {
    this.#thread = thread
    this.#live = this.#least = thread.used()
    this.#largestHeap = thread.memory().heap
  }

  get live(): number {
    return this.#live
  }

  garbage(): number {
    const used = this.#thread.used()
    // Buffers are freed with a delay.
    this.#live = Math.min(this.#live, used)
    return used - this.#live
  }

  collect(how: 'quick' | 'thorough'): void {
    this.#thread.collectGarbage(how)
    this.#live = this.#thread.used()
    this.#least = Math.min(this.#least, this.#live)
    this.#sinceMs = 0
    if (how === 'thorough') this.#largestHeap = this.#thread.memory().heap
  }

  /** `elapsedMs`: since the last call by a timer. */
  collectIfShort(elapsedMs: number): void {
    this.#sinceMs += elapsedMs
    if (!this.#thread.isMemoryShort()) return
    this.#largestHeap = Math.max(this.#largestHeap, this.#thread.memory().heap)
    if (this.garbage() >= minGarbage) {
      this.collect('quick')
      this.#repeatMs = firstRepeatMs
    } else this.#repeat()
    const freePages = this.#largestHeap - this.#thread.memory().heap
    if (freePages >= minFreePages && this.#thread.isMemoryShort()) this.collect('thorough')
  }

  /** Buffers in use during a collection do not count as garbage when they become free. */
  #repeat() {
    const before = this.#live
    if (before - this.#least < minRemainder || this.#sinceMs < this.#repeatMs) return
    this.collect('quick')
    const isUseful = before - this.#live >= minGarbage
    this.#repeatMs = isUseful ? firstRepeatMs : Math.min(2 * this.#repeatMs, longestRepeatMs)
  }
}
