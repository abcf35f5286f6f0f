/** Where traffic begins to change. */
export type Onset = Readonly<{
  /** Index of the first bucket after the change. */
  at: number
  /** Buckets on both sides that were compared. */
  width: number
}>

/** Smaller changes, as a share of all traffic on the larger side, are noise. */
const leastChange = 0.01
/** Smaller changes of a series, as a share of its larger side, are usual variation. */
const leastOfSeries = 0.2
/** Standard errors below which a difference is noise. */
const noise = 5

/**
 * The first of the largest changes at or after bucket `least`. Each series (a pair of workloads) is compared between
 * some buckets on both sides, and counts with its difference if that exceeds its own noise. Short dips need few
 * buckets, small changes many: the width that shows the largest change is used.
 */
export function onsetOf(series: readonly (readonly number[])[], least: number): Onset | undefined {
  const length = series[0]?.length ?? 0
  const widths = [...new Set([20, 12, 6].map((part) => Math.max(3, Math.round(length / part))))]
  const prefixes = series.map(prefixOf)
  return widths
    .flatMap((width) => changeOf(prefixes, length, width, least) ?? [])
    .toSorted((a, b) => b.evidence - a.evidence)
    .map(({ at, width }) => ({ at, width }))[0]
}

/** `variance`: of a bucket around a level that changes rarely; 0: unknown. */
type Prefix = Readonly<{ sums: readonly number[]; squares: readonly number[]; variance: number }>

/** Exporters report periodically, so that neighbours alternate; sums of some buckets do not. */
const block = 4
/** The median of the absolute differences of neighbours is 0.954 standard deviations of normal values. */
const medianDifference = 0.954

function prefixOf(values: readonly number[]): Prefix {
  const [sums, squares] = [[0], [0]]
  for (const value of values) {
    sums.push((sums.at(-1) ?? 0) + value)
    squares.push((squares.at(-1) ?? 0) + value * value)
  }
  const blocks = Array.from({ length: Math.floor(values.length / block) }, (_, index) => {
    return (sums[(index + 1) * block] ?? 0) - (sums[index * block] ?? 0)
  })
  const differences = blocks
    .slice(1)
    .map((value, index) => Math.abs(value - (blocks[index] ?? 0)))
    .toSorted((a, b) => a - b)
  const deviation = (differences[differences.length >> 1] ?? 0) / medianDifference
  return { sums, squares, variance: (deviation * deviation) / block }
}

function changeOf(series: readonly Prefix[], length: number, width: number, least: number) {
  const changes: { readonly at: number; readonly size: number; readonly share: number }[] = []
  for (let at = Math.max(width, least); at <= length - Math.min(width, 3); at++) {
    let [size, before, after] = [0, 0, 0]
    for (const item of series) {
      const [left, right] = [part(item, at - width, at), part(item, at, Math.min(length, at + width))]
      const difference = Math.abs(right.mean - left.mean)
      // A hundredth of the mean, so that constant series have an error.
      const error = left.error + right.error + (0.01 * (left.mean + right.mean)) ** 2
      const isLarge = difference > leastOfSeries * Math.max(left.mean, right.mean)
      if (error > 0 && isLarge)
        size += difference * Math.max(0, 1 - (noise * noise * error) / (difference * difference))
      before += left.mean
      after += right.mean
    }
    changes.push({ at, size, share: size / Math.max(before, after, Number.MIN_VALUE) })
  }
  const largest = Math.max(0, ...changes.map(({ size }) => size))
  const near = changes.findIndex(({ size }) => size > 0 && size >= 0.7 * largest)
  // The change grows until its place.
  const change = near < 0 ? undefined : changes.slice(near, near + width + 1).toSorted((a, b) => b.size - a.size)[0]
  return change === undefined || change.share < leastChange
    ? undefined
    : { at: change.at, width, evidence: change.size * width ** 0.25 }
}

/** Mean, and variance of the mean, of the buckets from `from` to `to`. */
function part({ sums, squares, variance: usual }: Prefix, from: number, to: number) {
  const count = to - from
  const mean = ((sums[to] ?? 0) - (sums[from] ?? 0)) / count
  const variance = Math.max(0, ((squares[to] ?? 0) - (squares[from] ?? 0)) / count - mean * mean)
  return { mean, error: usual > 0 ? usual / count : variance / Math.max(1, count - 1) }
}
