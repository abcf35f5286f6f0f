/** What the graph of all that is stored is made of: nodes, told by their references alone, and relations. Labels are those of the sink `neo4j`. */
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
/** Of single events: only when they are named, or of an event itself. */
export const eventRelations = ['performed-by', 'applied-on', 'with-status'] as const

const prefixes: Readonly<Record<string, Label>> = {
  user: 'SUBJECT',
  tenant: 'TENANT',
  region: 'REGION',
  status: 'STATUS',
  image: 'IMAGE',
  action: 'ACTION',
}

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
