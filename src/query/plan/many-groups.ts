/** Millions of groups by addresses, a part of the groups in each statement: in all they would take more memory than the store has. */
import type { QueryField } from '../names.ts'
import { name } from '../sql-text.ts'
import { compileSql } from '../sql.ts'
import { boundOf, conditionOf, withinSql } from './question.ts'
import { largestSql, type GroupsRequest } from './sums.ts'

/** Where the store has the endpoints of addresses: rows of `ep`, the id, and `addr`. */
export interface StoredEndpoints {
  readonly view: string
  /** Column of the view of flows with the ids of an address; undefined of other fields. */
  readonly idOf: (field: QueryField) => string | undefined
}

/** Which groups a statement has. */
export interface GroupsPart {
  /** Index of the group's address that decides. */
  readonly of: number
  readonly parts: number
  readonly part: number
  /** All sums together are below 2^52: doubles add them up exactly, in half of the memory. */
  readonly small: boolean
  /** Smaller groups are not shown. */
  readonly least?: bigint | undefined
}

type SumType = 'HUGEINT' | 'DOUBLE'

/** The values of each sum, by its name: estimates as in columns `bytes_est` and `packets_est` of the view. */
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

/** Rows that {@link groupSampleSql} reads. */
const sampleRows = 200_000

/** Of the first rows of the span: how many they are (`_rows`), and about how many groups those have that match (`_groups`). It costs the same whatever the filter. */
export function groupSampleSql(request: GroupsRequest, { idOf }: StoredEndpoints): string {
  const { group, names, time, span } = request
  const values = group.map((field, index) => `${idOf(field) ?? field.sql ?? name(field.name)} AS "_v${index}"`)
  const within = [...(time.near === undefined ? [] : [time.near(span)]), withinSql(time.sql, span)].join(' AND ')
  return (
    `SELECT count(*) AS "_rows", approx_count_distinct(hash(${group.map((_, index) => `"_v${index}"`).join(', ')})) FILTER ("_matches") AS "_groups" ` +
    `FROM (SELECT ${values.join(', ')}, (${compileSql(boundOf(request))}) AS "_matches" FROM ${names.view} WHERE ${within} LIMIT ${sampleRows}) first`
  )
}

/** About how many groups there are (`_groups`), values of each address (`_i0` …), and about all sums together (`_sums`). */
export function groupCountsSql(request: GroupsRequest, { idOf }: StoredEndpoints): string {
  const ids = request.group.map(idOf)
  const all = request.group.map((field, index) => ids[index] ?? field.sql ?? name(field.name))
  const counts = ids.flatMap((id, index) => (id === undefined ? [] : [`approx_count_distinct(${id}) AS "_i${index}"`]))
  const sums = summedSql(request, 'DOUBLE').map(([, value]) => `coalesce(sum(${value}), 0)`)
  return `SELECT approx_count_distinct(hash(${all.join(', ')})) AS "_groups", ${counts.join(', ')}, ${sums.join(' + ')} AS "_sums" FROM ${request.names.view} WHERE ${conditionOf(request)}`
}

/**
 * As groupsSql, of a part of the groups of the flows themselves. Addresses are numbers until the largest groups are found: their places in the order of
 * texts, so that groups of one size have the same order. A part is known by the text of an address, whatever ids it has.
 */
export function groupsPartSql(
  request: GroupsRequest,
  { view, idOf }: StoredEndpoints,
  { of, parts, part, small, least }: GroupsPart,
): string {
  const { group, names, further = [] } = request
  const ids = group.map(idOf)
  const addresses = ids.flatMap((id, index) => (id === undefined ? [] : [{ id, index }]))
  // The columns that estimates are made of: only flows of the part are multiplied.
  const summed = ['bytes', 'packets', 'sampling', ...further].map((field) => name(field))
  // The store finds the times and addresses of a statement only in a plain selection from the view.
  const rows = `SELECT ${[...group.map((field, index) => (ids[index] === undefined ? `${field.sql ?? name(field.name)} AS "_g${index}"` : `${ids[index]} AS "_i${index}"`)), ...summed].join(', ')} FROM ${names.view} WHERE ${conditionOf(request)}`
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
    `WITH numbered AS MATERIALIZED (SELECT ep AS "_ep", addr AS "_text", dense_rank() OVER (ORDER BY addr)::UINTEGER AS "_number", (hash(addr) % ${parts})::INTEGER AS "_part" FROM ${view} WHERE addr IS NOT NULL), ` +
    // Flows without the address are of the first part.
    `parts AS MATERIALIZED (SELECT ${values.join(', ')}, false AS "_lost", ${sums.join(', ')} FROM (${rows}) flow ${joins} WHERE ${part === 0 ? `(${own} OR n${of}."_part" IS NULL)` : own} GROUP BY ALL), ` +
    largestSql(
      request,
      {
        values: group.map((_, index) =>
          ids[index] === undefined ? `"_g${index}"` : `t${index}."_text" AS "_g${index}"`,
        ),
        tables: `, texts AS (SELECT "_number", min("_text") AS "_text" FROM numbered WHERE "_number" IN (${addresses.map(({ index }) => `SELECT "_g${index}" FROM ranked`).join(' UNION ALL ')}) GROUP BY ALL)`,
        joins: addresses
          .map(({ index }) => `LEFT JOIN texts t${index} ON "_g${index}" = t${index}."_number" `)
          .join(''),
      },
      least,
    )
  )
}
