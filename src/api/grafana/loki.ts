import type { FastifyInstance } from 'fastify'
import { syntaxError } from '../../query/metrics/failure.ts'
import { durationMs } from '../../query/metrics/lexer.ts'
import { LabelSet } from '../../query/metrics/labels.ts'
import type { Matcher } from '../../query/metrics/matchers.ts'
import { numberText } from '../../query/metrics/values.ts'
import type { LogEnvironment, LogEntry, MetricSeries, Processed } from '../../query/logql/index.ts'
import { object, string } from '../json-schema.ts'
import type { ApiContext } from '../options.ts'
import { grafanaRoutes, type GrafanaRequest, type GrafanaRoute } from './answer.ts'
import { logEntries } from './logs.ts'
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
  const { queryMetric } = await language()
  const series = await queryMetric(
    request.parameters.needed('query'),
    { start: time, end: time, step: 1 },
    environmentOf(request),
  )
  return success(vectorOf(series))
}

async function queryRange(request: GrafanaRequest): Promise<object> {
  const text = request.parameters.needed('query')
  const span = spanOf(request)
  const { parseLogql, queryMetric, queryLogs } = await language()
  const node = parseLogql(text)
  if (node.is !== 'logs') {
    const [start, end] = [span.from, span.to].map((ns) => Number(ns / nsPerMs)) as [number, number]
    return success(
      matrixOf(await queryMetric(text, { start, end, step: stepOf(request, span) }, environmentOf(request))),
    )
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
  for (const { entry, labels, parsed } of lines) {
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
    known.values.push([String(entry.time), entry.line, ...(categorized ? [kept] : [])])
  }
  return {
    resultType: 'streams',
    ...(categorized ? { encodingFlags: [categorize] } : {}),
    result: [...streams.values()],
    stats: {},
  }
}

async function entriesOf(request: GrafanaRequest, name: string): Promise<LogEntry[]> {
  const written = request.parameters.all(name).filter((text) => text !== '' && text !== '{}')
  const span = spanOf(request)
  if (written.length === 0) return logEntries(request, { ...span, matchers: [] })
  const { parseLogs, processed } = await language()
  const found: LogEntry[] = []
  for (const text of written) {
    const { matchers, stages } = parseLogs(text)
    const entries = await logEntries(request, { ...span, matchers })
    found.push(...entries.filter((entry) => processed(entry, stages) !== undefined))
  }
  return found
}

function streamSets(entries: readonly LogEntry[]): LabelSet[] {
  return [...new Map(entries.map(({ stream }) => [stream.key, stream])).values()]
}

async function labels(request: GrafanaRequest): Promise<object> {
  const sets = streamSets(await entriesOf(request, 'query'))
  return success([...new Set(sets.flatMap(({ entries }) => entries.map(([name]) => name)))].sort())
}

async function labelValues(request: GrafanaRequest): Promise<object> {
  const { name } = request.request.params as { name: string }
  const values = streamSets(await entriesOf(request, 'query')).map((set) => set.get(name))
  return success([...new Set(values)].filter((value) => value !== '').sort())
}

async function stats(request: GrafanaRequest): Promise<object> {
  const entries = await entriesOf(request, 'query')
  const bytes = entries.reduce((sum, { line }) => sum + Buffer.byteLength(line), 0)
  return { streams: streamSets(entries).length, chunks: 0, entries: entries.length, bytes }
}

async function detectedLabels(request: GrafanaRequest): Promise<object> {
  const values = new Map<string, Set<string>>()
  for (const { entries } of streamSets(await entriesOf(request, 'query')))
    for (const [name, value] of entries) values.set(name, (values.get(name) ?? new Set()).add(value))
  return { detectedLabels: [...values].map(([label, found]) => ({ label, cardinality: found.size })) }
}

const times = { start: 'Ns, seconds or RFC 3339.', end: 'Ns, seconds or RFC 3339.' }
const base = '/loki/api/v1'
const ofStreams = { query: 'Stream selector.', ...times }

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
    answer: async (request) => success(streamSets(await entriesOf(request, 'match[]'))),
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
]

export function lokiRoutes(app: FastifyInstance, context: ApiContext): void {
  grafanaRoutes(app, context, routes, { syntax: 400, unsupported: 400, execution: 400 })
}
