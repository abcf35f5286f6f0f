/** Sums of stored flows. With many flows the statements are those that are faster for the store, and as exact. */
import type { StoredSums, StoreReader } from '../../../engine/control.ts'
import { dialectOf, type Dialect, type QueryField } from '../../../query/index.ts'
import { rowsBefore, type AggregateQuery } from '../../../query/plan/index.ts'
import { addressGroups } from './address-groups.ts'
import { countedValues } from './counted-values.ts'
import { largestGroups, placedSeries } from './kept-sums.ts'
import { manyGroups, storedEndpoints } from './many-groups.ts'
import { currentWork } from '../../work.ts'
import { areExact, type SumRow } from './request.ts'
import { readRows } from '../../rows.ts'

export type SumGroups = Readonly<{ fields: readonly QueryField[]; step: number | undefined }>

export type SumSql<Request> = (request: Request, dialect: Dialect) => string

/** A sample, a count and the parts of many groups. */
const mostStatements = 6
/** With more stored flows, other statements are faster. */
export const manyFlows = 250_000
/** Above, one endpoint's groups would wait long for those of the pair. */
const sharedFlows = 10_000_000
/** ClickHouse reads sums by hour instead of more flows than these. Of fewer, the plan of the statement needs longer. */
export const hourlyFlows = 1_000_000

type FlowSumsOptions = Readonly<{
  signal: AbortSignal
  /** True: all groups are counted, see `manyGroups`. */
  countsAll?: boolean
  many?: number
}>

/** Rows of `groupsSql` or `seriesSql`. */
export async function flowSums<Request extends AggregateQuery>(
  store: StoreReader,
  request: Request,
  groups: SumGroups,
  sql: SumSql<Request>,
  { signal, countsAll = false, many = manyFlows }: FlowSumsOptions,
): Promise<readonly SumRow[]> {
  const dialect = dialectOf(store)
  const sums = await store.sums?.()
  const flows = dialect.hasParts ? sums?.flows : undefined
  const storedRows = flows?.rows ?? 0
  const hourSums = sums === undefined || rowsIn(request, sums.flows) > hourlyFlows ? sums?.hourSums : []
  if (storedRows <= many) return readRows<SumRow>({ store, signal }, sql({ ...request, hourSums }, dialect))
  const read = (how: Readonly<{ doubles: boolean }>) =>
    fastSums(
      store,
      { ...request, ...how, ids: storedEndpoints, ...(storedRows > sharedFlows ? { beside: undefined } : {}) },
      groups,
      {
        sql,
        expected: rowsIn(request, flows),
        endpoints: sums?.endpoints,
        signal,
        countsAll,
      },
    )
  const rows = await read({ doubles: true })
  return areExact(rows) ? rows : read({ doubles: false })
}

/** Estimated rows in the span, without the filter. */
function rowsIn({ span: { from, to } }: AggregateQuery, flows: StoredSums['flows'] | undefined): number {
  if (flows?.hours === undefined) return flows?.rows ?? 0
  return rowsBefore(flows.hours, Number(to) / 1000) - rowsBefore(flows.hours, Number(from) / 1000)
}

type FastSumsOptions<Request> = Readonly<{
  sql: SumSql<Request>
  expected: number
  endpoints: number | undefined
  signal: AbortSignal
  countsAll: boolean
}>

async function fastSums<Request extends AggregateQuery>(
  store: StoreReader,
  request: Request,
  { fields, step }: SumGroups,
  { sql, ...how }: FastSumsOptions<Request>,
): Promise<readonly SumRow[]> {
  const { expected, signal } = how
  const groupedRequest = { ...request, group: fields }
  currentWork()?.expect(mostStatements, expected)
  const largeGroups = step === undefined ? await manyGroups(store, groupedRequest, how) : 'few'
  if (largeGroups !== 'few') return largeGroups
  currentWork()?.expect(step === undefined && request.of === undefined ? 2 : 4)
  const countedRows = step === undefined ? await countedValues(store, groupedRequest, expected, signal) : 'none'
  if (countedRows !== 'none') return countedRows
  const rows =
    step === undefined
      ? await largestGroups(store, groupedRequest, signal)
      : fields.length === 1
        ? await placedSeries(store, { ...groupedRequest, step }, how)
        : 'none'
  if (rows !== 'none') return rows
  const byIds = step === undefined && fields.length > 0 ? await addressGroups(store, groupedRequest, how) : 'none'
  return byIds === 'none' ? readRows<SumRow>({ store, signal }, sql(request, dialectOf(store))) : byIds
}
