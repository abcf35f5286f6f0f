import type { StoreReader } from '../../../engine/control.ts'
import {
  addressGroupsSql,
  countedAddressGroupsSql,
  singleAddressGroupsSql,
  type GroupsRequest,
} from '../../../query/plan/index.ts'
import { readRows } from '../../rows.ts'
import { forgetIds, keepIds, knownIds } from './known-ids.ts'
import { storedEndpoints } from './many-groups.ts'
import type { SumRow } from './request.ts'

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
  const ids = knownIds(store, endpoints)
  if (typeof ids === 'object') {
    const sql = singleAddressGroupsSql(request, storedEndpoints, ids)
    const rows = sql === undefined ? undefined : await readRows<SumRow>({ store, signal }, sql)
    if (rows?.[0]?.['_single'] === true) return rows.map(({ _single: _, ...row }) => row)
    if (sql !== undefined) forgetIds(store)
  }
  const counts = ids === 'uncounted'
  const sql = (counts ? countedAddressGroupsSql : addressGroupsSql)(request, storedEndpoints)
  if (sql === undefined) return 'none'
  const rows = await readRows<SumRow>({ store, signal }, sql)
  if (counts) keepIds(store, endpoints, rows[0])
  return rows
}
