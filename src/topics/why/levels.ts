import { costsOf } from './level-cost.ts'
import { pelt, type Penalty, type SegmentCost } from './pelt.ts'

export const levelKinds = ['fall', 'rise', 'recovery'] as const
export type LevelKind = (typeof levelKinds)[number]

/** A change of the level of a series of sums per bucket. */
export type LevelChange = Readonly<{
  /** Index of the first bucket at the new level. */
  at: number
  /** Interval of confidence of `at`, both inclusive: at most two buckets. */
  earliest: number
  latest: number
  kind: LevelKind
  /** Mean of a bucket before the change. */
  before: number
  after: number
  /** The level moved over several buckets. */
  isGradual: boolean
  /** Buckets that are nearly as likely, also beyond the interval. */
  width: number
}>

export type Fitted = Readonly<{
  changes: readonly LevelChange[]
  /** Deviance, if this change were at `at` instead. */
  devianceAt: (change: LevelChange, at: number) => number
}>

/** Shorter levels between two changes of one direction are part of one change. */
const leastBuckets = 4
/** Smaller changes, as a share of the larger side, are usual variation. */
const leastShare = 0.25
/** Factor of log(length), for each change: more than twice the Bayesian information criterion. */
export const defaultPenalty = 5
/** Twice the logarithm of the likelihood by which a bucket may be worse than the best one. */
const confidence = 6
/** Twice the logarithm of the likelihood by which an expected bucket may be worse than the best one. */
const mostAttraction = 4
/** Buckets that a step of level may take. */
const gradualBuckets = 6
/** Buckets on both sides of a change, in which a line may fit better than a step. */
const lineBuckets = 24
/** The place of a step is the best of many. */
const lineAdvantage = 1.15
/** Buckets before a change, of which a series recovers to the median. */
export const baseBuckets = 400

/** Estimates of the variation around levels that become fewer with each estimate. */
const maxRounds = 4

/** Fewer buckets at the start of the data do not show the usual level; then it is that of the first ones. */
const [leastBase, firstBase] = [12, 60]

export type LevelOptions = Readonly<{
  /** What one independent count adds, such as the mean bytes of a flow. */
  unit?: number
  penalty?: number
  /** Penalties of changes that are expected in a bucket. */
  expected?: Expected | undefined
  /** Sums of which `before` and `after` are means, such as the bytes of counted flows. */
  sums?: readonly number[]
}>

/** Penalties of buckets in which a change of objects can have had its effect, below that of any other bucket. */
export type Expected = ReadonlyMap<number, number>

/**
 * All changes of level, by PELT with the deviance of a negative binomial distribution: counts of few flows vary as
 * counts, and large sums by a share of their level.
 */
export function levelsOf(
  values: readonly number[],
  { unit = 1, penalty = defaultPenalty, sums = values, expected }: LevelOptions = {},
): Fitted {
  const length = values.length
  const meanOfSums = meansOf(sums)
  const counts = values.map((value) => value / unit)
  const mean = meansOf(values)
  const usualPenalty = penalty * Math.log(Math.max(2, length))
  const penaltyAt = (at: number) => Math.min(usualPenalty, expected?.get(at) ?? usualPenalty)
  // The traffic, and not the changes of objects, decides about the place of a change that it shows clearly.
  const placing = (at: number) => Math.max(penaltyAt(at), usualPenalty - mostAttraction)
  const { cost, found } = fittedTo(counts, penaltyAt)
  const bounds = withoutSteps(found, length, mean)
  const all = [0, ...bounds, length]
  const around = (index: number) => [all[index]!, all[index + 2]!] as const
  const placed = bounds.flatMap((bound, index): LevelChange[] => {
    const [from, to] = around(index)
    const [before, after] = [mean(from, bound), mean(bound, to)]
    if (Math.abs(after - before) < leastShare * Math.max(before, after)) return []
    const { at, earliest, latest, width } = intervalOf(
      (bucket) => splitCost(cost, [from, bucket, to]) + placing(bucket),
      [from, bound, to],
    )
    const shownMeans = { before: meanOfSums(from, bound), after: meanOfSums(bound, to) }
    const base = medianOf(sums.slice(Math.max(0, at - baseBuckets), at < leastBase ? firstBase : at))
    const isGradual = width > 2 * gradualBuckets || isLine(values, [from, at, to])
    const kind = kindOf(shownMeans.before, shownMeans.after, base)
    return [{ at, earliest, latest, kind, ...shownMeans, isGradual, width }]
  })
  return {
    changes: withoutBursts(placed),
    devianceAt: ({ at }, bucket) => {
      const index = bounds.findIndex((bound) => Math.abs(bound - at) <= 2)
      const [from, to] = index < 0 ? [0, length] : around(index)
      return splitCost(cost, [from, bucket, to]) + placing(bucket)
    },
  }
}

/**
 * Bounds of levels, and the cost of counts that vary as they do around these levels. The first bounds are those of
 * counts that vary little: many short levels would look like variation.
 */
