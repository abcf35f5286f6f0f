import type { FastifyInstance } from 'fastify'
import { syntaxError } from '../../query/metrics/failure.ts'
import { durationMs } from '../../query/metrics/lexer.ts'
import { compareLabels, LabelSet } from '../../query/metrics/labels.ts'
import type { Matcher } from '../../query/metrics/matchers.ts'
import { numberText } from '../../query/metrics/values.ts'
import type { DetectedField, LogEnvironment, MetricSeries, Processed } from '../../query/logql/index.ts'
import { object, string } from '../json-schema.ts'
import type { ApiContext } from '../options.ts'
import { grafanaRoutes, type GrafanaRequest, type GrafanaRoute } from './answer.ts'
import { logEntries, streamCounts, type StreamCount } from './logs.ts'
import { isNumber, rfc3339 } from './parameters.ts'

/** Loads the language with the first request. */
const language = () => import('../../query/logql/index.ts')

const nsPerMs = 1_000_000n
const hourNs = 3_600_000n * nsPerMs
const usualLimit = 100
const maxLimit = 5000
const success = (data: unknown): object => ({ status: 'success', data })

/** Up to ten digits are seconds, more are ns; with a point seconds; or RFC 3339. In ns. */
function nanoseconds({ parameters }: GrafanaRequest, name: string): bigint | undefined {
  const text = parameters.text(name)
  if (text === undefined) return undefined
  if (/^-?\d+$/.test(text)) return text.length <= 10 ? BigInt(text) * 1_000_000_000n : BigInt(text)
  const ms = isNumber(text) ? Number(text) * 1000 : rfc3339(text)
  if (ms === undefined)
    throw syntaxError(`could not parse '${name}' parameter: cannot parse "${text}" to a valid timestamp`)
  return BigInt(Math.round(ms * 1000)) * 1000n
}

type NsSpan = Readonly<{ from: bigint; to: bigint }>

function spanOf(request: GrafanaRequest): NsSpan {
  const to = nanoseconds(request, 'end') ?? BigInt(request.now) * nsPerMs
  const from = nanoseconds(request, 'start') ?? to - hourNs
  if (to < from) throw syntaxError('end timestamp must not be before or equal to start time')
  return { from, to }
}

function stepOf({ parameters }: GrafanaRequest, { from, to }: NsSpan): number {
  const text = parameters.text('step')
  if (text === undefined) return Math.max(1000, Math.floor(Number((to - from) / nsPerMs) / 250 / 1000) * 1000)
  const ms = isNumber(text) ? Number(text) * 1000 : durationMs(text)
  if (!(ms > 0)) throw syntaxError('zero or negative query resolution step widths are not accepted')
  if (Number((to - from) / nsPerMs) / ms > 11_000)
    throw syntaxError(
      'exceeded maximum resolution of 11,000 points per time series. Try increasing the value of the step parameter',
    )
  return ms
}

function limitOf({ parameters }: GrafanaRequest): number {
  const limit = parameters.count('limit') ?? usualLimit
  if (limit === 0) throw syntaxError('limit must be a positive value')
  if (limit > maxLimit)
    throw syntaxError(
      `max entries limit per query exceeded, limit > max_entries_limit_per_query (${limit} > ${maxLimit})`,
    )
  return limit
}

function environmentOf(request: GrafanaRequest): LogEnvironment {
  const { tick, pause } = request.environment
  return { tick, pause, source: (span) => logEntries(request, span) }
}

const vectorOf = (series: readonly MetricSeries[]) => ({
  resultType: 'vector',
  result: series.map(({ labels, points: [[time, value] = [0, 0]] }) => ({
    metric: labels,
    value: [time / 1000, numberText(value)],
  })),
  stats: {},
})
const matrixOf = (series: readonly MetricSeries[]) => ({
  resultType: 'matrix',
  result: series.map(({ labels, points }) => ({
    metric: labels,
    values: points.map(([time, value]) => [time / 1000, numberText(value)]),
  })),
  stats: {},
})

async function query(request: GrafanaRequest): Promise<object> {
  const time = Number((nanoseconds(request, 'time') ?? BigInt(request.now) * nsPerMs) / nsPerMs)
  limitOf(request)
  const text = request.parameters.needed('query')
  const { constantOf, queryMetric } = await language()
  const constant = constantOf(text)
  if (constant !== undefined)
    return success({ resultType: 'scalar', result: [time / 1000, numberText(constant)], stats: {} })
  const series = await queryMetric(text, { start: time, end: time, step: 1 }, environmentOf(request))
  return success(vectorOf(series))
}

