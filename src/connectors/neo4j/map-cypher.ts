import type { GraphRow } from './map.ts'
import type { ActionRow } from './map-action.ts'
import { objectStatements } from './map-cypher-objects.ts'
import type { ResourceNode } from './map-node.ts'

export type Statement = Readonly<{
  text: string
  parameters: { readonly rows: readonly unknown[] }
  /** A lower count means that another client removed a node. */
  expectedRows?: number
}>

export type Written = Readonly<{
  statements: readonly Statement[]
  facts: readonly string[]
  marks: readonly string[]
}>

/** Without them concurrent writers create duplicates. */
export const constraints: readonly string[] = [
  ...Object.entries({
    action: 'ACTION.id',
    change: 'CHANGE.id',
    subject: 'SUBJECT.key',
    resource: 'RESOURCE.key',
    image: 'IMAGE.key',
    region: 'REGION.name',
    status: 'STATUS.id',
    delivered: 'DELIVERED.key',
  }).map(
    ([name, of]) =>
      `CREATE CONSTRAINT weir_${name} IF NOT EXISTS FOR (n:${of.split('.')[0] ?? ''}) REQUIRE ` +
      `n.${of.split('.')[1] ?? ''} IS UNIQUE`,
  ),
  'CREATE CONSTRAINT weir_tenant IF NOT EXISTS FOR (n:TENANT) REQUIRE (n.tenantId, n.domainId) IS UNIQUE',
  ...['ACTION.timestamp', 'ACTION.mark', 'ACTION.deletionMark', 'CHANGE.timestamp', 'CHANGE.mark'].map(
    (of) =>
      `CREATE INDEX weir_${of.replace('.', '_').toLowerCase()} IF NOT EXISTS FOR ` +
      `(n:${of.split('.')[0] ?? ''}) ON (n.${of.split('.')[1] ?? ''})`,
  ),
  'CREATE INDEX weir_selects_by IF NOT EXISTS FOR ()-[x:SELECTS]-() ON (x.by)',
  'CREATE INDEX weir_talks_id IF NOT EXISTS FOR ()-[x:TALKS_TO]-() ON (x.id)',
]

const time = (name: string) =>
  `CASE WHEN row.${name} IS NULL THEN NULL ELSE datetime({epochMillis: toInteger(row.${name})}) END`
const tenant = '{tenantId: row.tenantId, domainId: row.domainId}'
const resourceText = 'UNWIND $rows AS row MERGE (n:RESOURCE {key: row.key}) SET n += row.set'
const workloadText = 'UNWIND $rows AS row MERGE (n:RESOURCE {key: row.key}) SET n += row.set, n:WORKLOAD'

const texts = {
  regions: 'UNWIND $rows AS row MERGE (:REGION {name: row.region})',
  statuses: 'UNWIND $rows AS row MERGE (:STATUS {id: row.status})',
  tenants: `UNWIND $rows AS row MERGE (:TENANT ${tenant})`,
  places:
    `UNWIND $rows AS row MATCH (t:TENANT ${tenant}) MATCH (g:REGION {name: row.region}) MERGE ` +
    '(t)-[:LOCATED_AT]->(g)',
  subjects: 'UNWIND $rows AS row MERGE (s:SUBJECT {key: row.key}) SET s += row.set',
  behind:
    'UNWIND $rows AS row MATCH (s:SUBJECT {key: row.subject}) MATCH (b:SUBJECT {key: row.behind}) MERGE ' +
    '(s)-[:ASSUMED_BY]->(b)',
  resources: resourceText,
  workloads: workloadText,
  members:
    `UNWIND $rows AS row MATCH (r:RESOURCE {key: row.resource}) MATCH (t:TENANT ${tenant}) MERGE ` +
    '(r)-[:MEMBER_OF]->(t)',
  // Checked after SET, which has locked the node.
  actions:
    'UNWIND $rows AS row MATCH (s:SUBJECT {key: row.subject}) MATCH (o:STATUS {id: row.status}) OPTIONAL ' +
    'MATCH (r:RESOURCE {key: row.resource}) MERGE (a:ACTION {id: row.id}) SET a += row.set, a.timestamp ' +
    `= ${time('time')}, a.recordTime = ${time('recorded')}\n` +
    'WITH row, s, o, r, a, COUNT { (a)--() } = 0 AS fresh\n' +
    'FOREACH (_ IN CASE WHEN fresh THEN [1] ELSE [] END | CREATE (a)-[:PERFORMED_BY]->(s) CREATE ' +
    '(a)-[:WITH_STATUS]->(o))\n' +
    'FOREACH (x IN CASE WHEN fresh AND r IS NOT NULL THEN [r] ELSE [] END | CREATE ' +
    '(a)-[:APPLIED_ON]->(x))\n' +
    'FOREACH (_ IN CASE WHEN fresh THEN [] ELSE [1] END | MERGE (a)-[:PERFORMED_BY]->(s) MERGE ' +
    '(a)-[:WITH_STATUS]->(o))\n' +
    'FOREACH (x IN CASE WHEN fresh OR r IS NULL THEN [] ELSE [r] END | MERGE (a)-[:APPLIED_ON]->(x))\n' +
    'RETURN count(CASE WHEN row.resource IS NULL OR r IS NOT NULL THEN 1 END) AS written',
  changes:
    'UNWIND $rows AS row MATCH (r:RESOURCE {key: row.resource}) MERGE (c:CHANGE {id: row.id}) SET c += ' +
    `row.set, c.timestamp = ${time('time')} MERGE (c)-[:APPLIED_ON]->(r) RETURN count(*) AS written`,
} as const

