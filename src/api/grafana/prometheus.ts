import type { FastifyInstance } from 'fastify'
import { syntaxError } from '../../query/metrics/failure.ts'
import { metricName, type LabelSet } from '../../query/metrics/labels.ts'
import type { Matcher } from '../../query/metrics/matchers.ts'
import { numberText } from '../../query/metrics/values.ts'
import type { InstantResult, ResultSeries } from '../../query/promql/index.ts'
import type { ApiContext } from '../options.ts'
import { object, string } from '../openapi/json-schema.ts'
import { grafanaRoutes, type GrafanaRequest, type GrafanaRoute } from './answer.ts'
import { environmentOf } from './prometheus-request.ts'
import { statusRoutes } from './prometheus-status.ts'
import { federate, formatQuery, parseQuery } from './prometheus-text.ts'
import { metricLabelSets, metricMetadata, metricNames, type MetricSpan } from '../../topics/metrics/index.ts'

/** Loads the language with the first request. */
const language = () => import('../../query/promql/index.ts')

const hour = 3_600_000
const success = (data: unknown): object => ({ status: 'success', data })

function limitedResult(request: GrafanaRequest, result: InstantResult): InstantResult {
  if (result.type === 'vector') return { ...result, vector: limited(request, result.vector) }
  return result.type === 'matrix' ? { ...result, series: limited(request, result.series) } : result
}

const pair = (time: number, value: number): [number, string] => [time / 1000, numberText(value)]
const seriesJson = ({ labels, points }: ResultSeries) => ({
  metric: labels,
  values: points.map(([time, value]) => pair(time, value)),
})

function instantJson(result: InstantResult, time: number): object {
  switch (result.type) {
    case 'scalar':
      return { resultType: 'scalar', result: pair(time, result.value) }
    case 'string':
      return { resultType: 'string', result: [time / 1000, result.value] }
    case 'matrix':
      return { resultType: 'matrix', result: result.series.map(seriesJson) }
    case 'vector':
      return {
        resultType: 'vector',
        result: result.vector.map(({ labels, value }) => ({ metric: labels, value: pair(time, value) })),
      }
  }
}

async function query(request: GrafanaRequest): Promise<object> {
  const { parameters, now } = request
  const time = parameters.seconds('time') ?? now
  const { queryInstant } = await language()
  const result = await queryInstant(parameters.needed('query'), time, environmentOf(request))
  return success(instantJson(limitedResult(request, result), time))
}

async function queryRange(request: GrafanaRequest): Promise<object> {
  const { parameters } = request
  const [start, end, step] = [parameters.seconds('start'), parameters.seconds('end'), parameters.step('step')]
  if (start === undefined || end === undefined || step === undefined)
    throw syntaxError('the parameters start, end and step are needed')
  if (end < start) throw syntaxError('invalid parameter "end": end timestamp must not be before start time')
  if (step <= 0)
    throw syntaxError('invalid parameter "step": zero or negative query resolution step widths are not accepted')
  if ((end - start) / step > 11_000)
    throw syntaxError(
      'exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)',
    )
  const { queryRange: run } = await language()
  const series = await run(parameters.needed('query'), { start, end, step }, environmentOf(request))
  return success({ resultType: 'matrix', result: limited(request, series).map(seriesJson) })
}

function spanOf({ parameters, now }: GrafanaRequest): MetricSpan {
  const to = parameters.seconds('end') ?? now
  const from = parameters.seconds('start') ?? to - hour
  if (to < from) throw syntaxError('invalid parameter "end": end timestamp must not be before start time')
  return { from, to }
}

async function labelSets(request: GrafanaRequest, needed: 'needed' | 'optional'): Promise<readonly LabelSet[]> {
  return metricLabelSets(request, await selectorsOf(request, needed), spanOf(request))
}

async function selectorsOf(
  { parameters }: GrafanaRequest,
  needed: 'needed' | 'optional',
): Promise<readonly (readonly Matcher[])[]> {
  const written = parameters.all('match[]')
  if (written.length === 0 && needed === 'needed') throw syntaxError('no match[] parameter provided')
  const { parseSelector } = await language()
  return written.length === 0 ? [[]] : written.map(parseSelector)
}

function limited<Item>({ parameters, notes }: GrafanaRequest, items: readonly Item[]): readonly Item[] {
  const limit = parameters.count('limit') ?? 0
  if (limit === 0 || items.length <= limit) return items
  notes.warnings.add('results truncated due to limit')
  return items.slice(0, limit)
}

async function labels(request: GrafanaRequest): Promise<object> {
  const names = (await labelSets(request, 'optional')).flatMap(({ entries }) => entries.map(([name]) => name))
  return success(limited(request, [...new Set(names)].sort()))
}

