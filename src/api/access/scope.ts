/**
 * Which rows somebody may see, as an expression of the query room: pages, series, topology, live views and tap all AND it
 * to what was asked for, so that there is one meaning of "his rows".
 */
import type { BatchKind } from '../../model/batches.ts'
import { parseKubernetesRef } from '../../model/refs.ts'
import {
  bind,
  changeNames,
  compileLive,
  compileSql,
  everything,
  nameTables,
  type Expression,
  type LiveFilter,
} from '../../query/index.ts'
import { insideSql } from '../../store/graph/edge-scope.ts'
import type { Principal } from './principal.ts'

const nothing: Expression = { is: 'not', part: everything }
const among = (name: string, values: readonly string[]): Expression => ({
  is: 'test',
  subject: { name },
  operator: '=',
  values: values.map((text) => ({ is: 'literal', text, quoted: true })),
})

/**
 * Undefined: every row. Of flows, those of which at least one end is in a namespace that may be seen, and neither end in
 * another; an end without a namespace (the Internet, a machine) is nobody's. Of changes, those of objects of his namespaces, and of these namespaces
 * themselves: what belongs to a whole cluster is nobody's who is limited. Events say nothing of namespaces that could be relied on.
 */
export function scopeOf({ namespaces, peers }: Principal, kind: BatchKind | 'changes'): Expression | undefined {
  if (namespaces === undefined) return undefined
  if (kind === 'events' || namespaces.length === 0) return nothing
  const inside = (name: string): Expression => among(name, namespaces)
  if (kind === 'changes')
    return {
      is: 'or',
      parts: [
        inside('namespace'),
        { is: 'and', parts: [among('kind', ['Namespace']), among('api_group', ['']), inside('name')] },
      ],
    }
  const ends = ['src_namespace', 'dst_namespace']
  const one: Expression = { is: 'or', parts: ends.map(inside) }
  if (peers === 'shown') return one
  const neitherOutside = ends.map((name): Expression => ({
    is: 'or',
    parts: [inside(name), { is: 'not', part: { is: 'exists', subject: { name } } }],
  }))
  return { is: 'and', parts: [one, ...neitherOutside] }
}

/** What was asked for, of the rows that may be seen. It is the same with source and destination exchanged. */
export function withinScope(filter: Expression, principal: Principal, kind: BatchKind | 'changes'): Expression {
  const scope = scopeOf(principal, kind)
  if (scope === undefined) return filter
  return filter.is === 'and' && filter.parts.length === 0 ? scope : { is: 'and', parts: [scope, filter] }
}

/** The same for rows of batches; undefined: every row. */
export function scopeFilter(principal: Principal, kind: BatchKind): LiveFilter | undefined {
  const scope = scopeOf(principal, kind)
  return scope === undefined ? undefined : compileLive(bind(scope, nameTables[kind]))
}

/** The same of objects of clusters, as a condition in SQL on views `changes` and `resources`. Undefined: every object. */
export function objectScope(principal: Principal): string | undefined {
  const scope = scopeOf(principal, 'changes')
  return scope === undefined ? undefined : compileSql(bind(scope, changeNames))
}

/** The same of audit traces, as a condition on view `audit`: those of objects of his namespaces. What was done to a cloud is in no namespace, and nobody's who is limited. */
export function auditScope({ namespaces }: Principal, ref = 'resource'): string | undefined {
  return namespaces === undefined ? undefined : `coalesce(${insideSql(ref, namespaces)}, false)`
}

/** The same for one object by its name. What is no object of a cluster (an image, a machine) says nothing of one. */
export function mayName({ namespaces }: Principal, ref: string): boolean {
  const object = parseKubernetesRef(ref)
  if (namespaces === undefined || object === undefined) return true
  return namespaces.includes(
    object.namespace !== '' ? object.namespace : object.kind === 'Namespace' && object.group === '' ? object.name : '',
  )
}
