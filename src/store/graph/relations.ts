import type { TimeBounds } from '../read/receipt.ts'
import type { ViewInput } from '../read/views.ts'
import { inventoryRelationParts } from '../inventory/relations.ts'
import { auditView } from '../kubernetes/audit.ts'
import { changesView } from '../kubernetes/changes.ts'
import { clusterRelationNames, clusterRelations } from '../kubernetes/resources.ts'
import { msPerHour } from '../names.ts'
import { regionRef, tenantRef } from './trace-edges.ts'
import { trafficView } from './traffic.ts'

type RequestedRelations = ReadonlySet<string> | undefined

const ever: TimeBounds = { from: -Infinity, to: Infinity }

type Part = Readonly<{
  relation: string
  sql: (input: ViewInput) => string
}>

function ofEach(relation: string, from: string, to: string, rows: (input: ViewInput) => string): Part {
  return {
    relation,
    sql: (input) =>
      `SELECT ${from} AS from_ref, '${relation}' AS relation, ${to} AS to_ref, time AS valid_from, time AS valid_to
        FROM (${rows(input)}) WHERE to_ref IS NOT NULL`,
  }
}

function sinceFirst(relation: string, from: string, to: string): Part {
  const rows = (input: ViewInput) =>
    `SELECT ${from} AS from_ref, '${relation}' AS relation, ${to} AS to_ref, time FROM (${auditView(input)})`
  return {
    relation,
    sql: (input) =>
      `SELECT from_ref, relation, to_ref, min(time) AS valid_from, NULL::TIMESTAMPTZ AS valid_to
        FROM (${rows(input)}) WHERE from_ref IS NOT NULL AND to_ref IS NOT NULL GROUP BY ALL`,
  }
}

const hour = `make_timestamptz(epoch_us(hour) + ${msPerHour * 1000})`

const parts: readonly Part[] = [
  ofEach('performed-by', 'id', 'actor', auditView),
  ofEach('performed-by', 'id', 'actor_ref', (input) => changesView(input, ever)),
  ofEach('applied-on', 'id', 'resource', auditView),
  ofEach('applied-on', 'id', 'ref', (input) => changesView(input, undefined)),
  ofEach('with-status', 'id', "'status:' || severity", auditView),
  sinceFirst('member-of', 'resource', tenantRef),
  sinceFirst('located-at', tenantRef, regionRef),
  sinceFirst('assumed-by', 'actor', 'impersonated_by'),
  {
    relation: 'talks-to',
    sql: (input) =>
      `SELECT from_ref, 'talks-to' AS relation, to_ref, hour AS valid_from, ${hour} AS valid_to
        FROM (${trafficView(input)})`,
  },
  ...inventoryRelationParts,
]

export function relationsView(input: ViewInput, requested: RequestedRelations): string {
  const named = (relation: string) => requested?.has(relation) ?? true
  const chosen = parts.filter(({ relation }) => named(relation)).map(({ sql }) => sql(input))
  if (clusterRelationNames.some(named) || chosen.length === 0)
    chosen.unshift(clusterRelations(input, (relation) => chosen.length === 0 || named(relation)))
  return chosen.join(' UNION ALL ')
}
