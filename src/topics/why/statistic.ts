/** A statistic of a field of flows as the signal of which the changes of level are explained. */
import { dialectOf, type QueryField } from '../../query/index.ts'
import { percentileIndex, seriesSql, stepFor, type Stat } from '../../query/plan/index.ts'
import { groupField } from '../flows/row-query.ts'
import { bucketOf, endsOf, maxBuckets, maxSeries, pairFields, withContext, type Level, type Levels } from './onset.ts'
import type { WhyRun } from './preceding.ts'
import type { StatisticName } from '../../query/statistics.ts'
import { endKey, type End } from './traffic.ts'
import { workloadName } from './types.ts'
import { selectedValueLevel, valueLevels, type ValueLevel, type ValueSeries } from './value-levels.ts'

export type Statistic = Readonly<{ stat: StatisticName; of: QueryField }>

/** Shorter buckets have too few flows for a percentile. */
const leastStep = 15

/** Ends of a pair; empty for all pairs together. */
type Key = readonly End[]
type Row = Readonly<Record<string, unknown>>

/** `ends`: workloads of the pairs that changed, with their part of the change. */
export type StatisticSignal = Readonly<{
  around: Levels
  selected: Level | undefined
  ends: readonly Readonly<{ end: End; share: number }>[]
}>

/** Changes of level of the statistic, of all flows in question and of their largest pairs of workloads. */
export async function statisticSignal(
  { flows, store, runQuery }: WhyRun,
  statistic: Statistic,
  at: bigint | undefined,
): Promise<StatisticSignal> {
  const { from, to } = flows.span
  const wide = withContext(flows.span)
  const seconds = Math.max(leastStep, stepFor(wide, maxBuckets))
  const step = BigInt(seconds) * 1_000_000n
  const request = { ...flows, span: wide, step: seconds, by: 'flows', of: statistic.of, limit: maxSeries } as const
  const read = (group: readonly string[]) =>
    runQuery(seriesSql({ ...request, group: group.map(groupField) }, dialectOf(store)))
  const [all, ofPairs] = await Promise.all([read([]), read(pairFields)])
  const series = seriesOf(statistic, step, [all, ofPairs.filter(({ _other: isOther }) => !isTrue(isOther))])
  const timeOf = (index: number) => series.first + BigInt(index) * step
  const levels = valueLevels(series.of, { timeOf, step, namesOf: (key) => key.map(workloadName) })
  const isInside = (level: Level) => level.at >= from && level.at < to
  const inside = levels.filter(isInside)
  const selected = selectedValueLevel(inside, at)
  const others = levels.filter((level) => !isInside(level))
  return {
    around: { step, span: wide, levels: inside, others, selected },
    selected,
    ends: endsWithShares(changedPairs(selected, series)),
  }
}

const isTrue = (value: unknown) => value === true || value === 1

type AllSeries = Readonly<{
  first: bigint
  of: readonly ValueSeries<Key>[]
  /** Flows with a value, of each pair. */
  weights: ReadonlyMap<Key, number>
}>

/** Values per bucket, from the first one with a value on. A bucket without a value has the one before. */
function seriesOf(statistic: Statistic, step: bigint, parts: readonly (readonly Row[])[]): AllSeries {
  const rows = parts.flat().filter((row) => valueOf(row, statistic) !== undefined)
  if (rows.length === 0) return { first: 0n, of: [], weights: new Map() }
  const times = rows.map(bucketOf)
  const [first, last] = [times, times].map((all, end) => all.reduce((a, b) => (b < a === (end === 0) ? b : a))) as [
    bigint,
    bigint,
  ]
  // The first and the last bucket are not complete.
  const length = Math.max(0, Number((last - first) / step) - 1)
  const [begin, weights] = [first + step, new Map<Key, number>()]
  const groups = Map.groupBy(rows, (row) =>
    JSON.stringify([null, ...pairFields.map((_, at) => row[`_g${at}`] ?? null)]),
  )
  const of = [...groups].map(([text, members]): ValueSeries<Key> => {
    const key = '_g0' in members[0]! ? endsOf(text) : []
    weights.set(
      key,
      members.reduce((sum, row) => sum + Number(row['_n']), 0),
    )
    const sparse = new Array<number | undefined>(length)
    for (const row of members) {
      const index = Number((bucketOf(row) - begin) / step)
      if (index >= 0 && index < length) sparse[index] = valueOf(row, statistic)
    }
    let before = sparse.find((value) => value !== undefined) ?? 0
    return { key, values: Array.from(sparse, (value) => (before = value ?? before)) }
  })
  return { first: begin, of, weights }
}

function valueOf(row: Row, { stat }: Statistic): number | undefined {
  const index = percentileIndex(stat as Stat)
  const percentiles = row['_p']
  const value =
    stat === 'sum'
      ? Number(row['_avg']) * Number(row['_n'])
      : index >= 0
        ? Array.isArray(percentiles)
          ? (percentiles as readonly unknown[])[index]
          : undefined
        : row[`_${stat}`]
  const isNumber = value !== null && value !== undefined && Number(row['_n']) > 0 && Number.isFinite(Number(value))
  return isNumber ? Number(value) : undefined
}

/** If only the statistic of all flows changed, all pairs. */
function changedPairs(selected: ValueLevel<Key> | undefined, { of, weights }: AllSeries) {
  const changed = (selected?.keys ?? []).filter((key) => key.length > 0)
  const pairs = changed.length > 0 ? changed : of.map(({ key }) => key).filter((key) => key.length > 0)
  return pairs.map((pair) => ({ pair, weight: weights.get(pair) ?? 0 }))
}

function endsWithShares(pairs: readonly Readonly<{ pair: Key; weight: number }>[]): StatisticSignal['ends'] {
  const total = pairs.reduce((sum, { weight }) => sum + weight, 0)
  const ends = new Map<string, { readonly end: End; share: number }>()
  for (const { pair, weight } of pairs)
    for (const [key, end] of new Map(pair.map((end) => [endKey(end), end]))) {
      if (end.name === '') continue
      const part = ends.get(key) ?? { end, share: 0 }
      part.share += weight / Math.max(1, total)
      ends.set(key, part)
    }
  return [...ends.values()].toSorted((a, b) => b.share - a.share)
}
