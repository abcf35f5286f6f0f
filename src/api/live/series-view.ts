import type { Cell } from '../../topics/cells.ts'
import type { RingFrame } from './ring.ts'
import type { SeriesSpec } from './spec.ts'
import { adder, addSums, groupReader, type Sums } from './sums.ts'
import { AggregateView, type MessageKind } from './aggregate-view.ts'
import type { LiveMessage } from './view.ts'

export type SeriesMessage = Readonly<{
  view: string
  /** Length of a bucket in ms. */
  step: number
  cols: readonly string[]
  groups: readonly (readonly Cell[])[]
  /** Changed buckets: begin (ISO 8601), sums of all rows, sums of each group (null: none). */
  buckets: readonly (readonly [time: string, total: readonly number[], groups: readonly (readonly number[] | null)[]])[]
  snapshot?: true
  /** Set on a snapshot (ISO 8601): every row received since then is included. */
  since?: string
}>

interface Bucket {
  readonly start: number
  readonly total: Sums
  readonly groups: Map<string, Sums>
  changed: boolean
}

type Group = Readonly<{
  cells: readonly Cell[]
  sums: Sums
}>

/** Maximum number of groups; rows of additional groups count in the totals only. */
const maxGroups = 10_000
const retainedPerShown = 5
const rankEvery = 10

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
      const shownGroup = this.#group(key, () => group.cells(row))
      if (shownGroup === undefined) continue
      add(shownGroup.sums, row)
      add(this.#of(bucket, key), row)
    }
  }

  #bucket(received: number): Bucket | undefined {
    const { step, points } = this.spec
    const start = Math.floor(received / step) * step
    const existing = this.#buckets.get(start)
    if (existing !== undefined) return existing
    for (const bucket of this.#buckets.values()) if (bucket.start < start) this.#fold(bucket)
    const bucket = { start, total: this.#zero(), groups: new Map<string, Sums>(), changed: true }
    this.#buckets.set(start, bucket)
    if (this.#buckets.size > points) this.#forget(Math.min(...this.#buckets.keys()))
    return this.#buckets.get(start)
  }

  #fold({ groups }: Bucket) {
    const max = retainedPerShown * this.spec.limit
    if (groups.size <= max) return
    const shownKeys = new Set(this.#shown)
    const smallGroups = [...groups].sort(([, a], [, b]) => this.#size(b) - this.#size(a)).slice(max)
    for (const [key, sums] of smallGroups) {
      if (shownKeys.has(key)) continue
      groups.delete(key)
      this.#subtract(key, sums)
    }
  }

  #forget(start: number) {
    for (const [key, sums] of this.#buckets.get(start)?.groups ?? []) this.#subtract(key, sums)
    this.#buckets.delete(start)
  }

  #subtract(key: string, sums: Sums) {
    const group = this.#groups.get(key)
    if (group === undefined) return
    addSums(group.sums, sums, -1)
    if ((group.sums[0] ?? 0) <= 0) this.#groups.delete(key)
  }

  #size(sums: Sums) {
    return sums[this.spec.columns.length === 0 ? 0 : 1] ?? 0
  }

  #group(key: string, cells: () => readonly Cell[]): Group | undefined {
    const existing = this.#groups.get(key)
    if (existing !== undefined || this.#groups.size >= maxGroups) return existing
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

  protected message(kind: MessageKind): LiveMessage | undefined {
    const isWhole = kind === 'whole'
    const all = this.#rank(isWhole ? 'now' : 'due') || isWhole
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

  #rank(when: 'now' | 'due'): boolean {
    const { scope, limit } = this.spec
    if (scope.length === 0) return false
    const lacksGroup = this.#shown.some((key) => !this.#groups.has(key))
    const room = this.#shown.length < Math.min(limit, this.#groups.size)
    if (when === 'due' && !lacksGroup && !room && ++this.#sinceRank < rankEvery) return false
    this.#sinceRank = 0
    const largest = [...this.#groups]
      .sort(([, a], [, b]) => this.#size(b.sums) - this.#size(a.sums))
      .slice(0, limit)
      .map(([key]) => key)
    const isSameOrder = largest.length === this.#shown.length && largest.every((key) => this.#shown.includes(key))
    if (!isSameOrder) this.#shown = largest
    return !isSameOrder
  }
}

function numbers(sums: Sums | undefined) {
  return sums === undefined ? null : [...sums]
}
