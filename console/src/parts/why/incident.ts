import type { IncidentCandidate, IncidentPin, IncidentRequest } from '../../api/incidents.ts'
import type { Query } from '../../api/client.ts'
import type { PrecedingCandidate, PrecedingChanges } from '../../../../src/api/published.ts'
import { writeSearch } from '../../state/codec.ts'
import { changePlace } from './change-place.ts'
import { nameOf } from './mark-text.ts'
import { whyText } from './text.ts'

const questionNames = ['filter', 'both_ways', 'reporters', 'by', 'promql', 'logql', 'lookback'] as const
const maxPaths = 20
const maxCandidates = 50

/** The answer as an incident. Its cause is the candidate at `pos`, or else the first one if it explains the change. */
export function incidentOf(answer: PrecedingChanges, query: Query, pos?: string): IncidentRequest {
  const { span, onset, verdict, candidates, levels, detected } = answer
  const [first] = candidates
  const cause = pos ?? (verdict === 'explained' ? first?.pos : undefined)
  const level = levels.find(({ selected }) => selected)
  const what =
    level === undefined || !detected
      ? whyText.incidentUndetected
      : whyText.levelNames[level.kind][level.gradual ? 'gradual' : 'sudden']
  const question = Object.fromEntries(
    questionNames.flatMap((name) => {
      const value = query[name]
      return value === undefined || value === '' ? [] : [[name, String(value)]]
    }),
  )
  return {
    title: whyText.incidentTitle(what, onset.slice(0, 16).replace('T', ' ')),
    from: span.from,
    to: span.to,
    question: { ...question, ...(detected ? { at: onset } : {}) },
    onset,
    verdict,
    candidates: candidates
      .slice(0, maxCandidates)
      .map((candidate) => ({ selected: candidate.pos === cause, ...storedCandidate(candidate) })),
  }
}

function storedCandidate(of: PrecedingCandidate): Omit<IncidentCandidate, 'selected'> {
  const { is, pos, time, cluster, group, kind, namespace, name, ref, operation, actor } = of
  const change = { is, pos, time, cluster, group, kind, namespace, name, ref, operation, actor }
  return {
    ...change,
    actor_ref: of.actor_kind === 'user' ? of.actor_ref : null,
    paths: of.paths.slice(0, maxPaths),
    score: Math.min(1, Math.max(0, of.score)),
    share: Math.max(0, of.share),
    seconds_before: of.seconds_before,
  }
}

export function changeText(of: PrecedingCandidate): string {
  return `${of.kind} ${nameOf(of)}, ${of.operation}`
}

export function pinOf(of: PrecedingCandidate): IncidentPin {
  const { to, search } = changePlace(of)
  return { title: changeText(of).slice(0, 300), path: to + writeSearch(search), time: of.time, namespace: of.namespace }
}
