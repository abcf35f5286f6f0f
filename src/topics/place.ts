/** Parameters and conditions of objects of clusters: their changes, and their states. */
import { Optional, String as Text } from 'typebox'
import type { Dialect } from '../query/index.ts'
import { among } from './conditions.ts'
import { names } from './schema.ts'
import { objectScope, type Viewer } from './scope.ts'

export const placeParameters = {
  cluster: names('Clusters, comma-separated.', ['prod-eu']),
  group: names('API groups, comma-separated; `core` is the core group.', ['apps']),
  kind: names('Kinds, comma-separated.', ['Deployment,StatefulSet']),
  namespace: names('Namespaces, comma-separated.', ['shop']),
  name: names('Names, comma-separated.', ['web']),
  text: Optional(Text({ maxLength: 500, description: 'Text to search; case-insensitive.', examples: ['replicas'] })),
}

export type PlaceQuery = Readonly<Partial<Record<keyof typeof placeParameters, string>>>

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
