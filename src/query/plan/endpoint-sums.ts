/** Values of the text of an endpoint, computed per endpoint and per text of a dictionary instead of per flow. */
import { endpointFields } from '../endpoints.ts'
import type { End, QueryField } from '../names.ts'

/** The store's columns and endpoints. */
export type StoredEnds = Readonly<{
  /** Relation of endpoints with columns `ep` (id), `addr`, `name`, `owner_name` and `label`. */
  view: string
  /** See `withFirstIds`. */
  firsts: string
  /** SQL of a column as stored in a flow, without the names of its endpoint. */
  stored: (column: string) => string
}>

export type EndValue = Readonly<{
  value: string
  /** To append to a relation with the columns {@link reads}. */
  join: string
  reads: readonly string[]
}>

/** `sparse`: the value is NULL for most endpoints. `of`: the joined relation, if it has few rows. */
type ValueOptions = Readonly<{ alias: string; sparse?: boolean; of?: string }>

export function endOf(field: QueryField): End | undefined {
  return (['src', 'dst'] as const).find((end) => field === endpointFields[end])
}

/**
 * A function of the text of the endpoint, as SQL of SQL. The flow's name, owner and label have priority over those of
 * its endpoint, each in this order.
 */
export function valueOfEnd(
  end: End,
  { view, stored }: StoredEnds,
  value: (text: string) => string,
  { alias, sparse = false, of }: ValueOptions,
): EndValue {
  const [name, owner, label, id] = ['name', 'owner_name', 'label', 'ep'].map((part) => stored(`${end}_${part}`)) as [
    string,
    string,
    string,
    string,
  ]
  const level = 'CASE WHEN "name" IS NOT NULL THEN 0 WHEN "owner_name" IS NOT NULL THEN 1 ELSE 2 END'
  const endpoints =
    `SELECT "ep" AS "_ep", ${level} AS "_level", ${value('coalesce("name", "owner_name", "label", "addr")')} ` +
    `AS "_value" FROM ${view}${of === undefined ? '' : ` WHERE "ep" IN (SELECT ${id} FROM ${of})`}`
  const used = sparse
    ? `SELECT "_ep", "_level", "_value" FROM (${endpoints}) WHERE "_value" IS NOT NULL OR "_level" < 2`
    : endpoints
  const own = (part: string) => `WHEN ${part} IS NOT NULL THEN ${value(part)}`
  const ofLevel = (at: number) => `WHEN ${alias}."_level" = ${at} THEN ${alias}."_value"`
  return {
    value: `CASE ${own(name)} ${ofLevel(0)} ${own(owner)} ${ofLevel(1)} ${own(label)} ELSE ${alias}."_value" END`,
    join: `LEFT JOIN (${used}) ${alias} ON CASE WHEN ${name} IS NULL THEN ${id} END = ${alias}."_ep"`,
    reads: [name, owner, label, id],
  }
}
