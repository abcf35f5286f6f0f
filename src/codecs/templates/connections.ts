import { trimOldest } from '../../model/trim-oldest.ts'

/** What the rows of an open connection have counted in one direction. */
interface Counted {
  bytes: number
  packets: number
}

export type OpenConnection = readonly [key: number, bytes: number, packets: number]

/** About 100 bytes each; a connection that is silent for the longest time is forgotten first. */
const mostOpen = 262_144

export class OpenConnections {
  readonly #open = new Map<number, Counted>()

  get size(): number {
    return this.#open.size
  }

  forget(key: number): void {
    this.#open.delete(key)
  }

  /** An increment since the last report. */
  add(key: number, of: keyof Counted, value: number): void {
    this.#used(key)[of] += value
  }

  /** What a running total exceeds the rows before by. A smaller total is of another connection with the same id. */
  rest(key: number, of: keyof Counted, total: number, report: 'open' | 'last'): number {
    const before = this.#open.get(key)?.[of] ?? 0
    if (report === 'open') this.#used(key)[of] = total
    return total >= before ? total - before : total
  }

  snapshot(): readonly OpenConnection[] {
    return Array.from(this.#open, ([key, { bytes, packets }]) => [key, bytes, packets] as const)
  }

  restore(open: readonly OpenConnection[]): void {
    for (const [key, bytes, packets] of open) this.#open.set(key, { bytes, packets })
    trimOldest(this.#open, mostOpen)
  }

  #used(key: number) {
    const counted = this.#open.get(key) ?? { bytes: 0, packets: 0 }
    this.#open.delete(key)
    this.#open.set(key, counted)
    trimOldest(this.#open, mostOpen)
    return counted
  }
}
