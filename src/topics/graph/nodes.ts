import { actionName, labelOf } from '../../model/graph.ts'
import { parseKubernetesRef } from '../../model/refs.ts'
import type { GraphNode } from './schema.ts'

export function nodeOf(ref: string, displayName?: string): GraphNode {
  const label = labelOf(ref)
  const object = parseKubernetesRef(ref)
  if (object !== undefined)
    return {
      ref,
      label,
      kind: object.kind,
      name: object.namespace === '' ? object.name : `${object.namespace}/${object.name}`,
    }
  if (label === 'RESOURCE') {
    const parts = ref.slice(ref.indexOf(':') + 1).split('/')
    const kind = parts.length === 4 && parts[0] !== '' ? `${parts[1]}/${parts[2]}` : null
    return { ref, label, kind, name: displayName ?? decoded(parts.at(-1) ?? ref) }
  }
  if (label === 'ACTION') return { ref, label, kind: null, name: displayName ?? actionName(ref) ?? ref }
  const rest = ref.slice(ref.indexOf(':') + 1)
  return {
    ref,
    label,
    kind: null,
    name: displayName ?? (label === 'SUBJECT' || label === 'TENANT' ? rest.slice(rest.indexOf('/') + 1) : rest),
  }
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}
