/** An edge missing in one list may be below its limit, so it is queried instead of counted as 0. */
import type { Measure } from '../measures.ts'
import { sizeOf, zero, type Amounts, type EdgeRow, type Edges } from './fold.ts'

export interface Side extends Edges {
  readonly complete: boolean
}

export interface Pair {
  readonly from: readonly unknown[]
  readonly to: readonly unknown[]
  now?: Amounts | undefined
  before?: Amounts | undefined
}

export function keyOf({ from, to }: Pick<EdgeRow, 'from' | 'to'>): string {
  return JSON.stringify([from, to])
}

export function pairsOf(now: Side, before: Side, most: number): ReadonlyMap<string, Pair> {
  const pairs = new Map<string, Pair>()
  for (const row of [...now.rows.slice(0, most), ...before.rows.slice(0, most)])
    if (!pairs.has(keyOf(row))) pairs.set(keyOf(row), { from: row.from, to: row.to })
  for (const [side, time] of [
    [now, 'now'],
    [before, 'before'],
  ] as const) {
    for (const row of side.rows) {
      const pair = pairs.get(keyOf(row))
      if (pair !== undefined) pair[time] = row.sums
    }
    if (side.complete) for (const pair of pairs.values()) pair[time] ??= zero()
  }
  return pairs
}

export function missing(pairs: ReadonlyMap<string, Pair>, time: 'now' | 'before'): readonly Pair[] {
  return [...pairs.values()].filter((pair) => pair[time] === undefined)
}

export function fill(
  pairs: ReadonlyMap<string, Pair>,
  time: 'now' | 'before',
  queried: readonly Pair[],
  found: Edges,
): void {
  const sums = new Map(found.rows.map((row) => [keyOf(row), row.sums]))
  for (const each of queried) {
    const pair = pairs.get(keyOf(each))
    if (pair !== undefined) pair[time] = sums.get(keyOf(each)) ?? zero()
  }
}

export function compared(pairs: ReadonlyMap<string, Pair>, now: Side, before: Side): Edges {
  const rows = [...pairs.values()].flatMap(({ from, to, now: sums, before: earlier }): EdgeRow[] =>
    sums === undefined ? [] : [{ from, to, sums, ...(earlier === undefined ? {} : { before: earlier }) }],
  )
  return { rows, total: now.total, before: before.total }
}

export const changes = ['added', 'removed', 'more', 'less', 'same', 'unknown'] as const
export type Change = (typeof changes)[number]

const unchangedBelow = 0.1

export function changeOf(edge: Amounts & { readonly before?: Amounts | undefined }, measure: Measure): Change {
  const { before } = edge
  if (before === undefined) return 'unknown'
  if (before.flows === 0) return 'added'
  if (edge.flows === 0) return 'removed'
  const delta = edge[measure] - before[measure]
  return Math.abs(delta) < unchangedBelow * sizeOf(measure, edge, before) || delta === 0
    ? 'same'
    : delta > 0
      ? 'more'
      : 'less'
}
