/** Sums of stored flows: from sketches, from sums beside files, from rollups, or from the flows. */
import type { Control } from '../../../engine/control.ts'
import { sketchError } from '../../../model/sketch.ts'
import { dialectOf } from '../../../query/index.ts'
import { groupsSql, seriesSql, summedMeasures, type AggregateQuery } from '../../../query/plan/index.ts'
import { coverageOf, storedTo, type Instance } from '../../coverage.ts'
import type { Surroundings } from '../../operation.ts'
import { readRows } from '../../rows.ts'
import type { SumsQuery } from '../parameters.ts'
import { candidateSums } from './candidate-sums.ts'
import { flowSums, type SumGroups, type SumSql } from './flow-sums.ts'
import type { AboutSums, SumRow, SumsRequest, SumsResult, Totals } from './request.ts'
import { sharedKey, StoreRuns, visibleFlows, widened, withoutGroups } from './shared-sums.ts'
import { sketchSums } from './sketch-sums.ts'
import { rollupGroups } from './rollup-groups.ts'
import { remainderMatters, sumSource } from './sum-source.ts'

type Reading = Pick<Surroundings, 'store' | 'viewer' | 'signal'> &
  Readonly<{ instance: Instance & Readonly<{ control: Pick<Control, 'acknowledges'> }> }>

type SumsRead<Request> = Readonly<{
  request: Request
  groups: SumGroups
  query: SumsQuery
  sql: SumSql<Request>
}>

export function readStoredSums(reading: Reading, sums: SumsRequest): Promise<SumsResult> {
  const { query } = sums
  if (sums.is === 'series') {
    const { request } = sums
    return sharedSums(reading, {
      request,
      groups: { fields: request.group, step: request.step },
      query,
      sql: seriesSql,
    })
  }
  const { request } = sums
  return sharedSums(reading, { request, groups: { fields: request.group, step: undefined }, query, sql: groupsSql })
}

const sharedRuns = new StoreRuns<SumsResult>()

async function sharedSums<Request extends AggregateQuery>(
  reading: Reading,
  sums: SumsRead<Request>,
): Promise<SumsResult> {
  const { store, viewer, signal, instance } = reading
  // Before the state of the store is read: if no row is missing here, that state has all of them.
  const unstored = storedTo(instance, sums.request.span)
  const stored = await store.sums?.()
  const visible = visibleFlows(instance.control, stored)
  const begin = (request: Request) => async (signal: AbortSignal) => {
    const answer = await storedSums({ ...reading, signal }, { ...sums, request })
    return { ...answer, ...unstored }
  }
  const { request, groups, query } = sums
  if (stored === undefined || visible === undefined) return begin(request)(signal)
  const wide = widened(request, groups, stored)
  const key = sharedKey(wide ?? request, groups, wide === undefined ? query : withoutGroups(query), viewer)
  const answer = await sharedRuns
    .of(store)
    .join(`${key} ${visible}`, { now: instance.host.clock.monotonic(), signal }, begin(wide ?? request))
  const rows = wide === undefined ? answer.rows : answer.rows.slice(0, request.limit)
  return { ...answer, rows, ...earlierOf(unstored, answer) }
}

/** A joined run lacks the rows that this request lacks, and those after its range. */
function earlierOf({ storedTo: first }: Pick<SumsResult, 'storedTo'>, { storedTo: second, span }: SumsResult) {
  const ofRun = second ?? span.to
  return first === undefined ? {} : { storedTo: first < ofRun ? first : ofRun }
}

async function storedSums<Request extends AggregateQuery>(
  reading: Reading,
  { request, groups, query, sql }: SumsRead<Request>,
): Promise<SumsResult> {
  const { store, signal, instance } = reading
  const dialect = dialectOf(store)
  const answerOf = async (rows: readonly SumRow[], about: AboutSums) => ({
    ...withoutTotalRow(rows, request),
    span: request.span,
    ...about,
    ...(await coverageOf(instance, request)),
  })
  const sketch = query.source === 'raw' ? undefined : await sketchSums(store, request, groups)
  if (sketch !== undefined) {
    const rows = await readRows<SumRow>({ store, signal }, sql({ ...request, rollup: sketch }, dialect))
    return answerOf(rows, { source: 'sketch', exact: false, relativeError: sketchError })
  }
  const {
    rollup,
    exact: isComplete,
    flowsStored = false,
    hasCandidates = false,
    totals,
    onInsufficient,
  } = await sumSource(
    reading,
    request,
    groups,
    request.of === undefined && request.further === undefined ? query.source : 'raw',
  )
  const fromFlows = async () =>
    answerOf(await flowSums(store, request, groups, sql, { signal, countsAll: query.source === 'raw' }), {
      source: 'raw',
      exact: true,
    })
  if (rollup === undefined) return fromFlows()
  const isOfCandidates = !isComplete && !flowsStored && hasCandidates && groups.step === undefined && dialect.hasParts
  const ofRollup = { ...request, rollup, group: groups.fields }
  const ofTotals = { store, signal, totals }
  const candidates = isOfCandidates ? await candidateSums(ofTotals, ofRollup) : 'none'
  const rows =
    candidates !== 'none'
      ? candidates.rows
      : groups.step === undefined
        ? await rollupGroups(ofTotals, ofRollup)
        : await readRows<SumRow>({ store, signal }, sql(ofRollup, dialect))
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
    ...(await coverageOf(instance, request, rollup.isOfFlows === true ? undefined : rollup)),
  }
}

function withoutTotalRow(rows: readonly SumRow[], request: AggregateQuery): Pick<SumsResult, 'rows' | 'total'> {
  return { rows: rows.filter((row) => row['_place'] !== null), total: totalOf(rows, request) }
}

/** Total of rows of groups. */
export function totalOf([first = {}]: readonly SumRow[], summed: Pick<AggregateQuery, 'sums' | 'further'>): Totals {
  const sums = ['groups', ...summedMeasures(summed)].map((name) => [name, first[`_all_${name}`] ?? 0])
  const error = first['_groups_error']
  return { ...Object.fromEntries(sums), ...(error === undefined ? {} : { groups_error: error }) } as Totals
}
