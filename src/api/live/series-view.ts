import type { Cell } from './cells.ts'
import type { RingFrame } from './ring.ts'
import type { SeriesSpec } from './spec.ts'
import { adder, addSums, groupReader, type Sums } from './sums.ts'
import { AggregateView } from './aggregate-view.ts'
import type { LiveMessage } from './view.ts'

export interface SeriesMessage {
  readonly view: string
  /** Length of a bucket in ms. */
  readonly step: number
  /** What each list of sums holds: `rows`, then the columns asked for. */
  readonly cols: readonly string[]
  /** Values of the scope's columns for each group shown: the largest of the whole span. */
  readonly groups: readonly (readonly Cell[])[]
  /** Changed buckets only: begin (ISO 8601), sums of all rows, sums of each group (null: none). What all groups leave of the total is others. */
  readonly buckets: readonly (readonly [
    time: string,
    total: readonly number[],
    groups: readonly (readonly number[] | null)[],
  ])[]
  /** Every bucket of the span is here: replaces what the client had. */
  readonly snapshot?: true
  /** With a snapshot (ISO 8601): the buckets contain every row received since. Earlier rows are in the store only. */
  readonly since?: string
}

interface Bucket {
  readonly start: number
  readonly total: Sums
  readonly groups: Map<string, Sums>
  changed: boolean
}

interface Group {
  readonly cells: readonly Cell[]
  /** Over all buckets there are. */
  readonly sums: Sums
}

/** More are not told apart: their rows are in the totals only. */
const mostGroups = 10_000
/** Groups that a bucket keeps once it is over, as a multiple of those shown: what memory is bounded by. */
const keptPerShown = 5
/** Messages between two looks at which groups are the largest. */
const rankEvery = 10

/** Sums by time of receipt, and by group. */
export class SeriesView extends AggregateView<SeriesSpec> {
  readonly #buckets = new Map<number, Bucket>()
  readonly #groups = new Map<string, Group>()
  #shown: readonly string[] = []
  #sinceRank = 0

  protected add(frame: RingFrame, rows: readonly number[] | undefined): void {
    const { scope, columns } = this.spec
    const bucket = this.#bucket(frame.frame.header.received)
    if (bucket === undefined) return
    bucket.changed = true
    const add = adder(frame, columns)
    const group = scope.length === 0 ? undefined : groupReader(frame, scope, this.resolver)
    const count = rows?.length ?? frame.count
    for (let at = 0; at < count; at++) {
      const row = rows?.[at] ?? at
      add(bucket.total, row)
      if (group === undefined) continue
      const key = group.key(row)
      const known = this.#group(key, () => group.cells(row))
      if (known === undefined) continue
      add(known.sums, row)
      add(this.#of(bucket, key), row)
    }
  }

  #bucket(received: number): Bucket | undefined {
    const { step, points } = this.spec
    const start = Math.floor(received / step) * step
    const known = this.#buckets.get(start)
    if (known !== undefined) return known
    for (const bucket of this.#buckets.values()) if (bucket.start < start) this.#fold(bucket)
    const bucket = { start, total: this.#zero(), groups: new Map<string, Sums>(), changed: true }
    this.#buckets.set(start, bucket)
    if (this.#buckets.size > points) this.#forget(Math.min(...this.#buckets.keys()))
    return this.#buckets.get(start)
  }

  /** A bucket that is over keeps its largest groups and those shown; the rest stays in its total. */
  #fold({ groups }: Bucket): void {
    const most = keptPerShown * this.spec.limit
    if (groups.size <= most) return
    const shown = new Set(this.#shown)
    const small = [...groups].sort(([, a], [, b]) => this.#size(b) - this.#size(a)).slice(most)
    for (const [key, sums] of small) {
      if (shown.has(key)) continue
      groups.delete(key)
      this.#takeAway(key, sums)
    }
  }

  #forget(start: number): void {
    for (const [key, sums] of this.#buckets.get(start)?.groups ?? []) this.#takeAway(key, sums)
    this.#buckets.delete(start)
  }

  #takeAway(key: string, sums: Sums): void {
    const group = this.#groups.get(key)
    if (group === undefined) return
    addSums(group.sums, sums, -1)
    if ((group.sums[0] ?? 0) <= 0) this.#groups.delete(key)
  }

  /** What groups are compared by: the first column, or rows where there is none. */
  #size(sums: Sums): number {
    return sums[this.spec.columns.length === 0 ? 0 : 1] ?? 0
  }

  #group(key: string, cells: () => readonly Cell[]): Group | undefined {
    const known = this.#groups.get(key)
    if (known !== undefined || this.#groups.size >= mostGroups) return known
    const group = { cells: cells(), sums: this.#zero() }
    this.#groups.set(key, group)
    return group
  }

  #of(bucket: Bucket, key: string): Sums {
    let sums = bucket.groups.get(key)
    if (sums === undefined) bucket.groups.set(key, (sums = this.#zero()))
    return sums
  }

  #zero(): Sums {
    return new Float64Array(this.spec.columns.length + 1)
  }

  protected message(whole: boolean): LiveMessage | undefined {
    // Other groups than those the client has need their past, too.
    const all = this.#rank(whole) || whole
    const buckets = [...this.#buckets.values()]
      .filter(({ changed }) => changed || all)
      .sort((a, b) => a.start - b.start)
    if (buckets.length === 0 && !all) return undefined
    for (const bucket of buckets) bucket.changed = false
    const data: SeriesMessage = {
      view: this.spec.id,
      step: this.spec.step,
      cols: ['rows', ...this.spec.columns],
      groups: this.#shown.map((key) => this.#groups.get(key)?.cells ?? []),
      buckets: buckets.map(({ start, total, groups }) => [
        new Date(start).toISOString(),
        [...total],
        this.#shown.map((key) => numbers(groups.get(key))),
      ]),
      ...(all
        ? {
            snapshot: true as const,
            ...(Number.isFinite(this.since) ? { since: new Date(this.since).toISOString() } : {}),
          }
        : {}),
    }
    return { event: 'series', data }
  }

  /** Chooses the largest groups; true when they are others than before. */
  #rank(now: boolean): boolean {
    const { scope, limit } = this.spec
    if (scope.length === 0) return false
    const gone = this.#shown.some((key) => !this.#groups.has(key))
    const room = this.#shown.length < Math.min(limit, this.#groups.size)
    if (!now && !gone && !room && ++this.#sinceRank < rankEvery) return false
    this.#sinceRank = 0
    const largest = [...this.#groups]
      .sort(([, a], [, b]) => this.#size(b.sums) - this.#size(a.sums))
      .slice(0, limit)
      .map(([key]) => key)
    const same = largest.length === this.#shown.length && largest.every((key) => this.#shown.includes(key))
    if (!same) this.#shown = largest
    return !same
  }
}

function numbers(sums: Sums | undefined): number[] | null {
  return sums === undefined ? null : [...sums]
}
