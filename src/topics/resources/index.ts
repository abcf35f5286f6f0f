import { compileSql, dialectOf } from '../../query/index.ts'
import { among, textConditions } from '../conditions.ts'
import { filterOf } from '../filter-text.ts'
import { readObjects } from '../object-page.ts'
import { operation } from '../operation.ts'
import { placeConditions } from '../place.ts'
import { resourceColumns, ResourcePage, ResourcesParameters, type ResourceRow } from './schema.ts'

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
