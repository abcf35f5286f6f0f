/** Queries over generated samples: those after filters and parsers, so that the query leaves these out. */
import { isDeepStrictEqual } from 'node:util'
import { parseLogql, queryLogs, queryMetric, type LogEntry, type LogqlNode } from '../../../src/query/logql/index.ts'
import { QueryFailure } from '../../../src/query/metrics/failure.ts'
import { LabelSet } from '../../../src/query/metrics/labels.ts'
import { constantOf } from '../../../src/query/logql/parse.ts'
import type { LogQuery, MetricNode } from '../../../src/query/logql/ast.ts'
import { compared, right, type Case, type Verdicts } from './cases.ts'
import { difference, type Found, type Point } from './found.ts'
import type { GoExpression } from './go-expressions.ts'
import { field, rowsOf, type GoRow } from './go-tables.ts'
import { labelsOf, listOf, memberOf, nameOf, numberOf, textOf } from './go-values.ts'
import type { Table } from './stage-tables.ts'

type Sample = Readonly<{ time: number; value: number }>
type Generator = (at: number) => Sample
type Stream = Readonly<{ labels: LabelSet; samples: readonly Sample[] }>

const second = 1e9

function generatorOf(value: GoExpression): Generator {
  const [first, next] = listOf(value)
  const number = first === undefined ? 0 : (numberOf(first) ?? 0)
  const sample = (at: number, size = 1, time = at): Sample => ({ time: time * second, value: size })
  switch (nameOf(value)) {
    case 'identity':
      return (at) => sample(at)
    case 'factor':
      return (at) => generatorOf(next!)(at * number)
    case 'offset':
      return (at) => generatorOf(next!)(at + number)
    case 'constant':
      return (at) => sample(at, 1, number)
    case 'constantValue':
      return (at) => sample(at, number)
    case 'incValue':
      return (at) => sample(at, number + at)
    case 'inverse':
      return (at) => generatorOf(first!)(-at)
    default:
      throw new Error(`no generator ${nameOf(value)}`)
  }
}

function selectorOf(text: string): LabelSet {
  return LabelSet.of(
    [...text.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, name, quoted]): [string, string] => [
      name!,
      JSON.parse(`"${quoted}"`) as string,
    ]),
  )
}

/** Stream of `newStream`, `newSeries` and their variants, or of a literal. */
function streamOf(value: GoExpression): Stream {
  if (value.is === 'composite') {
    const samples = listOf(memberOf(value, 'Samples')!).map((goExpression) => ({
      time: numberIn(goExpression, 'Timestamp'),
      value: numberIn(goExpression, 'Value'),
    }))
    return { labels: selectorOf(textOf(memberOf(value, 'Labels')!)!), samples }
  }
  const list = listOf(value)
  const labels = selectorOf(textOf(list.at(-1)!)!)
  const generate = generatorOf(list.at(-2)!)
  const count = numberOf(list[0]!)!
  const samples = placesOf(nameOf(value), count, list).map(generate)
  return { labels, samples }
}

function placesOf(name: string, count: number, list: readonly GoExpression[]): number[] {
  const isBackward = name.startsWith('newBackward')
  const every = name.includes('Interval') ? numberOf(list[isBackward ? 2 : 1]!)! / second : 1
  if (!isBackward) return Array.from({ length: count }, (_, at) => at * every)
  const length = name === 'newBackwardStream' ? count - 1 : numberOf(list[1]!)!
  return Array.from({ length }, (_, at) => count - 1 - at * every)
}

const streamsOf = (value: GoExpression): Stream[][] =>
  listOf(value).map((goExpression) => listOf(goExpression).map((stream) => streamOf(stream)))

const unwrapped = 'unwrapped_value'

/** Reads the samples at this place instead of what its filters and parsers leave. */
function placed(logs: LogQuery, position: number): LogQuery {
  const unwrap = logs.stages.find((stage) => stage.is === 'unwrap')
  const stages: LogQuery['stages'] =
    unwrap === undefined
      ? [{ is: 'drop', names: new Set([unwrapped]), matchers: [] }]
      : [{ is: 'unwrap', name: unwrapped, conversion: 'number' }]
  return { ...logs, stages, matchers: Object.assign([...logs.matchers], { place: position }) }
}

function placedNode(node: MetricNode, next: () => number): MetricNode {
  if (node.is === 'range') return { ...node, logs: placed(node.logs, next()) }
  if (node.is === 'binary') return { ...node, left: placedNode(node.left, next), right: placedNode(node.right, next) }
  return 'of' in node ? { ...node, of: placedNode(node.of, next) } : node
}

function sourceOf(data: readonly (readonly Stream[])[]) {
  return ({ matchers, from, to }: { matchers: object; from: bigint; to: bigint }): Promise<LogEntry[]> => {
    const { place = 0 } = matchers as { place?: number }
    const entries = (data[Math.min(place, data.length - 1)] ?? []).flatMap(({ labels, samples }) =>
      samples.map(({ time, value }): LogEntry => ({
        time: BigInt(Math.round(time)),
        // The value of a sample is its bytes in functions of bytes.
        line: 'x'.repeat(Math.max(0, value)),
        stream: labels,
        metadata: { [unwrapped]: String(value) },
      })),
    )
    const within = entries.filter(({ time }) => time >= from && time < to)
    return Promise.resolve(within.sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0)))
  }
}

