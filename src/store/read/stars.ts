/** Where `*` means the columns of a view, and not only those that parts of the statement select. */

/** Scope of the query that is visited. */
export type QueryScope = Readonly<{
  /** Names of `WITH`, in lower case. */
  named: ReadonlySet<string>
  /** Whether `*`, or `relation.*`, includes columns of a view. */
  isOfView: (relation: string) => boolean
}>

export const outsideQueries: QueryScope = { named: new Set(), isOfView: () => true }

type Fields = Readonly<Record<string, unknown>>

/** A query of `WITH`, with the scope of its definition. */
type NamedQuery = Readonly<{ name: string; query: unknown; scope: QueryScope }>

/**
 * Of a node of DuckDB's `json_serialize_sql`; undefined if it is no query. `definitions` are those of its `WITH`, and
 * `scope` is that of all its other parts.
 */
export function scopeOf(
  node: Fields,
  { named: outer }: QueryScope,
): Readonly<{ scope: QueryScope; definitions: readonly NamedQuery[] }> | undefined {
  const map = (node['cte_map'] as Fields | undefined)?.['map']
  if (!Array.isArray(map)) return undefined
  let named = outer
  const definitions: NamedQuery[] = []
  for (const { key, value: query } of map as readonly Readonly<{ key: string; value: unknown }>[]) {
    const name = key.toLowerCase()
    // A definition that reads its own name reads a view, or itself.
    const others = new Set(named)
    others.delete(name)
    definitions.push({ name, query, scope: { ...outsideQueries, named: others } })
    named = new Set([...named, name])
  }
  const relations = node['type'] === 'SELECT_NODE' ? relationsOf(node['from_table'], named) : unknown
  const { hasView, selected } = relations
  const isOfView = (relation: string) => (relation === '' ? hasView : !selected.has(relation.toLowerCase()))
  return { scope: { named, isOfView }, definitions }
}

/** Relations of a FROM. `selected`: names of relations that parts of the statement select. */
type Relations = Readonly<{ hasView: boolean; selected: ReadonlySet<string> }>

const unknown: Relations = { hasView: true, selected: new Set() }

function relationsOf(from: unknown, named: ReadonlySet<string>): Relations {
  const { type, left, right, alias, table_name: table, schema_name: schema } = from as Fields
  const name = String(alias === '' ? (table ?? '') : alias).toLowerCase()
  const selected = { hasView: false, selected: new Set([name]) }
  if (type === 'EMPTY' || type === 'EXPRESSION_LIST' || type === 'SUBQUERY') return selected
  if (type === 'BASE_TABLE') return schema === '' && named.has(String(table).toLowerCase()) ? selected : unknown
  if (type !== 'JOIN') return unknown
  const sides = [relationsOf(left, named), relationsOf(right, named)]
  return {
    hasView: sides.some((side) => side.hasView),
    selected: new Set(sides.flatMap((side) => [...side.selected])),
  }
}