type Part = keyof typeof texts
const counted: ReadonlySet<Part> = new Set(['actions', 'changes'])

export function statementsOf(rows: readonly GraphRow[], known: { has(fact: string): boolean }): Written {
  const parts = Object.fromEntries(
    (Object.keys(texts) as Part[]).map((name) => [name, new Map<string, object>()]),
  ) as Record<Part, Map<string, object>>
  const node = (into: Part, { key, set }: Omit<ResourceNode, 'workload'>) => {
    const before = parts[into].get(key) as { readonly set: object } | undefined
    parts[into].set(key, before === undefined ? { key, set } : { key, set: { ...before.set, ...set } })
  }
  const resource = (resourceNode: ResourceNode) =>
    node(resourceNode.workload === true ? 'workloads' : 'resources', resourceNode)
  const event = (into: Part, id: string, row: object) => {
    parts[into].delete(id)
    parts[into].set(id, row)
  }
  for (const row of rows) {
    if (row.kind === 'action') actionParts(row, parts, { node, resource, event })
    if (row.kind !== 'change') continue
    resource(row.resource)
    event('changes', row.change.id, { ...row.change, resource: row.resource.key })
  }
  const facts: string[] = []
  const statements = (Object.keys(texts) as Part[]).flatMap((name) => {
    const all = [...parts[name]]
    if (counted.has(name))
      return all.length === 0
        ? []
        : [{ text: texts[name], parameters: { rows: all.map(([, row]) => row) }, expectedRows: all.length }]
    const fresh = all
      .map(([key, row]) => ({ key, row, fact: `${name} ${key} ${JSON.stringify(row)}` }))
      .filter(({ fact }) => !known.has(fact))
      .sort((a, b) => (a.key < b.key ? -1 : 1))
    facts.push(...fresh.map(({ fact }) => fact))
    return fresh.length === 0 ? [] : [{ text: texts[name], parameters: { rows: fresh.map(({ row }) => row) } }]
  })
  return {
    statements: [...statements, ...objectStatements(rows.filter((row) => row.kind === 'object'))],
    facts,
    marks: [...new Set(rows.flatMap((row) => (row.kind === 'object' ? [] : row.marks)))].sort(),
  }
}

type Into = Readonly<{
  node: (into: Part, node: Omit<ResourceNode, 'workload'>) => void
  resource: (node: ResourceNode) => void
  event: (into: Part, id: string, row: object) => void
}>

function actionParts(
  { action: { id, ...properties }, subject, behind, resource, tenant: tenantRow, region, status }: ActionRow,
  parts: Record<Part, Map<string, object>>,
  into: Into,
) {
  const position = JSON.stringify([tenantRow?.tenantId, tenantRow?.domainId])
  parts.statuses.set(status, { status })
  if (region !== undefined) parts.regions.set(region, { region })
  if (tenantRow !== undefined) parts.tenants.set(position, tenantRow)
  if (tenantRow !== undefined && region !== undefined)
    parts.places.set(JSON.stringify([position, region]), { ...tenantRow, region })
  into.node('subjects', subject)
  if (behind !== undefined) {
    into.node('subjects', behind)
    parts.behind.set(JSON.stringify([subject.key, behind.key]), { subject: subject.key, behind: behind.key })
  }
  into.event('actions', id, {
    id,
    ...properties,
    subject: subject.key,
    status,
    ...(resource === undefined ? {} : { resource: resource.key }),
  })
  if (resource === undefined) return
  into.resource(resource)
  if (tenantRow !== undefined)
    parts.members.set(JSON.stringify([resource.key, position]), { resource: resource.key, ...tenantRow })
}

export const linkText =
  'UNWIND $rows AS row MATCH (c:CHANGE {mark: row})\n' +
  'CALL { WITH row MATCH (a:ACTION)-[:PERFORMED_BY]->(s:SUBJECT) WHERE a.mark = row OR a.deletionMark ' +
  '= row RETURN s ORDER BY a.timestamp DESC, a.id DESC LIMIT 1 }\n' +
  'OPTIONAL MATCH (c)-[x:PERFORMED_BY]->(o) WHERE o <> s DELETE x\n' +
  'WITH DISTINCT c, s MERGE (c)-[:PERFORMED_BY]->(s)'
