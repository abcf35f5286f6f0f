/** Two times of the same edges. What is not in the list of one time may be too small for it: it is asked for, not taken for nothing. */
import type { Measure } from '../overview/state.ts'
import { sizeOf, zero, type Amounts, type EdgeRow, type Edges } from './fold.ts'

/** An answer about one time: its largest edges. */
export interface Side extends Edges {
  /** Are these all edges there are? */
  readonly complete: boolean
}

/** An edge with what is known of it at both times. */
export interface Pair {
  readonly from: readonly unknown[]
  readonly to: readonly unknown[]
  now?: Amounts | undefined
  before?: Amounts | undefined
}

export function keyOf({ from, to }: Pick<EdgeRow, 'from' | 'to'>): string {
  return JSON.stringify([from, to])
}

/** The `most` largest edges of each time, with what both lists say of them. */
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
    // Of a list that has everything, what is not in it is nothing.
    if (side.complete) for (const pair of pairs.values()) pair[time] ??= zero()
  }
  return pairs
}

/** Edges of which nothing is known at a time. */
export function missing(pairs: ReadonlyMap<string, Pair>, time: 'now' | 'before'): readonly Pair[] {
  return [...pairs.values()].filter((pair) => pair[time] === undefined)
}

/** Takes over what was asked for; what was asked for and is not in the answer, is nothing. */
export function fill(
  pairs: ReadonlyMap<string, Pair>,
  time: 'now' | 'before',
  asked: readonly Pair[],
  found: Edges,
): void {
  const sums = new Map(found.rows.map((row) => [keyOf(row), row.sums]))
  for (const each of asked) {
    const pair = pairs.get(keyOf(each))
    if (pair !== undefined) pair[time] = sums.get(keyOf(each)) ?? zero()
  }
}

/** Of an edge whose present is not known nothing can be drawn: it stays in what is not drawn. */
export function compared(pairs: ReadonlyMap<string, Pair>, now: Side, before: Side): Edges {
  const rows = [...pairs.values()].flatMap(({ from, to, now: sums, before: earlier }): EdgeRow[] =>
    sums === undefined ? [] : [{ from, to, sums, ...(earlier === undefined ? {} : { before: earlier }) }],
  )
  return { rows, total: now.total, before: before.total }
}

export const changes = ['added', 'removed', 'more', 'less', 'same', 'unknown'] as const
export type Change = (typeof changes)[number]

/** Less than this part of the larger one is no change worth a mark. */
const alike = 0.1

/** What has become of an edge. */
export function changeOf(edge: Amounts & { readonly before?: Amounts | undefined }, measure: Measure): Change {
  const { before } = edge
  if (before === undefined) return 'unknown'
  if (before.flows === 0) return 'added'
  if (edge.flows === 0) return 'removed'
  const delta = edge[measure] - before[measure]
  return Math.abs(delta) < alike * sizeOf(measure, edge, before) || delta === 0 ? 'same' : delta > 0 ? 'more' : 'less'
}
