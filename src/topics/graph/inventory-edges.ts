import type { EdgeQuery, StoredEdge } from '../../engine/control.ts'
import { inventoryRelations } from '../../model/inventory-columns.ts'
import { parseKubernetesRef } from '../../model/refs.ts'
import { dialectOf } from '../../query/index.ts'
import { asOf } from '../conditions.ts'
import { readRows } from '../rows.ts'
import type { GraphScope } from './graph.ts'

const kinds = new Set(['Node', 'Service'])

/** Resources of clouds, and the objects that a relation of the inventory can have. */
function mayHave(ref: string): boolean {
  const object = parseKubernetesRef(ref)
  if (object !== undefined) return object.group === '' && kinds.has(object.kind)
  return /^[a-z][a-z0-9]*:[^/]+\/[^/]+\/[^/]+\/./.test(ref)
}

type RelationRow = Readonly<Record<'from_ref' | 'relation' | 'to_ref' | 'valid_from', string>> &
  Readonly<{ valid_to: string | null }>

/** Relations of the inventory at the end of the span. Accounts have no namespaces, so limited viewers have none. */
export async function inventoryEdges(
  { store, signal, viewer, span, relations }: GraphScope,
  { near, far, without = [], limit }: Pick<EdgeQuery, 'near' | 'far' | 'without' | 'limit'>,
): Promise<readonly StoredEdge[]> {
  const refs = near.filter(mayHave)
  const named = inventoryRelations.filter((relation) => relations?.has(relation) ?? true)
  if (refs.length === 0 || named.length === 0 || viewer.namespaces !== undefined) return []
  const dialect = dialectOf(store)
  const list = (texts: readonly string[]): string => `(${texts.map(dialect.text).join(', ')})`
  const rows = await readRows<RelationRow>(
    { store, signal },
    `SELECT from_ref, relation, to_ref, valid_from, valid_to FROM relations WHERE relation IN ${list(named)}
      AND (from_ref IN ${list(refs)} OR to_ref IN ${list(refs)}) AND ${asOf(span.to, dialect)}
      ORDER BY relation, from_ref, to_ref`,
  )
  const edges = rows.flatMap(({ from_ref: from, relation, to_ref: to, valid_from: first, valid_to: last }) => {
    const isNear = (ref: string): boolean => refs.includes(ref)
    return [true, false].flatMap((forward): Omit<StoredEdge, 'others'>[] => {
      const [here, there] = forward ? [from, to] : [to, from]
      if (!isNear(here) || without.includes(there) || far?.includes(there) === false) return []
      return [
        {
          near: here,
          far: there,
          relation,
          forward,
          count: 1,
          first,
          last,
          severity: null,
          bytes: null,
          nearName: null,
          farName: null,
        },
      ]
    })
  })
  const groups = Map.groupBy(edges, (edge) => JSON.stringify([edge.near, edge.relation]))
  return [...groups.values()].flatMap((group) =>
    group.slice(0, limit).map((edge, at) => ({ ...edge, others: at === 0 ? Math.max(0, group.length - limit) : 0 })),
  )
}