async function queryRange(request: GrafanaRequest): Promise<object> {
  const text = request.parameters.needed('query')
  const span = spanOf(request)
  const { parseLogql, queryMetric, queryLogs } = await language()
  const node = parseLogql(text)
  if (node.is !== 'logs') {
    const step = stepOf(request, span)
    const [from, to] = [span.from, span.to].map((ns) => Number(ns / nsPerMs)) as [number, number]
    // Steps are multiples of their length, as in Loki.
    const steps = { start: Math.floor(from / step) * step, end: Math.ceil(to / step) * step, step }
    return success(matrixOf(await queryMetric(text, steps, environmentOf(request))))
  }
  const direction = (request.parameters.text('direction') ?? 'backward').toLowerCase()
  if (direction !== 'forward' && direction !== 'backward') throw syntaxError(`invalid direction '${direction}'`)
  const limit = limitOf(request)
  const few =
    node.stages.length === 0 && isOneStream(node.matchers)
      ? { count: limit, newest: direction === 'backward' }
      : undefined
  const environment = environmentOf(request)
  const source: LogEnvironment['source'] = (filter) =>
    logEntries(request, few === undefined ? filter : { ...filter, few })
  const lines = await queryLogs(node, { ...span, limit, direction }, { ...environment, source })
  return success(streamsOf(lines, isCategorized(request)))
}

/** SQL evaluates these matchers, so that its limit counts matching lines. */
function isOneStream(matchers: readonly Matcher[]) {
  return matchers.every(({ name, operator, value }) => name === 'family' && operator === '=' && value !== 'log')
}

const categorize = 'categorize-labels'

function isCategorized({ request }: GrafanaRequest): boolean {
  const flags = request.headers['x-loki-response-encoding-flags']
  return typeof flags === 'string' && flags.split(',').some((flag) => flag.trim() === categorize)
}

function streamsOf(lines: readonly Processed[], categorized: boolean): object {
  const streams = new Map<string, { stream: LabelSet; values: unknown[] }>()
  for (const { entry, line, labels, parsed } of lines) {
    const parts = { structuredMetadata: {} as Record<string, string>, parsed: {} as Record<string, string> }
    const own: [string, string][] = []
    for (const [name, value] of labels) {
      if (parsed.has(name)) parts.parsed[name] = value
      else if (Object.hasOwn(entry.metadata, name)) parts.structuredMetadata[name] = value
      else own.push([name, value])
    }
    const stream = LabelSet.of(categorized ? own : labels)
    const known = streams.get(stream.key) ?? { stream, values: [] }
    streams.set(stream.key, known)
    const kept = Object.fromEntries(Object.entries(parts).filter(([, values]) => Object.keys(values).length > 0))
    known.values.push([String(entry.time), line, ...(categorized ? [kept] : [])])
  }
  return {
    resultType: 'streams',
    ...(categorized ? { encodingFlags: [categorize] } : {}),
    result: [...streams.values()],
    stats: {},
  }
}

/** Streams of selectors; stages are ignored. */
async function streamsIn(request: GrafanaRequest, name: string, span = spanOf(request)): Promise<StreamCount[]> {
  const written = request.parameters.all(name).filter((text) => text !== '' && text !== '{}')
  if (written.length === 0) return streamCounts(request, { ...span, matchers: [] })
  const { parseLogs } = await language()
  const found = new Map<string, StreamCount>()
  for (const text of written)
    for (const count of await streamCounts(request, { ...span, matchers: parseLogs(text).matchers }))
      found.set(count.stream.key, count)
  return [...found.values()]
}

async function labels(request: GrafanaRequest): Promise<object> {
  const found = await streamsIn(request, 'query')
  return success([...new Set(found.flatMap(({ stream }) => stream.entries.map(([name]) => name)))].sort())
}

async function labelValues(request: GrafanaRequest): Promise<object> {
  const { name } = request.request.params as { name: string }
  const values = (await streamsIn(request, 'query')).map(({ stream }) => stream.get(name))
  return success([...new Set(values)].filter((value) => value !== '').sort())
}

