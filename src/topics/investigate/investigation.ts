import { isoOf, stepFor, type RowQuery } from '../../query/plan/index.ts'
import { isoSpan, storedSince } from '../coverage.ts'
import type { SumsReader } from '../flows/sums/request.ts'
import { trafficMarks, type WhyRun } from '../why/preceding.ts'
import type { TrafficMark } from '../why/schema.ts'
import { auditLane } from './lanes/audit.ts'
import { changesLane } from './lanes/changes.ts'
import { costLane } from './lanes/cost.ts'
import { errorsLane } from './lanes/errors.ts'
import { eventsLane } from './lanes/events.ts'
import { gapsLane } from './lanes/gaps.ts'
import { notApplicable } from './lanes/lane.ts'
import { measuresOf } from './measures.ts'
import { problemsLane } from './lanes/problems.ts'
import type { Investigation, Lane, LaneName } from './schema.ts'
import type { Scene } from './scene.ts'

const [buckets, maxMarks] = [200, 100]

type Traffic = Pick<Investigation, 'step' | 'buckets' | 'since' | 'stored_to' | 'lost' | 'stopped'> &
  Readonly<{ lane: Lane }>

const noTraffic = { buckets: [], since: null, stored_to: null, lost: [], stopped: [] } as const
const lostNote = 'Flows of this time range may be lost: a file of the store was damaged.'

/** `flowsOf`: the flows of a filter in the time range, and all flows for an empty one. `chosen`: lanes to read. */
type Readers = Readonly<{
  readSums: SumsReader['readSums']
  flowsOf: (filter: string) => RowQuery
  chosen: readonly LaneName[]
}>

export async function investigate(scene: Scene, { readSums, flowsOf, chosen }: Readers): Promise<Investigation> {
  const { subject, span, viewer, related } = scene
  const flows = related.filter === undefined ? undefined : flowsOf(related.filter)
  const reads = (...names: readonly LaneName[]) => names.some((name) => chosen.includes(name))
  const marks = reads('changes', 'audit') ? marksOf(scene, flows, () => flowsOf('')) : Promise.resolve([])
  const step = stepFor(span, buckets)
  const further: Readonly<Partial<Record<LaneName, () => Promise<Lane | undefined>>>> = {
    changes: async () => changesLane(scene, await marks),
    audit: async () => auditLane(scene, await marks),
    events: () => eventsLane(scene),
    errors: () => errorsLane(scene),
    problems: () => problemsLane(scene),
    cost: () => costLane(scene),
    gaps: () => gapsLane(scene),
  }
  const [traffic, measures, ...lanes] = await Promise.all([
    reads('traffic') ? trafficOf(scene, readSums, flows) : undefined,
    measuresOf(scene, reads('latency', 'drops') ? flows : undefined, step),
    ...chosen.flatMap((name) => further[name]?.() ?? []),
  ])
  const { lane, ...series } = traffic ?? { lane: undefined, step, ...noTraffic }
  return {
    subject: { is: subject.is, text: subject.text, ref: subject.ref },
    span: { from: isoOf(span.from), to: isoOf(span.to) },
    namespaces: viewer.namespaces ?? null,
    filter: related.filter ?? null,
    ...series,
    measured: measures.measured,
    lanes: [
      ...(lane === undefined ? [] : [lane]),
      ...measures.lanes.filter(({ name }) => reads(name)),
      ...lanes.flatMap((further) => further ?? []),
    ],
  }
}

/** Marks of objects and addresses: changes by an actor are listed whether traffic depends on them or not. */
async function marksOf(
  { subject, store, viewer, runQuery, manifest }: Scene,
  flows: RowQuery | undefined,
  allFlows: () => RowQuery,
): Promise<readonly TrafficMark[]> {
  if (flows === undefined || subject.is === 'actor') return []
  const run: WhyRun = {
    manifest,
    store,
    viewer,
    runQuery,
    flows,
    allFlows: allFlows(),
    by: 'bytes',
    limit: maxMarks,
  }
  return (await trafficMarks(run)).marks
}

const withoutFlows: Readonly<Partial<Record<Scene['subject']['is'], string>>> = {
  actor: 'No address of the actor is known.',
  image: 'No pod ran this image.',
}

async function trafficOf(
  { span, subject, store }: Scene,
  readSums: Readers['readSums'],
  flows: RowQuery | undefined,
): Promise<Traffic> {
  const step = stepFor(span, buckets)
  if (flows === undefined)
    return {
      step,
      ...noTraffic,
      lane: notApplicable('traffic', withoutFlows[subject.is] ?? 'Flows do not name it.'),
    }
  const request = { ...flows, step, group: [], by: 'bytes', limit: 1 } as const
  const answer = await readSums({ is: 'series', request, query: {} })
  const rows = answer.rows.map((row) => ({
    time: isoOf(BigInt(String(row['_bucket']))),
    bytes: Number(row['_bytes'] ?? 0),
    packets: Number(row['_packets'] ?? 0),
    flows: Number(row['_flows'] ?? 0),
  }))
  const total = rows.reduce((sum, row) => sum + row.flows, 0)
  const since = answer.since ?? (total > 0 ? undefined : (await storedSince(store, span)).since)
  const { lost = [], stopped = [] } = answer
  const isUnknown = since !== undefined && since >= span.to
  const unknown = isUnknown ? 'No flow of this time range is stored.' : lost.length > 0 ? lostNote : null
  return {
    step,
    buckets: rows,
    since: since === undefined ? null : isoOf(since),
    stored_to: answer.storedTo === undefined ? null : isoOf(answer.storedTo),
    lost: lost.map(isoSpan),
    stopped: stopped.map(isoSpan),
    lane: {
      name: 'traffic',
      state: total > 0 ? 'shown' : unknown === null ? 'empty' : 'not-collected',
      note: total === 0 ? unknown : null,
      total,
      items: [],
    },
  }
}
