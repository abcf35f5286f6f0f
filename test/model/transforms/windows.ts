/** Sums by window over plain rows. */
import type { Row } from './reference.ts'

/** Settings of windows from a time on, all in ms. */
export interface ReferenceEra {
  readonly since: number
  readonly window: number
  readonly time: 'receive' | 'event'
  readonly lateness: number
}

interface Group {
  readonly dst: unknown
  bytes: number
  rows: number
}

export class NaiveWindows {
  readonly #era: ReferenceEra
  readonly #emit: (row: Row) => void
  readonly #open = new Map<number, Map<string, Group>>()

  constructor(era: ReferenceEra, emit: (row: Row) => void) {
    this.#era = era
    this.#emit = emit
  }

  close(now: number): void {
    const { window, since, time } = this.#era
    for (const number of [...this.#open.keys()].sort((a, b) => a - b)) {
      if (now < this.#closedAt(number)) continue
      const from = time === 'receive' ? Math.max(number * window, since) : number * window
      for (const { dst, bytes, rows } of this.#open.get(number)?.values() ?? [])
        this.#emit({
          time_start: new Date(from).toISOString(),
          time_end: new Date((number + 1) * window).toISOString(),
          ...(dst === undefined ? {} : { dst_port: dst }),
          ...(Number.isNaN(bytes) ? {} : { bytes }),
          flow_logs: rows,
        })
      this.#open.delete(number)
    }
  }

  /** The reason of the row's outcome. */
  take(row: Row, now: number): string {
    const end = this.#era.time === 'event' ? Date.parse(String(row['time_end'])) : now
    const number = Math.floor((end <= now ? end : now) / this.#era.window)
    if (now >= this.#closedAt(number)) return 'late'
    const groups = this.#open.get(number) ?? new Map<string, Group>()
    this.#open.set(number, groups)
    const dst = row['dst_port']
    const group = groups.get(String(dst)) ?? { dst, bytes: Number.NaN, rows: 0 }
    groups.set(String(dst), group)
    group.rows++
    const bytes = row['bytes'] as number | undefined
    if (bytes !== undefined) group.bytes = (Number.isNaN(group.bytes) ? 0 : group.bytes) + bytes
    return 'aggregated'
  }

  #closedAt(number: number): number {
    return (number + 1) * this.#era.window + this.#era.lateness
  }
}
