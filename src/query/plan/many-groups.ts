/** Groups by address in several statements, to bound the memory of DuckDB. */
import { duckdb } from '../dialect.ts'
import { columnSql, type QueryField } from '../names.ts'
import { name } from '../sql-text.ts'
import { compileSql } from '../sql.ts'
import { boundOf, conditionOf, withinSql } from './row-query.ts'
import { largestSql, type GroupsRequest } from './sums.ts'

/** Relation with columns `ep` (id) and `addr`. */
export type StoredEndpoints = Readonly<{
  view: string
  /** Undefined for fields that are no address. */
  idOf: (field: QueryField) => string | undefined
}>

export type GroupsPart = Readonly<{
  /** Index in the group of the address that divides the parts. */
  of: number
  parts: number
  part: number
  /** The total is below 2^52: doubles are exact and need half the memory. */
  small: boolean
  min?: bigint | undefined
}>

type SumType = 'HUGEINT' | 'DOUBLE'

function summedSql(
  { further = [] }: GroupsRequest,
  type: SumType,
): readonly (readonly [measure: string, value: string])[] {
  return [
    ...(['bytes', 'packets'] as const).map(
      (field) => [field, `${name(field)}::${type} * coalesce("sampling", 1)`] as const,
    ),
    ...further.map((field) => [field, `${name(field)}::${type}`] as const),
  ]
}

const sampleRows = 200_000

/** First rows (`_rows`) and estimated groups among them (`_groups`). The cost does not depend on the filter. */
export function groupSampleSql(request: GroupsRequest, { idOf }: StoredEndpoints): string {
  const { group, names, time, span } = request
  const values = group.map((field, index) => `${idOf(field) ?? columnSql(field, duckdb)} AS "_v${index}"`)
  const within = [
    ...(time.received === undefined ? [] : [withinSql('time_received', time.received(span).all)]),
    withinSql(time.sql(duckdb), span),
  ].join(' AND ')
  return (
    `SELECT count(*) AS "_rows", approx_count_distinct(hash(${group.map((_, index) => `"_v${index}"`).join(', ')}))
      FILTER ("_matches") AS "_groups" ` +
    `FROM (SELECT ${values.join(', ')}, (${compileSql(boundOf(request))}) AS "_matches" FROM ${names.view}
      WHERE ${within} LIMIT ${sampleRows}) first`
  )
}

/** Estimated number of groups (`_groups`), values of each address (`_i0` …), and total of all sums (`_sums`). */
export function groupCountsSql(request: GroupsRequest, { idOf }: StoredEndpoints): string {
  const ids = request.group.map(idOf)
  const all = request.group.map((field, index) => ids[index] ?? columnSql(field, duckdb))
  const counts = ids.flatMap((id, index) => (id === undefined ? [] : [`approx_count_distinct(${id}) AS "_i${index}"`]))
  const sums = summedSql(request, 'DOUBLE').map(([, value]) => `coalesce(sum(${value}), 0)`)
  return `SELECT approx_count_distinct(hash(${all.join(', ')})) AS "_groups", ${counts.join(', ')},
      ${sums.join(' + ')} AS "_sums" FROM ${request.names.view} WHERE ${conditionOf(request)}`
}

/** Addresses are numbers in text order until the largest groups are known, so ties have the same order. */
export function groupsPartSql(
  request: GroupsRequest,
  { view, idOf }: StoredEndpoints,
  { of, parts, part, small, min }: GroupsPart,
): string {
  const { group, names, further = [] } = request
  const ids = group.map(idOf)
  const addresses = ids.flatMap((id, index) => (id === undefined ? [] : [{ id, index }]))
  // Multiplies flows of the part only.
  const summed = ['bytes', 'packets', 'sampling', ...further].map((field) => name(field))
  // The store recognizes only a plain selection.
  const keys = group.map((field, index) =>
    ids[index] === undefined ? `${columnSql(field, duckdb)} AS "_g${index}"` : `${ids[index]} AS "_i${index}"`,
  )
  const rows = `SELECT ${[...keys, ...summed].join(', ')} FROM ${names.view} WHERE ${conditionOf(request)}`
  const values = group.map((_, index) =>
    ids[index] === undefined ? `"_g${index}"` : `n${index}."_number" AS "_g${index}"`,
  )
  const sums = [
    'count(*) AS "_flows"',
    ...summedSql(request, small ? 'DOUBLE' : 'HUGEINT').map(([measure, value]) => `sum(${value}) AS "_${measure}"`),
  ]
  const own = `n${of}."_part" = ${part}`
  const joins = addresses.map(({ index }) => `LEFT JOIN numbered n${index} ON "_i${index}" = n${index}."_ep"`).join(' ')
  return (
    `WITH numbered AS MATERIALIZED (SELECT ep AS "_ep", addr AS "_text",
      dense_rank() OVER (ORDER BY addr)::UINTEGER AS "_number", (hash(addr) % ${parts})::INTEGER AS "_part"
      FROM ${view} WHERE addr IS NOT NULL), ` +
    // Flows without an address have no part number; they belong to part 0.
    `parts AS MATERIALIZED (SELECT ${values.join(', ')}, false AS "_lost", ${sums.join(', ')}
      FROM (${rows}) flow ${joins} WHERE ${part === 0 ? `(${own} OR n${of}."_part" IS NULL)` : own} GROUP BY ALL), ` +
    largestSql(
      request,
      {
        values: group.map((_, index) =>
          ids[index] === undefined ? `"_g${index}"` : `t${index}."_text" AS "_g${index}"`,
        ),
        tables: `, texts AS (SELECT "_number", min("_text") AS "_text" FROM numbered
            WHERE "_number" IN
            (${addresses.map(({ index }) => `SELECT "_g${index}" FROM ranked`).join(' UNION ALL ')}) GROUP BY ALL)`,
        joins: addresses
          .map(({ index }) => `LEFT JOIN texts t${index} ON "_g${index}" = t${index}."_number" `)
          .join(''),
      },
      min,
    )
  )
}
