/** Edges of nodes, summed over the events that tell them: one statement for any number of nodes. */
import { parseKubernetesRef } from '../../model/refs.ts'
import { text, timeSql } from '../../query/sql-text.ts'
import type { Principal } from '../access/principal.ts'
import { auditScope } from '../access/scope.ts'
import { asOf } from '../objects.ts'
import { labelOf, type Label } from './nodes.ts'

/** What happened from `from` to `to`, and what held at `to`; in µs. */
export interface GraphSpan {
  readonly from: bigint
  readonly to: bigint
}

export interface EdgesAsked {
  readonly near: readonly string[]
  /** Only edges to these, all of them. */
  readonly far?: readonly string[]
  /** No edges to these. */
  readonly without?: readonly string[]
  /** Edges of each node. */
  readonly limit: number
  readonly span: GraphSpan
  /** Undefined: those that people read. */
  readonly relations: ReadonlySet<string> | undefined
  readonly principal: Principal
}

export const summedRelations = ['acted-on', 'assumed-by', 'member-of', 'located-at', 'owned-by', 'runs-on', 'in-namespace', 'uses-image', 'selects', 'provided-by', 'talks-to'] as const
/** Of single events: only when they are named, or of an event itself. */
export const eventRelations = ['performed-by', 'applied-on', 'with-status'] as const

const hourUs = 3_600_000_000n
const severities = ['unknown', 'normal', 'warning', 'incident'] as const
const worst = `[${severities.map(text).join(', ')}][max(CASE severity ${severities.map((word, at) => `WHEN '${word}' THEN ${at + 1}`).join(' ')} ELSE 1 END)]`
const tenantRef = "'tenant:' || replace(replace(coalesce(tenant_domain, ''), '%', '%25'), '/', '%2F') || '/' || tenant"

const columns = (forward: boolean, from: string, relation: string, to: string, more: string): string => `SELECT ${forward ? from : to} AS near, ${forward ? to : from} AS far, ${relation} AS relation, ${forward} AS forward, ${more}`

/** SQL of the edges of the nodes; undefined when there can be none. Columns: near far relation forward count first last severity bytes near_name far_name others. */
export function edgesSql(asked: EdgesAsked): string | undefined {
  const parts = partsOf(asked)
  if (parts.length === 0) return undefined
  const { far, without = [], limit, principal } = asked
  const seen = scopeOf(principal)
  const where = ['far IS NOT NULL', 'near <> far', ...(far === undefined ? [] : [`far IN ${listOf(far)}`]), ...(without.length === 0 ? [] : [`far NOT IN ${listOf(without)}`]), ...(seen === undefined ? [] : [seen])]
  // Of each relation the largest first, so that no relation hides another.
  const ranked = `SELECT *, row_number() OVER (PARTITION BY near, relation, forward ORDER BY count DESC, last DESC, far) AS place FROM (${parts.join(' UNION ALL ')}) WHERE ${where.join(' AND ')}`
  const numbered = `SELECT *, row_number() OVER (PARTITION BY near ORDER BY place, relation, forward) AS number, count(*) OVER (PARTITION BY near) AS edges FROM (${ranked})`
  return `SELECT near, far, relation, forward, count, first, last, severity, bytes, near_name, far_name, greatest(edges - ${limit}, 0) AS others FROM (${numbered}) WHERE number <= ${limit} ORDER BY near, number`
}

function listOf(refs: readonly string[]): string {
  return `(${refs.map(text).join(', ')})`
}

/** Both ends may be named, and one is an object of his namespaces. */
function scopeOf(principal: Principal): string | undefined {
  const [near, far] = [auditScope(principal, 'near'), auditScope(principal, 'far')]
  return near === undefined || far === undefined ? undefined : `(${near} OR ${far}) AND (${near} OR NOT starts_with(near, 'k8s:')) AND (${far} OR NOT starts_with(far, 'k8s:'))`
}

function partsOf({ near, span, relations }: EdgesAsked): string[] {
  const wanted = (relation: string): boolean => relations?.has(relation) ?? true
  const of = (...wantedLabels: readonly Label[]): readonly string[] => near.filter((ref) => wantedLabels.includes(labelOf(ref)))
  const [actors, resources, tenants, regions] = [of('SUBJECT'), of('RESOURCE', 'WORKLOAD'), of('TENANT'), of('REGION')]
  const between = (column: string): string => `${column} >= ${timeSql(span.from)} AND ${column} < ${timeSql(span.to)}`
  const traces = (forward: boolean, from: string, relation: string, to: string, is: string, names: readonly [string, string] = ['NULL::VARCHAR', 'NULL::VARCHAR']): string => {
    const [nearName, farName] = forward ? names : names.toReversed()
    const sums = `count(*)::BIGINT AS count, min(time) AS first, max(time) AS last, ${relation === 'acted-on' ? worst : 'NULL::VARCHAR'} AS severity, NULL::BIGINT AS bytes, ${nearName} AS near_name, ${farName} AS far_name`
    return `${columns(forward, from, text(relation), to, sums)} FROM audit WHERE ${between('time')} AND ${is} GROUP BY 1, 2`
  }
  const parts: string[] = []
  const add = (relation: string, refs: readonly string[], sql: (list: string) => string): void => {
    if (wanted(relation) && refs.length > 0) parts.push(sql(listOf(refs)))
  }
  const names = ['any_value(coalesce(actor_name, actor_id))', 'any_value(resource_name)'] as const
  add('acted-on', actors, (list) => traces(true, 'actor', 'acted-on', 'resource', `actor IN ${list} AND resource IS NOT NULL`, names))
  add('acted-on', resources, (list) => traces(false, 'actor', 'acted-on', 'resource', `resource IN ${list}`, names))
  add('assumed-by', actors, (list) => traces(true, 'actor', 'assumed-by', 'impersonated_by', `actor IN ${list} AND impersonated_by IS NOT NULL`))
  add('assumed-by', actors, (list) => traces(false, 'actor', 'assumed-by', 'impersonated_by', `impersonated_by IN ${list}`))
  add('member-of', resources, (list) => traces(true, 'resource', 'member-of', tenantRef, `resource IN ${list} AND tenant IS NOT NULL`))
  add('member-of', tenants, (list) => traces(false, 'resource', 'member-of', tenantRef, `${tenantRef} IN ${list} AND resource IS NOT NULL`))
  add('located-at', tenants, (list) => traces(true, tenantRef, 'located-at', "'region:' || region", `${tenantRef} IN ${list} AND region IS NOT NULL`))
  add('located-at', regions, (list) => traces(false, tenantRef, 'located-at', "'region:' || region", `'region:' || region IN ${list} AND tenant IS NOT NULL`))
  return [...parts, ...ofEvents(near, relations, between('valid_from')), ...ofClusters(near, wanted, span), ...ofTraffic(of('WORKLOAD'), wanted, span)]
}

