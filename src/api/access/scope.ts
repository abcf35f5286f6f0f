/**
 * Which rows somebody may see, as an expression of the query room: pages, series, topology, live views and tap all AND it
 * to what was asked for, so that there is one meaning of "his rows".
 */
import type { BatchKind } from '../../model/batches.ts'
import { parseKubernetesRef } from '../../model/refs.ts'
import { bind, compileLive, everything, nameTables, type Expression, type LiveFilter } from '../../query/index.ts'
import { text } from '../../query/sql-text.ts'
import type { Principal } from './principal.ts'

const nothing: Expression = { is: 'not', part: everything }

/**
 * Undefined: every row. Of flows, those of which at least one end is in a namespace that may be seen, and neither end in
 * another; an end without a namespace (the Internet, a machine) is nobody's. Events say nothing of namespaces that could be relied on.
 */
export function scopeOf({ namespaces, peers }: Principal, kind: BatchKind): Expression | undefined {
  if (namespaces === undefined) return undefined
  if (kind !== 'flows' || namespaces.length === 0) return nothing
  const inside = (name: string): Expression => ({ is: 'test', subject: { name }, operator: '=', values: namespaces.map((text) => ({ is: 'literal', text, quoted: true })) })
  const ends = ['src_namespace', 'dst_namespace']
  const one: Expression = { is: 'or', parts: ends.map(inside) }
  if (peers === 'shown') return one
  const neitherOutside = ends.map((name): Expression => ({ is: 'or', parts: [inside(name), { is: 'not', part: { is: 'exists', subject: { name } } }] }))
  return { is: 'and', parts: [one, ...neitherOutside] }
}

/** What was asked for, of the rows that may be seen. It is the same with source and destination exchanged. */
export function withinScope(filter: Expression, principal: Principal, kind: BatchKind): Expression {
  const scope = scopeOf(principal, kind)
  if (scope === undefined) return filter
  return filter.is === 'and' && filter.parts.length === 0 ? scope : { is: 'and', parts: [scope, filter] }
}

/** The same for rows of batches; undefined: every row. */
export function scopeFilter(principal: Principal, kind: BatchKind): LiveFilter | undefined {
  const scope = scopeOf(principal, kind)
  return scope === undefined ? undefined : compileLive(bind(scope, nameTables[kind]))
}

/**
 * Which objects of clusters somebody may see, as a condition in SQL on their views `changes` and `resources`: those of his
 * namespaces, and these namespaces themselves. What belongs to a whole cluster is nobody's who is limited. Undefined: every object.
 */
export function objectScope({ namespaces }: Principal): string | undefined {
  if (namespaces === undefined) return undefined
  if (namespaces.length === 0) return 'false'
  const own = `(${namespaces.map(text).join(', ')})`
  return `(namespace IN ${own} OR (kind = 'Namespace' AND api_group = '' AND name IN ${own}))`
}

/** The same for one object by its name. What is no object of a cluster (an image, a machine) says nothing of one. */
export function mayName({ namespaces }: Principal, ref: string): boolean {
  const object = parseKubernetesRef(ref)
  if (namespaces === undefined || object === undefined) return true
  return namespaces.includes(object.namespace !== '' ? object.namespace : object.kind === 'Namespace' && object.group === '' ? object.name : '')
}