function fittedTo(
  counts: readonly number[],
  penaltyAt: Penalty,
): Readonly<{ cost: SegmentCost; found: readonly number[] }> {
  const costAround = costsOf(counts)
  let cost = costAround()
  let found = pelt(counts.length, cost, penaltyAt)
  for (let round = 0; round < maxRounds && found.length > 0; round++) {
    cost = costAround(found)
    const bounds = pelt(counts.length, cost, penaltyAt)
    if (bounds.length === found.length) return { cost, found: bounds }
    found = bounds
  }
  return { cost, found }
}

/** The best bucket near `bound` and those that are nearly as good: `width` of them, of which an interval has two. */
export function intervalOf(
  deviance: (at: number) => number,
  [from, bound, to]: readonly [number, number, number],
): Readonly<{ at: number; earliest: number; latest: number; width: number }> {
  const firstPlace = Math.max(from + 1, bound - 2 * gradualBuckets)
  const places = Array.from({ length: Math.max(1, Math.min(to - 1, bound + 2 * gradualBuckets) - firstPlace + 1) }).map(
    (_, index) => ({ at: firstPlace + index, deviance: deviance(firstPlace + index) }),
  )
  const best = places.reduce((a, b) => (b.deviance < a.deviance ? b : a))
  const isNearlyBest = (at: number) => (places[at - firstPlace]?.deviance ?? Infinity) <= best.deviance + confidence
  const width = places.filter(({ at }) => isNearlyBest(at)).length
  const { at } = best
  const sides = [at - 1, at + 1].filter(isNearlyBest).toSorted((a, b) => deviance(a) - deviance(b))
  const [beside = at] = sides
  return { at, earliest: Math.min(at, beside), latest: Math.max(at, beside), width }
}

function splitCost(cost: SegmentCost, [from, at, to]: readonly [number, number, number]) {
  return at <= from || at >= to ? Infinity : cost(from, at) + cost(at, to)
}

/** Bounds of changes, without those that continue the direction of the change just before. */
function withoutSteps(bounds: readonly number[], length: number, mean: (from: number, to: number) => number) {
  const keptBounds: number[] = []
  bounds.forEach((bound, index) => {
    const previous = keptBounds.at(-1)
    const [from, to] = [bounds[index - 1] ?? 0, bounds[index + 1] ?? length]
    const rises = mean(bound, to) > mean(from, bound)
    const rose = previous !== undefined && mean(previous, bound) > mean(keptBounds.at(-2) ?? 0, previous)
    if (
      previous === undefined ||
      bound - from >= leastBuckets ||
      bound - previous >= 3 * leastBuckets ||
      rises !== rose
    )
      keptBounds.push(bound)
  })
  return keptBounds
}

/** A bucket that differs from both neighbours is a burst, or a gap between reports. */
function withoutBursts(changes: readonly LevelChange[]) {
  const isBurst = (change: LevelChange | undefined, next: LevelChange | undefined) =>
    change !== undefined && next !== undefined && next.at - change.at < 2
  return changes.filter((change, index) => !isBurst(changes[index - 1], change) && !isBurst(change, changes[index + 1]))
}

/** A series recovers if it returns to its usual level. */
export function kindOf(before: number, after: number, base: number): LevelKind {
  const distance = (level: number) => Math.abs(level - base)
  if (distance(after) < 0.5 * distance(before)) return 'recovery'
  return after < before ? 'fall' : 'rise'
}

/** Whether a line fits the buckets around `at` better than two levels. */
function isLine(values: readonly number[], [from, at, to]: readonly [number, number, number]) {
  const size = Math.min(lineBuckets, at - from, to - at)
  const [left, right] = [values.slice(at - size, at), values.slice(at, at + size)]
  const all = [...left, ...right]
  const middle = all.length / 2 - 0.5
  const mean = meanOf(all)
  const slope =
    all.reduce((sum, value, index) => sum + (index - middle) * (value - mean), 0) /
    all.reduce((sum, _, index) => sum + (index - middle) ** 2, 0)
  const ofLine = all.reduce((sum, value, index) => sum + (value - mean - slope * (index - middle)) ** 2, 0)
  return size >= leastBuckets && ofLine < lineAdvantage * (squaresOf(left) + squaresOf(right))
}

/** Sum of the squared distances of the values from their mean. */
export function squaresOf(values: readonly number[]): number {
  const mean = meanOf(values)
  return values.reduce((sum, value) => sum + (value - mean) ** 2, 0)
}

export function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length)
}

function meansOf(values: readonly number[]) {
  const sums = [0]
  for (const value of values) sums.push(sums.at(-1)! + value)
  return (from: number, to: number) => (sums[to]! - sums[from]!) / Math.max(1, to - from)
}

/** Smoothed, because half of the buckets of a sparse series are empty. */
export function medianOf(values: readonly number[]): number {
  const mean = meansOf(values)
  const smooth = values.map((_, at) => mean(Math.max(0, at - 4), Math.min(values.length, at + 5)))
  return smooth.toSorted((a, b) => a - b)[smooth.length >> 1] ?? 0
}
