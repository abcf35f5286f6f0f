/** Views `traffic` and `relations`, as in src/store/graph. */
import { workloadGroups } from '../../model/refs.ts'
import { regionRef, tenantRef } from '../graph/trace-edges.ts'
import { changesView } from './changes.ts'
import { inventoryRelationsView } from './inventory-relations.ts'
import { clusterRelations } from './resources.ts'
import { auditView } from './rows.ts'
import { text } from './sql.ts'
import { tableOf, type StoreNames } from './tables.ts'

/** `workloadRef` of src/model/refs.ts. */
function workload(end: 'src' | 'dst'): string {
  const [kinds, groups] = [Object.keys(workloadGroups), Object.values(workloadGroups)]
  return (
    `concat('k8s:', f.cluster, '/', transform(ifNull(toString(f.${end}_owner_kind), ''), ` +
    `[${kinds.map(text).join(', ')}], [${groups.map(text).join(', ')}], ''), '/', f.${end}_owner_kind, '/', ` +
    `f.${end}_namespace, '/', f.${end}_owner_name)`
  )
}

/** From the sums by hour, which outlive the flows. */
export function trafficView(names: StoreNames): string {
  const rows =
    `SELECT toDateTime64(f.time, 6, 'UTC') AS hour, ${workload('src')} AS from_ref, ${workload('dst')} AS to_ref, ` +
    `f.bytes_est AS bytes, f.packets_est AS packets, f.flows AS flows FROM ${tableOf(names, 'flows_1h')} AS f`
  const sums = ['bytes', 'packets', 'flows'].map((sum) => `sum(toUInt128(t.${sum})) AS ${sum}`)
  return (
    `SELECT t.hour AS hour, t.from_ref AS from_ref, t.to_ref AS to_ref, ${sums.join(', ')} FROM (${rows}) AS t WHERE ` +
    'isNotNull(t.from_ref) AND isNotNull(t.to_ref) GROUP BY t.hour, t.from_ref, t.to_ref'
  )
}

/** `relation` is SQL. */
function edge(from: string, relation: string, to: string, begin: string, end: string): string {
  return (
    `toNullable(toString(${from})) AS from_ref, ${relation} AS relation, toNullable(toString(${to})) AS to_ref, ` +
    `toNullable(${begin}) AS valid_from, ${end} AS valid_to`
  )
}

function ofEach(relation: string, from: string, to: string, rows: string): string {
  const columns = edge(`x.${from}`, text(relation), to, 'x.time', 'toNullable(x.time)')
  return `SELECT ${columns} FROM (${rows}) AS x WHERE isNotNull(${to})`
}

function sinceFirst(relation: string, from: string, to: string, audit: string): string {
  const rows = `SELECT ${from} AS begin_ref, ${to} AS end_ref, time FROM (${audit})`
  const never = "CAST(NULL AS Nullable(DateTime64(6, 'UTC')))"
  return (
    `SELECT ${edge('x.begin_ref', text(relation), 'x.end_ref', 'min(x.time)', never)} FROM (${rows}) AS x WHERE ` +
    'isNotNull(x.begin_ref) AND isNotNull(x.end_ref) GROUP BY x.begin_ref, x.end_ref'
  )
}

function intervalsOf(rows: string): string {
  const columns = edge('x.from_ref', 'x.relation', 'x.to_ref', 'x.valid_from', 'toNullable(x.valid_to)')
  return `SELECT ${columns} FROM (${rows}) AS x`
}

export function clusterRelationsView(names: StoreNames): string {
  return intervalsOf(clusterRelations(names))
}

export function relationsView(names: StoreNames): string {
  const [audit, changes] = [auditView(names), changesView(names)]
  const talks = edge('x.from_ref', "'talks-to'", 'x.to_ref', 'x.hour', 'toNullable(x.hour + toIntervalHour(1))')
  return [
    clusterRelationsView(names),
    ofEach('performed-by', 'id', 'x.actor', audit),
    ofEach('performed-by', 'id', 'x.actor_ref', changes),
    ofEach('applied-on', 'id', 'x.resource', audit),
    ofEach('applied-on', 'id', 'x.ref', changes),
    ofEach('with-status', 'id', "concat('status:', x.severity)", audit),
    sinceFirst('member-of', 'resource', tenantRef, audit),
    sinceFirst('located-at', tenantRef, regionRef, audit),
    sinceFirst('assumed-by', 'actor', 'impersonated_by', audit),
    `SELECT ${talks} FROM (${trafficView(names)}) AS x`,
    intervalsOf(inventoryRelationsView(names)),
  ].join(' UNION ALL ')
}
