import type { MetricReader } from '../metrics/index.ts'
import { pointerSteps } from '../../model/json-pointer.ts'
import { isRecord } from '../../model/json.ts'
import { dialectOf } from '../../query/index.ts'
import { isoOf, type measures, type RowQuery, type TimeSpan } from '../../query/plan/index.ts'
import type { StoreReader } from '../../engine/control.ts'
import type { Viewer } from '../scope.ts'
import type { Watched } from '../resources/one.ts'
import { cloudsOf } from './clouds.ts'
import { collect } from './collect.ts'
import { inventoryGraceUs } from './inventory.ts'
import type { LevelKind } from './levels.ts'
import { withCalled, type Changed } from './called.ts'
import { namedBy } from './metric-ends.ts'
import { metricSignal, type Expression } from './metric.ts'
import { levelsIn, type Level, type Levels } from './onset.ts'
import { comparePods, type PodComparison } from './new-pods.ts'
import { rank, weightOf, withComparisons, type ExplainedLevel, type RankOptions } from './rank.ts'
import { statisticSignal, type Statistic } from './statistic.ts'
import { verdictOf } from './verdict.ts'
import { isControllers } from './controllers.ts'
import { relationOf } from './relate.ts'
import { affectedBy, endKey, impactsOf, pairOf, pairsSql, within, type Pair } from './traffic.ts'
import type { PrecedingCandidate, PrecedingChanges, ShownLevel, TrafficMark, TrafficMarks } from './schema.ts'
import { workloadName, type Candidate, type Workload } from './types.ts'
import { isRollout } from './weights.ts'
import { workloadsOf, type Affected, type RunQuery } from './workloads.ts'

export type WhyRun = Watched &
  Readonly<{
    store: StoreReader
    viewer: Viewer
    runQuery: RunQuery
    /** The flows in question, and all visible flows. */
    flows: RowQuery
    allFlows: RowQuery
    by: (typeof measures)[number]
    limit: number
  }>

export const [maxAffected, maxNeighbours] = [30, 30]
const [maxPairs, shownPairs, maxSteps] = [400, 10, 40]

/** `at`: time in µs. */
type Selection = Readonly<{ lookbackUs: bigint; at: bigint | undefined }>

/**
 * Changes before a change of traffic in `flows.span`, best first: of the one nearest to `at` (µs), by default of the
 * largest fall.
 */
export async function precedingChanges(run: WhyRun, { lookbackUs, at }: Selection): Promise<PrecedingChanges> {
  const around = await levelsIn(run, at)
  return explained(run, lookbackUs, await trafficSignal(run, around, at))
}

/** The selected change of `around`, or without one the time `at` (µs), with the pairs that differ most. */
export async function trafficSignal(run: WhyRun, around: Levels, at: bigint | undefined): Promise<Signal> {
  const { flows, store, runQuery, by } = run
  const onset = around.selected?.at ?? at ?? flows.span.from
  const comparedSpan = comparedTo(around, onset)
  const sql = pairsSql(within(flows, comparedSpan), onset, { by, limit: maxPairs }, dialectOf(store))
  const pairs = (await runQuery(sql)).map(pairOf)
  return {
    around,
    onset,
    compared: comparedSpan,
    kind: around.selected?.kind,
    near: await relatedWorkloads(run, pairs, changeOf(around.selected), comparedSpan, onset),
    shown: { by, before: sumOf(pairs, 'before'), after: sumOf(pairs, 'after'), pairs: pairs.slice(0, shownPairs) },
  }
}

/** Changes before a change of a metric (default: its largest), related to the workloads that its labels name. */
export async function changesBeforeMetric(
  run: WhyRun,
  expression: Expression,
  { lookbackUs, at }: Selection,
  surroundings: MetricReader,
): Promise<PrecedingChanges> {
  const { flows, store, runQuery, viewer } = run
  const { around, selected, labels } = await metricSignal(expression, flows.span, at, surroundings)
  const onset = selected?.at ?? at ?? flows.span.from
  const comparedSpan = comparedTo(around, onset)
  const read = { dialect: dialectOf(store), runQuery, viewer }
  const { ends: endsOf, calls } = await namedBy([...labels, ...(selected?.keys ?? [])], around.span, read)
  const ends = endsOf(selected?.keys ?? labels)
  const namedWorkloads = new Set(ends.map(workloadName))
  const withNames = (level: Level): Level => ({ ...level, ends: namedWorkloads })
  return explained(run, lookbackUs, {
    around: { ...around, others: around.others.map(withNames) },
    onset,
    compared: comparedSpan,
    // For a metric it is unknown which direction is the worse one.
    kind: selected?.kind === 'recovery' ? 'recovery' : undefined,
    near: await withNeighbours(
      run,
      withCalled(ends.slice(0, maxAffected), calls, maxAffected + maxNeighbours),
      comparedSpan,
      onset,
    ),
    comparison: { until: Number(around.span.to) / 1000, surroundings },
    shown: { by: 'value', before: selected?.before ?? 0, after: selected?.after ?? 0, pairs: [] },
  })
}

