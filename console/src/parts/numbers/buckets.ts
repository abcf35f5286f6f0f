import type { Stretch } from '../../api/series.ts'

/** A number lasts at most this many times as long as usual. */
const gapFactor = 5

type Bucket = Readonly<{ at: number; isGap: boolean }>

/**
 * `range`: begins of all buckets; `known`: those with numbers, ascending; Unix seconds.
 * Buckets with numbers, where gaps begin, and those at both ends of the range. A number lasts until the next one; or
 * for one bucket, if the next one is much later than usual or if numbers may be missing until then.
 */
export function bucketsIn(
  range: readonly number[],
  known: readonly number[],
  missing: readonly Stretch[],
): readonly Bucket[] {
  const [first = 0, second = first + 1] = range
  const [step, last] = [second - first, range.at(-1) ?? first]
  const between = known.slice(1).map((time, at) => time - known[at]!)
  const usual = between.toSorted((a, b) => a - b)[Math.floor(between.length / 2)] ?? step
  const endsBefore = (at: number, before: number): boolean =>
    at > before + step &&
    (at - before > gapFactor * usual || missing.some(({ from, to }) => from < at && to > before + step))
  const buckets = known.flatMap((at, index): readonly Bucket[] => {
    const before = known[index - 1]
    const bucket = { at, isGap: false }
    return before !== undefined && endsBefore(at, before) ? [{ at: before + step, isGap: true }, bucket] : [bucket]
  })
  const [oldest = last, newest = last] = [known[0], known.at(-1)]
  const endsEarly = endsBefore(last, newest)
  return [
    ...(first < oldest ? [{ at: first, isGap: true }] : []),
    ...buckets,
    ...(endsEarly ? [{ at: newest + step, isGap: true }] : []),
    ...(newest + step < last ? [{ at: last, isGap: endsEarly }] : []),
  ]
}
