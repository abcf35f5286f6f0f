import { dialectOf, type QueryField } from '../../../query/index.ts'
import {
  countedDistinctSql,
  distinctSql,
  singleDistinctSql,
  storedDistinctSql,
  type DistinctRequest,
  type Rollup,
} from '../../../query/plan/index.ts'
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
  const sources = await Promise.all(request.fields.map((field) => sumsOf(field, request, source, reading)))
  const byView = Map.groupBy(request.fields.keys(), (index) => sources[index]?.view)
  const counts: number[] = []
  const runs = [...byView.values()].map(async (indexes) => {
    const fields = indexes.map((index) => request.fields[index]!)
    const row = await countsOf({ ...request, fields }, sources[indexes[0]!], reading)
    for (const [number, index] of indexes.entries()) counts[index] = Number(row?.[`_n${number}`] ?? 0)
  })
  await Promise.all(runs)
  return {
    counts,
    span: request.span,
    source: 'raw',
    ...(await coverageOf(instance, request)),
    ...unstored,
  }
}

/** Sums of exactly the requested flows. Undefined: there are none, and the flows are read. */
async function sumsOf(
  field: QueryField,
  request: DistinctRequest,
  source: DistinctQuery['source'],
  reading: Reading,
): Promise<Rollup | undefined> {
  const { rollup, exact } = await sumSource(reading, request, { fields: [field], step: undefined }, source)
  return rollup?.isOfFlows === true && exact ? rollup : undefined
}

async function countsOf(
  request: DistinctRequest,
  rollup: Rollup | undefined,
  reading: Reading,
): Promise<SumRow | undefined> {
  if (rollup === undefined) return countsOfFlows(request, reading)
  const { store, signal } = reading
  const [row] = await readRows<SumRow>({ store, signal }, distinctSql({ ...request, rollup }, dialectOf(store)))
  return row
}

async function countsOfFlows(request: DistinctRequest, { store, signal }: Reading): Promise<SumRow | undefined> {
  const dialect = dialectOf(store)
  const sums = dialect.hasParts ? await store.sums?.() : undefined
  if (sums !== undefined && sums.flows.rows > manyFlows)
    return countsOfIds({ ...request, ids: storedEndpoints }, { store, endpoints: sums.endpoints, signal })
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
  const sql = (counts ? countedDistinctSql : storedDistinctSql)(request, storedEndpoints)
  const [row] = await readRows<SumRow>({ store, signal }, sql)
  if (counts) keepIds(store, endpoints, row)
  return row
}
