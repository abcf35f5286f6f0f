import { aggregate, Groups } from '../metrics/aggregate.ts'
import { isSetOperator, scalarBinary, setBinary, Signatures, vectorBinary, vectorScalar } from '../metrics/binary.ts'
import { executionError } from '../metrics/failure.ts'
import { LabelSet, metadataLabels, metricName } from '../metrics/labels.ts'
import { isLabelName, labelReplace, labelReplaceOf, type LabelReplace } from '../metrics/label-replace.ts'
import { sorted, type Sample, type Vector } from '../metrics/values.ts'
import type { Aggregate, Binary, Call, Node, Selector, Subquery } from './ast.ts'
import { dateFunctions, labelJoin, numberFunctions } from './functions.ts'
import { histogramFractions, histogramQuantiles } from './histograms.ts'
import { Notes, type Note } from './notes.ts'
import { windowFunctions, type WindowTime } from './over-time.ts'
import { shiftedTime, subqueryTimes, type QueryTimes } from './plan.ts'
import type { LoadedSeries, Window } from './series.ts'

export type Value = number | string | Vector

export type EvaluationLimits = Readonly<{
  /** Throws after the deadline. */
  tick: () => void
  maxSamples: number
  note: Note
  lookback: number
}>

/** Evaluates one expression at one time after another. */
export class Evaluation {
  readonly #times: QueryTimes
  readonly #series: ReadonlyMap<Selector, readonly LoadedSeries[]>
  readonly #limits: EvaluationLimits
  readonly #notes: Notes
  readonly #groups = new Map<Aggregate, Groups>()
  readonly #signatures = new Map<Binary, Signatures>()
  readonly #replaces = new Map<Call, LabelReplace>()
  readonly #inner = new Map<Subquery, Map<number, Vector>>()
  #samples = 0

  constructor(times: QueryTimes, series: ReadonlyMap<Selector, readonly LoadedSeries[]>, limits: EvaluationLimits) {
    this.#times = times
    this.#series = series
    this.#limits = limits
    this.#notes = new Notes(limits.note)
  }

  at(node: Node, time: number): Value {
    switch (node.is) {
      case 'number':
      case 'string':
        return node.value
      case 'group':
        return this.at(node.of, time)
      case 'selector':
        return this.#newest(node, time).map(({ labels, value }) => ({ labels, value }))
      case 'negative': {
        const value = this.at(node.of, time)
        if (typeof value === 'number') return -value
        return mapped(value as Vector, (number) => -number)
      }
      case 'aggregate':
        return this.#aggregate(node, time)
      case 'binary':
        return this.#binary(node, time)
      case 'call':
        return this.#call(node, time)
      default:
        throw executionError('a range vector has no value at one time')
    }
  }

