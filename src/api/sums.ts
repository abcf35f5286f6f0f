import { withoutUndefined } from '../model/json.ts'
import { sketchError } from '../model/sketch.ts'
import { dialectOf, endpointField, flowNames, type QueryField } from '../query/index.ts'
import {
  furtherMeasures,
  hasStats,
  isFurther,
  isMeasure,
  measures,
  percentiles,
  stats,
  stepOf,
  summedMeasures,
  type FurtherMeasure,
  type RowQuery,
  type Rank,
  type AggregateQuery,
  type TimeSpan,
} from '../query/plan/index.ts'
import type { Principal } from './access/principal.ts'
import { rowsOf } from './store-query.ts'
import type { Hub } from './live/hub.ts'
import type { ApiContext } from './options.ts'
import { ApiError } from './problems.ts'
import { columnOf, measureColumns, unknownField, type AnswerColumn } from './query-parameters.ts'
import { listOf } from '../topics/comma-list.ts'
import type { AnswerRecord, RingAnswer } from './ring/answers.ts'
import type { RingSource } from './ring/scan.ts'
import { coverageOf, storedTo, type Missing } from '../topics/coverage.ts'
import type { StoreReader } from '../engine/control.ts'
import { sharedKey, StoreRuns, visibleFlows } from './fair/shared-sums.ts'
import { flowSums, type SumGroups, type SumSql } from './flow-sums.ts'
import { candidateSums } from './candidate-sums.ts'
import { sketchSums } from './sketch-sums.ts'
import type { SumsQuery } from '../topics/flows/parameters.ts'
import { remainderMatters, sumSource } from './sum-source.ts'

export function shifted<Request extends RowQuery>(rowQuery: Request, offset: string | undefined): Request {
  if (offset === undefined) return rowQuery
  const seconds = stepOf(offset)
  if (seconds === undefined)
    throw new ApiError('WEIR_API_INVALID', `"offset" is not a duration: ${offset}.`, {
      hints: ['Write 15m, 1h, 1d or 4w.'],
    })
  const by = BigInt(seconds) * 1_000_000n
  return { ...rowQuery, span: { from: rowQuery.span.from - by, to: rowQuery.span.to - by } }
}

export function sumsOf(
  { by = 'bytes', measure, of: written, limit, beside, sums = 'all' }: SumsQuery,
  defaultLimit: number,
): Pick<AggregateQuery, 'by' | 'limit' | 'of' | 'sums' | 'further' | 'beside'> {
  const of = written === undefined ? undefined : statField(written)
  const rank: Rank = by
  if (of === undefined && (stats as readonly string[]).includes(rank))
    throw new ApiError('WEIR_API_INVALID', `"by" is ${rank}, which needs a field.`, {
      hints: ['Set the field: of=rtt.'],
    })
  const further = furtherOf(measure, by)
  return {
    by: rank,
    limit: limit ?? defaultLimit,
    ...(of === undefined ? {} : { of }),
    ...(further.length === 0 ? {} : { further }),
    ...(sums === 'all' || !isMeasure(rank) ? {} : { sums: measures.filter((name) => name === rank) }),
    ...withoutUndefined({ beside: endpointField(beside ?? '') }),
  }
}

function furtherOf(written: string | undefined, by: string): readonly FurtherMeasure[] {
  const listed = listOf(written)
  const unknown = listed.find((name) => !isFurther(name) && !(measures as readonly string[]).includes(name))
  if (unknown !== undefined)
    throw new ApiError('WEIR_API_INVALID', `"measure" contains ${unknown}, which is not summed.`, {
      hints: [`Possible values: ${furtherMeasures.join(', ')}; ${measures.join(', ')} are always included.`],
    })
  return furtherMeasures.filter((furtherMeasure) => furtherMeasure === by || listed.includes(furtherMeasure))
}

function statField(written: string): QueryField {
  const field = flowNames.field(flowNames.resolve(written) ?? '')
  if (field === undefined) throw unknownField(written, 'of')
  if (!hasStats(field))
    throw new ApiError('WEIR_API_INVALID', `"of" does not support ${field.name}: it has no numbers.`)
  return field
}

type Summed = Pick<AggregateQuery, 'of' | 'sums' | 'further'>

export function sumColumns({ of, sums: chosen = measures, further = [] }: Summed): readonly AnswerColumn[] {
  const sums = [
    ...measureColumns.filter(({ name }) => (chosen as readonly string[]).includes(name)),
    ...further.map((name) => ({ name, type: 'HUGEINT', unit: name === 'drop_bytes' ? 'By' : '{packet}' })),
  ]
  if (of === undefined) return sums
  const { name, type, ...unit } = columnOf(of)
  return [
    ...sums,
    { name: `${name}_flows`, type: 'BIGINT', unit: '{flow}' },
    { name: `${name}_min`, type, ...unit },
    { name: `${name}_avg`, type: 'DOUBLE', ...unit },
    ...percentiles.map((percent) => ({ name: `${name}_p${percent}`, type, ...unit })),
    { name: `${name}_max`, type, ...unit },
  ]
}

export function measureCells(row: AnswerRecord, summed: Summed): readonly unknown[] {
  const { of } = summed
  const sums = summedMeasures(summed).map((name) => row[`_${name}`] ?? null)
  if (of === undefined) return sums
  const at = row['_p'] as readonly unknown[] | null | undefined
  return [
    ...sums,
    row['_n'] ?? 0,
    row['_min'] ?? null,
    row['_avg'] ?? null,
    ...percentiles.map((_, index) => at?.[index] ?? null),
    row['_max'] ?? null,
  ]
}

/** `groups` and the requested sums. */
export type Totals = Readonly<Record<string, unknown>>

