/** Buckets in which changes of objects can have changed traffic. A change of level there needs less evidence. */
import { dialectOf } from '../../query/index.ts'
import type { TimeSpan } from '../../query/plan/index.ts'
import type { StoreReader } from '../../engine/control.ts'
import type { Watched } from '../resources/one.ts'
import type { Viewer } from '../scope.ts'
import { collect } from './collect.ts'
import { isControllers } from './controllers.ts'
import type { Expected } from './levels.ts'
import { relationOf } from './relate.ts'
import { endKey, type End } from './traffic.ts'
import { workloadName, type Candidate } from './types.ts'
import { effectMs } from './weights.ts'
import { proximity, weightOf } from './rank.ts'
import { workloadsOf, type RunQuery } from './workloads.ts'
import { habit, writeFacts } from './writes.ts'

/** Part of the closely related changes that change traffic at once. */
const prior = 0.35
/** Least product of closeness and weight; other changes seldom have an effect. */
const leastRelated = 0.3
/** A change can be recorded after its effect. */
const lateMs = 3000

type Reading = Watched & Readonly<{ store: StoreReader; runQuery: RunQuery; viewer: Viewer }>

/** `first`: of the first bucket of `length` ones; µs. */
export type Buckets = Readonly<{ span: TimeSpan; first: bigint; step: bigint; length: number }>

/** Penalties of changes of level by workload name, for those with related changes. */
export async function expectedLevels(
  ends: readonly End[],
  { span, first, step, length }: Buckets,
  run: Reading,
): Promise<ReadonlyMap<string, Expected>> {
  const read = { ...run, dialect: dialectOf(run.store) }
  const unique = [...new Map(ends.filter(({ name }) => name !== '').map((end) => [endKey(end), end])).values()]
  const [{ candidates }, workloads] = await Promise.all([
    collect(span, read),
    workloadsOf(
      unique.map((end) => ({ end, share: 1, impact: 1 })),
      span,
      read,
    ),
  ])
  const factsOf = writeFacts(candidates)
  const likely = candidates.filter(
    (candidate) => !isControllers(candidate) && factsOf(candidate).similar.length < habit,
  )
  // The Bayesian information criterion, with the odds of a change in place of equal ones of all buckets.
  const ofParameter = Math.log(Math.max(2, length))
  const timeOf = (bucket: number) => (Number(first) + bucket * Number(step)) / 1000
  const bucketOf = (ms: number) => Math.floor((ms * 1000 - Number(first)) / Number(step))
  return new Map(
    workloads.map((workload) => {
      const penalties = new Map<number, number>()
      for (const candidate of likely) {
        const related = (relationOf(candidate, [workload])?.closeness ?? 0) * largestWeight(candidate)
        if (related < leastRelated) continue
        const effect = effectMs(candidate)
        const last = bucketOf(candidate.at + effect)
        for (let at = bucketOf(candidate.at - lateMs); at <= last; at++) {
          const near = proximity(Math.max(0, timeOf(at) - candidate.at), effect)
          const penalty = ofParameter + 2 * Math.log(1 / (prior * related * near))
          penalties.set(at, Math.min(penalty, penalties.get(at) ?? penalty))
        }
      }
      return [workloadName(workload), penalties]
    }),
  )
}

/** Largest weight of both directions of the change. */
function largestWeight(candidate: Candidate) {
  return Math.max(weightOf(candidate, 'fall'), weightOf(candidate, 'rise'))
}