const environmentOf = (data: readonly (readonly Stream[])[]) => ({
  source: sourceOf(data),
  tick: () => {},
  pause: () => Promise.resolve(),
  now: 0n,
})

const metricOf = (value: GoExpression): LabelSet => {
  const metric = memberOf(value, 'Metric')
  return LabelSet.of((metric === undefined ? undefined : labelsOf(metric)) ?? {})
}

function expectedOf(value: GoExpression): Found {
  return listOf(value).map((goExpression) => {
    const floats = memberOf(goExpression, 'Floats')
    const points = floats === undefined ? [goExpression] : listOf(floats)
    return {
      labels: metricOf(goExpression),
      points: points.map((point): Point => [numberIn(point, 'T'), numberIn(point, 'F')]),
    }
  })
}

/** A field that the literal leaves out is 0. */
const numberIn = (value: GoExpression, name: string): number => numberOf(memberOf(value, name) ?? noNumber) ?? 0
const noNumber: GoExpression = { is: 'number', value: 0 }

type Times = Readonly<{ start: number; end: number; step: number }>

async function verdictOf(row: GoRow, query: string, times: Times): Promise<Verdicts> {
  const data = streamsOf(field(row, 'data'))
  const expected = field(row, 'expected')
  const node = parseLogql(query)
  const ms = { start: times.start / 1e6, end: times.end / 1e6, step: times.step === 0 ? 1 : times.step / 1e6 }
  if (node.is === 'logs') return lines(row, query, node, data)
  const constant = constantOf(node)
  if (nameOf(expected) === 'promql.Scalar')
    return compared(query, String(numberOf(memberOf(expected, 'V')!)), String(constant))
  let position = 0
  try {
    const metric = await queryMetric(
      placedNode(node, () => position++),
      ms,
      environmentOf(data),
    )
    if (nameOf(expected) === 'errors.New') return { verdict: 'wrong', detail: `${query}\nexpected a failure` }
    return difference(query, expectedOf(expected), metric, node.is === 'sort' ? 'ordered' : 'any')
  } catch (error) {
    if (error instanceof QueryFailure && nameOf(expected) === 'errors.New') return right
    throw error
  }
}

async function lines(row: GoRow, query: string, node: LogqlNode & { is: 'logs' }, data: Stream[][]): Promise<Verdicts> {
  const interval = BigInt(numberOf(field(row, 'interval')) ?? 0)
  const isForward = nameOf(field(row, 'direction')) === 'logproto.FORWARD'
  const samples = data[0]![0]!.samples
  // No store answers in the other direction.
  if (samples[0]!.time < samples[1]!.time !== isForward) return right
  const logs = await queryLogs(
    placed(node, 0),
    {
      // The streams of the tests are not limited by time.
      from: -1n,
      to: 1_000_000_000_000n,
      limit: numberOf(field(row, 'limit'))!,
      direction: isForward ? 'forward' : 'backward',
      interval,
    },
    environmentOf(data),
  )
  const times = logs.map(({ entry }) => Number(entry.time) / second)
  const wanted = listOf(listOf(field(row, 'expected'))[0]!).flatMap((stream) =>
    streamOf(stream).samples.map(({ time }) => time / second),
  )
  const ascending = (all: readonly number[]): number[] => all.toSorted((a, b) => a - b)
  return isDeepStrictEqual(ascending(times), ascending(wanted))
    ? right
    : compared(query, JSON.stringify(wanted), JSON.stringify(times))
}

const instants = (test: string): Table => ({
  file: 'engine_test.go',
  test,
  cases: (source) =>
    rowsOf(source, test).map((row, index): Case => {
      const query = textOf(field(row, 'qs'))!
      const at = numberOf(field(row, 'ts'))!
      return {
        is: 'other',
        name: `${index + 1}: ${query}`,
        verdict: () => verdictOf(row, query, { start: at, end: at, step: 0 }),
      }
    }),
})

const ranges = (test: string): Table => ({
  file: 'engine_test.go',
  test,
  cases: (source) =>
    rowsOf(source, test).map((row, index): Case => {
      const query = textOf(field(row, 'qs'))!
      const [start, end, step] = ['start', 'end', 'step'].map((name) => numberOf(field(row, name))!)
      return {
        is: 'other',
        name: `${index + 1}: ${query}`,
        verdict: () => verdictOf(row, query, { start: start!, end: end!, step: step! }),
      }
    }),
})

export const engineTables: readonly Table[] = [
  instants('TestEngine_LogsRateUnwrap'),
  instants('TestEngine_InstantQuery'),
  ranges('TestEngine_RangeQuery'),
  instants('TestEngine_Variants_InstantQuery'),
  ranges('TestEngine_Variants_RangeQuery'),
]
