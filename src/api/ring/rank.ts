import { compareStats, isMeasure, percentileIndex, type Rank, type StatValue } from '../../query/plan/index.ts'
import type { QueryField } from '../../query/index.ts'
import type { Cell } from '../../topics/cells.ts'
import type { SumTable } from './sums.ts'
import { compareCells, compareIntegers } from '../../topics/cells.ts'
import type { SliceScheduler } from './slice-scheduler.ts'

export const groupsPerSlice = 32_768

export function byRank(
  table: SumTable,
  by: Rank,
  fields: readonly QueryField[],
  cells: (id: number) => readonly Cell[],
): (a: number, b: number) => number {
  const orders = fields.map(({ kind }) => (kind === 'u64' || kind === 'estimate' ? compareIntegers : compareCells))
  const values = new Map<number, StatValue>()
  const statistic = (id: number) => {
    let value = values.get(id)
    if (value !== undefined) return value
    const { avg, max, p } = table.statistics(id)
    value = (by === 'avg' ? avg : by === 'max' ? max : p?.[percentileIndex(by)]) ?? Number.NEGATIVE_INFINITY
    values.set(id, value)
    return value
  }
  const size = !isMeasure(by)
    ? (a: number, b: number) => compareStats(statistic(a), statistic(b))
    : by === 'flows'
      ? (a: number, b: number) => table.flows(a) - table.flows(b)
      : (a: number, b: number) => table.compare(by, a, b)
  return (a, b) => {
    const order = size(b, a)
    if (order !== 0 && !Number.isNaN(order)) return order
    const [left, right] = [cells(a), cells(b)]
    for (let at = 0; at < fields.length; at++) {
      const between = orders[at]!(left[at] ?? null, right[at] ?? null)
      if (between !== 0) return between
    }
    return 0
  }
}

export async function firstGroups(
  table: SumTable,
  limit: number,
  compare: (a: number, b: number) => number,
  scheduler: SliceScheduler,
): Promise<number[]> {
  let chosen: number[] = []
  let last: number | undefined
  const prune = () => {
    chosen = chosen.sort(compare).slice(0, limit)
    last = chosen.length < limit ? undefined : chosen.at(-1)
  }
  for (let id = 0; id < table.size; id++) {
    if (id % groupsPerSlice === groupsPerSlice - 1) await scheduler.next()
    if (table.flows(id) === 0 || (last !== undefined && compare(id, last) > 0)) continue
    chosen.push(id)
    if (chosen.length >= 2 * limit + 1000) prune()
  }
  prune()
  return chosen
}
