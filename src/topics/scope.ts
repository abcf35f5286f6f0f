import type { BatchKind } from '../model/batches.ts'
import { parseKubernetesRef } from '../model/refs.ts'
import {
  bind,
  changeNames,
  compileLive,
  compileSql,
  everything,
  nameTables,
  type Dialect,
  type Expression,
  type LiveFilter,
} from '../query/index.ts'
import { insideSql } from '../store/graph/edge-scope.ts'

/** What a user may see. */
export type Viewer = Readonly<{
  name: string
  /** Undefined: all. */
  namespaces: readonly string[] | undefined
  /** Whether flows with an end in another namespace are shown. */
  peers: 'hidden' | 'shown'
}>

const nothing: Expression = { is: 'not', part: everything }
const among = (name: string, values: readonly string[]): Expression => ({
  is: 'test',
  subject: { name },
  operator: '=',
  values: values.map((text) => ({ is: 'literal', text, quoted: true })),
})

/** Flows: at least one end in a visible namespace, none in another. Events have no reliable namespace. */
function scopeOf({ namespaces, peers }: Viewer, kind: BatchKind | 'changes'): Expression | undefined {
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
  const anyEnd: Expression = { is: 'or', parts: ends.map(inside) }
  if (peers === 'shown') return anyEnd
  const neitherOutside = ends.map((name): Expression => ({
    is: 'or',
    parts: [inside(name), { is: 'not', part: { is: 'exists', subject: { name } } }],
  }))
  return { is: 'and', parts: [anyEnd, ...neitherOutside] }
}

export function withinScope(filter: Expression, viewer: Viewer, kind: BatchKind | 'changes'): Expression {
  const scope = scopeOf(viewer, kind)
  if (scope === undefined) return filter
  return filter.is === 'and' && filter.parts.length === 0 ? scope : { is: 'and', parts: [scope, filter] }
}

export function scopeFilter(viewer: Viewer, kind: BatchKind): LiveFilter | undefined {
  const scope = scopeOf(viewer, kind)
  return scope === undefined ? undefined : compileLive(bind(scope, nameTables[kind]))
}

/** SQL condition on views `changes` and `resources`; undefined: every object. */
export function objectScope(viewer: Viewer, dialect: Dialect): string | undefined {
  const scope = scopeOf(viewer, 'changes')
  return scope === undefined ? undefined : compileSql(bind(scope, changeNames), { dialect })
}

/** SQL condition on view `audit`. Traces of clouds have no namespace and are hidden. */
export function auditScope({ namespaces }: Viewer, dialect: Dialect, ref = 'resource'): string | undefined {
  return namespaces === undefined ? undefined : dialect.decided(insideSql(ref, namespaces, dialect))
}

/** References that are not objects of a cluster are visible. */
export function mayName({ namespaces }: Viewer, ref: string): boolean {
  const object = parseKubernetesRef(ref)
  if (namespaces === undefined || object === undefined) return true
  return namespaces.includes(
    object.namespace !== '' ? object.namespace : object.kind === 'Namespace' && object.group === '' ? object.name : '',
  )
}

const maxListed = 5

/** For messages. */
export function namespacesText(namespaces: readonly string[]): string {
  if (namespaces.length === 0) return 'no namespace'
  const rest = namespaces.length - maxListed
  return (
    `namespace${namespaces.length === 1 ? '' : 's'} ` +
    `${namespaces.slice(0, maxListed).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`
  )
}
