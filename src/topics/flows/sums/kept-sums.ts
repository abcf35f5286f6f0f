/**
 * Sums of the middle of a range and of its edges. The store keeps small results: a range that starts and ends a little
 * later has the same middle, and only the edges are read again.
 */
import type { StoreReader } from '../../../engine/control.ts'
import {
  groupSumsSql,
  hasFewValues,
  isMeasure,
  middleOf,
  placedSumsSql,
  placesOf,
  summedMeasures,
  type GroupsRequest,
  type Part,
  type SeriesRequest,
} from '../../../query/plan/index.ts'
import { addressGroups } from './address-groups.ts'
import { hashedGroups } from './hashed-groups.ts'
import { largestFirst, storedEndpoints, storedEnds, withPlaces } from './many-groups.ts'
import type { SumRow } from './request.ts'
import { sumOfCells } from '../../../model/integer-cell.ts'
import { readRows } from '../../rows.ts'

/** The result of more groups would not be kept. */
const mostGroups = 2000
const parts: readonly Part[] = ['middle', 'edges']

/** The largest groups by few values or by an endpoint. `none`: a plain statement is needed. */
export async function largestGroups(
  store: StoreReader,
  request: GroupsRequest,
  signal: AbortSignal,
): Promise<readonly SumRow[] | 'none'> {
  const { group, by, of, limit } = request
  if (!isMeasure(by) || of !== undefined || group.length === 0) return 'none'
  if (!group.every(hasFewValues)) return hashedGroups(store, request, signal)
  if (middleOf(request) === undefined) return 'none'
  const records: SumRow[] = []
  for (const part of parts) {
    const rows = await readRows<SumRow>({ store, signal }, groupSumsSql(request, part, mostGroups + 1))
    if (rows.length > mostGroups) return 'none'
    records.push(...rows)
  }
  const sums = summedMeasures(request).map((name) => `_${name}`)
  const keys = group.map((_, index) => `_g${index}`)
  const groups = added(records, keys, sums)
  const all = Object.fromEntries(
    sums.map((name) => [`_all${name}`, groups.map((row) => row[name]).reduce(sumOfCells, null)]),
  )
  return withPlaces(groups.sort(largestFirst(request)).slice(0, limit), { _all_groups: groups.length, ...all })
}

/**
 * A series that finds its largest groups first, with the statement of the list beside it. `endpoints`: the number of
 * all that are stored.
 */
export async function placedSeries(
  store: StoreReader,
  request: SeriesRequest,
  { endpoints, signal }: Readonly<{ endpoints: number | undefined; signal: AbortSignal }>,
): Promise<readonly SumRow[] | 'none'> {
  const few = await largestGroups(store, request, signal)
  const groups = few === 'none' ? await addressGroups(store, request, { endpoints, signal }) : few
  if (groups === 'none') return groups
  const largest = groups.filter((row) => row['_place'] !== null).map((row) => row['_g0'])
  const places = placesOf(request, { ends: storedEnds, endpoints: storedEndpoints }, largest)
  if (places === undefined) return 'none'
  const records: SumRow[] = []
  for (const part of middleOf(request) === undefined ? [undefined] : parts) {
    const rows = await readRows<SumRow>({ store, signal }, placedSumsSql(request, places, part))
    records.push(...rows)
  }
  const sums = summedMeasures(request).map((name) => `_${name}`)
  const byRank = largestFirst(request)
  return added(records, ['_bucket', '_place'], sums)
    .map(({ _place: position, ...row }) => ({
      ...row,
      _other: position === null,
      _g0: position === null ? null : largest[Number(position) - 1],
    }))
    .sort(
      (a: SumRow, b: SumRow) =>
        Number(a['_bucket']) - Number(b['_bucket']) || Number(a['_other']) - Number(b['_other']) || byRank(a, b),
    )
}

function added(rows: readonly SumRow[], keys: readonly string[], sums: readonly string[]) {
  const rowsByKey = new Map<string, Record<string, unknown>>()
  for (const row of rows) {
    const key = JSON.stringify(keys.map((name) => row[name]))
    const earlier = rowsByKey.get(key)
    if (earlier === undefined) rowsByKey.set(key, { ...row })
    else for (const name of sums) earlier[name] = sumOfCells(earlier[name], row[name])
  }
  return [...rowsByKey.values()]
}
