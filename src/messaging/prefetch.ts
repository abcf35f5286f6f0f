import type { MemoryBudget } from '../host/index.ts'

const leastBytes = 8 << 20

/**
 * Bounds the messages that a client of a bus has received but not decoded. A broker sends a number of messages,
 * whatever their size: 2,048 of 7 MB would exceed any container.
 */
export class Prefetch {
  /** Messages that the broker may send before the first is taken. Lower after `add` returned false. */
  count: number
  readonly #least: number
  readonly #most: number
  /** Messages that the broker may send now. */
  #requested: number
  #bytes = 0
  #largest = 1

  constructor({ capacity }: Pick<MemoryBudget, 'capacity'>, count: number, least = 1) {
    this.count = this.#requested = count
    this.#least = Math.min(least, count)
    this.#most = Math.max(leastBytes, capacity / 4)
  }

  /** For a client that requests messages: the next request is for so many. */
  request(count: number): void {
    this.#requested = count
  }

  /** False: too many bytes wait. The connection must end, and the next one ask for `count` messages. */
  add(bytes: number): boolean {
    this.#bytes += bytes
    this.#largest = Math.max(this.#largest, bytes)
    if (this.#bytes <= this.#most || this.#requested <= this.#least) return true
    this.count = Math.max(this.#least, Math.min(this.#requested >> 1, Math.floor(this.#most / this.#largest)))
    return false
  }

  /** Bytes that may wait. */
  get maxBytes(): number {
    return this.#most
  }

  taken(bytes: number): void {
    this.#bytes -= bytes
  }

  /** The connection ended: its messages are dropped. */
  reset(): void {
    this.#bytes = 0
    this.#requested = this.count
  }

  get reason(): string {
    const [largest, most] = [this.#largest, this.#most].map((bytes) => `${Math.ceil(bytes / 2 ** 20)} MiB`)
    return (
      `messages of up to ${largest} exceed the ${most} that may wait to be decoded; from now on Weir reads ` +
      `at most ${this.count} ahead`
    )
  }
}
