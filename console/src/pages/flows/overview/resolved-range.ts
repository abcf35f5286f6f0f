import { fixedMoment, type Range } from '../../../state/range.ts'
import { serverNow } from '../../../state/server-time.ts'

/** Seconds of a chart that has buckets below a minute, and of the stored sums that follow. */
const [shortest, sums] = [9000, [3600, 300]]

/**
 * The times of all queries of a page for one refresh; `now` in Unix ms. A long range that ends at `now` is extended to
 * whole buckets of the stored sums, so that charts and lists count the same flows. Other ranges stay exact.
 */
export function resolvedRange({ from, to }: Range, now: number): Range {
  if (!to.startsWith('now')) return { from: fixedMoment(from, now), to }
  const [begin, end] = [from, to].map((moment) => Date.parse(fixedMoment(moment, now))) as [number, number]
  const seconds = (end - begin) / 1000
  // As src/store/rollup/plan.ts selects them: the coarsest of at least 200 buckets.
  const width = 1000 * (seconds > shortest ? (sums.find((step) => seconds / step >= 200) ?? 60) : 0.001)
  return {
    from: new Date(Math.floor(begin / width) * width).toISOString(),
    to: new Date(Math.ceil(end / width) * width).toISOString(),
  }
}

/** Whether a range that ends at `now` is read from flows, not from stored sums. */
export function isExact({ from, to }: Range): boolean {
  const [begin, end] = [from, to].map((moment) => Date.parse(fixedMoment(moment, serverNow()))) as [number, number]
  return end - begin <= shortest * 1000
}
