import type { LabelSet } from './labels.ts'

/** `dropsName`: the result of the query has no metric name; within the query the name still distinguishes series. */
export type Sample = Readonly<{ labels: LabelSet; value: number; dropsName?: boolean }>
export type Vector = readonly Sample[]

/** A series of samples: times in ms, ascending and unique. */
export type Series = Readonly<{
  labels: LabelSet
  times: readonly number[]
  values: readonly number[]
  /** Indexes of the samples that are stale markers. */
  stale?: ReadonlySet<number>
}>

/** Steps of a range query, which has a result at each step. */
export type Steps = Readonly<{ start: number; end: number; step: number }>

export function timesOf({ start, end, step }: Steps): number[] {
  const times: number[] = []
  for (let time = start; time <= end; time += step) times.push(time)
  return times
}

/** A number as Prometheus and Loki write numbers. */
export function numberText(value: number): string {
  if (value === Infinity) return '+Inf'
  if (Object.is(value, -0)) return '-0'
  return value === -Infinity ? '-Inf' : String(value)
}

/** By linear interpolation; NaN is the smallest value. */
export function quantileOf(q: number, values: readonly number[]): number {
  if (values.length === 0 || Number.isNaN(q)) return NaN
  if (q < 0) return -Infinity
  if (q > 1) return Infinity
  const sortedValues = values.toSorted(ascending)
  const rank = q * (sortedValues.length - 1)
  const lower = Math.max(0, Math.floor(rank))
  const upper = Math.min(sortedValues.length - 1, lower + 1)
  const weight = rank - Math.floor(rank)
  // Infinity × 0 is NaN.
  if (weight === 0) return sortedValues[lower]!
  return sortedValues[lower]! * (1 - weight) + sortedValues[upper]! * weight
}

/** Compares numbers; NaN comes first. */
export function ascending(a: number, b: number): number {
  if (Number.isNaN(a)) return Number.isNaN(b) ? 0 : -1
  if (Number.isNaN(b)) return 1
  return a < b ? -1 : a > b ? 1 : 0
}

/** Sum with compensation of rounding errors (Kahan and Neumaier). */
export function sumOf(values: readonly number[]): number {
  let sum = 0
  let compensation = 0
  for (const value of values) {
    const next = sum + value
    if (!Number.isFinite(next)) {
      sum = next
      compensation = 0
      continue
    }
    compensation += Math.abs(sum) >= Math.abs(value) ? sum - next + value : value - next + sum
    sum = next
  }
  return sum + compensation
}

export function meanOf(values: readonly number[]): number {
  const sum = sumOf(values)
  if (Number.isFinite(sum) || values.some((value) => !Number.isFinite(value))) return sum / values.length
  // The sum is too large for a double; the mean is not.
  return sumOf(values.map((value) => value / values.length))
}

/** Variance of the population. */
export function varianceOf(values: readonly number[]): number {
  let mean = 0
  let squares = 0
  values.forEach((value, at) => {
    const delta = value - mean
    mean += delta / (at + 1)
    squares += delta * (value - mean)
  })
  return squares / values.length
}

/** The vector in order of its values; NaN is last in both orders. */
export function sorted(vector: Vector, order: 'ascending' | 'descending'): Vector {
  const sign = order === 'descending' ? -1 : 1
  return vector.toSorted(({ value: a }, { value: b }) => {
    const [isOne, isOther] = [Number.isNaN(a), Number.isNaN(b)]
    return isOne || isOther ? Number(isOne) - Number(isOther) : sign * ascending(a, b)
  })
}
