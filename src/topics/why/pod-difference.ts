/** Whether samples of new pods differ from those of earlier pods of the same workload. */
import type { LabelSet } from '../../query/metrics/labels.ts'
import { quantileOf } from '../../query/metrics/values.ts'
import { meanOf, squaresOf } from './levels.ts'

/** A metric of a pod. `labels` are equal for all pods; times in ms. */
export type Samples = Readonly<{
  pod: string
  metric: string
  labels: LabelSet
  times: readonly number[]
  values: readonly number[]
}>

export type Difference = Readonly<{
  metric: string
  labels: Readonly<Record<string, string>>
  /** Value of the earlier pods: per second for counters; for `_sum` and `_count` their ratio. */
  old: number
  new: number | null
  /** Most requests to the earlier pods ended, too. */
  ended?: true
  /** 0 to 1: of the relative difference, and of its distance from the variation of the earlier pods. */
  strength: number
}>

/** Metrics that differ in each new process, or follow from its age. */
const ofAge =
  /memory|heap|rss|working_set|uptime|start|_age|created|restart|cache|_fs_|disk|gc_|_info$|limit|request_cpu/i
const counter = /_(total|count)$/
const share = /success|availab|_up$|^up$/i
/**
 * Ramps of the strength by relative difference and by standard errors: 0 below the first value, 1 from the second on.
 */
const [relativeRamp, distanceRamp] = [
  [0.3, 0.7],
  [2, 5],
] as const
/** Share of the value below which a difference counts as none. */
const precision = 0.01
const leastSamples = 2
/** Minimum samples of the earlier pods for which missing samples of new pods count, and the strength of this. */
const [leastOfAbsence, absence] = [4, 0.5]
/** Metrics that a pod has only if requests reach it. */
const ofRequests = /request|call|rpc|http/i

/** Samples of the earlier pods before the change, and of both in an equal time since. */
export type Sides = Readonly<{ before: readonly Samples[]; old: readonly Samples[]; fresh: readonly Samples[] }>

/** The metric that differs most; undefined if none exists for pods of both ages. */
export function differenceOf({ before, old, fresh }: Sides): Difference | undefined {
  const groupsOf = (samples: readonly Samples[]) =>
    Map.groupBy(
      means(samples).filter(({ values }) => values.length > 0),
      ({ metric, labels }) => `${metric}${labels.key}`,
    )
  const [ofBefore, ofOld, ofNew] = [groupsOf(before), groupsOf(old), groupsOf(fresh)]
  // Requests that no longer reach the earlier pods either are no difference.
  const [shareBefore, shareOf] = [sharesOf(ofBefore), sharesOf(ofOld)]
  const endedKey = [...ofBefore.keys()].find((key) => shareOf(key) < shareBefore(key) / 2)
  const endedMetric = endedKey === undefined ? undefined : endedSeries(ofBefore.get(endedKey) ?? [])
  let largestDifference: Difference | undefined = endedMetric
  for (const [key, members] of ofOld) {
    const [{ metric, labels }] = members as [Samples]
    const newMembers = ofNew.get(key)
    if (ofAge.test(metric)) continue
    const difference =
      newMembers === undefined
        ? endedMetric !== undefined || (fresh.length > 0 && !ofRequests.test(metric))
          ? undefined
          : absenceOf(members)
        : compareSamples(
            metric,
            members.map(({ values }) => values),
            newMembers.map(({ values }) => values),
          )
    if (difference !== undefined && difference.strength > (largestDifference?.strength ?? -1))
      largestDifference = { ...difference, metric, labels: labels.toJSON() }
  }
  return largestDifference
}

function endedSeries(before: readonly Samples[]): Difference | undefined {
  const [first] = before
  if (first === undefined) return undefined
  const { metric, labels } = first
  const old = medianOf(before.map(({ values }) => medianOf(values)))
  return { metric, labels: labels.toJSON(), old, new: null, ended: true, strength: 0 }
}

/** Samples of a group, as a share of the samples of the largest group. */
function sharesOf(groups: ReadonlyMap<string, readonly Samples[]>) {
  const count = (key: string) => (groups.get(key) ?? []).reduce((sum, { values }) => sum + values.length, 0)
  const largestCount = [...groups.keys()].reduce((largest, key) => Math.max(largest, count(key)), 1)
  return (key: string) => count(key) / largestCount
}

