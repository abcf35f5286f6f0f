/** The world around Weir, with the rows that were given, accepted and received. It outlives each process. */
import type { FrameHeader } from '../../journal/types.ts'
import { sum } from '../../engine/delivery/tally.ts'
import type { Rows } from './rows.ts'
import type { PlannedSource } from './sources.ts'

export interface Weather {
  /** Neither sinks nor polled systems can be reached. */
  partition: boolean
  /** Unreachable systems refuse at once, or give no answer. */
  hangs: boolean
  /** Partitions so far. The first request of each has no response, and reaches its target. */
  partitions: number
  slow: boolean
  /** Ms since the start: until then a fault explains that the volume is full. */
  fullUntil: number
}

export const calm = (): Weather => ({ partition: false, hangs: false, partitions: 0, slow: false, fullUntil: -1 })

/** What a source has to give, and how far Weir has taken it. */
export class Origin {
  readonly source: PlannedSource
  readonly rows: Rows
  /** Rows per ms, as simulated. */
  readonly #rate: number
  made = 0
  /** Rows that were taken, or lost. */
  next = 0
  acknowledged = 0
  readonly lost: Record<string, number> = {}
  peak = 0
  /** Refused appends outside of a fault `full`, by reason. */
  readonly refusals: Record<string, number> = {}

  constructor(source: PlannedSource, rows: Rows, scale: number) {
    this.source = source
    this.rows = rows
    this.#rate = source.rate / 1000 / scale
  }

  get waiting(): number {
    return this.made - this.next
  }

  pass(ms: number): void {
    this.made = Math.floor(ms * this.#rate)
    this.peak = Math.max(this.peak, this.waiting)
  }

  /** Rows of `ms`. */
  portion(ms: number): number {
    return Math.max(1, Math.ceil(ms * this.#rate))
  }

  refuse(reason: string, rows: number): void {
    this.refusals[reason] = (this.refusals[reason] ?? 0) + rows
  }

  lose(reason: string, rows: number): void {
    if (rows <= 0) return
    this.lost[reason] = (this.lost[reason] ?? 0) + rows
    this.next += rows
  }
}

/** What a target system received of each source. */
export class Receipts {
  readonly #units = new Map<string, Uint8Array>()
  readonly received: Record<string, number> = {}
  readonly duplicates: Record<string, number> = {}
  readonly refused: Record<string, number> = {}
  /** Partitions that cut a request off. */
  cuts = 0
  /** Messages that could not be encoded. */
  problems = 0
  problem = ''
  readonly destinations = new Map<string, number>()

  take({ source, epoch, sourceSequence, count }: FrameHeader, row: number): void {
    const key = `${source}:${epoch}:${sourceSequence}`
    let unit = this.#units.get(key)
    if (unit === undefined || row >= unit.length) {
      const larger = new Uint8Array(Math.max(count, row + 1))
      if (unit !== undefined) larger.set(unit)
      unit = larger
      this.#units.set(key, larger)
    }
    const before = unit[row] ?? 0
    const counts = before === 0 ? this.received : this.duplicates
    counts[source] = (counts[source] ?? 0) + 1
    unit[row] = 1
  }

  get total(): number {
    return sum(this.received)
  }

  sent(to: string): void {
    if (this.destinations.size < 10_000 || this.destinations.has(to))
      this.destinations.set(to, (this.destinations.get(to) ?? 0) + 1)
  }
}
