import type { SegmentCost } from './pelt.ts'

/** Share of the largest squares, and the mean of the rest for normal values. */
const [trimmed, keptVariance] = [0.25, 0.368]
/** Exporters report periodically, and users arrive in groups: sums of some buckets vary more than single ones. */
const block = 4
/** Buckets of a median. It follows steps, and not bursts of a bucket or two. */
const medianBuckets = 5
/** Variance of normal values around a median of neighbours. */
const medianVariance = 0.887
/** A single large transfer. */
const largest = 0.01

/**
 * Deviance of counts around their mean, by a negative binomial distribution with the dispersion of the series around
 * levels that change at `bounds`; without bounds, with that of single buckets.
 */
export function costsOf(counts: readonly number[]): (bounds?: readonly number[]) => SegmentCost {
  const mean = counts.reduce((sum, count) => sum + count, 0) / Math.max(1, counts.length)
  const ofBuckets = burstVariance(counts)
  return (bounds) => {
    const variance = Math.max(ofBuckets, bounds === undefined ? 0 : varianceWithin(counts, bounds))
    return deviance(counts, sizeOf(mean, variance))
  }
}

function deviance(counts: readonly number[], size: number | undefined): SegmentCost {
  const [sums, fitted] = [new Float64Array(counts.length + 1), new Float64Array(counts.length + 1)]
  counts.forEach((count, index) => {
    sums[index + 1] = sums[index]! + count
    fitted[index + 1] = fitted[index]! + xlogx(count) - (size === undefined ? 0 : xlogx(count + size))
  })
  return (from, to) => {
    const [length, sum] = [to - from, sums[to]! - sums[from]!]
    const saturated = fitted[to]! - fitted[from]!
    const level = sum / length
    if (size === undefined) return 2 * (saturated - (sum > 0 ? sum * Math.log(level) : 0))
    const mixed = (sum + length * size) * Math.log(level + size)
    return 2 * (saturated - (sum > 0 ? sum * Math.log(level) : 0) + mixed)
  }
}

function xlogx(value: number) {
  return value > 0 ? value * Math.log(value) : 0
}

/** Size of the distribution: the variance is mean + mean² / size; undefined: that of a Poisson distribution. */
function sizeOf(mean: number, variance: number) {
  const excess = variance - mean
  return mean === 0 || excess <= 0.01 * mean ? undefined : (mean * mean) / excess
}

/** Variance of a bucket, around the median of its neighbours. */
function burstVariance(counts: readonly number[]) {
  const half = medianBuckets >> 1
  const squares = counts.map((count, at) => {
    const near = counts.slice(Math.max(0, at - half), at + half + 1).toSorted((a, b) => a - b)
    return (count - near[near.length >> 1]!) ** 2
  })
  return meanWithout(squares, largest) / medianVariance
}

/** Variance of a bucket, from the differences of neighbouring sums between bounds of levels: levels may drift. */
function varianceWithin(counts: readonly number[], bounds: readonly number[]) {
  const squares = [0, ...bounds].flatMap((from, index) => {
    const sums = blocksOf(counts.slice(from + 1, (bounds[index] ?? counts.length + 1) - 1))
    return sums.slice(1).map((sum, at) => (sum - sums[at]!) ** 2 / 2)
  })
  return meanWithout(squares, trimmed) / keptVariance / block
}

function blocksOf(counts: readonly number[]) {
  return Array.from({ length: Math.floor(counts.length / block) }, (_, index) =>
    counts.slice(index * block, (index + 1) * block).reduce((sum, count) => sum + count, 0),
  )
}

/** Without a share of the largest values. */
function meanWithout(values: readonly number[], share: number) {
  const kept = values.toSorted((a, b) => a - b).slice(0, Math.ceil((1 - share) * values.length))
  return kept.reduce((sum, value) => sum + value, 0) / Math.max(1, kept.length)
}
