import { dialectOf, type QueryField } from '../../../query/index.ts'
import { distinctSql, singleDistinctSql, storedDistinctSql, type DistinctRequest } from '../../../query/plan/index.ts'
import { coverageOf, storedTo, type Instance } from '../../coverage.ts'
import type { Surroundings } from '../../operation.ts'
import { readRows } from '../../rows.ts'
import type { DistinctQuery } from '../parameters.ts'
import { manyFlows } from '../sums/flow-sums.ts'
import { forgetIds, keepIds, knownIds } from '../sums/known-ids.ts'
import { storedEndpoints } from '../sums/many-groups.ts'
import type { SumRow } from '../sums/request.ts'
import { sumSource } from '../sums/sum-source.ts'
import type { DistinctCounts } from './index.ts'

type Reading = Pick<Surroundings, 'store' | 'viewer' | 'signal'> & Readonly<{ instance: Instance }>

export async function readStoredDistinct(
  request: DistinctRequest,
  source: DistinctQuery['source'],
  reading: Reading,
): Promise<DistinctCounts> {
  const { instance } = reading
  // Before the rows are read: rows stored meanwhile are not missing.
  const unstored = storedTo(instance, request.span)
  const counts = new Map<QueryField, number>()
  const ofFlows: QueryField[] = []
  for (const field of request.fields) {
    const count = await countOfSums({ ...request, fields: [field] }, source, reading)
    if (count === undefined) ofFlows.push(field)
    else counts.set(field, count)
  }
  if (ofFlows.length > 0) {
    const row = await countsOfFlows({ ...request, fields: ofFlows }, reading)
    for (const [index, field] of ofFlows.entries()) counts.set(field, countIn(row, index))
  }
  return {
    counts: request.fields.map((field) => counts.get(field) ?? 0),
    span: request.span,
    source: 'raw',
    ...(await coverageOf(instance, request)),
    ...unstored,
  }
}

function countIn(row: SumRow | undefined, index: number) {
  return Number(row?.[`_n${index}`] ?? 0)
}

/** From sums of exactly these flows. Undefined: there are none, and the flows are read. */
async function countOfSums(
  request: DistinctRequest,
  source: DistinctQuery['source'],
  reading: Reading,
): Promise<number | undefined> {
  const { store, signal } = reading
  const { rollup, exact } = await sumSource(reading, request, { fields: request.fields, step: undefined }, source)
  if (rollup?.isOfFlows !== true || !exact) return undefined
  const [row] = await readRows<SumRow>({ store, signal }, distinctSql({ ...request, rollup }, dialectOf(store)))
  return countIn(row, 0)
}

async function countsOfFlows(request: DistinctRequest, { store, signal }: Reading): Promise<SumRow | undefined> {
  const dialect = dialectOf(store)
  const sums = dialect.hasParts ? await store.sums?.() : undefined
  if (sums !== undefined && sums.flows.rows > manyFlows)
    return countsOfIds(request, { store, endpoints: sums.endpoints, signal })
  const [row] = await readRows<SumRow>({ store, signal }, distinctSql(request, dialect))
  return row
}

type ReadingIds = Pick<Surroundings, 'store' | 'signal'> &
  Readonly<{
    /** Number of all that are stored. */
    endpoints: number | undefined
  }>

/** `_n0`, `_n1` … of the fields. Ids of addresses are joined, unless each address is known to have one. */
export async function countsOfIds(
  request: DistinctRequest,
  { store, endpoints, signal }: ReadingIds,
): Promise<SumRow | undefined> {
  const known = knownIds(store, endpoints)
  if (typeof known === 'object') {
    const [row] = await readRows<SumRow>({ store, signal }, singleDistinctSql(request, storedEndpoints, known))
    if (row?.['_single'] === true) return row
    forgetIds(store)
  }
  const counts = known === 'uncounted'
  const sql = storedDistinctSql(request, storedEndpoints, counts)
  const [row] = await readRows<SumRow>({ store, signal }, sql)
  if (counts) keepIds(store, endpoints, row)
  return row
}
