import { sketchError } from '../model/sketch.ts'
import { dialectOf } from '../query/index.ts'
import { groupsSql, seriesSql, summedMeasures, type AggregateQuery } from '../query/plan/index.ts'
import type { StoreReader } from '../engine/control.ts'
import { coverageOf, storedTo } from '../topics/coverage.ts'
import type { SumsQuery } from '../topics/flows/parameters.ts'
import type { AboutSums, SumRow, SumsReader, SumsRequest, SumsResult, Totals } from '../topics/flows/sums.ts'
import type { Principal } from './access/principal.ts'
import { candidateSums } from './candidate-sums.ts'
import { sharedKey, StoreRuns, visibleFlows, widened, withoutGroups } from './fair/shared-sums.ts'
import { flowSums, type SumGroups, type SumSql } from './flow-sums.ts'
import type { Hub } from './live/hub.ts'
import type { ApiContext } from './options.ts'
import { ringGroups, ringSeries, type RingAnswer } from './ring/answers.ts'
import type { RingSource } from './ring/scan.ts'
import { sketchSums } from './sketch-sums.ts'
import { rowsOf } from './store-query.ts'
import { remainderMatters, sumSource } from './sum-source.ts'

export type RunStatement = Readonly<{
  context: ApiContext
  hub: Hub
  principal: Principal
  disconnected: AbortSignal
}>

type SumsRead<Request> = Readonly<{
  request: Request
  groups: SumGroups
  query: SumsQuery
  sql: SumSql<Request>
  ring: (source: RingSource, signal: AbortSignal) => Promise<RingAnswer | undefined>
}>

/** For topics. Rejects when the client has disconnected. */
export function sumsReader(run: RunStatement): SumsReader {
  return {
    async readSums(sums) {
      const result = await (sums.is === 'series' ? seriesSums(run, sums) : groupSums(run, sums))
      if (result !== undefined) return result
      throw new DOMException('The client has disconnected.', 'AbortError')
    },
  }
}

function seriesSums(run: RunStatement, { request, query }: SumsRequest & Readonly<{ is: 'series' }>) {
  return readSums(run, {
    request,
    groups: { fields: request.group, step: request.step },
    query,
    sql: seriesSql,
    ring: (source, signal) => ringSeries(source, request, signal),
  })
}

function groupSums(run: RunStatement, { request, query }: SumsRequest & Readonly<{ is: 'groups' }>) {
  return readSums(run, {
    request,
    groups: { fields: request.group, step: undefined },
    query,
    sql: groupsSql,
    ring: (source, signal) => ringGroups(source, request, signal),
  })
}

const sharedRuns = new StoreRuns<SumsResult>()

/** Undefined when the client has disconnected. */
async function readSums<Request extends AggregateQuery>(
  run: RunStatement,
  sums: SumsRead<Request>,
): Promise<SumsResult | undefined> {
  const { context, disconnected, principal } = run
  const { store } = context.control
  if (store === undefined) return ringSums(run, sums)
  // Before the state of the store is read: if no row is missing here, that state has all of them.
  const unstored = storedTo(context, sums.request.span)
  const stored = await store.sums?.()
  const visible = visibleFlows(context.control, stored)
  const begin = (request: Request) => async (signal: AbortSignal) => {
    const answer = await storedSums(store, { ...run, disconnected: signal }, { ...sums, request })
    return answer === undefined ? undefined : { ...answer, ...unstored }
  }
  const { request, groups, query } = sums
  if (stored === undefined || visible === undefined) return begin(request)(disconnected)
  const wide = widened(request, groups, stored)
  const key = sharedKey(wide ?? request, groups, wide === undefined ? query : withoutGroups(query), principal)
  const answer = await sharedRuns
    .of(store)
    .join(`${key} ${visible}`, { now: context.host.clock.monotonic(), disconnected }, begin(wide ?? request))
  if (answer === undefined) return undefined
  const rows = wide === undefined ? answer.rows : answer.rows.slice(0, request.limit)
  return { ...answer, rows, ...earlierOf(unstored, answer) }
}

/** A joined run lacks the rows that this request lacks, and those after its range. */
function earlierOf({ storedTo: first }: Pick<SumsResult, 'storedTo'>, { storedTo: second, span }: SumsResult) {
  const ofRun = second ?? span.to
  return first === undefined ? {} : { storedTo: first < ofRun ? first : ofRun }
}

async function ringSums<Request extends AggregateQuery>(
  { hub, disconnected }: RunStatement,
  { request, ring }: SumsRead<Request>,
): Promise<SumsResult | undefined> {
  const answer = await ring(hub.ringSource(), disconnected)
  return answer === undefined
    ? undefined
    : { ...answer, total: totalOf(answer.rows, request), source: 'ring', exact: true }
}

async function storedSums<Request extends AggregateQuery>(
  store: StoreReader,
  run: RunStatement,
  { request, groups, query, sql }: SumsRead<Request>,
): Promise<SumsResult | undefined> {
  const { context, disconnected } = run
  const dialect = dialectOf(store)
  const answerOf = async (rows: readonly SumRow[] | undefined, about: AboutSums) =>
    rows === undefined
      ? undefined
      : { ...withoutTotalRow(rows, request), span: request.span, ...about, ...(await coverageOf(context, request)) }
  const sketch = query.source === 'raw' ? undefined : await sketchSums(store, request, groups)
  if (sketch !== undefined) {
    const rows = await rowsOf(store, sql({ ...request, rollup: sketch }, dialect), disconnected)
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
    answerOf(await flowSums(store, request, groups, sql, { disconnected, countsAll: query.source === 'raw' }), {
      source: 'raw',
      exact: true,
    })
  if (rollup === undefined) return fromFlows()
  const isOfCandidates = !isComplete && !flowsStored && hasCandidates && groups.step === undefined && dialect.hasParts
  const candidates = isOfCandidates
    ? await candidateSums(store, { ...request, group: groups.fields }, rollup, disconnected)
    : 'none'
  const rows =
    candidates === 'none' ? await rowsOf(store, sql({ ...request, rollup }, dialect), disconnected) : candidates?.rows
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

function withoutTotalRow(rows: readonly SumRow[], request: AggregateQuery): Pick<SumsResult, 'rows' | 'total'> {
  return { rows: rows.filter((row) => row['_place'] !== null), total: totalOf(rows, request) }
}

function totalOf([first = {}]: readonly SumRow[], summed: Pick<AggregateQuery, 'sums' | 'further'>): Totals {
  const sums = ['groups', ...summedMeasures(summed)].map((name) => [name, first[`_all_${name}`] ?? 0])
  const error = first['_groups_error']
  return { ...Object.fromEntries(sums), ...(error === undefined ? {} : { groups_error: error }) } as Totals
}