async function stats(request: GrafanaRequest): Promise<object> {
  const found = await streamsIn(request, 'query')
  const total = (of: 'entries' | 'bytes'): number => found.reduce((sum, count) => sum + count[of], 0)
  return { streams: found.length, chunks: 0, entries: total('entries'), bytes: total('bytes') }
}

/** Bytes by the labels of `targetLabels`, or of the selector; largest first. */
async function volumesIn(request: GrafanaRequest, span: NsSpan): Promise<{ labels: LabelSet; bytes: number }[]> {
  const { parameters } = request
  const targets = (parameters.text('targetLabels') ?? '').split(',').filter((name) => name !== '')
  const { parseLogs } = await language()
  const named = parseLogs(parameters.needed('query')).matchers.map(({ name }) => name)
  const names = new Set(targets.length > 0 ? targets : named)
  const aggregateBy = parameters.text('aggregateBy') ?? 'series'
  if (aggregateBy !== 'series' && aggregateBy !== 'labels') throw syntaxError('invalid aggregation option')
  const sums = new Map<string, { labels: LabelSet; bytes: number }>()
  const add = (set: LabelSet, bytes: number): void => {
    const sum = sums.get(set.key) ?? { labels: set, bytes: 0 }
    sums.set(set.key, sum)
    sum.bytes += bytes
  }
  for (const { stream, bytes } of await streamsIn(request, 'query', span))
    if (aggregateBy === 'series') add(stream.keep(names), bytes)
    else
      for (const [name] of stream.entries)
        if (targets.length === 0 || names.has(name)) add(LabelSet.of({ [name]: '1' }), bytes)
  return [...sums.values()]
    .toSorted((one, other) => other.bytes - one.bytes || compareLabels(one.labels, other.labels))
    .slice(0, limitOf(request))
}

/** With `aggregateBy=labels` the metric is the name of a label without a value. */
function volumeMetric({ parameters }: GrafanaRequest, set: LabelSet): object {
  if (parameters.text('aggregateBy') !== 'labels') return set
  return Object.fromEntries(set.entries.map(([name]) => [name, '']))
}

async function volume(request: GrafanaRequest): Promise<object> {
  const span = spanOf(request)
  const time = Number(span.to / nsPerMs) / 1000
  const found = await volumesIn(request, span)
  const result = found.map((each) => ({
    metric: volumeMetric(request, each.labels),
    value: [time, String(each.bytes)],
  }))
  return success({ resultType: 'vector', result, stats: {} })
}

async function volumeRange(request: GrafanaRequest): Promise<object> {
  const span = spanOf(request)
  const step = BigInt(Math.round(stepOf(request, span))) * nsPerMs
  const series = new Map<string, { metric: object; values: unknown[] }>()
  for (let { from } = span; from < span.to; from += step) {
    request.environment.tick()
    const to = from + step < span.to ? from + step : span.to
    for (const { labels: set, bytes } of await volumesIn(request, { from, to })) {
      const one = series.get(set.key) ?? { metric: volumeMetric(request, set), values: [] }
      series.set(set.key, one)
      one.values.push([Number(from / nsPerMs) / 1000, String(bytes)])
    }
  }
  return success({ resultType: 'matrix', result: [...series.values()], stats: {} })
}

async function detectedLabels(request: GrafanaRequest): Promise<object> {
  const values = new Map<string, Set<string>>()
  for (const { stream } of await streamsIn(request, 'query'))
    for (const [name, value] of stream.entries) values.set(name, (values.get(name) ?? new Set()).add(value))
  return { detectedLabels: [...values].map(([label, found]) => ({ label, cardinality: found.size })) }
}

const usualFieldLines = 1000

async function fieldsIn(request: GrafanaRequest): Promise<Map<string, DetectedField>> {
  const { parseLogs, queryLogs, detectedFields } = await language()
  const limit = request.parameters.count('line_limit') ?? usualFieldLines
  const logs = parseLogs(request.parameters.needed('query'))
  const span = { ...spanOf(request), limit: Math.min(limit, maxLimit), direction: 'backward' } as const
  return detectedFields(await queryLogs(logs, span, environmentOf(request)))
}

