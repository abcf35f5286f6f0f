/** Relations of inventories, as in src/store/inventory/relations.ts. */
import { inventoryRelations, providersOfNodes, providerWithoutScheme } from '../../model/inventory-columns.ts'
import { inventoryView } from './inventory.ts'
import { resourcesView } from './resources.ts'
import { jsonText, text } from './sql.ts'
import type { StoreNames } from './tables.ts'

type InventoryRelation = (typeof inventoryRelations)[number]

const openEnd = "toDateTime64('2299-12-31 00:00:00', 6, 'UTC')"
const endOf = (row: 'a' | 'b'): string => `ifNull(${row}.valid_to, ${openEnd})`
const sameTime = `a.valid_from < ${endOf('b')} AND b.valid_from < ${endOf('a')}`
const sameAccount = 'a.provider = b.provider AND a.account = b.account'

const columns = ['ref', 'provider', 'account', 'id', 'parent', 'valid_from', 'valid_to']
const columnList = columns.map((column) => `v.${column} AS ${column}`).join(', ')

function inventory(names: StoreNames, where = '1'): string {
  return `SELECT ${columnList} FROM (${inventoryView(names)}) AS v WHERE ${where}`
}

function perItem(names: StoreNames, list: string, where: string): string {
  return `SELECT ${columnList}, arrayJoin(v.${list}) AS item FROM (${inventoryView(names)}) AS v WHERE ${where}`
}

function nodes(names: StoreNames): string {
  const machine = jsonText('n.data', 'providerId')
  const [schemes, providers] = [Object.keys(providersOfNodes), Object.values(providersOfNodes)]
  return `SELECT n.ref AS ref, n.valid_from AS valid_from, n.valid_to AS valid_to,
      extract(ifNull(${machine}, ''), '[^/]+$') AS id, if(position(ifNull(${machine}, ''), ':') = 0,
      ${text(providerWithoutScheme)}, transform(splitByChar(':', ifNull(${machine}, ''))[1],
      [${schemes.map(text).join(', ')}], [${providers.map(text).join(', ')}], '')) AS provider
      FROM (${resourcesView(names)}) AS n WHERE n.kind = 'Node' AND isNotNull(${machine})`
}

function services(names: StoreNames): string {
  const item = (key: string): string => jsonText('s.one', key)
  return `SELECT s.ref AS ref, s.valid_from AS valid_from, s.valid_to AS valid_to, ${item('ip')} AS address
      FROM (SELECT r.ref AS ref, r.valid_from AS valid_from, r.valid_to AS valid_to,
      arrayJoin(JSONExtractArrayRaw(ifNull(r.data, ''), 'addresses')) AS one FROM (${resourcesView(names)}) AS r
      WHERE r.kind = 'Service') AS s WHERE ${item('as')} = 'load-balancer'`
}

const joins: Readonly<Record<InventoryRelation, (names: StoreNames) => string>> = {
  'attached-to': (names) =>
    `(${perItem(names, 'attached_to', '1')}) AS a JOIN (${inventory(names)}) AS b ON ${sameAccount} AND b.id = a.item`,
  'part-of': (names) =>
    `(${inventory(names)}) AS a JOIN (${inventory(names)}) AS b ON ${sameAccount} AND b.id = a.parent`,
  'resolves-to': (names) =>
    `(${perItem(names, 'addresses', "v.type = 'dns_record'")}) AS a
      JOIN (${perItem(names, 'addresses', "v.type <> 'dns_record'")}) AS b ON a.item = b.item`,
  serves: (names) =>
    `(${perItem(names, 'addresses', "v.type = 'load_balancer'")}) AS a JOIN (${services(names)}) AS b
      ON a.item = b.address`,
  'hosted-on': (names) =>
    `(${nodes(names)}) AS a JOIN (${inventory(names, "v.type = 'instance'")}) AS b
      ON a.provider = b.provider AND a.id = b.id`,
}

/** Intervals in which both ends are valid; adjacent ones are merged. */
function merged(relation: InventoryRelation, join: string): string {
  const rows = `SELECT a.ref AS from_ref, b.ref AS to_ref, greatest(a.valid_from, b.valid_from) AS since,
      least(${endOf('a')}, ${endOf('b')}) AS finish FROM ${join} WHERE ${sameTime} AND a.ref <> b.ref`
  const by = 'PARTITION BY from_ref, to_ref ORDER BY since, finish'
  const intervalStarts = `SELECT *, max(finish) OVER (${by} ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS former,
      row_number() OVER (${by}) AS place FROM (${rows})`
  const numbered = `SELECT *, sum(if(ifNull(since <= former AND place > 1, false), 0, 1)) OVER (${by}
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS part FROM (${intervalStarts})`
  return `SELECT i.from_ref AS from_ref, ${text(relation)} AS relation, i.to_ref AS to_ref,
      min(i.since) AS valid_from, nullIf(max(i.finish), ${openEnd}) AS valid_to FROM (${numbered}) AS i
      GROUP BY i.from_ref, i.to_ref, i.part`
}

export function inventoryRelationsView(names: StoreNames): string {
  return inventoryRelations.map((relation) => merged(relation, joins[relation](names))).join(' UNION ALL ')
}
