/** Exact sums of groups that a rollup lists, but combines with others in part. */
import {
  candidateSumsSql,
  isMeasure,
  summedMeasures,
  type GroupsRequest,
  type Rollup,
} from '../../../query/plan/index.ts'
import { largestFirst, storedEndpoints, storedEnds, withPlaces } from './many-groups.ts'
import { areExact, type SumRow } from './request.ts'
import { rollupGroups, type RollupReading } from './rollup-groups.ts'
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
  reading: RollupReading,
  { rollup, ...request }: GroupsRequest & Readonly<{ rollup: Rollup }>,
): Promise<CandidateSums | 'none'> {
  const { group, by, of, limit } = request
  if (!isMeasure(by) || of !== undefined || group.length === 0 || limit > mostCandidates) return 'none'
  const most = Math.min(mostCandidates, limit * (1 + further))
  const listed = await rollupGroups(reading, { ...request, limit: most, rollup })
  const groups = listed.filter((row) => row['_place'] !== null)
  const texts = groups.map((row) => group.map((_, index) => row[`_g${index}`]))
  if (groups.length === 0 || !areTexts(texts)) return 'none'
  const read = async (how: Readonly<{ doubles: boolean }>) => {
    const sql = candidateSumsSql(
      { ...request, ...how, ids: storedEndpoints, span: rollup.span },
      storedEnds,
      storedEndpoints,
      texts,
    )
    return sql === undefined ? undefined : readRows<SumRow>(reading, sql)
  }
  let sums = await read({ doubles: true })
  if (sums === undefined) return 'none'
  if (!areExact(sums)) sums = (await read({ doubles: false })) ?? []
  const totals = ['_all_groups', ...summedMeasures(request).map((sum) => `_all_${sum}`), '_groups_error']
  const all = Object.fromEntries(
    totals.flatMap((name) => (listed[0]?.[name] === undefined ? [] : [[name, listed[0][name]]])),
  )
  const rows = sums.map(({ _candidate: place, ...record }) => ({ ...groups[Number(place) - 1], ...record }))
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

function areTexts(texts: readonly (readonly unknown[])[]): texts is readonly (readonly string[])[] {
  return texts.every((values) => values.every((text) => typeof text === 'string'))
}
