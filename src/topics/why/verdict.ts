import type { Ranked } from './rank.ts'
import type { Verdict } from './schema.ts'
import type { Candidate, Workload } from './types.ts'

/** A lower score has a relation, a time or a kind that seldom affects traffic. */
const leastScore = 0.4
const clearScore = 0.5
/** Ratio of the first to the second score, for a clear difference. */
const clearRatio = 1.3

type Searched = Readonly<{ candidates: readonly Candidate[]; workloads: readonly Workload[] }>

/** Whether the first candidate explains the change of traffic. */
export function verdictOf(ranked: readonly Ranked[], searched: Searched): Verdict {
  const [first, second] = ranked
  const missing = missingOf(searched)
  const looked = `${searched.candidates.length} changes and audit events, of which ${ranked.length} are related`
  if (first === undefined || first.score < leastScore) {
    const best = first === undefined ? '' : `; the best has the score ${first.score.toFixed(2)}`
    return { verdict: 'unexplained', reason: `No change explains this: ${looked}${best}.`, missing }
  }
  const next = second?.score ?? 0
  const isClear = first.score >= clearScore && first.score >= clearRatio * next
  if (isClear) return { verdict: 'explained', reason: `The first of ${looked}, ranks clearly.`, missing }
  const why = first.score < clearScore ? `its score is ${first.score.toFixed(2)}` : `the second has ${next.toFixed(2)}`
  return { verdict: 'uncertain', reason: `The first of ${looked}, does not rank clearly: ${why}.`, missing }
}

function missingOf({ candidates, workloads }: Searched): readonly string[] {
  const clusters = [...new Set(workloads.flatMap(({ cluster }) => (cluster === null ? [] : [cluster])))]
  return clusters.flatMap((cluster) => {
    const changes = candidates.filter((candidate) => candidate.cluster === cluster)
    if (changes.length === 0) return [`no change of cluster ${cluster}`]
    return changes.every(({ audit_id: audit }) => audit === null) ? [`no audit log of cluster ${cluster}`] : []
  })
}
