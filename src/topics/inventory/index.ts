import { compileSql, dialectOf, type Dialect } from '../../query/index.ts'
import { isoOf } from '../../query/plan/index.ts'
import { listOf } from '../comma-list.ts'
import { among, asOf, textConditions } from '../conditions.ts'
import { filterOf } from '../filter-text.ts'
import { readObjects } from '../object-page.ts'
import { operation } from '../operation.ts'
import { Refusal } from '../refusal.ts'
import { readRows } from '../rows.ts'
import { moment } from '../time-span.ts'
import { createdSql, differencesOf, differingSql, maxCompared, type DifferingRow } from './diff.ts'
import { facetsOf, facetsSql, type FacetRow } from './facets.ts'
import { describeResource } from './resource.ts'
import {
  DiffParameters,
  facetNames,
  FacetsParameters,
  inventoryColumns,
  InventoryDiff,
  InventoryFacets,
  InventoryPage,
  InventoryParameters,
  InventoryResource,
  ResourceParameters,
  type InventoryQuery,
  type InventoryRow,
} from './schema.ts'

const order = ['provider', 'account', 'region', 'type', 'name', 'id'] as const

/** Without the facets. */
function conditionsOf({ filter = '', text }: Pick<InventoryQuery, 'filter' | 'text'>, dialect: Dialect): string[] {
  const { bound } = filterOf(filter, 'inventory')
  return [
    ...textConditions(dialect, text, [...order, 'size', dialect.asText('tags')]),
    ...(bound.is === 'always' ? [] : [compileSql(bound, { dialect })]),
  ]
}

const allConditionsOf = (query: Omit<InventoryQuery, 'at'>, dialect: Dialect): string[] => [
  ...facetNames.flatMap((name) => among(dialect, name, query[name])),
  ...conditionsOf(query, dialect),
]

export const inventory = operation({
  id: 'inventory',
  summary: 'Resources of clouds as of a time',
  description: 'Sorted by provider, account, region, type, name and id. All pages show the time of the first page.',
  parameters: InventoryParameters,
  result: InventoryPage,
  async run(query, surroundings) {
    const conditions = allConditionsOf(query, dialectOf(surroundings.store))
    const list = { view: 'inventory', columns: inventoryColumns, conditions, order, keys: order } as const
    const { rows, ...page } = await readObjects<InventoryRow>(query, list, surroundings)
    return { resources: rows, ...page }
  },
})

export const inventoryFacets = operation({
  id: 'inventoryFacets',
  summary: 'Numbers of resources by provider, account, region, type, state and finding',
  parameters: FacetsParameters,
  result: InventoryFacets,
  async run(query, surroundings) {
    const dialect = dialectOf(surroundings.store)
    const at = moment(query.at ?? 'now', 'at', surroundings.now)
    const where = [asOf(at, dialect), ...conditionsOf(query, dialect)].join(' AND ')
    const rows = await readRows<FacetRow>(surroundings, facetsSql(where))
    const selected = Object.fromEntries(
      facetNames.flatMap((name) => (query[name] === undefined ? [] : [[name, listOf(query[name])]])),
    )
    return { at: isoOf(at), ...facetsOf(rows, selected) }
  },
})

export const inventoryResource = operation({
  id: 'inventoryResource',
  summary: 'One resource of a cloud: state, changes with their actors, relations, costs and traffic',
  parameters: ResourceParameters,
  result: InventoryResource,
  refuses: ['WEIR_API_NOT_FOUND'],
  async run({ ref, at: written = 'now' }, surroundings) {
    const at = moment(written, 'at', surroundings.now)
    return { ref, at: isoOf(at), ...(await describeResource(ref, at, surroundings)) }
  },
})

export const inventoryDiff = operation({
  id: 'inventoryDiff',
  summary: 'Resources that were created, deleted or changed between two times',
  description: 'A resource counts if it matches at one of the times. The fields are those of `weir.cloud.changed`.',
  parameters: DiffParameters,
  result: InventoryDiff,
  async run(query, surroundings) {
    const { now, store } = surroundings
    const { limit = 1000 } = query
    const times = { from: moment(query.from, 'from', now), to: moment(query.to ?? 'now', 'to', now) }
    const [from, to] = [isoOf(times.from), isoOf(times.to)]
    if (times.from >= times.to)
      throw new Refusal('WEIR_API_INVALID', `\`from\` (${from}) must be before \`to\` (${to}).`)
    const dialect = dialectOf(store)
    const [rows, created] = await Promise.all([
      readRows<DifferingRow>(surroundings, differingSql(times, allConditionsOf(query, dialect), dialect)),
      readRows<Readonly<{ ref: string }>>(surroundings, createdSql(times, dialect)),
    ])
    if (rows.length > maxCompared)
      throw new Refusal('WEIR_API_INVALID', `More than ${maxCompared} states differ between the times.`, [
        'Compare times that are closer, or fewer accounts: `account` limits the comparison.',
      ])
    const { counts, resources } = differencesOf(rows, new Set(created.map(({ ref }) => ref)))
    return { from, to, counts, more: resources.length > limit, resources: resources.slice(0, limit) }
  },
})
