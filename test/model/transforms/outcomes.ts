import type { Appended, Unit } from '../../../src/journal/types.ts'

interface Rows {
  readonly source: string
  readonly count: number
}

/** Results of all appends, over all lives: the least and the most that may be counted. */
export class Outcomes {
  /** By sequence. */
  readonly #accepted = new Map<number, Rows>()
  readonly #sums = new Map<string, number>()
  /** Without a result when the process ended, or refused with no later result. */
  readonly #doubtful = new Map<string, number>()
  readonly #counted = new Map<string, number>()
  #open = new Set<Rows>()
  #refused: Rows[] = []

  async watch({ source, count }: Unit, append: () => Promise<Appended>): Promise<Appended> {
    const rows = { source, count }
    const open = this.#open
    open.add(rows)
    try {
      const appended = await append()
      if (open === this.#open) {
        this.#accepted.set(appended.position.sequence, rows)
        sum(this.#sums, rows)
        this.#refused = []
      }
      return appended
    } catch (error) {
      if (open === this.#open) this.#refused.push(rows)
      throw error
    } finally {
      if (open === this.#open) open.delete(rows)
    }
  }

  /** Later results of this life count as none. */
  end(): void {
    for (const rows of [...this.#open, ...this.#refused]) sum(this.#doubtful, rows)
    this.#open = new Set()
    this.#refused = []
  }

  /** Totals never decrease, include each accepted row, and no more than the doubtful ones. */
  check(accepted: ReadonlyMap<string, number>): void {
    for (const source of new Set([...this.#sums.keys(), ...this.#counted.keys(), ...accepted.keys()])) {
      const rows = accepted.get(source) ?? 0
      const least = Math.max(this.#sums.get(source) ?? 0, this.#counted.get(source) ?? 0)
      const most = (this.#sums.get(source) ?? 0) + (this.#doubtful.get(source) ?? 0)
      if (rows < least || rows > most)
        throw new Error(`${source} counts ${rows} accepted rows, between ${least} and ${most} are right`)
      this.#counted.set(source, rows)
    }
  }

  /** Only doubtful rows may be unreadable. */
  checkUnreadable(sources: readonly { readonly name: string; readonly unreadable: number }[]): void {
    for (const { name, unreadable } of sources)
      if (unreadable > (this.#doubtful.get(name) ?? 0))
        throw new Error(`${unreadable} rows of ${name} are unreadable, at most ${this.#doubtful.get(name) ?? 0} can be`)
  }

  /** Each accepted unit is there once. */
  checkFrames(frames: readonly { readonly sequence: number; readonly source: string; readonly count: number }[]): void {
    const found = new Map<number, Rows>()
    for (const { sequence, source, count } of frames) {
      if (found.has(sequence)) throw new Error(`frame ${sequence} of ${source} was read twice`)
      found.set(sequence, { source, count })
    }
    for (const [sequence, { source, count }] of this.#accepted) {
      const there = found.get(sequence)
      if (there?.source !== source || there.count !== count)
        throw new Error(`frame ${sequence}, ${count} rows of ${source}, was accepted and is missing`)
    }
  }
}

function sum(sums: Map<string, number>, { source, count }: Rows): void {
  sums.set(source, (sums.get(source) ?? 0) + count)
}
