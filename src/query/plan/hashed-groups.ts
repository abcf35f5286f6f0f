/**
 * Groups by endpoint for many flows: by a hash of 64 bits per endpoint. The largest ones are named by one of their
 * flows. Of 100,000 texts, two have the same hash with a probability of 3 in 10^10.
 */
import { duckdb } from '../dialect.ts'
import { columnSql } from '../names.ts'
import { endOf, valueOfEnd, type EndValue, type StoredEnds } from './endpoint-sums.ts'
import { sourceOf, type GroupsRequest } from './sums.ts'

type HashedEnd = Readonly<{
  /** In the group. */
  index: number
  hash: EndValue
  text: EndValue
}>

/** Undefined if the request has no endpoint, or statistics of a field. */
export function hashedEnds({ group, of, rollup }: GroupsRequest, ends: StoredEnds): readonly HashedEnd[] | undefined {
  if (of !== undefined || rollup !== undefined) return undefined
  const found = group.flatMap((field, index) => {
    const end = endOf(field)
    if (end === undefined) return []
    const hash = valueOfEnd(end, ends, (text) => `hash(${text})`, { alias: `"_hash${index}"` })
    const text = valueOfEnd(end, ends, (text) => text, { alias: `"_text${index}"` })
    return [{ index, hash, text }]
  })
  return found.length === 0 ? undefined : found
}

/**
 * Rows of the largest groups, at least `limit` and all equal to the last: hashes `_h0` or values `_g1` by index in the
 * group, receive time `_at` (µs) of a flow, sums, and the totals `_all_groups`, `_all_bytes` … One row without `_at` if
 * there are no flows.
 */
export function hashedGroupsSql(request: GroupsRequest, ends: readonly HashedEnd[], most: number): string {
  const { group, by, limit, further = [] } = request
  const { sums, where, view } = sourceOf(request, duckdb)
  const hashOf = (at: number) => ends.find(({ index }) => index === at)?.hash
  const others = group.flatMap((field, index) =>
    hashOf(index) === undefined ? [`${columnSql(field, duckdb)} AS "_g${index}"`] : [],
  )
  const summed = ['bytes', 'packets', 'sampling', ...further].map((field) => duckdb.identifier(field))
  const columns = [...ends.flatMap(({ hash }) => hash.reads), ...others, 'time_received', ...summed]
  const keys = group.map((_, index) => `${hashOf(index)?.value ?? `"_g${index}"`} AS ${keyOf(index, hashOf(index))}`)
  const names = group.map((_, index) => keyOf(index, hashOf(index)))
  const totals = ['bytes', 'packets', 'flows', ...further].map((sum) => `"_${sum}"`)
  return (
    `WITH keyed AS MATERIALIZED (SELECT ${keys.join(', ')}, min(time_received) AS "_first", ${sums} FROM ` +
    `(SELECT ${columns.join(', ')} FROM ${view} WHERE ${where}) flow ${joinsOf(ends, 'hash')} GROUP BY ALL), ` +
    `largest AS (SELECT ${names.join(', ')}, epoch_us("_first") AS "_at", ${totals.join(', ')} FROM keyed
      WHERE coalesce("_${by}", -1) >= coalesce((SELECT "_${by}" FROM keyed ORDER BY "_${by}" DESC NULLS LAST
        LIMIT 1 OFFSET ${limit - 1}), -1) LIMIT ${most}) ` +
    `SELECT "_at", ${[...names, ...totals].join(', ')}, "_all_groups",
      ${totals.map((sum) => allOf(sum)).join(', ')} FROM (SELECT count(*) AS "_all_groups",
      ${totals.map((sum) => `sum(${sum}) AS ${allOf(sum)}`).join(', ')} FROM keyed) total LEFT JOIN largest ON true`
  )
}

/** Texts `_t0` of hashes `_h0` in flows with these receive times (µs). */
export function hashedTextsSql(
  { names: { view } }: GroupsRequest,
  ends: readonly HashedEnd[],
  times: readonly bigint[],
): string {
  const moments = times.map((time) => duckdb.time(time))
  const [first, last] = [moments[0] ?? '', moments.at(-1) ?? '']
  // Comparisons skip files, IN skips row groups.
  const within = `time_received >= ${first} AND time_received <= ${last} AND time_received IN (${moments.join(', ')})`
  const columns = [...new Set(ends.flatMap(({ hash }) => hash.reads))]
  const values = ends.flatMap(({ index, hash, text }) => [
    `${hash.value} AS "_h${index}"`,
    `${text.value} AS "_t${index}"`,
  ])
  return (
    `SELECT DISTINCT ${values.join(', ')} FROM (SELECT ${columns.join(', ')} FROM ${view} WHERE ${within}) flow ` +
    `${joinsOf(ends, 'hash')} ${joinsOf(ends, 'text')}`
  )
}

function joinsOf(ends: readonly HashedEnd[], value: 'hash' | 'text') {
  return ends.map((end) => end[value].join).join(' ')
}

function keyOf(index: number, hash: EndValue | undefined) {
  return hash === undefined ? `"_g${index}"` : `"_h${index}"`
}

function allOf(sum: string) {
  return sum.replace('"_', '"_all_')
}