const held = 'count(*)::BIGINT AS count, min(valid_from) AS first, max(valid_to) AS last, NULL::VARCHAR AS severity, NULL::BIGINT AS bytes, NULL::VARCHAR AS near_name, NULL::VARCHAR AS far_name'

function ofEvents(near: readonly string[], relations: ReadonlySet<string> | undefined, when: string): string[] {
  const named = eventRelations.filter((relation) => relations?.has(relation))
  const [events, others] = [near.filter((ref) => labelOf(ref) === 'ACTION'), near.filter((ref) => labelOf(ref) !== 'ACTION')]
  const rows = (forward: boolean, among: readonly string[], is: string): string => `${columns(forward, 'from_ref', 'relation', 'to_ref', held)} FROM relations WHERE relation IN ${listOf(among)} AND ${is} GROUP BY from_ref, relation, to_ref`
  return [
    ...(events.length === 0 || (relations !== undefined && named.length === 0) ? [] : [rows(true, relations === undefined ? eventRelations : named, `from_ref IN ${listOf(events)}`)]),
    ...(others.length === 0 || named.length === 0 ? [] : [rows(false, named, `to_ref IN ${listOf(others)} AND ${when}`)]),
  ]
}

/** Relations of clusters that can lead from, and to, an object: reading which leads where takes a look into every body. */
function ofClusters(near: readonly string[], wanted: (relation: string) => boolean, { to }: GraphSpan): string[] {
  const ends = { from: new Map<string, string[]>(), to: new Map<string, string[]>() }
  const put = (end: 'from' | 'to', relation: string, ref: string): void => {
    if (wanted(relation)) ends[end].set(relation, [...(ends[end].get(relation) ?? []), ref])
  }
  for (const ref of near) {
    const kind = parseKubernetesRef(ref)?.kind
    if (kind === undefined) {
      if (labelOf(ref) === 'IMAGE') put('to', 'uses-image', ref)
      else if (labelOf(ref) === 'RESOURCE') put('to', 'provided-by', ref)
      continue
    }
    for (const relation of ['owned-by', 'in-namespace', ...(kind === 'Pod' ? ['runs-on', 'uses-image'] : kind === 'Service' ? ['selects'] : kind === 'Node' ? ['provided-by'] : [])]) put('from', relation, ref)
    for (const relation of ['owned-by', ...(kind === 'Pod' ? ['selects'] : kind === 'Node' ? ['runs-on'] : kind === 'Namespace' ? ['in-namespace'] : [])]) put('to', relation, ref)
  }
  const rows = (forward: boolean, relations: readonly string[], refs: readonly string[]): string => `${columns(forward, 'from_ref', 'relation', 'to_ref', held)} FROM relations WHERE relation IN ${listOf(relations)} AND ${forward ? 'from_ref' : 'to_ref'} IN ${listOf(refs)} AND ${asOf(to)} GROUP BY from_ref, relation, to_ref`
  return (['from', 'to'] as const).flatMap((end) => (ends[end].size === 0 ? [] : [rows(end === 'from', [...ends[end].keys()], [...new Set([...ends[end].values()].flat())])]))
}

function ofTraffic(workloads: readonly string[], wanted: (relation: string) => boolean, { from, to }: GraphSpan): string[] {
  if (!wanted('talks-to') || workloads.length === 0) return []
  const sums = 'sum(flows)::BIGINT AS count, min(hour) AS first, max(hour) AS last, NULL::VARCHAR AS severity, sum(bytes)::BIGINT AS bytes, NULL::VARCHAR AS near_name, NULL::VARCHAR AS far_name'
  return [true, false].map((forward) => `${columns(forward, 'from_ref', "'talks-to'", 'to_ref', sums)} FROM traffic WHERE hour >= ${timeSql(from - (from % hourUs))} AND hour < ${timeSql(to)} AND ${forward ? 'from_ref' : 'to_ref'} IN ${listOf(workloads)} GROUP BY from_ref, to_ref`)
}
