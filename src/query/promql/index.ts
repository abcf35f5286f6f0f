/** PromQL over series of a source. */
import { QueryFailure } from '../metrics/failure.ts'
import { compareLabels, LabelSet } from '../metrics/labels.ts'
import { withoutDroppedNames } from '../metrics/binary.ts'
import type { Vector } from '../metrics/values.ts'
import type { Node, Selector, ValueType } from './ast.ts'
import { Evaluation } from './evaluate.ts'
import type { Note } from './notes.ts'
import { checkPoints, readsOf, usualLookback, type QueryTimes } from './plan.ts'
import { LoadedSeries, type SeriesSource } from './series.ts'
import { typeOf } from './types.ts'
import { parsePromql } from './parse.ts'

export { parsePromql, parseSelector } from './parse.ts'
export { printed, treeOf } from './print.ts'
export type { SeriesRequest, SeriesSource } from './series.ts'
export type { QueryTimes } from './plan.ts'

export type ResultSeries = Readonly<{ labels: LabelSet; points: readonly (readonly [number, number])[] }>

export type InstantResult =
  | Readonly<{ type: 'scalar'; value: number }>
  | Readonly<{ type: 'string'; value: string }>
  | Readonly<{ type: 'vector'; vector: Vector }>
  | Readonly<{ type: 'matrix'; series: readonly ResultSeries[] }>

export type QueryEnvironment = Readonly<{
  source: SeriesSource
  maxSamples: number
  /** Throws after the deadline. */
  tick: () => void
  /** Lets other requests run. */
  pause: () => Promise<void>
  note: Note
  /** Ms in which an instant selector finds the newest sample. */
  lookback?: number
}>

export async function queryInstant(text: string, time: number, environment: QueryEnvironment): Promise<InstantResult> {
  const node = parsePromql(text)
  const evaluation = await prepare(node, { start: time, end: time, step: 1 }, environment)
  const type: ValueType = typeOf(node)
  if (type === 'matrix') {
    const { windows } = evaluation.windows(node, time)
    const series = windows.map(({ labels, times, values, dropsName }): ResultSeries => ({
      labels: dropsName === true ? labels.nameless : labels,
      points: times.map((at, index) => [at, values[index]!]),
    }))
    return { type, series: byLabels(series) }
  }
  const value = evaluation.at(node, time)
  if (typeof value === 'number') return { type: 'scalar', value }
  if (typeof value === 'string') return { type: 'string', value }
  return { type: 'vector', vector: withoutDroppedNames(value) }
}

export async function queryRange(
  text: string,
  times: QueryTimes,
  environment: QueryEnvironment,
): Promise<readonly ResultSeries[]> {
  const node = parsePromql(text)
  checkPoints(times)
  const type = typeOf(node)
  if (type === 'matrix' || type === 'string')
    throw new QueryFailure(
      'syntax',
      `invalid expression type "${type === 'matrix' ? 'range vector' : type}" for range query, must be ` +
        'Scalar or instant Vector',
    )
  const evaluation = await prepare(node, times, environment)
  const results = new Map<string, { labels: LabelSet; points: [number, number][] }>()
  for (let time = times.start; time <= times.end; time += times.step) {
    const value = evaluation.at(node, time)
    const vector = typeof value === 'number' ? scalarVector(value) : withoutDroppedNames(value as Vector)
    for (const { labels, value: number } of vector) {
      const series = results.get(labels.key)
      if (series === undefined) results.set(labels.key, { labels, points: [[time, number]] })
      else series.points.push([time, number])
    }
    evaluation.count(vector.length)
    await environment.pause()
  }
  return byLabels([...results.values()])
}

function scalarVector(value: number): Vector {
  return [{ labels: LabelSet.empty, value }]
}

async function prepare(
  node: Node,
  times: QueryTimes,
  { source, maxSamples, tick, note, lookback = usualLookback }: QueryEnvironment,
): Promise<Evaluation> {
  const series = new Map<Selector, readonly LoadedSeries[]>()
  const evaluation = new Evaluation(times, series, { tick, maxSamples, note, lookback })
  for (const { selector, after, to, range } of readsOf(node, times, lookback)) {
    // An instant selector needs a sample within the lookback.
    const resolution = range ?? Math.min(lookback, times.end > times.start ? times.step : lookback)
    const results = await source({ matchers: selector.matchers, from: after + 1, to, resolution })
    evaluation.count(results.reduce((sum, series) => sum + series.times.length, 0))
    series.set(
      selector,
      results.toSorted((a, b) => compareLabels(a.labels, b.labels)).map((series) => new LoadedSeries(series)),
    )
  }
  return evaluation
}

function byLabels(series: readonly ResultSeries[]): ResultSeries[] {
  return series.toSorted((a, b) => compareLabels(a.labels, b.labels))
}
