import type { StoreReader } from '../../../engine/control.ts'
import {
  addressGroupsSql,
  countedAddressGroupsSql,
  singleAddressGroupsSql,
  singleIdsOf,
  type GroupsRequest,
  type SingleIds,
} from '../../../query/plan/index.ts'
import { rowsOf } from '../../unless-aborted.ts'
import { storedEndpoints } from './many-groups.ts'
import type { SumRow } from './request.ts'

/** `single`: of so many stored endpoints; undefined: not counted. */
type Known = Readonly<{ endpoints: number; single: SingleIds | 'several' | undefined }>

const known = new WeakMap<StoreReader, Known>()

type Reading = Readonly<{
  /** Number of all that are stored. */
  endpoints: number | undefined
  disconnected: AbortSignal
}>

/**
 * The largest groups by addresses. If the number of endpoints is that of the request before, their ids are counted, and
 * then not joined if each address has one. 'none': the groups have no address. Undefined when the client has
 * disconnected.
 */
export async function addressGroups(
  store: StoreReader,
  request: GroupsRequest,
  { endpoints, disconnected }: Reading,
): Promise<readonly SumRow[] | 'none' | undefined> {
  const before = known.get(store)
  const isUnchanged = endpoints !== undefined && before?.endpoints === endpoints
  if (endpoints !== undefined && !isUnchanged) known.set(store, { endpoints, single: undefined })
  if (isUnchanged && typeof before.single === 'object') {
    const sql = singleAddressGroupsSql(request, storedEndpoints, before.single)
    const rows = sql === undefined ? undefined : await rowsOf(store, sql, disconnected)
    if (rows?.[0]?.['_single'] === true) return rows.map(({ _single: _, ...row }) => row)
    if (sql !== undefined) known.delete(store)
  }
  const counts = isUnchanged && before.single === undefined
  const sql = (counts ? countedAddressGroupsSql : addressGroupsSql)(request, storedEndpoints)
  if (sql === undefined) return 'none'
  const rows = await rowsOf(store, sql, disconnected)
  const [first] = rows ?? []
  if (counts && first !== undefined) known.set(store, { endpoints, single: singleIdsOf(first) ?? 'several' })
  return rows
}
