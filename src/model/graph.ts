/** Nodes are identified by their references. Labels are those of the sink `neo4j`. */
import { parseKubernetesRef, workloadGroups } from './refs.ts'

export const labels = ['SUBJECT', 'RESOURCE', 'WORKLOAD', 'TENANT', 'REGION', 'STATUS', 'IMAGE', 'ACTION'] as const
export type Label = (typeof labels)[number]

export const summedRelations = [
  'acted-on',
  'did',
  'done-to',
  'assumed-by',
  'member-of',
  'located-at',
  'owned-by',
  'runs-on',
  'in-namespace',
  'uses-image',
  'selects',
  'provided-by',
  'talks-to',
] as const
/** Relations of single events. They are included only if requested by name, or for an event node. */
export const eventRelations = ['performed-by', 'applied-on', 'with-status'] as const

const prefixes: Readonly<Record<string, Label>> = {
  user: 'SUBJECT',
  tenant: 'TENANT',
  region: 'REGION',
  status: 'STATUS',
  image: 'IMAGE',
  action: 'ACTION',
}

export function actionName(ref: string): string | undefined {
  return ref.startsWith('action:') ? ref.slice('action:'.length) : undefined
}

export function labelOf(ref: string): Label {
  if (ref === 'system' || ref === 'unknown') return 'SUBJECT'
  const object = parseKubernetesRef(ref)
  if (object !== undefined) return workloadGroups[object.kind] === object.group ? 'WORKLOAD' : 'RESOURCE'
  const [, prefix = ''] = /^([a-z][a-z0-9+.-]*):/.exec(ref) ?? []
  // Resources and hosts have a prefix and parts; event ids have no parts.
  return prefixes[prefix] ?? (prefix !== '' && ref.includes('/') ? 'RESOURCE' : 'ACTION')
}
