import { executionError } from './failure.ts'
import { metadataLabels, type LabelSet } from './labels.ts'
import { ascending, meanOf, numberText, quantileOf, sumOf, varianceOf, type Sample, type Vector } from './values.ts'

export const aggregators = [
  'sum',
  'avg',
  'min',
  'max',
  'count',
  'stddev',
  'stdvar',
  'group',
  'topk',
  'bottomk',
  'quantile',
  'count_values',
] as const
export type Aggregator = (typeof aggregators)[number]

export type Grouping = Readonly<{ without: boolean; labels: readonly string[] }>

/** Labels of groups, remembered for each series. */
export class Groups {
  readonly #names: ReadonlySet<string>
  readonly #without: boolean
  readonly #known = new WeakMap<LabelSet, LabelSet>()
  constructor({ without, labels }: Grouping) {
    this.#without = without
    this.#names = new Set(without ? [...labels, ...metadataLabels] : labels)
  }

  of(labels: LabelSet): LabelSet {
    const labelSet = this.#known.get(labels)
    if (labelSet !== undefined) return labelSet
    const group = this.#without ? labels.drop(this.#names) : labels.keep(this.#names)
    this.#known.set(labels, group)
    return group
  }
}

const simple: Partial<Record<Aggregator, (values: readonly number[]) => number>> = {
  sum: sumOf,
  avg: meanOf,
  min: (values) => values.reduce((least, value) => (value < least || Number.isNaN(least) ? value : least)),
  max: (values) => values.reduce((most, value) => (value > most || Number.isNaN(most) ? value : most)),
  count: (values) => values.length,
  stddev: (values) => Math.sqrt(varianceOf(values)),
  stdvar: varianceOf,
  group: () => 1,
}

/** `parameter` of topk, bottomk and quantile is a number, of count_values a label. */
export function aggregate(aggregator: Aggregator, vector: Vector, groups: Groups, parameter: number | string): Vector {
  const isTop = aggregator === 'topk' || aggregator === 'bottomk'
  if (isTop && Number.isNaN(parameter)) throw executionError('Parameter value is NaN')
  if (vector.length === 0) return []
  const members = new Map<string, { labels: LabelSet; samples: Sample[] }>()
  for (const sample of vector) {
    const labels = groups.of(sample.labels)
    const group = members.get(labels.key)
    if (group === undefined) members.set(labels.key, { labels, samples: [sample] })
    else group.samples.push(sample)
  }
  return [...members.values()].flatMap(({ labels, samples }) => ofGroup(aggregator, labels, samples, parameter))
}

function ofGroup(
  aggregator: Aggregator,
  labels: LabelSet,
  samples: readonly Sample[],
  parameter: number | string,
): Vector {
  const reduce = simple[aggregator]
  const values = samples.map(({ value }) => value)
  const dropsName = samples.some((sample) => sample.dropsName)
  if (reduce !== undefined) return [{ labels, value: reduce(values), dropsName }]
  if (aggregator === 'quantile') return [{ labels, value: quantileOf(Number(parameter), values), dropsName }]
  if (aggregator === 'count_values') {
    const counts = new Map<string, number>()
    for (const value of values) counts.set(numberText(value), (counts.get(numberText(value)) ?? 0) + 1)
    return [...counts].map(([text, value]) => ({ labels: labels.with(String(parameter), text), value, dropsName }))
  }
  const count = Math.trunc(Number(parameter))
  return samples.toSorted(aggregator === 'topk' ? largestFirst : smallestFirst).slice(0, Math.max(0, count))
}

/** NaN last in both. */
function largestFirst(a: Sample, b: Sample): number {
  return ascending(b.value, a.value)
}

function smallestFirst(a: Sample, b: Sample): number {
  const [isFirstNaN, isSecondNaN] = [Number.isNaN(a.value), Number.isNaN(b.value)]
  return isFirstNaN || isSecondNaN ? Number(isFirstNaN) - Number(isSecondNaN) : ascending(a.value, b.value)
}
