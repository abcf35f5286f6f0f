import { pointerSteps } from '../../model/json-pointer.ts'
import { isRecord } from '../../model/json.ts'
import { dialectOf } from '../../query/index.ts'
import { isoOf, type RowQuery, type TimeSpan } from '../../query/plan/index.ts'
import type { StoreReader } from '../../engine/control.ts'
import type { Viewer } from '../scope.ts'
import type { Watched } from '../resources/one.ts'
import { cloudsOf } from './clouds.ts'
import { collect } from './collect.ts'
import { inventoryGraceUs } from './inventory.ts'
import { levelsIn, type Level, type Levels } from './onset.ts'
import { rank, weightOf, type ExplainedLevel } from './rank.ts'
import { verdictOf } from './verdict.ts'
import { isControllers } from './controllers.ts'
import { relationOf } from './relate.ts'
import { affectedBy, endKey, impactsOf, pairOf, pairsSql, within, type Pair } from './traffic.ts'
import type { PrecedingChanges, ShownLevel, TrafficMark, TrafficMarks } from './schema.ts'
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
    by: PrecedingChanges['by']
    limit: number
  }>

const [maxPairs, shownPairs, maxAffected, maxNeighbours, maxSteps] = [400, 10, 30, 30, 40]

/**
 * Changes before a change of traffic in `flows.span`, best first: of the one nearest to `at` (µs), by default of the
 * largest fall.
 */
export async function precedingChanges(
  run: WhyRun,
  { lookbackUs, at }: Readonly<{ lookbackUs: bigint; at: bigint | undefined }>,
): Promise<PrecedingChanges> {
  const { flows, store, runQuery, by, limit } = run
  const dialect = dialectOf(store)
  const { from, to } = flows.span
  const around = await levelsIn(run, at)
  const { step, levels, selected } = around
  const onset = selected?.at ?? at ?? from
  const interval = { from: selected?.from ?? onset, to: selected?.to ?? onset }
  const compared = comparedTo(around, onset)
  const pairs = (await runQuery(pairsSql(within(flows, compared), onset, { by, limit: maxPairs }, dialect))).map(pairOf)
  const near = await relatedWorkloads(run, pairs, changeOf(selected), compared, onset)
  const window: TimeSpan = { from: onset - lookbackUs, to: interval.to + graceUs }
  const { candidates, noise, cut } = await collect(window, { ...run, dialect }, onset + inventoryGraceUs)
  const workloads = await cloudsOf(near, candidates, window, { ...run, dialect })
  const { ranked, excluded } = rank(candidates, workloads, {
    onset: { time: Number(onset) / 1000, from: Number(interval.from) / 1000, to: Number(interval.to) / 1000 },
    kind: selected?.kind,
    others: [...around.others, ...levels].filter((level) => level.to < interval.from - 4n * step).map(explainedLevel),
    lookbackMs: Number(lookbackUs) / 1000,
    graceMs: Number(graceUs) / 1000,
    inventoryGraceMs: Number(inventoryGraceUs) / 1000,
  })
  return {
    span: { from: isoOf(from), to: isoOf(to) },
    step: Number(step / 1_000_000n),
    onset: isoOf(onset),
    detected: selected !== undefined,
    levels: levels.map((level) => shownLevel(level, step, level === selected)),
    compared: { from: isoOf(compared.from), to: isoOf(compared.to) },
    window: { from: isoOf(window.from), to: isoOf(window.to) },
    by,
    before: sumOf(pairs, 'before'),
    after: sumOf(pairs, 'after'),
    pairs: pairs.slice(0, shownPairs),
    ...verdictOf(ranked, { candidates, workloads }),
    candidates: ranked.slice(0, limit).map(({ candidate, score, share, reasons, secondsBefore, repeats }) => ({
      ...shown(candidate),
      score: Math.round(score * 1000) / 1000,
      share: Math.round(share * 1000) / 1000,
      seconds_before: secondsBefore,
      repeats,
      reasons,
    })),
    others: Math.max(0, ranked.length - limit),
    excluded: { noise, ...excluded },
    cut,
  }
}

