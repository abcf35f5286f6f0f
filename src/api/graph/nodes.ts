/** What stands at the ends of edges, told by its reference alone. Labels are those of the sink `neo4j`. */
import { parseKubernetesRef, workloadGroups } from '../../model/refs.ts'

export const labels = ['SUBJECT', 'RESOURCE', 'WORKLOAD', 'TENANT', 'REGION', 'STATUS', 'IMAGE', 'ACTION'] as const
export type Label = (typeof labels)[number]

export interface GraphNode {
  readonly ref: string
  readonly label: Label
  /** Of an object its kind, of a resource of a cloud `<service>/<type>`. */
  readonly kind: string | null
  readonly name: string
}

const prefixes: Readonly<Record<string, Label>> = { user: 'SUBJECT', tenant: 'TENANT', region: 'REGION', status: 'STATUS', image: 'IMAGE', action: 'ACTION' }

/** All actions of a name, whoever did them (`action:login`), not a single one; undefined: it is none of these. */
export function actionName(ref: string): string | undefined {
  return ref.startsWith('action:') ? ref.slice('action:'.length) : undefined
}

export function labelOf(ref: string): Label {
  if (ref === 'system' || ref === 'unknown') return 'SUBJECT'
  const object = parseKubernetesRef(ref)
  if (object !== undefined) return workloadGroups[object.kind] === object.group ? 'WORKLOAD' : 'RESOURCE'
  const [, prefix = ''] = /^([a-z][a-z0-9+.-]*):/.exec(ref) ?? []
  // What else has a prefix and parts is a resource, or a machine; ids of events have none.
  return prefixes[prefix] ?? (prefix !== '' && ref.includes('/') ? 'RESOURCE' : 'ACTION')
}

/** `told`: what events call it. */
export function nodeOf(ref: string, told?: string): GraphNode {
  const label = labelOf(ref)
  const object = parseKubernetesRef(ref)
  if (object !== undefined) return { ref, label, kind: object.kind, name: object.namespace === '' ? object.name : `${object.namespace}/${object.name}` }
  if (label === 'RESOURCE') {
    const parts = ref.slice(ref.indexOf(':') + 1).split('/')
    const kind = parts.length === 4 && parts[0] !== '' ? `${parts[1]}/${parts[2]}` : null
    return { ref, label, kind, name: told ?? decoded(parts.at(-1) ?? ref) }
  }
  if (label === 'ACTION') return { ref, label, kind: null, name: told ?? actionName(ref) ?? ref }
  const rest = ref.slice(ref.indexOf(':') + 1)
  return { ref, label, kind: null, name: told ?? (label === 'SUBJECT' || label === 'TENANT' ? rest.slice(rest.indexOf('/') + 1) : rest) }
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}
