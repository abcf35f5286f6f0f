import type { MetricReader } from '../metrics/index.ts'
import { stepOf } from '../../query/plan/index.ts'
import type { QuestionQuery } from '../flows/parameters.ts'
import { rowQueryOf } from '../flows/row-query.ts'
import { operation, type Surroundings } from '../operation.ts'
import { Refusal } from '../refusal.ts'
import type { Watched } from '../resources/one.ts'
import { readRows } from '../rows.ts'
import { moment } from '../time-span.ts'
import { changesBeforeMetric, precedingChanges, trafficMarks, type WhyRun } from './preceding.ts'
import { MarksParameters, PrecedingChanges, TrafficMarks, WhyParameters } from './schema.ts'

export const why = operation({
  id: 'why',
  summary: 'What changed before a change of traffic, of a metric or of a rate of log lines',
  description:
    'Lists the changes of level of the flows, a metric or a rate of lines in the time range, and ranks the changes ' +
    'of objects and cloud resources and the audit events before the selected one. Inventories record ' +
    'changes some minutes later.',
  parameters: WhyParameters,
  result: PrecedingChanges,
  async run({ by, promql, logql, limit = 20, lookback = '30m', at, ...query }, surroundings: MetricReader & Watched) {
    const run = { ...runOf(query, surroundings), by: by ?? 'bytes', limit }
    const seconds = stepOf(lookback)
    if (seconds === undefined)
      throw new Refusal('WEIR_API_INVALID', `"lookback" is not a duration: ${lookback}.`, ['Write 10m, 2h or 1d.'])
    const selection = {
      lookbackUs: BigInt(seconds) * 1_000_000n,
      at: at === undefined ? undefined : moment(at, 'at', surroundings.now),
    }
    const text = promql ?? logql
    if (text === undefined) return precedingChanges(run, selection)
    const language = promql === undefined ? 'logql' : 'promql'
    if (promql !== undefined && logql !== undefined)
      throw new Refusal('WEIR_API_INVALID', '"promql" and "logql" are two signals.', ['Send one of them.'])
    if ((query.filter ?? '') !== '' || by !== undefined)
      throw new Refusal('WEIR_API_INVALID', `"filter" and "by" apply to flows, and "${language}" requests a metric.`, [
        'Write the labels into the expression: up{namespace="shop"}.',
      ])
    return changesBeforeMetric(run, { language, text }, selection, surroundings)
  },
})

export const marks = operation({
  id: 'marks',
  summary: 'Changes to mark in a chart of flows',
  description:
    'Changes of objects, rollouts and audit events in the time range that are related to the workloads of the flows.',
  parameters: MarksParameters,
  result: TrafficMarks,
  async run({ limit = 60, ...query }, surroundings: Surroundings & Watched) {
    return trafficMarks({ ...runOf(query, surroundings), by: 'bytes', limit })
  },
})

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
