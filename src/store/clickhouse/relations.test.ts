import { expect, test } from 'vitest'
import { clusterRelations } from '../../model/kubernetes.ts'
import { clickhouse } from '../../query/dialect.ts'
import { inventoryRelations } from '../../model/inventory-columns.ts'
import { clusterRelationsView, relationsView } from './relations.ts'

const names = { database: 'weir', table_prefix: 'weir_' }

test('relations of objects of clusters are read from a view with these only', () => {
  const view = clusterRelationsView(names)
  expect(relationsView(names).startsWith(`${view} UNION ALL `)).toBe(true)
  for (const relation of clusterRelations) {
    expect(view).toContain(`'${relation}' AS relation`)
    expect(clickhouse.relationsAmong([relation])).toBe('cluster_relations')
  }
  for (const relation of [...inventoryRelations, 'performed-by', 'talks-to'])
    expect(clickhouse.relationsAmong(['owned-by', relation])).toBe('relations')
})
