/** Functions of classic histograms: series with the label `le`. */
import { metricName, type LabelSet } from '../metrics/labels.ts'
import { ascending, type Sample, type Vector } from '../metrics/values.ts'

export type Bucket = { bound: number; count: number }
/** `name`: of the metric. `malformed`: values of `le` that are no bounds. */
type Histogram = { labels: LabelSet; name: string; buckets: Bucket[] }

export type HistogramNotes = Readonly<{
  malformed: (text: string, name: string) => void
  forced: (name: string) => void
}>

const bucketLabel: ReadonlySet<string> = new Set(['le'])

/** Series of one histogram differ in `le` only. */
export function histogramsOf(vector: Vector, { malformed }: Pick<HistogramNotes, 'malformed'>): Histogram[] {
  const groups = new Map<string, Histogram>()
  for (const { labels, value } of vector) {
    const text = labels.get('le')
    const bound = boundOf(text)
    const name = labels.get(metricName)
    if (bound === undefined) {
      malformed(text, name)
      continue
    }
    const rest = labels.drop(bucketLabel)
    const group = groups.get(rest.key)
    if (group === undefined) groups.set(rest.key, { labels: rest, name, buckets: [{ bound, count: value }] })
    else group.buckets.push({ bound, count: value })
  }
  return [...groups.values()]
}

function boundOf(text: string): number | undefined {
  if (/^[+]?Inf$/i.test(text)) return Infinity
  if (/^-Inf$/i.test(text)) return -Infinity
  return /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text) ? Number(text) : undefined
}

export function histogramQuantiles(q: number, vector: Vector, notes: HistogramNotes): Sample[] {
  return histogramsOf(vector, notes).map(({ labels, name, buckets }) => ({
    labels,
    value: histogramQuantile(q, buckets, () => notes.forced(name)),
  }))
}

export function histogramFractions(lower: number, upper: number, vector: Vector, notes: HistogramNotes): Sample[] {
  return histogramsOf(vector, notes).map(({ labels, buckets }) => ({
    labels,
    value: histogramFraction(lower, upper, coalesced(buckets)),
  }))
}

/** By linear interpolation within a bucket. `forced`: a count was below an earlier one. */
function histogramQuantile(q: number, written: readonly Readonly<Bucket>[], forced: () => void): number {
  if (Number.isNaN(q)) return NaN
  if (q < 0) return -Infinity
  if (q > 1) return Infinity
  const buckets = coalesced(written)
  if (buckets.at(-1)?.bound !== Infinity) return NaN
  if (forceMonotonic(buckets)) forced()
  if (buckets.length < 2) return NaN
  const observations = buckets.at(-1)!.count
  if (observations === 0) return NaN
  let rank = q * observations
  const index = buckets.findIndex(({ count }, at) => at === buckets.length - 1 || count >= rank)
  if (index === buckets.length - 1) return buckets.at(-2)!.bound
  const { bound: end, count: total } = buckets[index]!
  if (index === 0 && end <= 0) return end
  if (index === 0) return end * (rank / total)
  const { bound: start, count: before } = buckets[index - 1]!
  rank -= before
  return start + (end - start) * (rank / (total - before))
}

/** The part of the observations from `lower` to `upper`, by linear interpolation within a bucket. */
function histogramFraction(lower: number, upper: number, buckets: readonly Readonly<Bucket>[]): number {
  const last = buckets.at(-1)
  if (last?.bound !== Infinity || last.count === 0 || Number.isNaN(lower) || Number.isNaN(upper)) return NaN
  if (lower >= upper) return 0
  const rankOf = (limit: number): number => Math.min(rankAt(limit, buckets) ?? last.count, last.count)
  return (rankOf(upper) - rankOf(lower)) / last.count
}

/** Observations below `limit`; undefined: it is above every bound. */
function rankAt(limit: number, buckets: readonly Readonly<Bucket>[]): number | undefined {
  let rank = 0
  // Without a bound at or below zero, all observations are positive.
  let start = buckets[0]!.bound <= 0 ? -Infinity : 0
  for (const { bound, count } of buckets) {
    if (start >= limit) return rank
    // A bucket without an end has no place for interpolation.
    if (bound > limit) return start === -Infinity ? count : rank + ((count - rank) * (limit - start)) / (bound - start)
    rank = count
    start = bound
  }
  return undefined
}

const tolerance = 1e-12

/** Sorted, equal bounds summed. */
function coalesced(written: readonly Readonly<Bucket>[]): Bucket[] {
  const buckets: Bucket[] = []
  for (const { bound, count } of written.toSorted((a, b) => ascending(a.bound, b.bound))) {
    const last = buckets.at(-1)
    if (last?.bound === bound) last.count += count
    else buckets.push({ bound, count })
  }
  return buckets
}

/** Whether a count was below an earlier one by more than the precision of floats. */
function forceMonotonic(buckets: readonly Bucket[]): boolean {
  let before = buckets[0]!.count
  let isForced = false
  for (const bucket of buckets.slice(1)) {
    if (bucket.count === before) continue
    if (almostEqual(before, bucket.count)) bucket.count = before
    else if (bucket.count < before) {
      bucket.count = before
      isForced = true
    } else before = bucket.count
  }
  return isForced
}

function almostEqual(a: number, b: number) {
  if (a === b) return true
  return Math.abs(a - b) / Math.min(Math.abs(a) + Math.abs(b), Number.MAX_VALUE) < tolerance
}