  /** Counts samples that are in memory at once. */
  count(samples: number): void {
    this.#samples += samples
    if (this.#samples > this.#limits.maxSamples)
      throw executionError('query processing would load too many samples into memory in query execution')
  }

  windows(written: Node, time: number): { windows: readonly Window[]; time: WindowTime } {
    const node = ungrouped(written)
    if (node.is === 'range') {
      const to = shiftedTime(node.selector, time, this.#times)
      const from = to - node.range
      const windows = (this.#series.get(node.selector) ?? []).flatMap((series) => series.window(from, to) ?? [])
      return { windows, time: { from, to, now: time } }
    }
    if (node.is !== 'subquery') throw executionError('expected a range vector')
    const to = shiftedTime(node, time, this.#times)
    return { windows: this.#subquery(node, to), time: { from: to - node.range, to, now: time } }
  }

  #vector(node: Node, time: number): Vector {
    return this.at(node, time) as Vector
  }

  #number(node: Node, time: number): number {
    return this.at(node, time) as number
  }

  #newest(node: Selector, time: number) {
    this.#limits.tick()
    const to = shiftedTime(node, time, this.#times)
    return (this.#series.get(node) ?? []).flatMap((series) => {
      const newest = series.newest(to - this.#limits.lookback, to)
      return newest === undefined ? [] : [{ labels: series.labels, ...newest }]
    })
  }

  #subquery(node: Subquery, to: number): readonly Window[] {
    const existing = this.#inner.get(node) ?? new Map<number, Vector>()
    this.#inner.set(node, existing)
    const { first, step } = subqueryTimes(node, to)
    const results = new Map<string, { labels: LabelSet; times: number[]; values: number[]; dropsName: boolean }>()
    for (let time = first; time <= to; time += step) {
      let vector = existing.get(time)
      if (vector === undefined) {
        this.#limits.tick()
        vector = this.#vector(node.of, time)
        this.count(vector.length + 1)
        existing.set(time, vector)
      }
      for (const { labels, value, dropsName = false } of vector) {
        const window = results.get(labels.key)
        if (window === undefined) results.set(labels.key, { labels, times: [time], values: [value], dropsName })
        else {
          window.times.push(time)
          window.values.push(value)
        }
      }
    }
    return [...results.values()]
  }

  #aggregate(node: Aggregate, time: number): Vector {
    const groups = remembered(this.#groups, node, () => new Groups(node.grouping))
    const parameter = node.parameter === undefined ? 0 : (this.at(node.parameter, time) as number | string)
    if (node.aggregator === 'quantile') this.#notes.quantile(Number(parameter), node.place)
    return aggregate(node.aggregator, this.#vector(node.of, time), groups, parameter)
  }

  #binary(node: Binary, time: number): Value {
    const { operator, bool, matching } = node
    const [left, right] = [this.at(node.left, time), this.at(node.right, time)]
    if (typeof left === 'number' && typeof right === 'number') return scalarBinary(operator, left, right)
    if (typeof right === 'number') return vectorScalar(node, left as Vector, right, 'right')
    if (typeof left === 'number') return vectorScalar(node, right as Vector, left, 'left')
    const signatures = remembered(this.#signatures, node, () => new Signatures(matching))
    return isSetOperator(operator)
      ? setBinary(operator, left as Vector, right as Vector, signatures)
      : vectorBinary({ operator, bool, matching }, left as Vector, right as Vector, signatures)
  }

  #call(node: Call, time: number): Value {
    const { name, parameters } = node
    const [first, second, third] = parameters as [Node, Node, Node]
    if (windowFunctions[name] !== undefined) return this.#overTime(node, time)
    if (dateFunctions.has(name) && parameters.length === 0)
      return [{ labels: LabelSet.empty, value: numberFunctions[name]!(time / 1000) }]
    if (Object.hasOwn(numberFunctions, name)) {
      const vector = this.#vector(first, time)
      const numbers = parameters.slice(1).map((parameter) => this.#number(parameter, time))
      if (name === 'clamp' && numbers[1]! < numbers[0]!) return []
      return mapped(vector, (value) => numberFunctions[name]!(value, ...numbers))
    }
    switch (name) {
      case 'absent': {
        const isAbsent = this.#vector(first, time).length === 0
        return isAbsent ? [{ labels: absentLabels(first), value: 1 }] : []
      }
      case 'absent_over_time': {
        const isAbsent = this.windows(first, time).windows.length === 0
        return isAbsent ? [{ labels: absentLabels(first), value: 1 }] : []
      }
      case 'histogram_fraction':
        return nameDropped(
          histogramFractions(
            this.#number(first, time),
            this.#number(second, time),
            this.#vector(third, time),
            this.#notes.histogram(node.places[2]!),
          ),
        )
      case 'histogram_quantile': {
        const quantile = this.#number(first, time)
        this.#notes.quantile(quantile, node.places[0]!)
        return nameDropped(
          histogramQuantiles(quantile, this.#vector(second, time), this.#notes.histogram(node.places[1]!)),
        )
      }
      case 'label_join': {
        const [target = '', separator = '', ...sources] = parameters
          .slice(1)
          .map((parameter) => this.at(parameter, time) as string)
        return labelJoin(this.#vector(first, time), target, separator, sources)
      }
      case 'label_replace': {
        const replace = remembered(this.#replaces, node, () => {
          const texts = parameters.slice(1).map((parameter) => this.at(parameter, time) as string)
          if (!isLabelName(texts[0]!))
            throw executionError(`invalid destination label name in label_replace(): ${JSON.stringify(texts[0])}`)
          return labelReplaceOf(...(texts as [string, string, string, string]))
        })
        return labelReplace(this.#vector(first, time), replace)
      }
      case 'pi':
        return Math.PI
      case 'scalar': {
        const vector = this.#vector(first, time)
        return vector.length === 1 ? vector[0]!.value : NaN
      }
      case 'sort':
      case 'sort_desc':
        if (this.#times.start !== this.#times.end) this.#notes.ineffectiveSort(node.place)
        return sorted(this.#vector(first, time), name === 'sort_desc' ? 'descending' : 'ascending')
      case 'time':
        return time / 1000
      case 'timestamp': {
        const inner = ungrouped(first)
        if (inner.is !== 'selector') return mapped(this.#vector(first, time), () => time / 1000)
        return nameDropped(this.#newest(inner, time).map(({ labels, time: at }) => ({ labels, value: at / 1000 })))
      }
      case 'vector':
        return [{ labels: LabelSet.empty, value: this.#number(first, time) }]
      default:
        throw executionError(`${name} has no evaluation`)
    }
  }

  #overTime({ name, parameters, places }: Call, time: number): Vector {
    this.#limits.tick()
    const isFirst = name === 'quantile_over_time'
    const source = parameters[isFirst ? 1 : 0]!
    const node = parameters[isFirst ? 0 : 1]
    const parameter = node === undefined ? NaN : this.#number(node, time)
    if (isFirst) this.#notes.quantile(parameter, places[0]!)
    const { windows, time: within } = this.windows(source, time)
    const isRate = name === 'rate' || name === 'increase'
    const reduce = windowFunctions[name]!
    const samples: Sample[] = []
    for (const window of windows) {
      const value = reduce(window, within, parameter)
      if (value === undefined) continue
      if (isRate) this.#notes.counter(window.labels.get(metricName), places[0]!)
      const dropsName = window.dropsName === true || name !== 'last_over_time'
      samples.push({ labels: window.labels, value, dropsName })
    }
    return samples
  }
}

function mapped(vector: Vector, compute: (value: number) => number): Vector {
  return vector.map(({ labels, value }) => ({ labels, value: compute(value), dropsName: true }))
}

function nameDropped(samples: readonly Sample[]): Vector {
  return samples.map(({ labels, value }) => ({ labels, value, dropsName: true }))
}

function remembered<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  const existing = map.get(key)
  if (existing !== undefined) return existing
  const made = make()
  map.set(key, made)
  return made
}

function ungrouped(node: Node): Node {
  return node.is === 'group' ? ungrouped(node.of) : node
}

/** Labels that every series of the selector has. */
function absentLabels(written: Node): LabelSet {
  const node = ungrouped(written)
  const selector = node.is === 'range' ? node.selector : node
  if (selector.is !== 'selector') return LabelSet.empty
  const matchers = selector.matchers.filter(({ name }) => !metadataLabels.has(name))
  const equal = matchers.filter(
    ({ name, operator }) => operator === '=' && matchers.filter((matcher) => matcher.name === name).length === 1,
  )
  return LabelSet.of(equal.map(({ name, value }): [string, string] => [name, value]))
}
