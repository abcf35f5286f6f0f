/** Weir's views in ClickHouse, created and replaced when their text changes. */
import { createHash } from 'node:crypto'
import { changesBetween, changesView } from './changes.ts'
import {
  digestsView,
  factsView,
  imagesView,
  packageCountsView,
  packageReportsView,
  packageRowsView,
  packagesView,
  problemCountsView,
  problemReportsView,
  problemRowsView,
  problemsView,
} from './insights.ts'
import { inventoryView } from './inventory.ts'
import { clusterRelationsView, relationsView, trafficView } from './relations.ts'
import { resourcesView } from './resources.ts'
import { rollupView } from './rollups.ts'
import { auditView, eventsView, flowsView } from './rows.ts'
import { problemScoresView } from './scores.ts'
import { transfersView } from '../flows/transfers-view.ts'
import { name, text } from './sql.ts'
import { viewOf, type StoreNames } from './tables.ts'

export type View = Readonly<{
  name: string
  comment: string
  create: string
}>

const makers: Readonly<Record<string, (names: StoreNames) => string>> = {
  flows: flowsView,
  events: eventsView,
  audit: auditView,
  changes: (names) => changesView(names),
  changes_between: changesBetween,
  resources: resourcesView,
  inventory: inventoryView,
  flows_1m: (names) => rollupView(names, 'flows_1m'),
  flows_5m: (names) => rollupView(names, 'flows_5m'),
  flows_1h: (names) => rollupView(names, 'flows_1h'),
  traffic: trafficView,
  transfers: (names) => transfersView('clickhouse', `(${flowsView(names)})`),
  relations: relationsView,
  cluster_relations: clusterRelationsView,
  packages: packagesView,
  problems: problemsView,
  facts: factsView,
  images: imagesView,
  package_rows: packageRowsView,
  problem_rows: problemRowsView,
  package_reports: packageReportsView,
  problem_reports: problemReportsView,
  package_counts: packageCountsView,
  problem_counts: problemCountsView,
  problem_scores: problemScoresView,
  image_reports: imagesView,
  image_pods: resourcesView,
  image_digests: digestsView,
}

export const viewNames: readonly string[] = Object.keys(makers)

/** `cluster`: of ClickHouse, on which they are created. */
export function viewsOf(names: StoreNames, cluster: string | null): readonly View[] {
  return Object.entries(makers).map(([view, make]) => {
    // Absent rows of joins are NULL, also for other clients.
    const sql = `${make(names)} SETTINGS join_use_nulls = 1`
    const comment = `Weir, view ${createHash('sha256').update(sql).digest('hex').slice(0, 16)}`
    const on = cluster === null ? '' : ` ON CLUSTER ${name(cluster)}`
    return {
      name: view,
      comment,
      create: `CREATE OR REPLACE VIEW ${viewOf(names, view)}${on} AS ${sql} COMMENT ${text(comment)}`,
    }
  })
}
