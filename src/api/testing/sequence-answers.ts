// Compares answers of /api/v1/why with the causes of a seeded world.
import { toEventBatch } from '../../model/events.ts'
import type { StoredApi } from './stored.ts'
import {
  rangesAround,
  type Effect,
  type IncidentSequence,
  type SequenceIncident,
  type TimeRange,
} from './incident-sequences.ts'

export type Outcome = Readonly<{
  range: string
  /** Of the incident in its world, from 0. */
  index: number
  kind: 'fall' | 'recovery'
  result: 'first' | 'in three' | 'later' | 'none' | 'wrong'
  confident: boolean
  /** Seconds from the real change of traffic to the found one. */
  lateBy: number
  /** Whether the change of traffic is in the interval of the listed one, or in a bucket beside it. */
  isNear: boolean
  text: string
}>

type Named = Readonly<{
  time: string
  kind: string
  namespace: string | null
  name: string
  actor: string | null
  score: number
}>
type Level = Readonly<{ time: string; kind: string; earliest: string; latest: string }>
type Body = Readonly<{
  onset: string
  step: number
  candidates: readonly Named[]
  levels?: readonly Level[]
  verdict?: string
}>

type AnswersOnly = Pick<StoredApi, 'get'>

export async function fill(api: StoredApi, { events, flows, end }: IncidentSequence): Promise<void> {
  await api.addBatch(toEventBatch([...events]), end)
  await api.addBatch(flows, end)
}

/** Answers for each incident and range, or `every` n-th of them, about the closest change of traffic. */
export async function outcomes(api: AnswersOnly, world: IncidentSequence, every = 1): Promise<readonly Outcome[]> {
  const all: Outcome[] = []
  let count = 0
  for (const [index, incident] of world.incidents.entries())
    for (const kind of ['fall', 'recovery'] as const)
      for (const [range, span] of Object.entries(rangesAround(incident[kind].time, world)))
        if (count++ % every === 0) all.push({ range, index, kind, ...(await outcomeOf(api, incident, kind, span)) })
  return all
}

async function outcomeOf(api: AnswersOnly, incident: SequenceIncident, kind: 'fall' | 'recovery', span: TimeRange) {
  const effect = incident[kind]
  const answerTo = async (more: Readonly<Record<string, string>> = {}) => {
    const [from, to] = [span.from, span.to].map((ms) => new Date(ms).toISOString()) as [string, string]
    const { status, body } = await api.get('why', { from, to, ...more })
    if (status !== 200) throw new Error(JSON.stringify(body))
    return body as unknown as Body
  }
  const standard = await answerTo()
  const nearest = standard.levels
    ?.map((level) => ({ level, away: Math.abs(Date.parse(level.time) - effect.time) }))
    .toSorted((a, b) => a.away - b.away)[0]
  const selected = nearest !== undefined && nearest.away < 120_000 && nearest.level.time !== standard.onset
  const body = selected ? await answerTo({ at: nearest.level.time }) : standard
  // An answer about another change of traffic names nothing for this one.
  const isListed = standard.levels === undefined || (nearest !== undefined && nearest.away < 120_000)
  return judged(isListed ? body : { ...body, candidates: [] }, effect)
}

function judged(body: Body, { written, time }: Effect): Omit<Outcome, 'range' | 'index' | 'kind'> {
  const { candidates, verdict, onset, step, levels } = body
  const lateBy = (Date.parse(onset) - time) / 1000
  const level = levels?.find((listed) => listed.time === onset)
  const [earliest, latest] = [level?.earliest ?? onset, level?.latest ?? onset].map((time) => Date.parse(time))
  const isNear = time >= (earliest ?? 0) - 1000 * step && time <= (latest ?? 0) + 2000 * step
  const rank = candidates.findIndex((named) => written !== undefined && isSame(named, written.of, written.at)) + 1
  const names = verdict !== 'unexplained' && candidates.length > 0
  const result =
    written === undefined
      ? names
        ? ('wrong' as const)
        : ('first' as const)
      : !names
        ? ('none' as const)
        : rank === 1
          ? ('first' as const)
          : rank === 0
            ? ('wrong' as const)
            : rank <= 3
              ? ('in three' as const)
              : ('later' as const)
  const text = candidates
    .slice(0, 3)
    .map(({ kind, namespace, name, time: at, score }) => `${kind}/${namespace}/${name} ${at.slice(11, 19)} ${score}`)
  const wanted = written === undefined ? '-' : `${written.of} ${new Date(written.at).toISOString().slice(11, 19)}`
  return {
    result,
    confident: verdict === 'explained',
    lateBy,
    isNear,
    text: `${wanted} (${new Date(time).toISOString().slice(11, 19)}), place ${rank}, ${verdict}: ${text.join('; ')}`,
  }
}

function isSame({ kind, namespace, name, time }: Named, of: string, at: number) {
  const named = [kind, ...(namespace === null ? [] : [namespace]), name].join('/')
  return named === of && Math.abs(Date.parse(time) - at) < 1000
}

/** Shares of results, in percent: first, in the first three, wrong first, nothing named, onset within a bucket. */
export function ratesOf(all: readonly Outcome[]): Readonly<Record<string, number>> {
  const share = (test: (outcome: Outcome) => boolean) =>
    Math.round((1000 * all.filter(test).length) / Math.max(1, all.length)) / 10
  return {
    answers: all.length,
    first: share(({ result }) => result === 'first'),
    three: share(({ result }) => result === 'first' || result === 'in three'),
    wrongFirst: share(({ result }) => ['in three', 'later', 'wrong'].includes(result)),
    confidentlyWrong: share(({ result, confident }) => confident && ['in three', 'later', 'wrong'].includes(result)),
    none: share(({ result }) => result === 'none'),
    onset: share(({ isNear }) => isNear),
  }
}
