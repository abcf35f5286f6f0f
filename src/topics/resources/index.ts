import { parseKubernetesRef } from '../../model/refs.ts'
import { compileSql, dialectOf } from '../../query/index.ts'
import { among, textConditions } from '../conditions.ts'
import { filterOf } from '../filter-text.ts'
import { readObjects } from '../object-page.ts'
import { operation, type Surroundings } from '../operation.ts'
import { placeConditions } from '../place.ts'
import { Refusal } from '../refusal.ts'
import { moment } from '../time-span.ts'
import { describeObject, type Watched } from './one.ts'
import {
  Resource,
  resourceColumns,
  ResourcePage,
  ResourceParameters,
  ResourcesParameters,
  type ResourceRow,
} from './schema.ts'

const order = ['cluster', 'kind', 'api_group', "coalesce(namespace, '')", 'name', 'uid'] as const
const keys = ['cluster', 'kind', 'group', 'namespace', 'name', 'uid'] as const

export const resources = operation({
  id: 'resources',
  summary: 'Kubernetes objects as of a time',
  description: 'Sorted by cluster, kind, namespace and name. All pages show the time of the first page.',
  parameters: ResourcesParameters,
  result: ResourcePage,
  async run(query, surroundings) {
    const dialect = dialectOf(surroundings.store)
    const { bound } = filterOf(query.filter ?? '', 'resources')
    const texts = ['name', 'namespace', 'kind', 'node', 'owner_name', dialect.asText('labels')]
    const conditions = [
      ...placeConditions(query, surroundings.viewer, dialect),
      ...among(dialect, 'node', query.node),
      ...among(dialect, 'phase', query.phase),
      ...among(dialect, 'owner_name', query.owner),
      ...textConditions(dialect, query.text, texts),
      ...(bound.is === 'always' ? [] : [compileSql(bound, { dialect })]),
    ]
    const list = { view: 'resources', columns: resourceColumns, conditions, order, keys } as const
    const { rows, ...page } = await readObjects<ResourceRow>(query, list, surroundings)
    return { resources: rows, ...page }
  },
})

export const resource = operation({
  id: 'resource',
  summary: 'One object: state, versions, relations, changes and events',
  parameters: ResourceParameters,
  result: Resource,
  refuses: ['WEIR_API_NOT_FOUND'],
  async run({ ref, at = 'now' }, surroundings: Surroundings & Watched) {
    if (parseKubernetesRef(ref) === undefined)
      throw new Refusal('WEIR_API_INVALID', `"ref" does not refer to a Kubernetes object: ${ref}.`, [
        'Write k8s:<cluster>/<group>/<kind>/<namespace>/<name>; missing parts are empty, as in ' +
          'k8s:prod//Node//worker-1.',
      ])
    return describeObject({ ref, at: moment(at, 'at', surroundings.now) }, surroundings)
  },
})