/** Changes before a change of a statistic of a field of flows. */
export async function changesBeforeStatistic(
  run: WhyRun,
  statistic: Statistic,
  { lookbackUs, at }: Selection,
): Promise<PrecedingChanges> {
  const { around, selected, ends } = await statisticSignal(run, statistic, at)
  const onset = selected?.at ?? at ?? run.flows.span.from
  const comparedSpan = comparedTo(around, onset)
  // Slow or lost packets need not change the traffic of their workloads.
  const affectedEnds = ends.slice(0, maxAffected).map((item) => ({ ...item, impact: 1 }))
  return explained(run, lookbackUs, {
    around,
    onset,
    compared: comparedSpan,
    kind: selected?.kind === 'recovery' ? 'recovery' : undefined,
    near: await withNeighbours(run, affectedEnds, comparedSpan, onset),
    shown: { by: 'value', before: selected?.before ?? 0, after: selected?.after ?? 0, pairs: [] },
  })
}

type Signal = Readonly<{
  around: Levels
  onset: bigint
  compared: TimeSpan
  kind: LevelKind | undefined
  near: readonly Workload[]
  /** Comparison of pods by their metrics. `until`: Unix ms. */
  comparison?: Readonly<{ until: number; surroundings: MetricReader }>
  shown: Pick<PrecedingChanges, 'by' | 'before' | 'after' | 'pairs'>
}>

export async function explained(run: WhyRun, lookbackUs: bigint, signal: Signal): Promise<PrecedingChanges> {
  const { flows, store, limit } = run
  const dialect = dialectOf(store)
  const { from, to } = flows.span
  const { around, onset, compared, near } = signal
  const { step, levels, selected } = around
  const interval = { from: selected?.from ?? onset, to: selected?.to ?? onset }
  const window: TimeSpan = { from: onset - lookbackUs, to: interval.to + graceUs }
  const { candidates, noise, cut } = await collect(window, { ...run, dialect }, onset + inventoryGraceUs)
  const workloads = await cloudsOf(near, candidates, window, { ...run, dialect })
  const options: RankOptions = {
    onset: { time: Number(onset) / 1000, from: Number(interval.from) / 1000, to: Number(interval.to) / 1000 },
    kind: signal.kind,
    others: [...around.others, ...levels]
      .filter((level) => level.to < interval.from - 4n * step)
      .map(explainedLevel)
      .toSorted((a, b) => a.from - b.from),
    lookbackMs: Number(lookbackUs) / 1000,
    graceMs: Number(graceUs) / 1000,
    inventoryGraceMs: Number(inventoryGraceUs) / 1000,
  }
  const { ranked: byRelation, excluded } = rank(candidates, workloads, options)
  const { comparison } = signal
  const comparisons =
    comparison === undefined
      ? new Map<Candidate, PodComparison>()
      : await comparePods(
          byRelation,
          { onset: Number(interval.to) / 1000, until: comparison.until },
          comparison.surroundings,
          run.runQuery,
        )
  const ranked = withComparisons(byRelation, comparisons, options)
  return {
    span: { from: isoOf(from), to: isoOf(to) },
    step: Number(step / 1_000_000n),
    onset: isoOf(onset),
    detected: selected !== undefined,
    levels: levels.map((level) => ({
      ...shownLevel(level, signal.shown.by === 'value' ? undefined : Number(step) / 1e6),
      selected: level === selected,
    })),
    compared: { from: isoOf(compared.from), to: isoOf(compared.to) },
    window: { from: isoOf(window.from), to: isoOf(window.to) },
    ...signal.shown,
    ...verdictOf(ranked, { candidates, workloads }),
    candidates: ranked.slice(0, limit).map(({ candidate, score, share, reasons, secondsBefore, repeats }) => ({
      ...markOf(candidate),
      score: Math.round(score * 1000) / 1000,
      share: Math.round(share * 1000) / 1000,
      seconds_before: secondsBefore,
      repeats,
      reasons,
      ...comparedPods(comparisons.get(candidate)),
    })),
    others: Math.max(0, ranked.length - limit),
    excluded: { noise, ...excluded },
    cut,
  }
}

