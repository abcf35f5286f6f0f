/** Exact sums of groups that a rollup lists, but combines with others in part. */
import type { StoreReader } from '../../../engine/control.ts'
import {
  candidateSumsSql,
  isMeasure,
  summedMeasures,
  type GroupsRequest,
  type Rollup,
} from '../../../query/plan/index.ts'
import { largestFirst, storedEndpoints, storedEnds, withPlaces } from './many-groups.ts'
import type { SumRow } from './request.ts'
import { rollupGroups } from './rollup-groups.ts'
import { readRows } from '../../rows.ts'

/** Further groups per requested one, since the rollup has another order. */
const further = 1
const mostCandidates = 1000

export type CandidateSums = Readonly<{
  rows: readonly SumRow[]
  /** No other group can be as large as the last row. */
  isProven: boolean
}>

/**
 * The largest candidates of the rollup, with their sums from the flows of its span, and its totals. `none`: other
 * fields.
 */
export async function candidateSums(
  store: StoreReader,
  request: GroupsRequest,
  rollup: Rollup,
  signal: AbortSignal,
): Promise<CandidateSums | 'none'> {
  const { group, by, of, limit } = request
  if (!isMeasure(by) || of !== undefined || group.length === 0 || limit > mostCandidates) return 'none'
  const most = Math.min(mostCandidates, limit * (1 + further))
  const listed = await rollupGroups(store, { ...request, limit: most, rollup }, signal)
  const candidates = listed.filter((row) => row['_place'] !== null)
  const texts = group.map((_, index) => [...new Set(candidates.map((row) => row[`_g${index}`]))])
  if (candidates.length === 0 || !isTexts(texts)) return 'none'
  const sql = candidateSumsSql({ ...request, span: rollup.span }, storedEnds, storedEndpoints, texts)
  if (sql === undefined) return 'none'
  const sums = await readRows<SumRow>({ store, signal }, sql)
  const valueOf = (row: SumRow) => group.map((_, index) => texts[index]![Number(row[`_p${index}`]) - 1])
  const exact = new Map(sums.map((row) => [JSON.stringify(valueOf(row)), row]))
  const totals = ['_all_groups', ...summedMeasures(request).map((sum) => `_all_${sum}`), '_groups_error']
  const all = Object.fromEntries(
    totals.flatMap((name) => (listed[0]?.[name] === undefined ? [] : [[name, listed[0][name]]])),
  )
  const rows = candidates.flatMap((row) => {
    const record = exact.get(JSON.stringify(group.map((_, index) => row[`_g${index}`])))
    return record === undefined ? [] : [{ ...row, ...record }]
  })
  const largest = rows.sort(largestFirst(request)).slice(0, limit)
  return { rows: withPlaces(largest, all), isProven: isProven(largest, request) }
}

/** Another group has at most the known sum of the first that is no candidate, and all of the unknown groups. */
function isProven(largest: readonly SumRow[], { by, limit }: GroupsRequest): boolean {
  const last = largest[limit - 1]
  if (last === undefined) return false
  const sumOf = (name: string) => BigInt((last[name] ?? 0) as string | number)
  return sumOf(`_${by}`) > sumOf('_next') + sumOf('_rest')
}

function isTexts(texts: readonly (readonly unknown[])[]): texts is readonly (readonly string[])[] {
  return texts.every((values) => values.every((text) => typeof text === 'string'))
}