function totalOf([first = {}]: readonly AnswerRecord[], summed: Summed): Totals {
  return Object.fromEntries(['groups', ...summedMeasures(summed)].map((name) => [name, first[`_all_${name}`] ?? 0]))
}

type AboutSums = Readonly<{
  source: string
  exact: boolean
  /** Of statistics. */
  relativeError?: number
}>

type SumsAnswer = Readonly<{
  rows: readonly AnswerRecord[]
  total: Totals
  /** Largest possible error of any sum. */
  error?: unknown
  span: TimeSpan
  storedTo?: bigint
  since?: bigint
}> &
  AboutSums &
  Omit<Missing, 'exact'>

export type RunStatement = Readonly<{
  context: ApiContext
  hub: Hub
  principal: Principal
  disconnected: AbortSignal
}>

type SumReaders<Request> = Readonly<{
  sql: SumSql<Request>
  ring: (source: RingSource, signal: AbortSignal) => Promise<RingAnswer | undefined>
}>

type SumsRead<Request> = Readonly<{
  request: Request
  groups: SumGroups
  query: SumsQuery
  readers: SumReaders<Request>
}>

const sharedRuns = new StoreRuns<SumsAnswer>()

/** Undefined when the client has disconnected. */
export async function readSums<Request extends AggregateQuery>(
  run: RunStatement,
  sums: SumsRead<Request>,
): Promise<SumsAnswer | undefined> {
  const { context, disconnected, principal } = run
  const { store } = context.control
  if (store === undefined) return ringSums(run, sums)
  // Before the state of the store is read: if no row is missing here, that state has all of them.
  const unstored = storedTo(context, sums.request.span)
  const visible = visibleFlows(context.control, await store.sums?.())
  const begin = async (signal: AbortSignal) => {
    const answer = await storedSums(store, { ...run, disconnected: signal }, sums)
    return answer === undefined ? undefined : { ...answer, ...unstored }
  }
  if (visible === undefined) return begin(disconnected)
  const key = `${sharedKey(sums.request, sums.groups, sums.query, principal)} ${visible}`
  const answer = await sharedRuns.of(store).join(key, { now: context.host.clock.monotonic(), disconnected }, begin)
  return answer === undefined ? undefined : { ...answer, ...earlierOf(unstored, answer) }
}

/** A joined run lacks the rows that this request lacks, and those after its range. */
function earlierOf({ storedTo: first }: Pick<SumsAnswer, 'storedTo'>, { storedTo: second, span }: SumsAnswer) {
  const ofRun = second ?? span.to
  return first === undefined ? {} : { storedTo: first < ofRun ? first : ofRun }
}

async function ringSums<Request extends AggregateQuery>(
  { hub, disconnected }: RunStatement,
  { request, readers }: SumsRead<Request>,
): Promise<SumsAnswer | undefined> {
  const answer = await readers.ring(hub.ringSource(), disconnected)
  return answer === undefined
    ? undefined
    : { ...answer, total: totalOf(answer.rows, request), source: 'ring', exact: true }
}

async function storedSums<Request extends AggregateQuery>(
  store: StoreReader,
  run: RunStatement,
  { request, groups, query, readers }: SumsRead<Request>,
): Promise<SumsAnswer | undefined> {
  const { context, disconnected } = run
  const dialect = dialectOf(store)
  const answerOf = async (rows: readonly AnswerRecord[] | undefined, about: AboutSums) =>
    rows === undefined
      ? undefined
      : { ...withoutTotalRow(rows, request), span: request.span, ...about, ...(await coverageOf(context, request)) }
  const sketch = query.source === 'raw' ? undefined : await sketchSums(store, request, groups)
  if (sketch !== undefined) {
    const rows = await rowsOf(store, readers.sql({ ...request, rollup: sketch }, dialect), disconnected)
    return answerOf(rows, { source: 'sketch', exact: false, relativeError: sketchError })
  }
  const {
    rollup,
    exact: isComplete,
    flowsStored = false,
    hasCandidates = false,
    onInsufficient,
  } = await sumSource(
    store,
    request,
    groups,
    request.of === undefined && request.further === undefined ? query.source : 'raw',
    run,
  )
  const fromFlows = async () =>
    answerOf(await flowSums(store, request, groups, readers.sql, { disconnected }), { source: 'raw', exact: true })
  if (rollup === undefined) return fromFlows()
  const isOfCandidates = !isComplete && !flowsStored && hasCandidates && groups.step === undefined && dialect.hasParts
  const candidates = isOfCandidates
    ? await candidateSums(store, { ...request, group: groups.fields }, rollup, disconnected)
    : 'none'
  const rows =
    candidates === 'none'
      ? await rowsOf(store, readers.sql({ ...request, rollup }, dialect), disconnected)
      : candidates?.rows
  if (rows === undefined || candidates === undefined) return undefined
  const exact = isComplete || (candidates !== 'none' && candidates.isProven)
  if (!exact && flowsStored && remainderMatters(rows)) {
    onInsufficient?.()
    return fromFlows()
  }
  const rest = rows[0]?.['_rest']
  return {
    ...withoutTotalRow(rows, request),
    span: rollup.span,
    source: rollup.isOfFlows === true ? 'raw' : rollup.view,
    exact,
    ...(exact || rest === undefined ? {} : { error: rest }),
    ...(await coverageOf(context, request, rollup.isOfFlows === true ? undefined : rollup)),
  }
}

function withoutTotalRow(rows: readonly AnswerRecord[], request: AggregateQuery): Pick<SumsAnswer, 'rows' | 'total'> {
  return { rows: rows.filter((row) => row['_place'] !== null), total: totalOf(rows, request) }
}
