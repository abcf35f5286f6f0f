/** Routes about rules, targets and the server. */
import type { GrafanaRequest, GrafanaRoute } from './answer.ts'
import { pointLabelSets } from '../../topics/metrics/index.ts'

const success = (data: unknown): object => ({ status: 'success', data })
const fixed = (data: unknown) => () => Promise.resolve(success(data))
const hour = 3_600_000
const shownNames = 10

/** Series of the last hour. */
async function seriesStatistics(request: GrafanaRequest): Promise<object> {
  const sets = await pointLabelSets(request, [], { from: request.now - hour, to: request.now })
  const limit = request.parameters.count('limit') ?? shownNames
  const count = (texts: readonly string[]): { name: string; value: number }[] =>
    [...Map.groupBy(texts, (text) => text)]
      .map(([name, all]) => ({ name, value: all.length }))
      .toSorted((a, b) => b.value - a.value || (a.name < b.name ? -1 : 1))
      .slice(0, limit)
  const pairs = sets.flatMap(({ entries }) => entries)
  const unique = [...new Map(pairs.map((pair) => [JSON.stringify(pair), pair])).values()]
  const bytes = Map.groupBy(unique, ([name]) => name)
  return success({
    headStats: {
      numSeries: sets.length,
      numLabelPairs: unique.length,
      chunkCount: 0,
      minTime: request.now - hour,
      maxTime: request.now,
    },
    seriesCountByMetricName: count(sets.map((set) => set.get('__name__'))),
    labelValueCountByLabelName: count(unique.map(([name]) => name)),
    memoryInBytesByLabelName: [...bytes]
      .map(([name, all]) => ({ name, value: all.reduce((sum, [, text]) => sum + Buffer.byteLength(text), 0) }))
      .toSorted((a, b) => b.value - a.value)
      .slice(0, limit),
    seriesCountByLabelValuePair: count(pairs.map(([name, text]) => `${name}=${text}`)),
  })
}

export function statusRoutes(base: string): readonly GrafanaRoute[] {
  const route = (path: string, operationId: string, summary: string, answer: GrafanaRoute['answer']): GrafanaRoute => ({
    path: `${base}/${path}`,
    operationId,
    summary,
    parameters: {},
    answer,
  })
  return [
    route('rules', 'promRules', 'No rules', fixed({ groups: [] })),
    route('alerts', 'promAlerts', 'No alerts', fixed({ alerts: [] })),
    route(
      'alertmanagers',
      'promAlertmanagers',
      'No Alertmanagers',
      fixed({ activeAlertmanagers: [], droppedAlertmanagers: [] }),
    ),
    {
      ...route('query_exemplars', 'promExemplars', 'No exemplars', fixed([])),
      methods: ['GET', 'POST'],
      parameters: { query: 'PromQL.', start: 'Unix seconds or RFC 3339.', end: 'Unix seconds or RFC 3339.' },
    },
    route(
      'targets',
      'promTargets',
      'No targets: those of the source prometheus are in /api/status',
      fixed({ activeTargets: [], droppedTargets: [], droppedTargetCounts: {} }),
    ),
    route('targets/metadata', 'promTargetsMetadata', 'No metadata of targets', fixed([])),
    route('scrape_pools', 'promScrapePools', 'No scrape pools', fixed({ scrapePools: [] })),
    route('status/config', 'promStatusConfig', 'No configuration of Prometheus', fixed({ yaml: '' })),
    route(
      'status/flags',
      'promStatusFlags',
      'Limits in the form of flags',
      fixed({
        'query.lookback-delta': '5m',
        'query.timeout': '1m',
      }),
    ),
    {
      ...route('status/tsdb', 'promStatusTsdb', 'Counts of the series of the last hour', seriesStatistics),
      parameters: { limit: 'Maximum items of a list; unset: 10.' },
    },
    route('status/runtimeinfo', 'promRuntimeInfo', 'Time of the server', ({ now }) =>
      Promise.resolve(
        success({ serverTime: new Date(now).toISOString(), reloadConfigSuccess: true, corruptionCount: 0 }),
      ),
    ),
    route(
      'status/walreplay',
      'promWalReplay',
      'The server is ready',
      fixed({ min: 0, max: 0, current: 0, state: 'done' }),
    ),
  ]
}