/** Equal times before and since `onset`, without other changes of level. */
export function comparedTo({ step, span, levels, others }: Levels, onset: bigint): TimeSpan {
  const distances = [...others, ...levels]
    .map(({ at }) => (at > onset ? at - onset : onset - at))
    .filter((distance) => distance >= 3n * step)
  const length = [mostComparedUs, onset - span.from, ...distances].reduce((a, b) => (b < a ? b : a))
  const minLength = 3n * step
  const halfLength = length < minLength ? minLength : length
  return { from: onset - halfLength, to: onset + halfLength < span.to ? onset + halfLength : span.to }
}

/** Change of a pair that changed level; for other pairs 0, because their differences are usual variation. */
function changeOf(selected: Level | undefined) {
  return ({ source, destination, before, after }: Pair) => {
    const names = [source, destination].map(workloadName)
    const isChanged =
      selected?.pairs.some((ends) =>
        ends.every((name, at) => (ends.length === 1 ? names.includes(name) : names[at] === name)),
      ) ?? true
    return isChanged ? Math.abs(after - before) : 0
  }
}

const mostComparedUs = 600_000_000n
/** Flows and changes are observed with delays. */
const graceUs = 10_000_000n

function explainedLevel({ from, to, kind, ends }: Level): ExplainedLevel {
  return { from: Number(from) / 1000, to: Number(to) / 1000, kind, ends }
}

/** Rates of the pairs that changed, per second; of metrics, of which a bucket has one value, their values. */
function shownLevel(
  { at, from, to, kind, isGradual, before, after, ends }: Level,
  seconds: number | undefined,
): Omit<ShownLevel, 'selected'> {
  const rate = (sum: number) => (seconds === undefined ? Number(sum.toPrecision(6)) : Math.round(sum / seconds))
  return {
    time: isoOf(at),
    earliest: isoOf(from),
    latest: isoOf(to),
    kind,
    gradual: isGradual,
    before: rate(before),
    after: rate(after),
    workloads: [...ends].filter((name) => name !== '').slice(0, shownPairs),
  }
}

/** A mark needs a change that usually affects traffic, close to the workloads of the flows. */
const leastMark = 0.1

/** Changes in `flows.span` that are related to the workloads of the flows, in order of time. */
export async function trafficMarks(run: WhyRun): Promise<TrafficMarks> {
  const { flows, store, runQuery, by, limit } = run
  const dialect = dialectOf(store)
  const { span } = flows
  const { candidates, cut } = await collect(span, { ...run, dialect })
  const frame = { span: { from: isoOf(span.from), to: isoOf(span.to) }, cut }
  // The sums of pairs read all flows: skip them without candidates.
  if (candidates.length === 0) return { ...frame, marks: [], others: 0 }
  const pairs = (await runQuery(pairsSql(flows, span.to, { by, limit: maxPairs }, dialect))).map(pairOf)
  const nearWorkloads = await relatedWorkloads(run, pairs, (pair) => pair.before, span)
  const workloads = await cloudsOf(nearWorkloads, candidates, span, { ...run, dialect })
  const relatedChanges = candidates.flatMap((candidate) => {
    if (isControllers(candidate)) return []
    const relation = relationOf(candidate, workloads)
    if (relation === undefined) return []
    const value = relation.closeness * weightOf(candidate)
    return [{ candidate, value, reasons: [relation.reason] }]
  })
  const marks = relatedChanges
    .filter(({ value }) => value >= leastMark)
    .toSorted((a, b) => b.value - a.value)
    .slice(0, limit)
    .toSorted((a, b) => a.candidate.at - b.candidate.at)
  return {
    ...frame,
    marks: marks.map(({ candidate, reasons }) => ({ ...markOf(candidate), reasons })),
    others: relatedChanges.length - marks.length,
  }
}

