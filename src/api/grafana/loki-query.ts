import { syntaxError } from '../../query/metrics/failure.ts'
import { LabelSet } from '../../query/metrics/labels.ts'
import type { Matcher } from '../../query/metrics/matchers.ts'
import { numberText } from '../../query/metrics/values.ts'
import type { LogEnvironment, MetricSeries, Processed } from '../../query/logql/index.ts'
import type { GrafanaRequest } from './answer.ts'
import {
  environmentOf,
  intervalOf,
  language,
  limitOf,
  nanoseconds,
  nsPerMs,
  spanOf,
  stepOf,
  success,
} from './loki-request.ts'
import { logEntries } from '../../topics/logs/index.ts'

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

export async function query(request: GrafanaRequest): Promise<object> {
  const time = Number((nanoseconds(request, 'time') ?? BigInt(request.now) * nsPerMs) / nsPerMs)
  limitOf(request)
  const text = request.parameters.needed('query')
  const { constantOf, parseLogql, queryMetric } = await language()
  const node = parseLogql(text)
  const constant = constantOf(node)
  if (constant !== undefined)
    return success({ resultType: 'scalar', result: [time / 1000, numberText(constant)], stats: {} })
  const series = await queryMetric(node, { start: time, end: time, step: 1 }, environmentOf(request))
  return success(vectorOf(series))
}

export async function queryRange(request: GrafanaRequest): Promise<object> {
  const text = request.parameters.needed('query')
  const span = spanOf(request)
  const { parseLogql, queryMetric, queryLogs } = await language()
  const node = parseLogql(text)
  if (node.is !== 'logs') {
    const step = stepOf(request, span)
    const [from, to] = [span.from, span.to].map((ns) => Number(ns / nsPerMs)) as [number, number]
    // Steps are multiples of their length, as in Loki.
    const steps = { start: Math.floor(from / step) * step, end: Math.ceil(to / step) * step, step }
    return success(matrixOf(await queryMetric(node, steps, environmentOf(request))))
  }
  const direction = (request.parameters.text('direction') ?? 'backward').toLowerCase()
  if (direction !== 'forward' && direction !== 'backward') throw syntaxError(`invalid direction '${direction}'`)
  const limit = limitOf(request)
  const interval = intervalOf(request)
  const few =
    node.stages.length === 0 && interval === 0n && isOneStream(node.matchers)
      ? { count: limit, newest: direction === 'backward' }
      : undefined
  const environment = environmentOf(request)
  const source: LogEnvironment['source'] = (filter) =>
    logEntries(request, few === undefined ? filter : { ...filter, few })
  const lines = await queryLogs(node, { ...span, limit, direction, interval }, { ...environment, source })
  return success(streamsOf(lines, labelForm(request)))
}

/** SQL evaluates these matchers, so that its limit counts matching lines. */
function isOneStream(matchers: readonly Matcher[]) {
  return matchers.every(({ name, operator, value }) => name === 'family' && operator === '=' && value !== 'log')
}

const categorize = 'categorize-labels'

type LabelForm = 'merged' | 'categorized'

export function labelForm({ request }: GrafanaRequest): LabelForm {
  const flags = request.headers['x-loki-response-encoding-flags']
  return typeof flags === 'string' && flags.split(',').some((flag) => flag.trim() === categorize)
    ? 'categorized'
    : 'merged'
}

type Streams = Readonly<{
  resultType: 'streams'
  encodingFlags?: readonly string[]
  result: readonly object[]
  stats: object
}>

export function streamsOf(lines: readonly Processed[], form: LabelForm): Streams {
  const categorized = form === 'categorized'
  const streams = new Map<string, { stream: LabelSet; values: unknown[] }>()
  for (const { entry, line, labels, parsed, metadata } of lines) {
    const parts = { structuredMetadata: {} as Record<string, string>, parsed: {} as Record<string, string> }
    const pairs: [string, string][] = []
    for (const [name, value] of labels) {
      if (parsed.has(name)) parts.parsed[name] = value
      else if (metadata.has(name)) parts.structuredMetadata[name] = value
      else pairs.push([name, value])
    }
    const stream = LabelSet.withEmpty(categorized ? pairs : labels)
    const existing = streams.get(stream.key) ?? { stream, values: [] }
    streams.set(stream.key, existing)
    const kept = Object.fromEntries(Object.entries(parts).filter(([, values]) => Object.keys(values).length > 0))
    existing.values.push([String(entry.time), line, ...(categorized ? [kept] : [])])
  }
  return {
    resultType: 'streams',
    ...(categorized ? { encodingFlags: [categorize] } : {}),
    result: [...streams.values()],
    stats: {},
  }
}
