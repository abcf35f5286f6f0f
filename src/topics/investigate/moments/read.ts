import { addDecimals, difference } from '../../../codecs/focus/index.ts'
import { dialectOf, endpointFields } from '../../../query/index.ts'
import { isoOf, stepOf, type TimeSpan } from '../../../query/plan/index.ts'
import { rowQueryOf } from '../../flows/row-query.ts'
import type { SumsReader } from '../../flows/sums/request.ts'
import { severities } from '../../../model/image-insights.ts'
import { insightRows } from '../../insights/sql.ts'
import type { Surroundings } from '../../operation.ts'
import { Refusal } from '../../refusal.ts'
import type { Watched } from '../../resources/one.ts'
import { readRows } from '../../rows.ts'
import { moment } from '../../time-span.ts'
import { costLane } from '../lanes/cost.ts'
import { runsSql } from '../lanes/runs.ts'
import { relatedTo } from '../related.ts'
import type { Subject } from '../scene.ts'
import { subjectOf, type SubjectContext } from '../subject.ts'
import { fieldDifferences, listDifferences } from './differences.ts'
import type { CostDifference, MomentPart, Moments, MomentsQuery, PairDifference, ProblemDifference } from './schema.ts'
import { stateAt } from './states.ts'

export type Around = Surroundings & Watched & SumsReader

export async function readMoments(
  { subject: written, a: first, b: second = 'now', window: length = '15m', limit = 50 }: MomentsQuery,
  around: Around,
): Promise<Moments> {
  const [a, b] = [moment(first, 'a', around.now), moment(second, 'b', around.now)]
  const window = stepOf(length)
  if (window === undefined || window > maxWindow)
    throw new Refusal('WEIR_API_INVALID', `"window" is not a duration of at most 7 days: ${length}.`, [
      'Write 5m, 15m, 1h or 1d.',
    ])
  const context = contextOf({ from: a < b ? a : b, to: (a < b ? b : a) + 1n }, around)
  const subject = await subjectOf(written, context)
  const compared = { subject, a, b, context, around }
  const [states, problems, traffic, cost] = await Promise.all([
    statesOf(compared),
    problemsOf(compared),
    trafficOf(compared, BigInt(window) * 1_000_000n),
    costOf(compared),
  ])
  return {
    subject: { is: subject.is, text: subject.text, ref: subject.ref },
    a: isoOf(a),
    b: isoOf(b),
    window,
    exists: states.exists,
    fields: states.fields.slice(0, limit),
    relations: states.relations.slice(0, limit),
    images: states.images,
    problems: problems?.slice(0, limit) ?? null,
    traffic: traffic.value === null ? null : { ...traffic.value, pairs: traffic.value.pairs.slice(0, limit) },
    cost: cost.value,
    totals: {
      fields: states.fields.length,
      relations: states.relations.length,
      problems: problems?.length ?? 0,
      pairs: traffic.value?.pairs.length ?? 0,
    },
    notes: [...states.notes, ...traffic.notes, ...cost.notes],
  }
}

const maxWindow = 7 * 86_400
const mostPairs = 1000

type Compared = Readonly<{ subject: Subject; a: bigint; b: bigint; context: SubjectContext; around: Around }>
type Note = Readonly<{ part: MomentPart; note: string }>

function contextOf(span: TimeSpan, around: Around): SubjectContext {
  const { store, viewer } = around
  return { dialect: dialectOf(store), viewer, span, runQuery: (sql) => readRows(around, sql) }
}

async function statesOf({ subject, a, b, context, around: surroundings }: Compared) {
  const around = { context, surroundings }
  const [before, after] = await Promise.all([stateAt(subject, a, around), stateAt(subject, b, around)])
  const none = { exists: null, fields: [], relations: [], images: [] } as const
  if (before === undefined || after === undefined) {
    const note =
      subject.is === 'actor' || subject.is === 'account'
        ? `An ${subject.is} has no stored state.`
        : 'Cloud resources have no namespace of this user.'
    return { ...none, notes: [{ part: 'object', note }] as readonly Note[] }
  }
  const isBoth = before.exists && after.exists
  const hasManifests = before.manifest !== undefined && after.manifest !== undefined
  const notes: readonly Note[] =
    before.exists || after.exists ? [] : [{ part: 'object', note: 'It existed at neither time.' }]
  return {
    exists: { a: before.exists, b: after.exists },
    fields: !isBoth
      ? []
      : hasManifests
        ? fieldDifferences(before.manifest, after.manifest)
        : fieldDifferences(before.data, after.data),
    relations: listDifferences(before.relations, after.relations, ({ relation, from, to }) =>
      JSON.stringify([relation, from, to]),
    ),
    images: listDifferences(
      before.images.map((image) => ({ image })),
      after.images.map((image) => ({ image })),
      ({ image }) => image,
    ),
    notes,
  }
}

type Problem = Omit<ProblemDifference, 'is'>

