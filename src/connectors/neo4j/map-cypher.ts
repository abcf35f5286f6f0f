/** Rows as statements of Cypher. Everything is merged, so that what is written twice is there once. */
import type { GraphRow, KeyedNode } from './map.ts'

export interface Statement {
  readonly text: string
  readonly parameters: { readonly rows: readonly unknown[] }
}

/** What a node is found by is unique; where it isn't, two who write at once would both make it. */
export const constraints: readonly string[] = [
  'CREATE CONSTRAINT weir_action IF NOT EXISTS FOR (n:ACTION) REQUIRE n.id IS UNIQUE',
  'CREATE CONSTRAINT weir_subject IF NOT EXISTS FOR (n:SUBJECT) REQUIRE n.key IS UNIQUE',
  'CREATE CONSTRAINT weir_resource IF NOT EXISTS FOR (n:RESOURCE) REQUIRE n.key IS UNIQUE',
  'CREATE CONSTRAINT weir_tenant IF NOT EXISTS FOR (n:TENANT) REQUIRE (n.tenantId, n.domainId) IS UNIQUE',
  'CREATE CONSTRAINT weir_region IF NOT EXISTS FOR (n:REGION) REQUIRE n.name IS UNIQUE',
  'CREATE CONSTRAINT weir_status IF NOT EXISTS FOR (n:STATUS) REQUIRE n.id IS UNIQUE',
  'CREATE INDEX weir_action_time IF NOT EXISTS FOR (n:ACTION) ON (n.timestamp)',
]

const time = (name: string): string => `CASE WHEN row.${name} IS NULL THEN NULL ELSE datetime({epochMillis: toInteger(row.${name})}) END`

const texts = {
  regions: 'UNWIND $rows AS row MERGE (:REGION {name: row})',
  statuses: 'UNWIND $rows AS row MERGE (:STATUS {id: row})',
  tenants: 'UNWIND $rows AS row MERGE (:TENANT {tenantId: row.tenantId, domainId: row.domainId})',
  places: 'UNWIND $rows AS row MATCH (t:TENANT {tenantId: row.tenantId, domainId: row.domainId}) MATCH (g:REGION {name: row.region}) MERGE (t)-[:LOCATED_AT]->(g)',
  subjects: 'UNWIND $rows AS row MERGE (s:SUBJECT {key: row.key}) SET s += row.set',
  behind: 'UNWIND $rows AS row MATCH (s:SUBJECT {key: row.subject}) MATCH (b:SUBJECT {key: row.behind}) MERGE (s)-[:ASSUMED_BY]->(b)',
  resources: 'UNWIND $rows AS row MERGE (r:RESOURCE {key: row.key}) SET r += row.set',
  members: 'UNWIND $rows AS row MATCH (r:RESOURCE {key: row.resource}) MATCH (t:TENANT {tenantId: row.tenantId, domainId: row.domainId}) MERGE (r)-[:MEMBER_OF]->(t)',
  actions: `UNWIND $rows AS row MATCH (s:SUBJECT {key: row.subject}) MATCH (o:STATUS {id: row.status}) MERGE (a:ACTION {id: row.id}) SET a += row.set, a.timestamp = ${time('time')}, a.recordTime = ${time('recorded')} MERGE (a)-[:PERFORMED_BY]->(s) MERGE (a)-[:WITH_STATUS]->(o)`,
  targets: 'UNWIND $rows AS row MATCH (a:ACTION {id: row.id}) MATCH (r:RESOURCE {key: row.resource}) MERGE (a)-[:APPLIED_ON]->(r)',
} as const

/** The statements of one transaction, in their order. What many share is written once, sorted, so that those who write at once lock it in one order. */
export function statementsOf(rows: readonly GraphRow[]): Statement[] {
  const all: Record<keyof typeof texts, Map<string, unknown>> = {
    regions: new Map(), statuses: new Map(), tenants: new Map(), places: new Map(), subjects: new Map(), behind: new Map(), resources: new Map(), members: new Map(), actions: new Map(), targets: new Map(),
  }
  const node = (into: Map<string, unknown>, { key, set }: KeyedNode): void => {
    const before = into.get(key) as KeyedNode | undefined
    into.set(key, before === undefined ? { key, set } : { key, set: { ...before.set, ...set } })
  }
  for (const { action, subject, behind, resource, tenant, region, status } of rows) {
    const place = JSON.stringify([tenant?.tenantId, tenant?.domainId])
    all.statuses.set(status, status)
    if (region !== undefined) all.regions.set(region, region)
    if (tenant !== undefined) all.tenants.set(place, tenant)
    if (tenant !== undefined && region !== undefined) all.places.set(JSON.stringify([place, region]), { ...tenant, region })
    node(all.subjects, subject)
    if (behind !== undefined) {
      node(all.subjects, behind)
      all.behind.set(JSON.stringify([subject.key, behind.key]), { subject: subject.key, behind: behind.key })
    }
    if (resource !== undefined) {
      node(all.resources, resource)
      if (tenant !== undefined) all.members.set(JSON.stringify([resource.key, place]), { resource: resource.key, ...tenant })
      all.targets.set(JSON.stringify([action.id, resource.key]), { id: action.id, resource: resource.key })
    }
    // One that comes again is written in its own place: what came later holds.
    all.actions.delete(action.id)
    all.actions.set(action.id, { ...action, subject: subject.key, status })
  }
  return (Object.keys(texts) as (keyof typeof texts)[]).flatMap((name) => {
    const entries = [...all[name]]
    if (name !== 'actions' && name !== 'targets') entries.sort(([a], [b]) => (a < b ? -1 : 1))
    return entries.length === 0 ? [] : [{ text: texts[name], parameters: { rows: entries.map(([, row]) => row) } }]
  })
}
