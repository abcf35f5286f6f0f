/** A metric of PromQL or LogQL as the signal of which the changes of level are explained. */
import { dialectOf } from '../../query/index.ts'
import { QueryFailure } from '../../query/metrics/failure.ts'
import type { LabelSet } from '../../query/metrics/labels.ts'
import type { QueryTimes, ResultSeries } from '../../query/promql/index.ts'
import { stepFor, type TimeSpan } from '../../query/plan/index.ts'
import { logEntries } from '../logs/index.ts'
import { metricSeries, queryBudget, type MetricReader } from '../metrics/index.ts'
import { Refusal } from '../refusal.ts'
import { hasPods } from './metric-ends.ts'
import { maxBuckets, maxSeries, withContext, type Level, type Levels } from './onset.ts'
import { selectedValueLevel, valueLevels, type ValueLevel } from './value-levels.ts'

/** Scrapes are seldom more frequent. */
const leastStep = 15
const timeoutMs = 60_000
export type MetricLevel = ValueLevel<LabelSet>
export type MetricSignal = Readonly<{ around: Levels; selected: MetricLevel | undefined; labels: readonly LabelSet[] }>

export type Expression = Readonly<{ language: 'promql' | 'logql'; text: string }>

/** Changes of level of the series of an expression in a time range (µs); `at` selects the nearest one. */
export async function metricSignal(
  expression: Expression,
  { from, to }: TimeSpan,
  at: bigint | undefined,
  surroundings: MetricReader,
): Promise<MetricSignal> {
  if (dialectOf(surroundings.store).name !== 'duckdb')
    throw new Refusal('WEIR_API_INVALID', `"${expression.language}" needs the embedded store.`)
  const { from: before, to: after } = withContext({ from, to })
  const now = BigInt(Math.trunc(surroundings.now)) * 1000n
  const until = after < now ? after : now
  const span = { from: before, to: until > to ? until : to }
  const seconds = Math.max(leastStep, stepFor(span, maxBuckets))
  const { start, step, uncertain, series } = await sampled(
    expression,
    { ...span, step: BigInt(seconds) * 1_000_000n },
    surroundings,
  )
  const timeOf = (index: number) => start + BigInt(index) * step
  const levels = valueLevels(
    series.map(({ labels, values }) => ({ key: labels, values })),
    { timeOf, step, namesOf: (labels) => [textOf(labels)] },
  ).map((level) => ({ ...level, from: level.from - uncertain }))
  const isInside = (level: Level) => level.at >= from && level.at < to
  const inside = levels.filter(isInside)
  const selected = selectedValueLevel(inside, at)
  return {
    around: { step, span, levels: inside, others: levels.filter((level) => !isInside(level)), selected },
    selected,
    labels: series.map(({ labels }) => labels),
  }
}

/** `start`: of the first bucket; `uncertain`: before a changed sample, since the one before it. µs. */
type Sampled = Readonly<{
  start: bigint
  step: bigint
  uncertain: bigint
  series: readonly Readonly<{ labels: LabelSet; values: readonly number[] }>[]
}>

/** Values of the series with the largest range, from the first sample of any series on. */
async function sampled(
  expression: Expression,
  { from, to, step }: TimeSpan & Readonly<{ step: bigint }>,
  surroundings: MetricReader,
): Promise<Sampled> {
  const ms = Number(step) / 1000
  const times = { start: Number(from / step + 1n) * ms, end: Number((to - 1n) / step) * ms, step: ms }
  const results = (await evaluated(expression, times, surroundings)).map(({ labels, points }) => ({
    labels,
    points: points.filter(([, value]) => Number.isFinite(value)),
  }))
  const start = results.reduce((least, { points }) => Math.min(least, points[0]?.[0] ?? Infinity), times.end)
  const buckets = Math.round((times.end - start) / ms) + 1
  const all = results
    .map(({ labels, points }) => ({ labels, values: valuesOf(labels, points, { start, step: ms, buckets }) }))
    .toSorted((a, b) => rangeOf(b.values) - rangeOf(a.values))
    .slice(0, maxSeries)
  const repeats = repeatsOf(all.map(({ values }) => values))
  // Few buckets hardly show a level, and keep their length.
  const factor = buckets / repeats >= leastBuckets ? repeats : 1
  const every = (values: readonly number[]) => values.filter((_, index) => index % factor === 0)
  return {
    start: BigInt(start) * 1000n,
    step: step * BigInt(factor),
    uncertain: step * BigInt(repeats - factor),
    series: all.map(({ labels, values }) => ({ labels, values: every(values) })),
  }
}

