import type { WindowStart } from '../../engine/contracts.ts'
import { nowhere, type Position } from '../../model/positions.ts'

/** The journal's time, and the places from which the rows of a time can be read again. */
export class JournalTime {
  #now = 0
  #at: WindowStart = { ...nowhere, time: 0 }
  /** Places of ranges with needed rows, oldest first, with the time of their last row. */
  #ranges: { readonly at: WindowStart; last: number }[] = []

  /** Newest receive time so far, Unix ms: it never decreases. */
  get now(): number {
    return this.#now
  }

  advance(received: number): number {
    if (received > this.#now) this.#now = received
    return this.#now
  }

  begin(at: WindowStart): void {
    this.#now = at.time
    this.#at = at
    this.#ranges = []
  }

  at(position: Position): void {
    this.#at = { ...position, time: this.#now }
  }

  /** Notes that the rows of the current range are needed. */
  need(): void {
    const newest = this.#ranges.at(-1)
    if (newest?.at === this.#at) newest.last = this.#now
    else this.#ranges.push({ at: this.#at, last: this.#now })
  }

  release(before: number): void {
    while (this.#ranges[0] !== undefined && this.#ranges[0].last < before) this.#ranges.shift()
  }

  /** Without needed rows: the end of the current range, as a place after every position. */
  holds(): WindowStart {
    return this.#ranges[0]?.at ?? { sequence: Number.MAX_SAFE_INTEGER, row: 0, time: this.#now }
  }
}