async function labelValues(request: GrafanaRequest): Promise<object> {
  const written = request.path('name')
  const name = written.startsWith('U__') ? unescapedName(written) : written
  const values =
    name === metricName
      ? await metricNames(request, await selectorsOf(request, 'optional'), spanOf(request))
      : (await labelSets(request, 'optional')).map((set) => set.get(name)).filter((value) => value !== '')
  return success(limited(request, [...new Set(values)].sort()))
}

/** Names with other characters are written in hexadecimal: `U__a_2e_b`. */
function unescapedName(text: string): string {
  return text.slice(3).replace(/__|_([\da-fA-F]{1,6})_/g, (written, code: string | undefined) => {
    const point = parseInt(code ?? '5f', 16)
    return point > 0x10ffff ? written : String.fromCodePoint(point)
  })
}

async function series(request: GrafanaRequest): Promise<object> {
  return success(limited(request, await labelSets(request, 'needed')))
}

async function metadata(request: GrafanaRequest): Promise<object> {
  const metric = request.parameters.text('metric')
  const metrics = (await metricMetadata(request)).filter(({ name }) => (metric ?? name) === name)
  const byName = Map.groupBy(metrics, ({ name }) => name)
  const perMetric = request.parameters.count('limit_per_metric') ?? 0
  const entries = limited(request, [...byName]).map(([name, all]) => [
    name,
    all.slice(0, perMetric === 0 ? undefined : perMetric).map(({ type, help, unit }) => ({ type, help, unit })),
  ])
  return success(Object.fromEntries(entries))
}

const times = { start: 'Unix seconds or RFC 3339.', end: 'Unix seconds or RFC 3339.' }
const match = { 'match[]': 'Series selectors; repeatable.', ...times, limit: 'Maximum items; 0: all.' }
const queryParameters = {
  timeout: 'Duration.',
  limit: 'Maximum series; 0: all.',
  lookback_delta: 'Duration in which an instant selector finds the newest sample; unset: 5m.',
}
const base = '/prometheus/api/v1'
const both = ['GET', 'POST'] as const

const routes: readonly GrafanaRoute[] = [
  {
    path: `${base}/query`,
    operationId: 'promQuery',
    summary: 'PromQL at one time',
    description: 'The subset is in `weir help grafana`. 422 names a construct outside it.',
    methods: both,
    parameters: { query: 'PromQL.', time: 'Unix seconds or RFC 3339; unset: now.', ...queryParameters },
    answer: query,
  },
  {
    path: `${base}/query_range`,
    operationId: 'promQueryRange',
    summary: 'PromQL at each step of a time range',
    methods: both,
    parameters: { query: 'PromQL.', ...times, step: 'Seconds or a duration.', ...queryParameters },
    answer: queryRange,
  },
  {
    path: `${base}/labels`,
    operationId: 'promLabels',
    summary: 'Names of labels',
    methods: both,
    parameters: match,
    answer: labels,
  },
  {
    path: `${base}/label/:name/values`,
    operationId: 'promLabelValues',
    summary: 'Values of a label',
    params: object({ name: { ...string, description: 'The label.' } }),
    parameters: match,
    answer: labelValues,
  },
  {
    path: `${base}/series`,
    operationId: 'promSeries',
    summary: 'Label sets of series',
    methods: both,
    parameters: match,
    answer: series,
  },
  {
    path: `${base}/metadata`,
    operationId: 'promMetadata',
    summary: 'Types and units of metrics: derived ones, and those received within the last hour',
    parameters: { metric: 'One metric.', limit: 'Maximum metrics.', limit_per_metric: 'Maximum entries of a metric.' },
    answer: metadata,
  },
  {
    path: `${base}/format_query`,
    operationId: 'promFormatQuery',
    summary: 'PromQL in canonical form',
    methods: both,
    parameters: { query: 'PromQL.' },
    answer: formatQuery,
  },
  {
    path: `${base}/parse_query`,
    operationId: 'promParseQuery',
    summary: 'Syntax tree of PromQL',
    methods: both,
    parameters: { query: 'PromQL.' },
    answer: parseQuery,
  },
  {
    path: '/prometheus/federate',
    operationId: 'promFederate',
    summary: 'Newest sample of each series as text',
    parameters: { 'match[]': 'Series selectors; repeatable.' },
    answer: federate,
  },
  {
    path: `${base}/status/buildinfo`,
    operationId: 'promBuildInfo',
    summary: 'Version, as Prometheus reports it',
    parameters: {},
    answer: ({ context: { version } }) =>
      Promise.resolve(success({ version, revision: '', branch: '', buildUser: '', buildDate: '', goVersion: '' })),
  },
  ...statusRoutes(base),
]

export function prometheusRoutes(app: FastifyInstance, context: ApiContext): void {
  grafanaRoutes(app, context, routes, { syntax: 400, unsupported: 422, execution: 422 })
}