async function fieldsAnswer(request: GrafanaRequest): Promise<object> {
  const limit = request.parameters.count('limit') ?? usualFieldLines
  const found = [...(await fieldsIn(request))].slice(0, limit)
  const fields = found.map(([label, { type, values, parsers }]) => ({
    label,
    type,
    cardinality: values.size,
    parsers: parsers.size === 0 ? null : [...parsers],
  }))
  return { fields, limit }
}

async function fieldValues(request: GrafanaRequest): Promise<object> {
  const { name } = request.request.params as { name: string }
  const limit = request.parameters.count('limit') ?? usualFieldLines
  return { values: [...((await fieldsIn(request)).get(name)?.values ?? [])].slice(0, limit), limit }
}

const times = { start: 'Ns, seconds or RFC 3339.', end: 'Ns, seconds or RFC 3339.' }
const base = '/loki/api/v1'
const ofStreams = { query: 'Stream selector.', ...times }
const volumeParameters = {
  ...ofStreams,
  limit: 'Maximum series.',
  targetLabels: 'Labels, by commas; unset: those of the selector.',
  aggregateBy: 'series or labels.',
}
const fieldParameters = {
  query: 'Stream selector with a pipeline.',
  ...times,
  line_limit: 'Maximum lines to read.',
  limit: 'Maximum results.',
}

const routes: readonly GrafanaRoute[] = [
  {
    path: `${base}/query`,
    operationId: 'lokiQuery',
    summary: 'LogQL at one time',
    description: 'The subset is in docs/guide/grafana.md. 400 names a construct outside it.',
    parameters: { query: 'LogQL of metrics.', time: 'Ns, seconds or RFC 3339; unset: now.' },
    answer: query,
  },
  {
    path: `${base}/query_range`,
    operationId: 'lokiQueryRange',
    summary: 'LogQL of a time range: lines, or numbers at each step',
    parameters: {
      query: 'LogQL.',
      ...times,
      step: 'Duration.',
      limit: 'Maximum lines.',
      direction: 'forward or backward.',
    },
    answer: queryRange,
  },
  {
    path: `${base}/labels`,
    operationId: 'lokiLabels',
    summary: 'Names of labels of streams',
    parameters: ofStreams,
    answer: labels,
  },
  {
    path: `${base}/label/:name/values`,
    operationId: 'lokiLabelValues',
    summary: 'Values of a label of streams',
    params: object({ name: { ...string, description: 'The label.' } }),
    parameters: ofStreams,
    answer: labelValues,
  },
  {
    path: `${base}/series`,
    operationId: 'lokiSeries',
    summary: 'Label sets of streams',
    methods: ['GET', 'POST'],
    parameters: { 'match[]': 'Stream selectors; repeatable.', ...times },
    answer: async (request) => success((await streamsIn(request, 'match[]')).map(({ stream }) => stream)),
  },
  {
    path: `${base}/index/stats`,
    operationId: 'lokiStats',
    summary: 'Counts of lines and bytes',
    parameters: ofStreams,
    answer: stats,
  },
  {
    path: `${base}/detected_labels`,
    operationId: 'lokiDetectedLabels',
    summary: 'Labels with their number of values',
    parameters: ofStreams,
    answer: detectedLabels,
  },
  {
    path: `${base}/index/volume`,
    operationId: 'lokiVolume',
    summary: 'Bytes of lines by labels',
    parameters: volumeParameters,
    answer: volume,
  },
  {
    path: `${base}/index/volume_range`,
    operationId: 'lokiVolumeRange',
    summary: 'Bytes of lines by labels at each step',
    parameters: { ...volumeParameters, step: 'Duration.' },
    answer: volumeRange,
  },
  {
    path: `${base}/detected_fields`,
    operationId: 'lokiDetectedFields',
    summary: 'Fields in lines with their type and number of values',
    parameters: fieldParameters,
    answer: fieldsAnswer,
  },
  {
    path: `${base}/detected_field/:name/values`,
    operationId: 'lokiDetectedFieldValues',
    summary: 'Values of a field in lines',
    params: object({ name: { ...string, description: 'The field.' } }),
    parameters: fieldParameters,
    answer: fieldValues,
  },
]

export function lokiRoutes(app: FastifyInstance, context: ApiContext): void {
  grafanaRoutes(app, context, routes, { syntax: 400, unsupported: 400, execution: 400 })
}
