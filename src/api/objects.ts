import type { Dialect } from '../query/index.ts'
import { among } from '../topics/conditions.ts'
import { objectScope, type Viewer } from '../topics/scope.ts'

const names = { type: 'string', maxLength: 4096 } as const

export const placeParameters = {
  cluster: { ...names, description: 'Clusters, comma-separated.', examples: ['prod-eu'] },
  group: { ...names, description: 'API groups, comma-separated; `core` is the core group.', examples: ['apps'] },
  kind: { ...names, description: 'Kinds, comma-separated.', examples: ['Deployment,StatefulSet'] },
  namespace: { ...names, description: 'Namespaces, comma-separated.', examples: ['shop'] },
  name: { ...names, description: 'Names, comma-separated.', examples: ['web'] },
  text: {
    type: 'string',
    maxLength: 500,
    description: 'Text to search; case-insensitive.',
    examples: ['replicas'],
  },
} as const

export type PlaceQuery = Readonly<{
  cluster?: string
  group?: string
  kind?: string
  namespace?: string
  name?: string
  text?: string
}>

/** On views `changes` and `resources`, within the principal's scope. */
export function placeConditions(query: PlaceQuery, viewer: Viewer, dialect: Dialect): string[] {
  const scope = objectScope(viewer, dialect)
  return [
    ...(scope === undefined ? [] : [scope]),
    ...among(dialect, 'cluster', query.cluster),
    ...among(dialect, 'api_group', query.group, (group) => (group === 'core' ? '' : group)),
    ...among(dialect, 'kind', query.kind),
    ...among(dialect, 'namespace', query.namespace),
    ...among(dialect, 'name', query.name),
  ]
}

export const cursorOfSpan = {
  type: 'string',
  maxLength: 4096,
  description:
    '`next` of the previous page. All other parameters must be the same; `from` and `to` are those of the first page.',
} as const

export const groupLimits = {
  limit: { type: 'integer', minimum: 1, maximum: 1000, default: 10, description: 'Maximum number of groups.' },
  buckets: { type: 'integer', minimum: 1, maximum: 1000, default: 150, description: 'Maximum number of buckets.' },
} as const

export const changeColumns =
  'time, cluster, api_group AS "group", kind, namespace, name, uid, ref, operation, actor, actor_kind, ' +
  'actor_ref, manager, audit_id, coalesced, initial, noise, paths, diff, resource_version, _pos AS pos'

/** Changes of one source with equal times keep their order. */
export function changeOrder({ integerOf, micros, part }: Dialect): readonly string[] {
  const numbers = [-3, -2, -1].map((index) => `coalesce(${integerOf(part('_pos', ':', index))}, 0)`)
  return [micros('time'), ...numbers, '_pos']
}

export const resourceColumns =
  'cluster, api_group AS "group", kind, namespace, name, uid, ref, labels, node, zone, phase, owner_kind, ' +
  'owner_name, owner_uid, created, valid_from, valid_to, resource_version'
