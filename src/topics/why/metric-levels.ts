import { baseBuckets, intervalOf, kindOf, meanOf, medianOf, type LevelChange } from './levels.ts'
import { lineCostOf } from './line-cost.ts'
import { pelt } from './pelt.ts'

/** Factor of log(length), for each change: as the modified Bayesian information criterion. */
const penalty = 3
/** Shorter segments have no line. */
const leastBuckets = 5
/** Values on both sides that are compared. */
const nearBuckets = 24

/** All changes of the level or slope of a metric, which can have any unit, sign and trend. `more`: of the penalty. */
export function metricLevels(values: readonly number[], more = 0): readonly LevelChange[] {
  const length = values.length
  const cost = lineCostOf(values)
  if (cost === undefined || length < 2 * leastBuckets) return []
  const ofChange = penalty * Math.log(length) + 2 * more
  const bounds = pelt(length, cost, () => ofChange, leastBuckets)
  const all = [0, ...bounds, length]
  return bounds.map((bound, index): LevelChange => {
    const [from, to] = [all[index]!, all[index + 2]!]
    const deviance = (at: number) => (at <= from || at >= to ? Infinity : cost(from, at) + cost(at, to))
    const { at, earliest, latest, width } = intervalOf(deviance, [from, bound, to])
    const [before, after] = [
      meanOf(values.slice(Math.max(from, at - nearBuckets), at)),
      meanOf(values.slice(at, Math.min(to, at + nearBuckets))),
    ]
    const step = (values[at] ?? 0) - (values[at - 1] ?? 0)
    const kind = kindOf(before, after, medianOf(values.slice(Math.max(0, at - baseBuckets), at)))
    return {
      at,
      earliest,
      latest,
      kind,
      before,
      after,
      isGradual: 3 * Math.abs(step) < Math.abs(after - before),
      width,
    }
  })
}