/** Equal times before and since `onset`, without other changes of level. */
function comparedTo({ step, span, levels, others }: Levels, onset: bigint): TimeSpan {
  const distances = [...others, ...levels]
    .map(({ at }) => (at > onset ? at - onset : onset - at))
    .filter((distance) => distance >= 3n * step)
  const length = [mostComparedUs, onset - span.from, ...distances].reduce((a, b) => (b < a ? b : a))
  const least = 3n * step
  const chosen = length < least ? least : length
  return { from: onset - chosen, to: onset + chosen < span.to ? onset + chosen : span.to }
}

/** Of the pairs that changed level; the differences of the others are their usual variation. */
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

/** Rates per second of the pairs that changed. */
function shownLevel(
  { at, from, to, kind, isGradual, before, after, ends }: Level,
  step: bigint,
  selected: boolean,
): ShownLevel {
  const rate = (sum: number) => Math.round(sum / (Number(step) / 1e6))
  return {
    time: isoOf(at),
    earliest: isoOf(from),
    latest: isoOf(to),
    kind,
    gradual: isGradual,
    before: rate(before),
    after: rate(after),
    workloads: [...ends].filter((name) => name !== '').slice(0, shownPairs),
    selected,
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
  // Sums of pairs read all flows.
  if (candidates.length === 0) return { ...frame, marks: [], others: 0 }
  const pairs = (await runQuery(pairsSql(flows, span.to, { by, limit: maxPairs }, dialect))).map(pairOf)
  const near = await relatedWorkloads(run, pairs, (pair) => pair.before, span)
  const workloads = await cloudsOf(near, candidates, span, { ...run, dialect })
  const related = candidates.flatMap((candidate) => {
    if (isControllers(candidate)) return []
    const relation = relationOf(candidate, workloads)
    if (relation === undefined) return []
    const value = relation.closeness * weightOf(candidate)
    return [{ candidate, value, reasons: [relation.reason] }]
  })
  const marks = related
    .filter(({ value }) => value >= leastMark)
    .toSorted((a, b) => b.value - a.value)
    .slice(0, limit)
    .toSorted((a, b) => a.candidate.at - b.candidate.at)
  return {
    ...frame,
    marks: marks.map(({ candidate, reasons }) => ({ ...shown(candidate), reasons })),
    others: related.length - marks.length,
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
  const { allFlows, store, runQuery, by } = run
  const dialect = dialectOf(store)
  const ends = affectedBy(pairs, of)
  const changed = [...ends.values()].toSorted((a, b) => b.share - a.share).slice(0, maxAffected)
  const named = changed.filter(({ end }) => end.namespace !== '').map(({ end }) => end)
  const withoutImpact = changed.map((item) => ({ ...item, impact: 1 }))
  if (onset === undefined || named.length === 0) return workloadsOf(withoutImpact, span, { ...run, dialect })
  const sql = pairsSql(within(allFlows, span), onset, { by, limit: maxPairs, ends: named }, dialect)
  const around = (await runQuery(sql)).map(pairOf)
  const lengths = { before: Number(onset - span.from), after: Number(span.to - onset) }
  const impacts = impactsOf(named.map(endKey), around, lengths)
  const affected: Affected[] = withoutImpact.map((item) => ({ ...item, impact: impacts.get(endKey(item.end)) ?? 1 }))
  const seen = new Set(affected.map(({ end }) => endKey(end)))
  for (const { source, destination } of around) {
    const [near, far] = ends.has(endKey(source)) ? [source, destination] : [destination, source]
    if (seen.has(endKey(far)) || far.namespace === '' || seen.size > maxAffected + maxNeighbours) continue
    seen.add(endKey(far))
    const share = ends.get(endKey(near))?.share ?? 0
    affected.push({ end: far, share, impact: 1, via: `${near.namespace}/${near.name}` })
  }
  return workloadsOf(affected, span, { ...run, dialect })
}

function shown(candidate: Candidate): Omit<TrafficMark, 'reasons'> {
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

function sumOf(pairs: readonly Pair[], side: 'before' | 'after') {
  return pairs.reduce((sum, pair) => sum + pair[side], 0)
}
