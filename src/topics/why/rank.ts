import { isAutoscaler, isControllers } from './controllers.ts'
import { actorCloseness, relationOf, shareFactor } from './relate.ts'
import type { PodComparison } from './new-pods.ts'
import type { Candidate, Reason, Workload } from './types.ts'
import type { LevelKind } from './levels.ts'
import { auditWeight, changeWeight, effectMs, resourceWeight } from './weights.ts'
import { habit, writeFacts, type WriteFacts } from './writes.ts'

export type Ranked = Readonly<{
  candidate: Candidate
  /** Score from 0 to 1. */
  score: number
  reasons: readonly Reason[]
  share: number
  /** Seconds from the change to the start of the change of traffic; negative: after it, within the resolution. */
  secondsBefore: number
  /** Number of omitted changes of the same object, which are only in the same namespace. */
  repeats: number
}>

export type Ranking = Readonly<{
  ranked: readonly Ranked[]
  excluded: Readonly<{ controllers: number; unrelated: number }>
}>

/** Another change of traffic, before the one in question. Unix ms. `ends`: names of its workloads. */
export type ExplainedLevel = Readonly<{ from: number; to: number; kind: LevelKind; ends: ReadonlySet<string> }>

export type RankOptions = Readonly<{
  /** When traffic changed, and the interval of confidence. Unix ms. */
  onset: Readonly<{ time: number; from: number; to: number }>
  kind: LevelKind | undefined
  /** Other changes of traffic, in order of time. */
  others: readonly ExplainedLevel[]
  lookbackMs: number
  /** ms that a change may be later than the onset, because of delays. */
  graceMs: number
  /** Grace time of records of inventories without an audit event, because inventories are read periodically. */
  inventoryGraceMs: number
}>

/** Usual time until a change is recorded. */
const watchDelayMs = 3000
/** Factor of a change at the end of the time that delays may take. */
const lateFactor = 0.6
/** Factor of the longest time until a change has its effect, for the usual time. */
const usualFactor = 0.75
/** Factor of a change by an autoscaler, which reacts to traffic. */
const reaction = 0.4
/** Factor of a change that was undone before the onset, or that another change of traffic followed at once. */
const explained = 0.25
/** Factor of a change before a recovery, of an object that did not change when traffic fell. */
const withoutFall = 0.6
/** Factor of a change that restores a state, as the cause of a fall. */
const restoring = 0.3

/** Best first: time proximity × closeness × weight of the kind × share of the changed traffic × other writes. */
export function rank(candidates: readonly Candidate[], workloads: readonly Workload[], options: RankOptions): Ranking {
  const { onset, lookbackMs } = options
  const factsOf = writeFacts(candidates)
  let [controllers, unrelated] = [0, 0]
  const distantChanges: Candidate[] = []
  const ranked: Ranked[] = []
  const scored = (candidate: Candidate, reason: Reason, closeness: number, share: number): Ranked => ({
    candidate,
    score:
      proximityOf(candidate, options) *
      closeness *
      weightOf(candidate, options.kind) *
      shareFactor(share) *
      writesFactor(candidate, factsOf(candidate), reason, options) *
      (effectOf(candidate, reason, options) === undefined ? 1 : explained),
    reasons: [reason],
    share,
    secondsBefore: Math.round((options.onset.time - candidate.at) / 100) / 10,
    repeats: 0,
  })
  for (const candidate of candidates) {
    if (candidate.at < onset.from - lookbackMs || candidate.at > onset.to + graceOf(candidate, options)) continue
    if (isControllers(candidate)) {
      controllers++
      continue
    }
    const relation = relationOf(candidate, workloads)
    if (relation === undefined) distantChanges.push(candidate)
    else ranked.push(scored(candidate, relation.reason, relation.closeness, relation.share))
  }
  ranked.sort(bestFirst)
  const [first] = ranked
  const actor = first === undefined ? undefined : personOf(first.candidate)
  for (const candidate of distantChanges) {
    if (first !== undefined && actor !== undefined && personOf(candidate) === actor)
      ranked.push(scored(candidate, { is: 'actor', object: actor }, actorCloseness, first.share))
    else unrelated++
  }
  return { ranked: withoutRepeats(ranked.sort(bestFirst)), excluded: { controllers, unrelated } }
}

/** Factors of new pods that clearly differ from earlier ones at the same time are between this and 1. */
const evidence = 0.9
/** Factors of a change with new pods that do not differ, and of a change of a workload that is no longer called. */
const [alike, ended] = [0.6, 0.4]
const leastDifference = 0.05
/** Usual time from the first running pod to its effect. */
const startedMs = 60_000
/** Factor of a change of which the first pod ran after the onset. */
const tooLate = 0.1

/** With the times and differences of pods that the changes started. */
export function withComparisons(
  ranked: readonly Ranked[],
  comparisons: ReadonlyMap<Candidate, PodComparison>,
  options: RankOptions,
): readonly Ranked[] {
  if (comparisons.size === 0) return ranked
  return ranked
    .map((item) => {
      const comparison = comparisons.get(item.candidate)
      if (comparison === undefined) return item
      const { difference } = comparison
      const score = (item.score * startedFactor(comparison, options)) / proximityOf(item.candidate, options)
      if (difference === undefined) return { ...item, score }
      const { strength } = difference
      return {
        ...item,
        score:
          strength < leastDifference
            ? score * (difference.ended === true ? ended : alike)
            : score + (1 - score) * evidence * strength,
      }
    })
    .sort(bestFirst)
}