/** Ends of pairs that carry most of `of`, and, if `onset` is set, the workloads that exchange traffic with them. */
async function relatedWorkloads(
  run: WhyRun,
  pairs: readonly Pair[],
  of: (pair: Pair) => number,
  span: TimeSpan,
  onset?: bigint,
): Promise<readonly Workload[]> {
  const changedEnds = [...affectedBy(pairs, of).values()].toSorted((a, b) => b.share - a.share).slice(0, maxAffected)
  if (onset !== undefined) return withNeighbours(run, changedEnds, span, onset)
  const affected = changedEnds.map((item) => ({ ...item, impact: 1 }))
  return workloadsOf(affected, span, { ...run, dialect: dialectOf(run.store) })
}

/** Adds to changes their impact on traffic, and the workloads that exchange traffic with the changed ones. */
export async function withNeighbours(
  run: WhyRun,
  changed: readonly Changed[],
  span: TimeSpan,
  onset: bigint,
): Promise<readonly Workload[]> {
  const { allFlows, store, runQuery, by, viewer, manifest } = run
  const dialect = dialectOf(store)
  const namedEnds = changed.filter(({ end }) => end.namespace !== '').map(({ end }) => end)
  const read = { runQuery, viewer, manifest, dialect }
  if (namedEnds.length === 0)
    return workloadsOf(
      changed.map((item) => ({ ...item, impact: item.impact ?? 1 })),
      span,
      read,
    )
  const ends = new Map(changed.map((item) => [endKey(item.end), item]))
  const sql = pairsSql(within(allFlows, span), onset, { by, limit: maxPairs, ends: namedEnds }, dialect)
  const around = (await runQuery(sql)).map(pairOf)
  const lengths = { before: Number(onset - span.from), after: Number(span.to - onset) }
  const impacts = impactsOf(namedEnds.map(endKey), around, lengths)
  const affected: Affected[] = changed.map((item) => ({
    ...item,
    impact: item.impact ?? impacts.get(endKey(item.end)) ?? 1,
  }))
  const affectedKeys = new Set(affected.map(({ end }) => endKey(end)))
  for (const { source, destination } of around) {
    const [near, far] = ends.has(endKey(source)) ? [source, destination] : [destination, source]
    if (affectedKeys.has(endKey(far)) || far.namespace === '' || affectedKeys.size > maxAffected + maxNeighbours)
      continue
    affectedKeys.add(endKey(far))
    const share = ends.get(endKey(near))?.share ?? 0
    affected.push({ end: far, share, impact: 1, via: `${near.namespace}/${near.name}` })
  }
  return workloadsOf(affected, span, read)
}

function markOf(candidate: Candidate): Omit<TrafficMark, 'reasons'> {
  const { before, after: _after, at: _at, is, diff, ...facts } = candidate
  const steps = diff.slice(0, maxSteps).map(withOld(before)) as TrafficMark['diff']
  return { is: isRollout(candidate) ? 'rollout' : is, ...facts, diff: steps }
}

/** The value before, where the specification before is known. */
function withOld(before: unknown) {
  return (step: unknown): unknown => {
    if (!isRecord(step) || step['op'] === 'add' || typeof step['path'] !== 'string') return step
    const [root, ...keys] = pointerSteps(step['path'])
    const old = keys.reduce<unknown>(
      (inner, key) =>
        Array.isArray(inner) ? (inner as unknown[])[Number(key)] : isRecord(inner) ? inner[key] : undefined,
      root === 'spec' ? before : undefined,
    )
    return old === undefined ? step : { ...step, old }
  }
}

function comparedPods(comparison: PodComparison | undefined): Pick<PrecedingCandidate, 'new_pods'> {
  if (comparison?.difference === undefined) return {}
  const { newPods, oldPods, difference } = comparison
  const { strength, ended: _ended, ...shownDifference } = difference
  return {
    new_pods: {
      pods: [...newPods],
      beside: [...oldPods],
      ...shownDifference,
      strength: Math.round(strength * 1000) / 1000,
    },
  }
}

function sumOf(pairs: readonly Pair[], side: 'before' | 'after') {
  return pairs.reduce((sum, pair) => sum + pair[side], 0)
}
