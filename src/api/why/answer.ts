import { pointerSteps } from '../../model/json-pointer.ts'
import { isRecord } from '../../model/json.ts'
import { dialectOf } from '../../query/index.ts'
import { isoOf, seriesSql, stepFor, type Measure, type RowQuery, type TimeSpan } from '../../query/plan/index.ts'
import type { StoreReader } from '../../engine/control.ts'
import type { Principal } from '../access/principal.ts'
import type { ApiContext } from '../options.ts'
import { storedSince } from '../../topics/coverage.ts'
import { groupField } from '../query-parameters.ts'
import { cloudsOf } from './clouds.ts'
import { collect } from './collect.ts'
import { inventoryGraceUs } from './inventory.ts'
import { onsetOf } from './onset.ts'
import { rank, weightOf } from './rank.ts'
import { isControllers } from './controllers.ts'
import { relationOf } from './relate.ts'
import { affectedBy, endKey, pairOf, pairsSql, within, type Pair } from './traffic.ts'
import type { Candidate, TrafficMark, Workload } from './types.ts'
import { isRollout } from './weights.ts'
import { workloadsOf, type Affected, type RunQuery } from './workloads.ts'

export type WhyRun = Readonly<{
  context: Pick<ApiContext, 'control'>
  store: StoreReader
  principal: Principal
  runQuery: RunQuery
  /** The flows in question, and all visible flows. */
  flows: RowQuery
  allFlows: RowQuery
  by: Measure
  limit: number
}>

const onsetFields = ['src_namespace', 'src_owner_name', 'dst_namespace', 'dst_owner_name'] as const
const [buckets, maxSeries, maxPairs, shownPairs, maxAffected, maxNeighbours, maxSteps] = [120, 40, 400, 10, 30, 30, 40]

/** Changes before the change of traffic in `flows.span`, or around its start; best first. */
export async function precedingChanges(run: WhyRun, lookbackUs: bigint): Promise<object> {
  const { flows, store, runQuery, by, limit } = run
  const dialect = dialectOf(store)
  const { from, to } = flows.span
  const before = from - (to - from)
  // Before the first stored flow traffic is unknown, and not zero.
  const { since = before } = await storedSince(store, { from: before, to })
  const wide: TimeSpan = { from: since > before && since < to ? since : before, to }
  const step = stepFor(wide, buckets)
  const stepUs = BigInt(step) * 1_000_000n
  const group = onsetFields.map(groupField)
  const request = { ...within(flows, wide), group, step, by, limit: maxSeries }
  const first = wide.from / stepUs
  const least = Number(from / stepUs - first)
  const series = seriesIn(await runQuery(seriesSql(request, dialect)), {
    by,
    length: Number((wide.to - 1n) / stepUs - first),
    at: (bucket) => Number(bucket / stepUs - first),
  })
  const result = onsetOf(series, Math.max(1, least - Math.ceil(buckets / 12)))
  const start = from > wide.from ? from : wide.from
  const onset = result === undefined ? start : (first + BigInt(result.at)) * stepUs
  const length = result === undefined ? to - from : BigInt(result.width) * stepUs
  const compared: TimeSpan = { from: onset - length, to: onset + length < to ? onset + length : to }
  const pairs = (await runQuery(pairsSql(within(flows, compared), onset, { by, limit: maxPairs }, dialect))).map(pairOf)
  const near = await relatedWorkloads(run, pairs, (pair) => Math.abs(pair.after - pair.before), compared, onset)
  const graceUs = stepUs + 10_000_000n
  const window: TimeSpan = { from: onset - lookbackUs, to: onset + graceUs }
  const { candidates, noise, cut } = await collect(window, { ...run, dialect }, onset + inventoryGraceUs)
  const workloads = await cloudsOf(near, candidates, window, { ...run, dialect })
  const { ranked, excluded } = rank(candidates, workloads, {
    onset: Number(onset) / 1000,
    lookbackMs: Number(lookbackUs) / 1000,
    graceMs: Number(graceUs) / 1000,
    inventoryGraceMs: Number(inventoryGraceUs) / 1000,
  })
  return {
    span: { from: isoOf(from), to: isoOf(to) },
    step,
    onset: isoOf(onset),
    detected: result !== undefined,
    compared: { from: isoOf(compared.from), to: isoOf(compared.to) },
    window: { from: isoOf(window.from), to: isoOf(window.to) },
    by,
    before: sumOf(pairs, 'before'),
    after: sumOf(pairs, 'after'),
    pairs: pairs.slice(0, shownPairs),
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

/** Values by bucket of each group and of the rest. The last bucket is not complete. */
function seriesIn(
  rows: readonly Readonly<Record<string, unknown>>[],
  { by, length, at }: Readonly<{ by: Measure; length: number; at: (bucket: bigint) => number }>,
): readonly (readonly number[])[] {
  const series = new Map<string, number[]>()
  for (const row of rows) {
    const key = JSON.stringify([row['_other'], ...onsetFields.map((_, index) => row[`_g${index}`])])
    const values = series.get(key) ?? new Array<number>(length).fill(0)
    series.set(key, values)
    const bucket = at(BigInt(String(row['_bucket'])))
    if (bucket >= 0 && bucket < length) values[bucket] = (values[bucket] ?? 0) + Number(row[`_${by}`])
  }
  return [...series.values()]
}

export type TrafficMarks = Readonly<{
  span: Readonly<{ from: string; to: string }>
  marks: readonly TrafficMark[]
  others: number
  cut: boolean
}>

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
  const affected: Affected[] = [...ends.values()].toSorted((a, b) => b.share - a.share).slice(0, maxAffected)
  const named = affected.filter(({ end }) => end.namespace !== '').map(({ end }) => end)
  if (onset !== undefined && named.length > 0) {
    const sql = pairsSql(within(allFlows, span), onset, { by, limit: maxPairs, ends: named }, dialect)
    const seen = new Set(affected.map(({ end }) => endKey(end)))
    for (const { source, destination } of (await runQuery(sql)).map(pairOf)) {
      const [near, far] = ends.has(endKey(source)) ? [source, destination] : [destination, source]
      if (seen.has(endKey(far)) || far.namespace === '' || seen.size > maxAffected + maxNeighbours) continue
      seen.add(endKey(far))
      affected.push({ end: far, share: ends.get(endKey(near))?.share ?? 0, via: `${near.namespace}/${near.name}` })
    }
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