/** Of the images that it ran; undefined: it runs none. */
async function problemsOf(compared: Compared): Promise<readonly ProblemDifference[] | undefined> {
  const [before, after] = await Promise.all([compared.a, compared.b].map((at) => problemsAt(compared, at)))
  if (before === undefined || after === undefined) return undefined
  const rank = ({ severity }: Problem) => severities.indexOf(severity)
  return listDifferences(before, after, (problem) => JSON.stringify([problem.id, problem.package])).toSorted(
    (x, y) => rank(x) - rank(y),
  )
}

async function problemsAt({ subject, context }: Compared, at: bigint): Promise<readonly Problem[] | undefined> {
  const { dialect, viewer, runQuery } = context
  const related = await relatedTo(subject, { ...context, span: { from: at, to: at + 1n } })
  const runs = runsSql({ subject, related, dialect }, 'image_name')
  if (runs === undefined) return undefined
  const rows = insightRows({ dialect, viewer, at, list: 'problems', fields: ['workloads'] })
  return (await runQuery(
    `SELECT DISTINCT id, severity, package, coalesce(image_name, image) AS image FROM (${rows}) WHERE ${runs} ` +
      `ORDER BY id, package, image LIMIT ${mostProblems}`,
  )) as unknown as readonly Problem[]
}

const mostProblems = 5000

const names = ['bytes', 'packets', 'flows'] as const
type Sums = Readonly<Record<(typeof names)[number], number>>

async function trafficOf(compared: Compared, windowUs: bigint) {
  const { a, b } = compared
  const windows = await Promise.all([a, b].map((at) => trafficBefore(compared, { from: at - windowUs, to: at })))
  const [before, after] = windows
  if (before === undefined || after === undefined) {
    const note = 'No flows name it, and no address of it is known at both times.'
    return { value: null, notes: [{ part: 'traffic', note }] as readonly Note[] }
  }
  const keys = new Map([...before.pairs, ...after.pairs].map(([key, pair]) => [key, pair]))
  const pairs = [...keys].flatMap(([key, { from, to }]): readonly PairDifference[] => {
    const [left, right] = [before, after].map((part) => part.pairs.get(key)?.bytes ?? 0) as [number, number]
    return left === right ? [] : [{ from, to, a: left, b: right }]
  })
  const changeOf = (pair: PairDifference) => Math.abs(pair.b - pair.a)
  return {
    value: { a: before.sums, b: after.sums, pairs: pairs.toSorted((x, y) => changeOf(y) - changeOf(x)) },
    notes: [] as readonly Note[],
  }
}

async function trafficBefore({ subject, context, around }: Compared, span: TimeSpan) {
  const { filter } = await relatedTo(subject, { ...context, span })
  if (filter === undefined) return undefined
  const { now, viewer, readSums } = around
  const rowQuery = { ...rowQueryOf({ filter }, 'flow_time', now, viewer), span }
  const group = [endpointFields.src, endpointFields.dst]
  const request = { ...rowQuery, group, by: 'bytes', limit: mostPairs } as const
  const { rows, total } = await readSums({ is: 'groups', request, query: {} })
  const pairs = rows.map((row) => {
    const [from, to] = [row['_g0'], row['_g1']].map((end) => (typeof end === 'string' ? end : null)) as [
      string | null,
      string | null,
    ]
    return [JSON.stringify([from, to]), { from, to, bytes: Number(row['_bytes'] ?? 0) }] as const
  })
  const sums = Object.fromEntries(names.map((name) => [name, Number(total[name] ?? 0)])) as Sums
  return { sums, pairs: new Map(pairs) }
}

const dayUs = 86_400_000_000n

async function costOf(compared: Compared) {
  const { a, b } = compared
  const [before, after] = await Promise.all([a, b].map((at) => costsOfDay(compared, at)))
  const note = before!.note ?? after!.note
  const currencies = new Set([...before!.sums, ...after!.sums].map(({ currency }) => currency))
  const value = [...currencies].map((currency): CostDifference => {
    const [left, right] = [before!, after!].map(({ sums }) =>
      addDecimals(sums.filter((sum) => sum.currency === currency).map(({ amount }) => amount)),
    ) as [string, string]
    return { currency, a: left, b: right, difference: difference(right, left) }
  })
  const notes: readonly Note[] = note === null ? [] : [{ part: 'cost', note }]
  return { value, notes }
}

async function costsOfDay({ subject, context, around }: Compared, at: bigint) {
  const from = (at / dayUs) * dayUs
  const span = { from, to: from + dayUs }
  const { store, manifest } = around
  const related = await relatedTo(subject, { ...context, span })
  const lane = await costLane({ ...context, span, subject, related, store, manifest, limit: mostPairs })
  const isMissing = lane.state !== 'shown' && lane.state !== 'empty'
  return { sums: lane.sums ?? [], note: isMissing ? lane.note : null }
}
