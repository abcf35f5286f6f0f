import { syntaxError } from '../../query/metrics/failure.ts'
import { compareLabels, LabelSet } from '../../query/metrics/labels.ts'
import type { GrafanaRequest } from './answer.ts'
import { language, limitOf, nsPerMs, spanOf, stepOf, success, type NsSpan } from './loki-request.ts'
import { streamCounts, type Counted, type StreamCount } from '../../topics/logs/index.ts'

/** Streams of selectors without stages. */
export async function selectedStreams(request: GrafanaRequest, ...names: readonly string[]): Promise<StreamCount[]> {
  const { parseLogs } = await language()
  for (const text of names.flatMap((name) => request.parameters.all(name)))
    if (text !== '' && text !== '{}' && parseLogs(text).stages.length > 0)
      throw syntaxError('only label matchers are supported')
  return streamsIn(request, 'lines', ...names)
}

/** Streams of selectors; stages are ignored. */
async function streamsIn(
  request: GrafanaRequest,
  counted: Counted,
  ...names: readonly string[]
): Promise<StreamCount[]> {
  return streamsWithin(request, spanOf(request), counted, ...names)
}

/** `step`: ns. Streams are counted for each step. */
async function streamsWithin(
  request: GrafanaRequest,
  span: NsSpan & Readonly<{ step?: bigint }>,
  counted: Counted,
  ...names: readonly string[]
): Promise<StreamCount[]> {
  const written = names.flatMap((name) => request.parameters.all(name)).filter((text) => text !== '' && text !== '{}')
  if (written.length === 0) return streamCounts(request, { ...span, matchers: [] }, counted)
  const { parseLogs } = await language()
  const streams = new Map<string, StreamCount>()
  for (const text of written)
    for (const count of await streamCounts(request, { ...span, matchers: parseLogs(text).matchers }, counted))
      streams.set(`${count.step} ${count.stream.key}`, count)
  return [...streams.values()]
}

export async function labels(request: GrafanaRequest): Promise<object> {
  const streams = await selectedStreams(request, 'query')
  return success([...new Set(streams.flatMap(({ stream }) => stream.entries.map(([name]) => name)))].sort())
}

export async function labelValues(request: GrafanaRequest): Promise<object> {
  const name = request.path('name')
  const values = (await selectedStreams(request, 'query')).map(({ stream }) => stream.get(name))
  return success([...new Set(values)].filter((value) => value !== '').sort())
}

export async function stats(request: GrafanaRequest): Promise<object> {
  request.parameters.needed('query')
  const streams = await streamsIn(request, 'bytes', 'query')
  const total = (of: 'entries' | 'bytes'): number => streams.reduce((sum, count) => sum + count[of], 0)
  return { streams: streams.length, chunks: 0, entries: total('entries'), bytes: total('bytes') }
}

type Volume = Readonly<{ labels: LabelSet; bytes: number }>

/** Sums the bytes of streams by the labels of `targetLabels`, or of the selector; largest first. */
async function volumeSums(request: GrafanaRequest): Promise<(counts: readonly StreamCount[]) => readonly Volume[]> {
  const { parameters } = request
  const targets = (parameters.text('targetLabels') ?? '').split(',').filter((name) => name !== '')
  const { parseLogs } = await language()
  const named = parseLogs(parameters.needed('query')).matchers.map(({ name }) => name)
  const names = new Set(targets.length > 0 ? targets : named)
  const aggregateBy = parameters.text('aggregateBy') ?? 'series'
  if (aggregateBy !== 'series' && aggregateBy !== 'labels') throw syntaxError('invalid aggregation option')
  const limit = limitOf(request)
  const labelsOf = ({ stream }: StreamCount): readonly LabelSet[] =>
    aggregateBy === 'series'
      ? [stream.keep(names)]
      : stream.entries
          .filter(([name]) => targets.length === 0 || names.has(name))
          .map(([name]) => LabelSet.of({ [name]: '1' }))
  return (counts) => {
    const sums = new Map<string, { labels: LabelSet; bytes: number }>()
    for (const count of counts)
      for (const labels of labelsOf(count)) {
        const sum = sums.get(labels.key) ?? { labels, bytes: 0 }
        sums.set(labels.key, sum)
        sum.bytes += count.bytes
      }
    return [...sums.values()].toSorted((a, b) => b.bytes - a.bytes || compareLabels(a.labels, b.labels)).slice(0, limit)
  }
}

/** With `aggregateBy=labels` the metric is the name of a label without a value. */
function volumeMetric({ parameters }: GrafanaRequest, set: LabelSet): object {
  if (parameters.text('aggregateBy') !== 'labels') return set
  return Object.fromEntries(set.entries.map(([name]) => [name, '']))
}

export async function volume(request: GrafanaRequest): Promise<object> {
  const span = spanOf(request)
  const time = Number(span.to / nsPerMs) / 1000
  const sumsOf = await volumeSums(request)
  const result = sumsOf(await streamsWithin(request, span, 'bytes', 'query')).map((sum) => ({
    metric: volumeMetric(request, sum.labels),
    value: [time, String(sum.bytes)],
  }))
  return success({ resultType: 'vector', result, stats: {} })
}

export async function volumeRange(request: GrafanaRequest): Promise<object> {
  const span = spanOf(request)
  const step = BigInt(Math.round(stepOf(request, span))) * nsPerMs
  const sumsOf = await volumeSums(request)
  const steps = Map.groupBy(await streamsWithin(request, { ...span, step }, 'bytes', 'query'), (count) => count.step)
  const series = new Map<string, { metric: object; values: unknown[] }>()
  for (const [number, counts] of [...steps].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    request.environment.tick()
    // Steps end at multiples of their length, with their last millisecond, as in Loki.
    const end = (number + 1n) * step
    const at = end < span.to ? end - nsPerMs : span.to
    for (const { labels, bytes } of sumsOf(counts)) {
      const volumes = series.get(labels.key) ?? { metric: volumeMetric(request, labels), values: [] }
      series.set(labels.key, volumes)
      volumes.values.push([Number(at / nsPerMs) / 1000, String(bytes)])
    }
  }
  return success({ resultType: 'matrix', result: [...series.values()], stats: {} })
}

export async function detectedLabels(request: GrafanaRequest): Promise<object> {
  const values = new Map<string, Set<string>>()
  for (const { stream } of await streamsIn(request, 'lines', 'query'))
    for (const [name, value] of stream.entries) values.set(name, (values.get(name) ?? new Set()).add(value))
  const shown = [...values].filter(([label, texts]) => alwaysShown.has(label) || !areIds([...texts]))
  return { detectedLabels: shown.map(([label, texts]) => ({ label, cardinality: texts.size })) }
}

const alwaysShown: ReadonlySet<string> = new Set(['cluster', 'namespace', 'instance', 'pod'])
const uuid = /^(?:urn:uuid:|\{)?[\da-f]{8}-?(?:[\da-f]{4}-?){3}[\da-f]{12}\}?$/i

/** Numbers and UUIDs are no labels to choose from, as in Loki; 0 and 1 alone are. */
function areIds(values: readonly string[]): boolean {
  if (values.length <= 2 && values.every((value) => value === '0' || value === '1')) return false
  return values.every((value) => (value.trim() !== '' && !Number.isNaN(Number(value))) || uuid.test(value))
}
