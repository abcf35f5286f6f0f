import { seriesSql, stepFor, type Measure, type RowQuery, type TimeSpan } from '../../query/plan/index.ts'
import type { StoreReader } from '../../engine/control.ts'
import { dialectOf } from '../../query/index.ts'
import { storedSince } from '../coverage.ts'
import { groupField } from '../flows/row-query.ts'
import type { Watched } from '../resources/one.ts'
import type { Viewer } from '../scope.ts'
import { expectedLevels } from './expected.ts'
import type { Expected, LevelChange } from './levels.ts'
import { bySize, trafficLevels, type TrafficLevel } from './level-groups.ts'
import type { End } from './traffic.ts'
import { workloadName } from './types.ts'
import type { RunQuery } from './workloads.ts'

const sideFields = ['namespace', 'owner_kind', 'owner_name'] as const
export const pairFields = (['src', 'dst'] as const).flatMap((side) => sideFields.map((field) => `${side}_${field}`))
export const [maxBuckets, maxSeries] = [720, 40]
const leastBuckets = 120
/** Buckets of fewer flows have no level that a bucket shows. */
const flowsPerBucket = 3
/** Number of flows per bucket above which each change of level is clear. */
const flowsOfClearBucket = 10
/** Traffic before a range that shows its usual level, and which changes belong to earlier incidents. */
const contextUs = 1_800_000_000n
/** Traffic after a range that shows the level to which it changed. */
const afterUs = 300_000_000n

/** A range with the time around it in which levels are searched. */
export function withContext({ from, to }: TimeSpan): TimeSpan {
  return { from: from - contextUs, to: to + afterUs }
}

/** Buckets of flows in a long range, in which a fall of less than a minute is not a burst. */
const mostBuckets = 4800
/** Shorter buckets in a long range show no change that these hide. */
const leastFineSeconds = 5

/** Seconds of a bucket of flows, before buckets of few flows become one. */
export function fineStep(span: TimeSpan): number {
  return Math.max(stepFor(span, mostBuckets), Math.min(leastFineSeconds, stepFor(span, maxBuckets)))
}

const lowPenalty = 2.5
const factors = [1, 2, 3, 4, 6]
/** Flows differ in size, so that sums vary more than counts. */
const spread = 2

/** A change of level in times (µs). */
export type Level = Omit<TrafficLevel<unknown>, 'at' | 'earliest' | 'latest' | 'keys'> &
  Readonly<{
    at: bigint
    /** Interval of confidence: the change is not before, and not since. */
    from: bigint
    to: bigint
    /** Names of the workloads of the pairs that changed. */
    pairs: readonly Ends[]
    ends: ReadonlySet<string>
  }>

/** Names of both ends of a pair; of a sum of pairs only the name of the workload; empty for all pairs. */
export type Ends = readonly string[]

export type Levels = Readonly<{
  /** Length of a bucket in µs. */
  step: bigint
  span: TimeSpan
  /** Changes of level in the time range. */
  levels: readonly Level[]
  /** Changes of level before and after the time range. */
  others: readonly Level[]
  selected: Level | undefined
}>

type LevelsRun = Watched &
  Readonly<{ store: StoreReader; viewer: Viewer; runQuery: RunQuery; flows: RowQuery; by: Measure }>

/** Changes of level in the time range of `flows`; `at` (µs) selects the nearest one. */
export async function levelsIn(run: LevelsRun, at: bigint | undefined): Promise<Levels> {
  const { from, to } = run.flows.span
  const { span, step, first, series } = await seriesAround(run)
  const timeOf = (index: number) => (first + BigInt(index)) * step
  const levelOf = ({ at: bucket, earliest, latest, keys, ...level }: TrafficLevel<Ends>): Level => ({
    ...level,
    ...timesOf({ at: bucket, earliest, latest }, timeOf, step),
    pairs: keys,
    ends: new Set(keys.flat()),
  })
  const isInside = (level: Level) => level.at >= from && level.at < to
  const all = trafficLevels(series).map(levelOf)
  // A selected range without a clear change may have a smaller one.
  const inside = all.some(isInside)
    ? all.filter(isInside)
    : trafficLevels(series, lowPenalty).map(levelOf).filter(isInside)
  const outsideLevels = all.filter((level) => !isInside(level))
  return { step, span, levels: inside, others: outsideLevels, selected: selectedOf(inside, at) }
}

