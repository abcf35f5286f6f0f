/** LogQL over log lines of a source. */
import { aggregate, Groups } from '../metrics/aggregate.ts'
import { isSetOperator, scalarBinary, setBinary, Signatures, vectorBinary, vectorScalar } from '../metrics/binary.ts'
import { executionError, syntaxError, TooManyLines } from '../metrics/failure.ts'
import { compareLabels, LabelSet } from '../metrics/labels.ts'
import type { Matcher } from '../metrics/matchers.ts'
import {
  meanOf,
  quantileOf,
  sorted,
  sumOf,
  timesOf,
  varianceOf,
  type Sample,
  type Steps,
  type Vector,
} from '../metrics/values.ts'
import type { LogqlNode, LogQuery, MetricNode } from './ast.ts'
import { counterRate } from './counter-rate.ts'
import { labelReplace } from '../metrics/label-replace.ts'
import { processed, type LogEntry, type Processed } from './pipeline.ts'

export { constantOf, parseLogql, parseLogs } from './parse.ts'
export { processed, type LogEntry, type Processed } from './pipeline.ts'
export type { LogqlNode, LogQuery } from './ast.ts'
export { detectedFields, type DetectedField } from './fields.ts'
export { LinePatterns } from './patterns.ts'

/** Ns; `from` inclusive, `to` exclusive. In order of time. */
export type LogRequest = Readonly<{
  matchers: readonly Matcher[]
  from: bigint
  to: bigint
}>
export type LogSource = (request: LogRequest) => Promise<readonly LogEntry[]>

export type LogEnvironment = Readonly<{
  source: LogSource
  tick: () => void
  pause: () => Promise<void>
  /** Time of the query, ns since 1970. */
  now: bigint
}>

export type MetricSeries = Readonly<{ labels: LabelSet; points: (readonly [number, number])[] }>

const nsPerMs = 1_000_000n
type RangeNode = Extract<MetricNode, { is: 'range' }>
type Value = { time: number; value: number; bytes: number }
type Loaded = readonly { labels: LabelSet; values: Value[] }[]

/** One result for each step (ms); an instant query has one. */
export async function queryMetric(node: LogqlNode, steps: Steps, environment: LogEnvironment): Promise<MetricSeries[]> {
  if (node.is === 'logs') throw syntaxError('log queries are not supported as an instant query type')
  if (steps.start !== steps.end && someNode(node, (metricNode) => metricNode.is === 'aggregate' && metricNode.instant))
    throw syntaxError('approx_topk is only supported on instant queries')
  const loaded = new Map<RangeNode, Loaded>()
  for (const range of rangesOf(node)) loaded.set(range, await load(range, steps, environment))
  const signatures = new Map<MetricNode, Signatures>()
  const results = new Map<string, MetricSeries>()
  for (const time of timesOf(steps)) {
    environment.tick()
    const value = at(node, time, loaded, signatures)
    for (const { labels, value: number } of typeof value === 'number' ? [{ labels: LabelSet.empty, value }] : value) {
      const series = results.get(labels.key) ?? { labels, points: [] }
      results.set(labels.key, series)
      series.points.push([time, number])
    }
    await environment.pause()
  }
  // A query at one instant keeps the order of `sort`.
  const isSorted = steps.start === steps.end && someNode(node, ({ is }) => is === 'sort')
  return isSorted ? [...results.values()] : [...results.values()].sort((a, b) => compareLabels(a.labels, b.labels))
}

function partsOf(node: MetricNode): MetricNode[] {
  if ('of' in node) return [node, ...partsOf(node.of)]
  return node.is === 'binary' ? [node, ...partsOf(node.left), ...partsOf(node.right)] : [node]
}

const rangesOf = (node: MetricNode): RangeNode[] => partsOf(node).filter((part) => part.is === 'range')

const someNode = (node: MetricNode, test: (part: MetricNode) => boolean): boolean => partsOf(node).some(test)

async function load(
  { logs, range, offset, grouping, name }: RangeNode,
  { start, end }: Steps,
  environment: LogEnvironment,
): Promise<Loaded> {
  const from = BigInt(Math.floor(start - offset - range)) * nsPerMs
  const entries = await environment.source({
    matchers: logs.matchers,
    from,
    to: BigInt(Math.ceil(end - offset) + 1) * nsPerMs,
  })
  const unwrap = logs.stages.find((stage) => stage.is === 'unwrap')
  const groups = grouping === undefined ? undefined : new Groups(grouping)
  const series = new Map<string, { labels: LabelSet; values: Value[] }>()
  for (const entry of entries) {
    environment.tick()
    const line = processed(entry, logs.stages, environment.now)
    if (line === undefined) continue
    if (line.labels.has('__error__'))
      throw executionError(
        `pipeline error: '${line.labels.get('__error__')!}' in ${name}; the label filter __error__="" skips such lines`,
      )
    // Only a group by the name of the unwrapped label keeps this label.
    if (unwrap !== undefined && grouping?.without !== false) line.labels.delete(unwrap.name)
    const labelSet = LabelSet.withEmpty(line.labels)
    const labels = groups === undefined ? labelSet : groups.of(labelSet)
    const existing = series.get(labels.key) ?? { labels, values: [] }
    series.set(labels.key, existing)
    existing.values.push({
      time: Number(entry.time / 1000n) / 1000,
      value: line.value ?? 1,
      bytes: Buffer.byteLength(line.line),
    })
  }
  return [...series.values()]
}

