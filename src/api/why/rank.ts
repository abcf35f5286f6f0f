import { isAutoscaler, isControllers } from './controllers.ts'
import { actorCloseness, relationOf, shareFactor } from './relate.ts'
import type { Candidate, Reason, Workload } from './types.ts'
import { auditWeight, changeWeight, resourceWeight } from './weights.ts'

export type Ranked = Readonly<{
  candidate: Candidate
  /** 0 to 1. */
  score: number
  reasons: readonly Reason[]
  share: number
  /** Before the start of the change of traffic; negative: after it, within the resolution. */
  secondsBefore: number
  /** Further changes of the same object, which are only in the same namespace. */
  repeats: number
}>

export type Ranking = Readonly<{
  ranked: readonly Ranked[]
  excluded: Readonly<{ controllers: number; unrelated: number }>
}>

export type RankOptions = Readonly<{
  /** Unix ms: start of the change of traffic. */
  onset: number
  lookbackMs: number
  /** ms that a change may be later than the onset, because of buckets and delays. */
  graceMs: number
  /** The same for records of inventories without an audit event: inventories are read periodically. */
  inventoryGraceMs: number
}>

/** At the end of the look-back a change counts e^-4. */
const timeConstants = 4
/** An autoscaler reacts to traffic. */
const reaction = 0.4

/** Best first: time proximity × closeness × weight of the kind × share of the changed traffic. */
export function rank(
  candidates: readonly Candidate[],
  workloads: readonly Workload[],
  { onset, lookbackMs, graceMs, inventoryGraceMs }: RankOptions,
): Ranking {
  let [controllers, unrelated] = [0, 0]
  const far: Candidate[] = []
  const ranked: Ranked[] = []
  const graceOf = ({ is, audit_id: audit }: Candidate) =>
    is === 'resource' && audit === null ? inventoryGraceMs : graceMs
  const proximity = (candidate: Candidate) => {
    const after = candidate.at - onset
    return after > 0 ? 0.8 * (1 - (0.5 * after) / graceOf(candidate)) : Math.exp((timeConstants * after) / lookbackMs)
  }
  const scored = (candidate: Candidate, reason: Reason, closeness: number, share: number): Ranked => ({
    candidate,
    score: proximity(candidate) * closeness * weightOf(candidate) * shareFactor(share),
    reasons: [reason],
    share,
    secondsBefore: Math.round((onset - candidate.at) / 100) / 10,
    repeats: 0,
  })
  for (const candidate of candidates) {
    if (candidate.at < onset - lookbackMs || candidate.at > onset + graceOf(candidate)) continue
    if (isControllers(candidate)) {
      controllers++
      continue
    }
    const relation = relationOf(candidate, workloads)
    if (relation === undefined) far.push(candidate)
    else ranked.push(scored(candidate, relation.reason, relation.closeness, relation.share))
  }
  ranked.sort(bestFirst)
  const [first] = ranked
  const actor = first === undefined ? undefined : personOf(first.candidate)
  for (const candidate of far) {
    if (first !== undefined && actor !== undefined && personOf(candidate) === actor)
      ranked.push(scored(candidate, { is: 'actor', object: actor }, actorCloseness, first.share))
    else unrelated++
  }
  return { ranked: withoutRepeats(ranked.sort(bestFirst)), excluded: { controllers, unrelated } }
}

/** A program that writes unrelated configuration all the time would fill the list. */
function withoutRepeats(ranked: readonly Ranked[]): readonly Ranked[] {
  const places = new Map<string, number>()
  const kept: Ranked[] = []
  for (const item of ranked) {
    const { candidate, reasons } = item
    const key = reasons[0]?.is === 'namespace' && candidate.ref !== null ? candidate.ref : undefined
    const position = key === undefined ? undefined : places.get(key)
    const first = position === undefined ? undefined : kept[position]
    if (position !== undefined && first !== undefined) kept[position] = { ...first, repeats: first.repeats + 1 }
    else {
      if (key !== undefined) places.set(key, kept.length)
      kept.push(item)
    }
  }
  return kept
}

export function weightOf(candidate: Candidate): number {
  if (candidate.is === 'audit') return auditWeight(candidate)
  if (candidate.is === 'resource') return resourceWeight(candidate)
  return changeWeight(candidate) * (isAutoscaler(candidate) ? reaction : 1)
}

function personOf({ actor, actor_kind: kind }: Candidate) {
  return kind === 'user' && actor !== null && !actor.startsWith('system:') ? actor : undefined
}

function bestFirst(a: Ranked, b: Ranked) {
  return b.score - a.score || b.candidate.at - a.candidate.at || (a.candidate.pos < b.candidate.pos ? -1 : 1)
}
