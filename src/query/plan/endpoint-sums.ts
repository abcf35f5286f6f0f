/** Sums by endpoint: flows are grouped by stored columns first, and these far fewer groups are named afterwards. */
import { duckdb } from '../dialect.ts'
import { endpointFields } from '../endpoints.ts'
import { columnSql, type QueryField } from '../names.ts'

/** The store's columns and endpoints. */
export type StoredEnds = Readonly<{
  /** Relation of endpoints with columns `ep` (id), `addr`, `name`, `owner_name` and `label`. */
  view: string
  /** SQL of a column as stored in a flow, without the names of its endpoint. */
  stored: (column: string) => string
}>

const parts = ['name', 'owner_name', 'label'] as const
const keyNames = [...parts.map((part) => `"_k_${part}"`), '"_k_ep"']

type EndpointSums = Readonly<{
  /** SELECT list of a flow. The id is NULL if the flow has a name, so that one endpoint is one group. */
  keys: string
  /** Of the groups `k` and their endpoint `e`, with the other fields of the group. */
  values: string
  join: string
}>

/** Undefined unless exactly one field is an endpoint. */
export function endpointSums(group: readonly QueryField[], { view, stored }: StoredEnds): EndpointSums | undefined {
  const ends = (['src', 'dst'] as const).filter((end) => group.includes(endpointFields[end]))
  const [end] = ends
  if (end === undefined || ends.length > 1) return undefined
  const name = stored(`${end}_name`)
  const unless = (column: string) => `CASE WHEN ${name} IS NULL THEN ${column} END`
  const keys = [
    `${name} AS ${keyNames[0]}`,
    ...[`${end}_owner_name`, `${end}_label`, `${end}_ep`].map(
      (column, index) => `${unless(stored(column))} AS ${keyNames[index + 1]}`,
    ),
  ]
  const named = [...parts.flatMap((part) => [`k."_k_${part}"`, `e."${part}"`]), 'e."addr"']
  return {
    keys: [
      ...keys,
      ...group.flatMap((field, index) =>
        field === endpointFields[end] ? [] : [`${columnSql(field, duckdb)} AS "_g${index}"`],
      ),
    ].join(', '),
    values: group
      .map((field, index) =>
        field === endpointFields[end] ? `coalesce(${named.join(', ')}) AS "_g${index}"` : `k."_g${index}"`,
      )
      .join(', '),
    join: `LEFT JOIN ${view} e ON k."_k_ep" = e."ep"`,
  }
}
