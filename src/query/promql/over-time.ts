/** Functions of range vectors. */
import { meanOf, quantileOf, sumOf, varianceOf } from '../metrics/values.ts'
import type { Window } from './series.ts'

/** Borders of the window, and the time of the evaluation, in ms. */
export type WindowTime = Readonly<{ from: number; to: number; now: number }>

type Reduce = (window: Window, time: WindowTime, parameter: number) => number | undefined

export const windowFunctions: Readonly<Record<string, Reduce>> = {
  avg_over_time: ({ values }) => meanOf(values),
  changes: ({ values }) =>
    countSteps(values, (before, now) => now !== before && !(Number.isNaN(now) && Number.isNaN(before))),
  count_over_time: ({ values }) => values.length,
  delta: (window, time) => extrapolated(window, time, 'delta'),
  deriv: ({ times, values }) => (times.length < 2 ? undefined : regression(times, values, times[0]!).slope),
  idelta: (window) => lastStep(window, 'idelta'),
  increase: (window, time) => extrapolated(window, time, 'increase'),
  irate: (window) => lastStep(window, 'irate'),
  last_over_time: ({ values }) => values.at(-1),
  max_over_time: ({ values }) => values.reduce((most, value) => (value > most || Number.isNaN(most) ? value : most)),
  min_over_time: ({ values }) =>
    values.reduce((least, value) => (value < least || Number.isNaN(least) ? value : least)),
  predict_linear: ({ times, values }, { now }, seconds) => {
    if (times.length < 2) return undefined
    const { slope, intercept } = regression(times, values, now)
    return slope * seconds + intercept
  },
  present_over_time: () => 1,
  quantile_over_time: ({ values }, _time, q) => quantileOf(q, values),
  rate: (window, time) => extrapolated(window, time, 'rate'),
  resets: ({ values }) => countSteps(values, (before, now) => now < before),
  stddev_over_time: ({ values }) => Math.sqrt(varianceOf(values)),
  stdvar_over_time: ({ values }) => varianceOf(values),
  sum_over_time: ({ values }) => sumOf(values),
}

function countSteps(values: readonly number[], counts: (before: number, now: number) => boolean): number {
  let count = 0
  for (let at = 1; at < values.length; at++) if (counts(values[at - 1]!, values[at]!)) count++
  return count
}

/** Extends the difference to the borders of the window, unless the series begins or ends within it. */
function extrapolated({ times, values }: Window, { from, to }: WindowTime, of: 'delta' | 'increase' | 'rate') {
  if (times.length < 2) return undefined
  const [firstTime, lastTime, first] = [times[0]!, times.at(-1)!, values[0]!]
  let result = values.at(-1)! - first
  if (of !== 'delta')
    for (let at = 1; at < values.length; at++) if (values[at]! < values[at - 1]!) result += values[at - 1]!
  const sampled = (lastTime - firstTime) / 1000
  const average = sampled / (times.length - 1)
  let toStart = (firstTime - from) / 1000
  let toEnd = (to - lastTime) / 1000
  const threshold = average * 1.1
  if (toStart >= threshold) toStart = average / 2
  // A counter is not below zero.
  if (of !== 'delta' && result > 0 && first >= 0) toStart = Math.min(toStart, sampled * (first / result))
  if (toEnd >= threshold) toEnd = average / 2
  const factor = (sampled + toStart + toEnd) / sampled
  return result * (of === 'rate' ? factor / ((to - from) / 1000) : factor)
}

function lastStep({ times, values }: Window, of: 'irate' | 'idelta'): number | undefined {
  if (times.length < 2) return undefined
  const [before, last] = [values.at(-2)!, values.at(-1)!]
  if (of === 'idelta') return last - before
  return (last < before ? last : last - before) / ((times.at(-1)! - times.at(-2)!) / 1000)
}

/** Least squares; x is in seconds from `origin`. */
function regression(times: readonly number[], values: readonly number[], origin: number) {
  const first = values[0]!
  if (values.every((value) => value === first))
    return Number.isFinite(first) ? { slope: 0, intercept: first } : { slope: NaN, intercept: NaN }
  const xs = times.map((time) => (time - origin) / 1000)
  const count = xs.length
  const [sumX, sumY] = [sumOf(xs), sumOf(values)]
  const covariance = sumOf(xs.map((x, at) => x * values[at]!)) - (sumX * sumY) / count
  const variance = sumOf(xs.map((x) => x * x)) - (sumX * sumX) / count
  const slope = covariance / variance
  return { slope, intercept: sumY / count - (slope * sumX) / count }
}