/** The difference if most earlier pods always have samples and the new pods have none. */
function absenceOf(old: readonly Samples[]) {
  const usualCount = medianOf(old.map(({ values }) => values.length))
  if (usualCount < leastOfAbsence) return undefined
  return { old: medianOf(old.map(({ values }) => medianOf(values))), new: null, strength: absence }
}

function compareSamples(metric: string, old: readonly (readonly number[])[], fresh: readonly (readonly number[])[]) {
  const [before, after] = [old.flat(), fresh.flat()]
  if (before.length < leastSamples || after.length < leastSamples) return undefined
  const isShare = share.test(metric)
  const centre = isShare ? meanOf : medianOf
  // Medians, since an earlier pod may end in this time, or be faulty itself.
  const centres = old.filter(({ length }) => length > 0).map(centre)
  const [from, to] = [medianOf(centres), medianOf(fresh.filter(({ length }) => length > 0).map(centre))]
  const betweenPods = deviationOf(centres, from)
  const withinPod = medianOf(old.filter(({ length }) => length > 1).map(varianceOf))
  const variance = betweenPods ** 2 + withinPod / before.length + varianceOf(after) / after.length
  const difference = Math.abs(to - from)
  const relative = Math.max(
    difference / Math.max(Math.abs(from), Math.abs(to)),
    isShare ? difference / failedShare(from, to) : 0,
  )
  const distance = difference / (Math.sqrt(variance) + precision * Math.abs(from))
  return { old: from, new: to, strength: ramp(relative, relativeRamp) * ramp(distance, distanceRamp) }
}

/** The larger part that fails, of 1 or of 100 %. */
function failedShare(from: number, to: number) {
  const maxShare = Math.max(from, to) > 1 ? 100 : 1
  return Math.max(maxShare - from, maxShare - to, Number.EPSILON)
}

function ramp(value: number, [from, to]: readonly [number, number]) {
  return Number.isFinite(value) ? Math.min(1, Math.max(0, (value - from) / (to - from))) : 0
}

/** Counters as rates, and means of observations in place of their sums. */
function means(all: readonly Samples[]): readonly Samples[] {
  const sums = new Map(
    all.filter(({ metric }) => metric.endsWith('_sum')).map((sum) => [keyOf(sum, sum.metric.slice(0, -4)), sum]),
  )
  return all.flatMap((samples) => {
    const { metric } = samples
    if (/_(sum|bucket)$/.test(metric)) return []
    if (!counter.test(metric)) return [samples]
    const rates = { ...samples, ...stepsOf(samples, (of, at) => (of.times[at]! - of.times[at - 1]!) / 1000) }
    const sum = metric.endsWith('_count') ? sums.get(keyOf(samples, metric.slice(0, -6))) : undefined
    if (sum === undefined || sum.values.length !== samples.values.length) return [rates]
    const observed = stepsOf(sum, (_of, at) => samples.values[at]! - samples.values[at - 1]!)
    return [rates, { ...samples, metric: metric.slice(0, -6), ...observed }]
  })
}

const keyOf = ({ pod, labels }: Samples, metric: string) => JSON.stringify([pod, metric, labels.key])

/** Increments by `over`; a counter that begins again has none. */
function stepsOf(samples: Samples, over: (samples: Samples, at: number) => number): Pick<Samples, 'times' | 'values'> {
  const [times, values]: [number[], number[]] = [[], []]
  for (let at = 1; at < samples.values.length; at++) {
    const [increment, of] = [samples.values[at]! - samples.values[at - 1]!, over(samples, at)]
    if (increment < 0 || !(of > 0)) continue
    times.push(samples.times[at]!)
    values.push(increment / of)
  }
  return { times, values }
}

function medianOf(values: readonly number[]) {
  return values.length === 0 ? 0 : quantileOf(0.5, values)
}

/** Standard deviation by the median of the distances from the centre, as of a normal distribution. */
function deviationOf(values: readonly number[], centre: number) {
  return values.length < 2 ? 0 : 1.4826 * medianOf(values.map((value) => Math.abs(value - centre)))
}

function varianceOf(values: readonly number[]) {
  return values.length < 2 ? 0 : squaresOf(values) / (values.length - 1)
}
