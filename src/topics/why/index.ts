import type { MetricReader } from '../metrics/index.ts'
import { measures, stepOf } from '../../query/plan/index.ts'
import type { QuestionQuery } from '../flows/parameters.ts'
import { rowQueryOf } from '../flows/row-query.ts'
import { statField } from '../flows/sums/request.ts'
import { operation, type Surroundings } from '../operation.ts'
import { Refusal } from '../refusal.ts'
import type { Watched } from '../resources/one.ts'
import { readRows } from '../rows.ts'
import { moment } from '../time-span.ts'
import type { WhyRun } from './preceding.ts'
import {
  LevelCauses,
  LevelsParameters,
  MarksParameters,
  PrecedingChanges,
  TrafficMarks,
  WhyParameters,
  type WhyQuery,
} from './schema.ts'
import type { Moment } from './moment.ts'
import type { Statistic } from './statistic.ts'
import { statistics } from '../../query/statistics.ts'

/** Loaded with the first search, because starts are frequent and searches are rare. */
const ranking = () => import('./preceding.ts')

export const why = operation({
  id: 'why',
  summary: 'What changed before a change of traffic, of a metric or of a rate of log lines',
  description:
    'Lists the changes of level of the flows, a metric or a rate of lines in the time range, and ranks the changes ' +
    'of objects and cloud resources and the audit events before the selected one. Inventories record ' +
    'changes some minutes later.',
  parameters: WhyParameters,
  result: PrecedingChanges,
  async run(
    { by, of, promql, logql, limit = 20, lookback = '30m', at, ...query },
    surroundings: MetricReader & Watched,
  ) {
    const measure = measures.find((name) => name === by)
    const run = { ...runOf(query, surroundings), by: measure ?? 'bytes', limit }
    const seconds = stepOf(lookback)
    if (seconds === undefined)
      throw new Refusal('WEIR_API_INVALID', `"lookback" is not a duration: ${lookback}.`, ['Write 10m, 2h or 1d.'])
    const selection = {
      lookbackUs: BigInt(seconds) * 1_000_000n,
      at: at === undefined ? undefined : moment(at, 'at', surroundings.now),
    }
    const text = promql ?? logql
    const { precedingChanges, changesBeforeStatistic, changesBeforeMetric } = await ranking()
    if (text === undefined) {
      const statistic = statisticOf(by, of)
      return statistic === undefined
        ? precedingChanges(run, selection)
        : changesBeforeStatistic(run, statistic, selection)
    }
    const language = promql === undefined ? 'logql' : 'promql'
    if (promql !== undefined && logql !== undefined)
      throw new Refusal('WEIR_API_INVALID', '"promql" and "logql" are two signals.', ['Send one of them.'])
    if ((query.filter ?? '') !== '' || by !== undefined || of !== undefined)
      throw new Refusal(
        'WEIR_API_INVALID',
        `"filter", "by" and "of" apply to flows, and "${language}" requests a metric.`,
        ['Write the labels into the expression: up{namespace="shop"}.'],
      )
    return changesBeforeMetric(run, { language, text }, selection, surroundings)
  },
})

export type BeforeMoment = Moment & Readonly<{ lookbackUs: bigint; limit: number }>

/** Changes before a moment at which a value changed that no series shows. */
export async function changesBefore(
  { lookbackUs, limit, ...moment }: BeforeMoment,
  surroundings: Surroundings & Watched,
): Promise<PrecedingChanges> {
  const iso = (us: bigint) => String(us / 1000n)
  const range = { from: iso(moment.interval.from - lookbackUs), to: iso(moment.interval.to) }
  const { changesBeforeMoment } = await import('./moment.ts')
  return changesBeforeMoment({ ...runOf(range, surroundings), by: 'bytes', limit }, moment, lookbackUs)
}

/** Undefined: a sum. */
function statisticOf(by: WhyQuery['by'], of: string | undefined): Statistic | undefined {
  const stat = statistics.find((name) => name === by)
  if (of !== undefined && (stat !== undefined || by === undefined)) return { stat: stat ?? 'p95', of: statField(of) }
  if (stat === undefined && of === undefined) return undefined
  throw new Refusal(
    'WEIR_API_INVALID',
    of === undefined
      ? `"by" is ${String(by)}, and "of" has no field.`
      : `"of" has statistics, and "by" is ${String(by)}.`,
    ['Send for example by=p95 and of=rtt.'],
  )
}

export const marks = operation({
  id: 'marks',
  summary: 'Changes to mark in a chart of flows',
  description:
    'Changes of objects, rollouts and audit events in the time range that are related to the workloads of the flows.',
  parameters: MarksParameters,
  result: TrafficMarks,
  async run({ limit = 60, ...query }, surroundings: Surroundings & Watched) {
    const { trafficMarks } = await ranking()
    return trafficMarks({ ...runOf(query, surroundings), by: 'bytes', limit })
  },
})

export const levels = operation({
  id: 'levels',
  summary: 'Falls and rises of traffic, each with the first change before it',
  description:
    'Changes of level of the bytes of flows in the time range, without recoveries. Those of the same pair are one ' +
    'line with their number. The first candidate is that of `/api/v1/why` with `at`.',
  parameters: LevelsParameters,
  result: LevelCauses,
  async run({ limit = 4, ...query }, surroundings: Surroundings & Watched) {
    const { levelCauses } = await import('./level-causes.ts')
    return levelCauses({ ...runOf(query, surroundings), by: 'bytes', limit }, lookbackUs)
  },
})

const lookbackUs = 1_800_000_000n

function runOf(query: QuestionQuery, surroundings: Surroundings & Watched): Omit<WhyRun, 'by' | 'limit'> {
  const { store, viewer, now, manifest } = surroundings
  return {
    store,
    viewer,
    manifest,
    runQuery: (sql) => readRows(surroundings, sql),
    flows: rowQueryOf(query, 'flow_time', now, viewer),
    allFlows: rowQueryOf({ ...query, filter: '', both_ways: 'false' }, 'flow_time', now, viewer),
  }
}
