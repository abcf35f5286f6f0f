import type { StoreReader } from '../../../engine/control.ts'
import {
  addressGroupsSql,
  countedAddressGroupsSql,
  singleAddressGroupsSql,
  singleIdsOf,
  type GroupsRequest,
  type SingleIds,
} from '../../../query/plan/index.ts'
import { readRows } from '../../rows.ts'
import { storedEndpoints } from './many-groups.ts'
import type { SumRow } from './request.ts'

/** `single`: of so many stored endpoints; undefined: not counted. */
type Known = Readonly<{ endpoints: number; single: SingleIds | 'several' | undefined }>

const known = new WeakMap<StoreReader, Known>()

type Reading = Readonly<{
  /** Number of all that are stored. */
  endpoints: number | undefined
  signal: AbortSignal
}>

/**
 * The largest groups by addresses. If the number of endpoints is that of the request before, their ids are counted, and
 * then not joined if each address has one. 'none': the groups have no address.
 */
export async function addressGroups(
  store: StoreReader,
  request: GroupsRequest,
  { endpoints, signal }: Reading,
): Promise<readonly SumRow[] | 'none'> {
  const before = known.get(store)
  const isUnchanged = endpoints !== undefined && before?.endpoints === endpoints
  if (endpoints !== undefined && !isUnchanged) known.set(store, { endpoints, single: undefined })
  if (isUnchanged && typeof before.single === 'object') {
    const sql = singleAddressGroupsSql(request, storedEndpoints, before.single)
    const rows = sql === undefined ? undefined : await readRows<SumRow>({ store, signal }, sql)
    if (rows?.[0]?.['_single'] === true) return rows.map(({ _single: _, ...row }) => row)
    if (sql !== undefined) known.delete(store)
  }
  const counts = isUnchanged && before.single === undefined
  const sql = (counts ? countedAddressGroupsSql : addressGroupsSql)(request, storedEndpoints)
  if (sql === undefined) return 'none'
  const rows = await readRows<SumRow>({ store, signal }, sql)
  const [first] = rows
  if (counts && first !== undefined) known.set(store, { endpoints, single: singleIdsOf(first) ?? 'several' })
  return rows
}