function at(
  node: MetricNode,
  time: number,
  loaded: ReadonlyMap<RangeNode, Loaded>,
  signatures: Map<MetricNode, Signatures>,
): number | Vector {
  switch (node.is) {
    case 'number':
      return node.value
    case 'vector':
      return [{ labels: LabelSet.empty, value: node.value }]
    case 'range':
      return overTime(node, time, loaded.get(node)!)
    case 'aggregate':
      return aggregate(
        node.aggregator,
        at(node.of, time, loaded, signatures) as Vector,
        new Groups(node.grouping),
        node.parameter,
      )
    case 'replace':
      return labelReplace(at(node.of, time, loaded, signatures) as Vector, node.replace)
    case 'sort':
      return sorted(at(node.of, time, loaded, signatures) as Vector, node.descending ? 'descending' : 'ascending')
    case 'binary': {
      const { operator, matching } = node
      const [left, right] = [at(node.left, time, loaded, signatures), at(node.right, time, loaded, signatures)]
      if (typeof left === 'number' && typeof right === 'number') return scalarBinary(operator, left, right)
      if (typeof right === 'number') return vectorScalar(node, left as Vector, right, 'right')
      if (typeof left === 'number') return vectorScalar(node, right, left, 'left')
      const pairs = signatures.get(node) ?? new Signatures(matching)
      signatures.set(node, pairs)
      return isSetOperator(operator) ? setBinary(operator, left, right, pairs) : vectorBinary(node, left, right, pairs)
    }
  }
}

/** After the start of the window, not after its end. */
function overTime(node: RangeNode, time: number, series: Loaded): Vector {
  const windowEnd = time - node.offset
  const from = windowEnd - node.range
  const samples: Sample[] = []
  for (const { labels, values } of series) {
    const inWindow = values.filter((candidate) => candidate.time > from && candidate.time <= windowEnd)
    if (inWindow.length > 0) samples.push({ labels, value: reduced(node, inWindow, windowEnd) })
  }
  if (node.name !== 'absent_over_time') return samples
  return samples.length > 0 ? [] : [{ labels: absentLabels(node.logs), value: 1 }]
}

/** Labels of the matchers that are the only one of their name and an equality. */
function absentLabels({ matchers }: LogQuery): LabelSet {
  const singleMatchers = matchers.filter(({ name }) => matchers.filter((matcher) => matcher.name === name).length === 1)
  return LabelSet.of(
    singleMatchers.filter(({ operator }) => operator === '=').map(({ name, value }): [string, string] => [name, value]),
  )
}

function reduced({ name, range, parameter, logs }: RangeNode, within: readonly Value[], to: number): number {
  const values = within.map(({ value }) => value)
  const bytes = (): number => sumOf(within.map((line) => line.bytes))
  switch (name) {
    case 'count_over_time':
      return within.length
    case 'rate':
      return (logs.stages.some(({ is }) => is === 'unwrap') ? sumOf(values) : within.length) / (range / 1000)
    case 'rate_counter':
      return counterRate(within, { from: to - range, to })
    case 'bytes_over_time':
      return bytes()
    case 'bytes_rate':
      return bytes() / (range / 1000)
    case 'sum_over_time':
      return sumOf(values)
    case 'avg_over_time':
      return meanOf(values)
    case 'min_over_time':
      return values.reduce((least, value) => (value < least || Number.isNaN(least) ? value : least))
    case 'max_over_time':
      return values.reduce((most, value) => (value > most || Number.isNaN(most) ? value : most))
    case 'first_over_time':
      return values[0]!
    case 'last_over_time':
      return values.at(-1)!
    case 'stddev_over_time':
      return Math.sqrt(varianceOf(values))
    case 'stdvar_over_time':
      return varianceOf(values)
    case 'quantile_over_time':
      return quantileOf(parameter ?? NaN, values)
    default:
      return 1
  }
}

/** With `interval` (ns), a line follows the line before, in the direction, by at least that time. */
export type LogsRequest = Readonly<{
  from: bigint
  to: bigint
  limit: number
  direction: 'forward' | 'backward'
  interval?: bigint
}>

/** The first lines in the direction, read in parts of the time range so that the limit ends the reading. */
export async function queryLogs(
  logs: LogQuery,
  { from, to, limit, direction, interval = 0n }: LogsRequest,
  environment: LogEnvironment,
): Promise<Processed[]> {
  const isBackward = direction === 'backward'
  const results: Processed[] = []
  let part = (to - from) / firstParts + 1n
  for (let [start, end] = [from, to]; start < end && results.length < limit;) {
    const partLength = end - start < part ? end - start : part
    const span = isBackward ? { from: end - partLength, to: end } : { from: start, to: start + partLength }
    const entries = await linesOf(environment, { matchers: logs.matchers, ...span })
    if (entries === undefined) {
      part = partLength / 4n
      continue
    }
    for (const entry of isBackward ? entries.toReversed() : entries) {
      environment.tick()
      const line = processed(entry, logs.stages, environment.now)
      if (line !== undefined && isApart(results.at(-1), entry, interval)) results.push(line)
      if (results.length === limit) break
    }
    part *= 4n
    if (isBackward) end = span.from
    else start = span.to
    await environment.pause()
  }
  return results
}

function isApart(last: Processed | undefined, { time }: LogEntry, interval: bigint): boolean {
  if (last === undefined || interval === 0n) return true
  const elapsed = time - last.entry.time
  return (elapsed < 0n ? -elapsed : elapsed) >= interval
}

const firstParts = 16n

/** Lines of a time range. Undefined: too many lines for one read, and the range can be divided. */
async function linesOf({ source }: LogEnvironment, request: LogRequest): Promise<readonly LogEntry[] | undefined> {
  try {
    return await source(request)
  } catch (error) {
    if (error instanceof TooManyLines && request.to - request.from > nsPerMs) return undefined
    throw error
  }
}