/** Sums per bucket of pairs and of their workloads, in the time range and around it. */
async function seriesAround(run: LevelsRun) {
  const { store, runQuery, flows, by } = run
  const { to } = flows.span
  const { from: before, to: after } = withContext(flows.span)
  // Before the first stored flow traffic is unknown, and not zero.
  const { since = before } = await storedSince(store, { from: before, to })
  const widerSpan: TimeSpan = { from: since > before && since < to ? since : before, to: after }
  const fine = fineStep(widerSpan)
  const request = { ...flows, span: widerSpan, group: pairFields.map(groupField), step: fine, by, limit: maxSeries }
  const rows = await runQuery(seriesSql(request, dialectOf(store)))
  const fineUs = BigInt(fine) * 1_000_000n
  const last = rows.reduce((a, row) => (bucketOf(row) > a ? bucketOf(row) : a), 0n)
  const span = { from: widerSpan.from, to: endOfRows({ last, to, bucket: fineUs }) }
  const step = fineUs * BigInt(factorOf([...binned(rows, 'flows', { span, step: fineUs }).values()]))
  const [counts, sums] = [binned(rows, 'flows', { span, step }), binned(rows, by, { span, step })]
  const pairs = [...sums].map(([key, values]) => ({
    key: endsOf(key).map(workloadName),
    values,
    flows: counts.get(key) ?? [],
  }))
  // The first bucket is not complete.
  const first = span.from / step + 1n
  const length = pairs[0]?.values.length ?? 0
  const isClear = usualOf([...counts.values()]) >= flowsOfClearBucket
  const expectedPenalties = isClear
    ? new Map<string, Expected>()
    : await expectedLevels([...sums.keys()].flatMap(endsOf), { span, first: first * step, step, length }, run)
  const series = [...pairs.map((pair) => ({ ...pair, isSum: false })), ...sumsOf(pairs)]
  return {
    span,
    step,
    first,
    series: series.map(({ key, values, flows: of, isSum }) => ({
      key,
      values,
      flows: of,
      isSum,
      unit: by === 'flows' ? 1 : (spread * sumOf(values)) / Math.max(1, sumOf(of)),
      expected: leastOf(key.flatMap((name) => expectedPenalties.get(name) ?? [])),
    })),
  }
}

/** Flows of this time may not be received or stored yet. */
const lateUs = 15_000_000n

/** `last`: start of the newest bucket with rows. A silent end of a few seconds is unknown, and no fall. All in µs. */
export function endOfRows({ last, to, bucket }: Readonly<Record<'last' | 'to' | 'bucket', bigint>>): bigint {
  if (last > to) return last
  return last > 0n && to - last <= lateUs + bucket ? last : to
}

/** The least penalty of each bucket. */
function leastOf(all: readonly Expected[]): Expected | undefined {
  if (all.length < 2) return all[0]
  const leastPenalties = new Map<number, number>()
  for (const [at, penalty] of all.flatMap((penalties) => [...penalties]))
    leastPenalties.set(at, Math.min(penalty, leastPenalties.get(at) ?? penalty))
  return leastPenalties
}

type PairSeries = Readonly<{ key: Ends; values: readonly number[]; flows: readonly number[] }>

