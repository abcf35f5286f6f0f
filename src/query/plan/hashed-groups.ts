/**
 * Groups by endpoint for many flows: by a hash of 64 bits per endpoint. The largest ones are named by one of their
 * flows. Of 100,000 texts, two have the same hash with a probability of 3 in 10^10.
 */
import { duckdb } from '../dialect.ts'
import { endpointFields } from '../endpoints.ts'
import { columnSql, type QueryField } from '../names.ts'
import { endOf, valueOfEnd, type EndValue, type StoredEnds } from './endpoint-sums.ts'
import { rowsSql } from './row-query.ts'
import { sourceOf, summedColumns, summedMeasures, type GroupsRequest } from './sums.ts'

export type HashedEnd = Readonly<{
  /** Index of the endpoint in the group. */
  index: number
  hash: EndValue
  /** For the few rows of the relation `flow`. */
  few: Readonly<{ hash: EndValue; text: EndValue }>
}>

/** Undefined if the request has no endpoint, or statistics of a field. */
export function hashedEnds({ group, of, rollup }: GroupsRequest, ends: StoredEnds): readonly HashedEnd[] | undefined {
  if (of !== undefined || rollup !== undefined) return undefined
  const hashedFields = group.flatMap((field, index) => {
    const end = endOf(field)
    if (end === undefined) return []
    const value = (of: (text: string) => string, name: string, more = {}) =>
      valueOfEnd(end, ends, of, { alias: `"_${name}${index}"`, ...more })
    const hash = (more = {}) => value((text) => `hash(${text})`, 'hash', more)
    const flowOnly = { of: 'flow' }
    return [{ index, hash: hash(), few: { hash: hash(flowOnly), text: value((text) => text, 'text', flowOnly) } }]
  })
  return hashedFields.length === 0 ? undefined : hashedFields
}

/** One pass over the flows for two requests: groups by both endpoints, and by one of them alone. */
export type SharedPass = Readonly<{
  pair: readonly QueryField[]
  /** Index of the endpoint in the pair. */
  alone: number
}>

/** `beside`: the endpoint that completes a group of one to the pair, or the one by which the other request groups. */
export function sharedPass(group: readonly QueryField[], beside: QueryField | undefined): SharedPass | undefined {
  const pair: readonly QueryField[] = [endpointFields.src, endpointFields.dst]
  const [first, ...more] = group
  if (first === undefined || beside === undefined) return undefined
  const isPair = more.length === 0 ? first !== beside : first === pair[0] && more.length === 1 && more[0] === pair[1]
  const indexInPair = pair.indexOf(more.length === 0 ? first : beside)
  return isPair && indexInPair >= 0 && pair.includes(beside) ? { pair, alone: indexInPair } : undefined
}

/**
 * Rows of the largest groups, at least `limit` and all equal to the last: hashes `_h0` or values `_g1` by index in the
 * group, receive time `_at` (µs) of a flow, sums, and the totals `_all_groups`, `_all_bytes` … One row without `_at` if
 * there are no flows. With `alone`, an index in the group, also groups by this value. In their rows, `_alone` is true
 * and the other values are NULL; `_all_alone` is their number.
 */
export function hashedGroupsSql(
  request: GroupsRequest,
  ends: readonly HashedEnd[],
  { most, alone }: Readonly<{ most: number; alone?: number | undefined }>,
): string {
  const { group, by, limit } = request
  const { sums } = sourceOf(request, duckdb)
  const hashOf = (at: number) => ends.find(({ index }) => index === at)?.hash
  const otherColumns = group.flatMap((field, index) =>
    hashOf(index) === undefined ? [`${columnSql(field, duckdb)} AS "_g${index}"`] : [],
  )
  const columns = [
    ...ends.flatMap(({ hash }) => hash.reads),
    ...otherColumns,
    'time_received',
    ...summedColumns(request),
  ]
  const keys = group.map((_, index) => `${hashOf(index)?.value ?? `"_g${index}"`} AS ${keyOf(index, hashOf(index))}`)
  const names = group.map((_, index) => keyOf(index, hashOf(index)))
  const totals = summedMeasures(request).map((sum) => `"_${sum}"`)
  const largestOf = (view: string, values: readonly string[]) =>
    `SELECT ${view === 'alone'} AS "_alone", ${values.join(', ')}, epoch_us("_first") AS "_at", ${totals.join(', ')}
      FROM ${view} WHERE coalesce("_${by}", -1) >= coalesce((SELECT "_${by}" FROM ${view}
      ORDER BY "_${by}" DESC NULLS LAST LIMIT 1 OFFSET ${limit - 1}), -1) LIMIT ${most}`
  const tables = [
    `keyed AS MATERIALIZED (SELECT ${keys.join(', ')}, min(time_received) AS "_first", ${sums} FROM
      (${rowsSql(request, columns)}) flow ${ends.map(({ hash }) => hash.join).join(' ')} GROUP BY ALL)`,
  ]
  const largest = [`(${largestOf('keyed', names)})`]
  const name = alone === undefined ? undefined : names[alone]
  if (name !== undefined) {
    const parts = totals.map((sum) => `sum(${sum}) AS ${sum}`).join(', ')
    tables.push(`alone AS MATERIALIZED (SELECT ${name}, min("_first") AS "_first", ${parts} FROM keyed GROUP BY ALL)`)
    const values = names.map((column) => (column === name ? column : `NULL AS ${column}`))
    largest.push(`(${largestOf('alone', values)})`)
  }
  return (
    `WITH ${tables.join(', ')} SELECT "_at", "_alone", ${[...names, ...totals].join(', ')}, "_all_groups",
      ${name === undefined ? '' : '(SELECT count(*) FROM alone) AS "_all_alone", '}` +
    `${totals.map((sum) => allOf(sum)).join(', ')} FROM (SELECT count(*) AS "_all_groups",
      ${totals.map((sum) => `sum(${sum}) AS ${allOf(sum)}`).join(', ')} FROM keyed) total
      LEFT JOIN (${largest.join(' UNION ALL ')}) largest ON true`
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
  // Comparisons let DuckDB skip files; IN lets it skip row groups.
  const inRange = `time_received >= ${first} AND time_received <= ${last}`
  const timeTests = `${inRange} AND time_received IN (${moments.join(', ')})`
  const columns = [...new Set(ends.flatMap(({ few }) => few.hash.reads))]
  const values = ends.flatMap(({ index, few: { hash, text } }) => [
    `${hash.value} AS "_h${index}"`,
    `${text.value} AS "_t${index}"`,
  ])
  return (
    `WITH flow AS MATERIALIZED (SELECT ${columns.join(', ')} FROM ${view} WHERE ${timeTests}) ` +
    `SELECT DISTINCT ${values.join(', ')} FROM flow ` +
    ends.map(({ few: { hash, text } }) => `${hash.join} ${text.join}`).join(' ')
  )
}

function keyOf(index: number, hash: EndValue | undefined) {
  return hash === undefined ? `"_g${index}"` : `"_h${index}"`
}

function allOf(sum: string) {
  return sum.replace('"_', '"_all_')
}