async function evaluated({ language, text }: Expression, times: QueryTimes, surroundings: MetricReader) {
  const expired = () => new QueryFailure('execution', `the query took more than ${timeoutMs / 1000} s`)
  const budget = queryBudget(surroundings, timeoutMs, expired)
  try {
    return await (language === 'promql'
      ? ofMetrics(text, times, budget, surroundings)
      : ofLogs(text, times, budget, surroundings))
  } catch (error) {
    if (!(error instanceof QueryFailure)) throw error
    throw new Refusal('WEIR_API_INVALID', `"${language}": ${error.message}.`, [
      '`weir help grafana` describes the subset.',
    ])
  }
}

type Budget = ReturnType<typeof queryBudget>
type Evaluated = readonly Readonly<{ labels: LabelSet; points: ResultSeries['points'] }>[]

async function ofMetrics(text: string, times: QueryTimes, budget: Budget, reader: MetricReader): Promise<Evaluated> {
  const { queryRange } = await import('../../query/promql/index.ts')
  return queryRange(text, times, {
    source: ({ matchers, from, to, resolution }) => metricSeries(reader, matchers, { from, to }, resolution),
    ...budget,
    note: () => undefined,
  })
}

async function ofLogs(
  text: string,
  times: QueryTimes,
  { tick, pause }: Budget,
  reader: MetricReader,
): Promise<Evaluated> {
  const { parseLogql, queryMetric } = await import('../../query/logql/index.ts')
  const node = parseLogql(text)
  const series = await queryMetric(node, times, {
    source: (request) => logEntries(reader, request),
    tick,
    pause,
    now: BigInt(Math.trunc(reader.now)) * 1_000_000n,
  })
  // Without lines a count has no value, and is 0. Values in lines are unknown between them.
  return /\|\s*unwrap\b/.test(text)
    ? series
    : series.map(({ labels, points }) => ({ labels, points: withZeros(points, times) }))
}

function withZeros(points: ResultSeries['points'], { start, end, step }: QueryTimes): ResultSeries['points'] {
  const values = new Map(points)
  const count = Math.floor((end - start) / step) + 1
  return Array.from({ length: count }, (_, index) => [start + index * step, values.get(start + index * step) ?? 0])
}

type Bucketing = Readonly<{ start: number; step: number; buckets: number }>

/**
 * A value per bucket. A gap has the value before. A counter that does not exist yet has no events, but a series of a
 * pod begins and ends with it.
 */
function valuesOf(labels: LabelSet, points: ResultSeries['points'], { start, step, buckets }: Bucketing) {
  const values = new Array<number | undefined>(buckets)
  for (const [time, value] of points) values[Math.round((time - start) / step)] = value
  let last = hasPods(labels) ? (points[0]?.[1] ?? 0) : 0
  return Array.from(values, (value) => (last = value ?? last))
}

const factors = [1, 2, 4, 8]
const mostRepeated = 0.3
const leastBuckets = 60

/** Buckets of a scrape: repeated values would look like levels. */
function repeatsOf(series: readonly (readonly number[])[]): number {
  const varying = series.filter((values) => rangeOf(values) > 0)
  const shareOf = (factor: number) => {
    let [pairs, equal] = [0, 0]
    for (const values of varying)
      for (let at = factor; at < values.length; at += factor) {
        pairs++
        if (values[at] === values[at - factor]) equal++
      }
    return pairs === 0 ? 0 : equal / pairs
  }
  return factors.find((factor) => shareOf(factor) <= mostRepeated) ?? 1
}

function rangeOf(values: readonly number[]) {
  return values.reduce((a, b) => Math.max(a, b), -Infinity) - values.reduce((a, b) => Math.min(a, b), Infinity)
}

function textOf(labels: LabelSet) {
  return labels.nameless.entries.map(([name, value]) => `${name}=${value}`).join(', ')
}
