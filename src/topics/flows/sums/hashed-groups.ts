import type { StoreReader } from '../../../engine/control.ts'
import { hasCode } from '../../../model/errors.ts'
import {
  hashedEnds,
  hashedGroupsSql,
  hashedTextsSql,
  isMeasure,
  sharedPass,
  summedMeasures,
  type GroupsRequest,
  type HashedEnd,
} from '../../../query/plan/index.ts'
import type { SumRow } from './request.ts'
import { largestFirst, storedEnds, withPlaces } from './many-groups.ts'
import { readRows } from '../../rows.ts'

/** More equal groups at the limit are not named one by one. */
const maxCandidates = 2000

/** The largest groups with an endpoint. `none`: the request allows no hashes. */
export async function hashedGroups(
  store: StoreReader,
  request: GroupsRequest,
  signal: AbortSignal,
): Promise<readonly SumRow[] | 'none'> {
  const { limit, by } = request
  const ends = isMeasure(by) && limit < maxCandidates ? hashedEnds(request, storedEnds) : undefined
  if (ends === undefined) return 'none'
  const largest = await largestByHash(store, request, ends, signal)
  const sums = summedMeasures(request)
  const all = Object.fromEntries(
    ['groups', ...sums].map((name) => [`_all_${name}`, largest[0]?.[`_all_${name}`] ?? null]),
  )
  const groups = largest.filter((row) => row['_at'] !== null)
  if (groups.length === 0) return withPlaces([], all)
  if (groups.length >= maxCandidates) return 'none'
  const times = [...new Set(groups.map((row) => BigInt(row['_at'] as string | number)))].sort((a, b) =>
    a < b ? -1 : 1,
  )
  const texts = await readRows<SumRow>({ store, signal }, hashedTextsSql(request, ends, times))
  const named: SumRow[] = groups.map((row) => ({ ...row }))
  for (const { index } of ends) {
    const textOfHash = new Map(texts.map((row) => [String(row[`_h${index}`]), row[`_t${index}`]]))
    for (const row of named) {
      const hash = String(row[`_h${index}`])
      // For example when retention removed the flow after the first statement.
      if (!textOfHash.has(hash)) return 'none'
      ;(row as Record<string, unknown>)[`_g${index}`] = textOfHash.get(hash)
    }
  }
  return withPlaces(named.sort(largestFirst(request)).slice(0, limit), all)
}

/** The rows of the request, also from a pass that it shares with another. */
async function largestByHash(
  store: StoreReader,
  request: GroupsRequest,
  ends: readonly HashedEnd[],
  signal: AbortSignal,
): Promise<readonly SumRow[]> {
  const whole = () => readRows<SumRow>({ store, signal }, hashedGroupsSql(request, ends, { most: maxCandidates }))
  const shared = sharedPass(request.group, request.beside)
  if (shared === undefined) return whole()
  const { pair, alone } = shared
  const isPair = request.group.length === pair.length
  const pairEnds = isPair ? ends : (hashedEnds({ ...request, group: pair }, storedEnds) ?? [])
  const sql = hashedGroupsSql({ ...request, group: pair }, pairEnds, { most: maxCandidates, alone })
  try {
    const rows = await readRows<SumRow>({ store, signal }, sql)
    return isPair
      ? rows.filter((row) => row['_alone'] !== true)
      : rows
          .filter((row) => row['_alone'] !== false)
          .map((row) => ({ ...row, _h0: row[`_h${alone}`], _all_groups: row['_all_alone'] }))
  } catch (error) {
    // Groups by one endpoint need less memory.
    if (isPair || !hasCode(error, 'WEIR_QUERY_MEMORY')) throw error
    return whole()
  }
}
