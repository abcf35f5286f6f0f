import type { SegmentCost } from './pelt.ts'

/** Factor of log(length), for the slope of a segment: twice the Bayesian information criterion. */
const slopePenalty = 2

/**
 * Squares around a level or a line per segment, in units of the variance around a single line of all values: a metric
 * can have any unit, sign and trend. Undefined if it never changes.
 */
export function lineCostOf(values: readonly number[]): SegmentCost | undefined {
  const length = values.length
  const middle = (length - 1) / 2
  const mean = values.reduce((sum, value) => sum + value, 0) / Math.max(1, length)
  const sums = [0, 1, 2, 3, 4].map(() => new Float64Array(length + 1)) as unknown as Sums
  values.forEach((value, index) => {
    const [x, y] = [index - middle, value - mean]
    for (const [at, term] of [x, y, x * x, x * y, y * y].entries()) sums[at]![index + 1] = sums[at]![index]! + term
  })
  const variance = length === 0 ? 0 : squaresOf(sums, 0, length).line / length
  // Differences of this size are rounding.
  if (variance <= 1e-20 * Math.max(1, mean * mean)) return undefined
  const ofSlope = slopePenalty * Math.log(length)
  return (from, to) => {
    const { level, line } = squaresOf(sums, from, to)
    return Math.min(level / variance, line / variance + ofSlope)
  }
}

/** Prefix sums of x, y, x², xy and y². */
type Sums = readonly [Float64Array, Float64Array, Float64Array, Float64Array, Float64Array]

function squaresOf(sums: Sums, from: number, to: number): Readonly<Record<'level' | 'line', number>> {
  const count = to - from
  const [x, y, xx, xy, yy] = sums.map((all) => all[to]! - all[from]!) as [number, number, number, number, number]
  const [ofX, ofXY, ofY] = [xx - (x * x) / count, xy - (x * y) / count, yy - (y * y) / count]
  return { level: Math.max(0, ofY), line: Math.max(0, ofY - (ofX > 0 ? (ofXY * ofXY) / ofX : 0)) }
}