/** Sums of all pairs, and of workloads with several pairs: small changes of pairs may be clear in their sum. */
function sumsOf(pairs: readonly PairSeries[]) {
  const workloads = new Set(pairs.flatMap(({ key }) => key).filter((name) => name !== ''))
  const groups: readonly Readonly<{ key: Ends; of: readonly PairSeries[] }>[] = [
    ...[...workloads].map((name) => ({ key: [name], of: pairs.filter(({ key }) => key.includes(name)) })),
    { key: [], of: pairs },
  ]
  const addSeries = (all: readonly (readonly number[])[]) =>
    (all[0] ?? []).map((_, at) => all.reduce((sum, values) => sum + (values[at] ?? 0), 0))
  return groups
    .filter(({ of }) => of.length > 1)
    .map(({ key, of }) => ({
      key,
      values: addSeries(of.map(({ values }) => values)),
      flows: addSeries(of.map(({ flows }) => flows)),
      isSum: true,
    }))
}

/** The change nearest to `at`, if one is near; without `at` the largest fall. */
function selectedOf(levels: readonly Level[], at: bigint | undefined): Level | undefined {
  return at === undefined ? bySize(levels)[0] : nearestOf(levels, at)
}

/** The change nearest to `at`. Undefined if no change is near. */
export function nearestOf<T extends Pick<Level, 'at'>>(levels: readonly T[], at: bigint): T | undefined {
  const distanceTo = (level: T) => Number(level.at > at ? level.at - at : at - level.at)
  const [nearest] = levels.toSorted((a, b) => distanceTo(a) - distanceTo(b))
  return nearest !== undefined && distanceTo(nearest) <= nearUs ? nearest : undefined
}

/** The start of a bucket, and the interval of confidence by half a bucket around it. */
export function timesOf(
  { at, earliest, latest }: Pick<LevelChange, 'at' | 'earliest' | 'latest'>,
  timeOf: (index: number) => bigint,
  step: bigint,
): Pick<Level, 'at' | 'from' | 'to'> {
  return { at: timeOf(at), from: timeOf(earliest) - step / 2n, to: timeOf(latest) + step / 2n }
}

const nearUs = 120_000_000

type Row = Readonly<Record<string, unknown>>
type Binning = Readonly<{ span: TimeSpan; step: bigint }>

/** Values by bucket of each pair and of the rest, without the first and the last bucket, which are not complete. */
function binned(rows: readonly Row[], measure: Measure, { span, step }: Binning): ReadonlyMap<string, number[]> {
  const first = span.from / step + 1n
  const length = Math.max(0, Number((span.to - 1n) / step - first))
  const series = new Map<string, number[]>()
  for (const row of rows) {
    const key = JSON.stringify([row['_other'], ...pairFields.map((_, index) => row[`_g${index}`])])
    const values = series.get(key) ?? new Array<number>(length).fill(0)
    series.set(key, values)
    const index = Number(bucketOf(row) / step - first)
    if (index >= 0 && index < length) values[index]! += Number(row[`_${measure}`])
  }
  return series
}

export const bucketOf = (row: Row) => BigInt(String(row['_bucket']))

export function endsOf(key: string): readonly End[] {
  const [, ...values] = JSON.parse(key) as readonly (string | null)[]
  return [0, sideFields.length].map((at) => {
    const [namespace, kind, name] = values.slice(at, at + sideFields.length).map((value) => value ?? '')
    return { cluster: null, namespace: namespace ?? '', kind: kind ?? '', name: name ?? '' }
  })
}

/** Fine buckets that become one, so that most pairs have some flows in each. */
function factorOf(counts: readonly (readonly number[])[]): number {
  const length = counts[0]?.length ?? 0
  const usualCount = usualOf(counts)
  const possible = factors.filter((factor) => factor === 1 || length / factor >= leastBuckets)
  return possible.find((factor) => usualCount * factor >= flowsPerBucket) ?? possible.at(-1) ?? 1
}

/** Flows in a bucket of the pair with the median. */
function usualOf(counts: readonly (readonly number[])[]) {
  const sums = counts.map(sumOf).toSorted((a, b) => b - a)
  return (sums[sums.length >> 1] ?? 0) / Math.max(1, counts[0]?.length ?? 0)
}

function sumOf(values: readonly number[]) {
  return values.reduce((sum, value) => sum + value, 0)
}