/** A change of pods has its effect when the first one runs. */
function startedFactor({ running }: PodComparison, options: RankOptions) {
  const { onset, graceMs } = options
  if (running > onset.to + graceMs) return tooLate
  return proximity(Math.max(0, onset.from - running), startedMs)
}

function graceOf({ is, audit_id: audit }: Candidate, { inventoryGraceMs, graceMs }: RankOptions) {
  return is === 'resource' && audit === null ? inventoryGraceMs : graceMs
}

/** 1 in the interval of the onset; before it half at the time that the effect of a change seldom exceeds. */
function proximityOf(candidate: Candidate, options: RankOptions) {
  const { onset } = options
  const [after, before] = [candidate.at - onset.to, Math.max(0, onset.from - candidate.at)]
  if (after > 0) return 1 - (lateFactor * after) / graceOf(candidate, options)
  return proximity(before, effectMs(candidate))
}

export function proximity(before: number, effect: number) {
  return 1 / (1 + (before / (usualFactor * effect)) ** 2)
}

/** The change of traffic at the related workload that followed a change, before the onset. */
function effectOf(candidate: Candidate, { object, via }: Reason, { others, onset }: RankOptions) {
  const latest = candidate.at + effectMs(candidate)
  return others.find(
    ({ from, to, ends }) =>
      to < onset.from &&
      to >= candidate.at - watchDelayMs &&
      from <= latest &&
      (ends.has(object) || (via !== undefined && ends.has(via))),
  )
}

/**
 * Whether a change can have ended an earlier fall: it undid a change, or its object changed when traffic fell. Without
 * a fall of its workload this is unknown.
 */
function canRepair(candidate: Candidate, facts: WriteFacts, { object, via }: Reason, { others, graceMs }: RankOptions) {
  const fall = others.findLast(
    ({ kind, ends }) => kind === 'fall' && (ends.has(object) || (via !== undefined && ends.has(via))),
  )
  if (fall === undefined || facts.undid !== undefined) return true
  const [from, to] = [fall.from - effectMs(candidate) - watchDelayMs, fall.to + graceMs]
  return facts.earlier.some((at) => at >= from && at <= to)
}

function writesFactor(candidate: Candidate, facts: WriteFacts, reason: Reason, options: RankOptions) {
  const { onset, kind } = options
  const effectAt = (at: number) => effectOf({ ...candidate, at }, reason, options)
  const { undid, undoneAt } = facts
  const undone = undoneAt !== undefined && undoneAt > candidate.at && undoneAt < onset.from ? explained : 1
  // A change that undoes a repair breaks traffic again.
  const restores = facts.restores || (undid !== undefined && (effectAt(undid)?.kind ?? 'fall') === 'fall')
  const similar = facts.similar.filter((at) => effectAt(at) === undefined).length
  const repairs = kind !== 'recovery' || canRepair(candidate, facts, reason, options) ? 1 : withoutFall
  return (
    undone *
    repairs *
    (restores && kind === 'fall' ? restoring : 1) *
    (similar >= habit ? 1 / (similar - habit + 2) : 1)
  )
}

/** A program that writes unrelated configuration all the time would otherwise fill the list. */
function withoutRepeats(ranked: readonly Ranked[]): readonly Ranked[] {
  const places = new Map<string, number>()
  const keptChanges: Ranked[] = []
  for (const item of ranked) {
    const { candidate, reasons } = item
    const key = reasons[0]?.is === 'namespace' && candidate.ref !== null ? candidate.ref : undefined
    const position = key === undefined ? undefined : places.get(key)
    const first = position === undefined ? undefined : keptChanges[position]
    if (position !== undefined && first !== undefined) keptChanges[position] = { ...first, repeats: first.repeats + 1 }
    else {
      if (key !== undefined) places.set(key, keptChanges.length)
      keptChanges.push(item)
    }
  }
  return keptChanges
}

/** How much a change usually affects traffic; `kind`: of the change of traffic, by default a fall. */
export function weightOf(candidate: Candidate, kind: LevelKind = 'fall'): number {
  if (candidate.is === 'audit') return auditWeight(candidate)
  if (candidate.is === 'resource') return resourceWeight(candidate)
  return changeWeight(kind === 'fall' ? candidate : reversed(candidate)) * (isAutoscaler(candidate) ? reaction : 1)
}

/** The change with before and after exchanged: more replicas raise traffic as fewer lower it. */
function reversed(candidate: Candidate): Candidate {
  const { before, after } = candidate
  const operations: Readonly<Record<string, string>> = { created: 'deleted', deleted: 'created' }
  const operation = operations[candidate.operation] ?? candidate.operation
  return { ...candidate, operation, before: after, after: before }
}

function personOf({ actor, actor_kind: kind }: Candidate) {
  return kind === 'user' && actor !== null && !actor.startsWith('system:') ? actor : undefined
}

function bestFirst(a: Ranked, b: Ranked) {
  return b.score - a.score || b.candidate.at - a.candidate.at || (a.candidate.pos < b.candidate.pos ? -1 : 1)
}
