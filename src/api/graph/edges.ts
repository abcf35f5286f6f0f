/** Edges of nodes, summed over the events that tell them: one statement for any number of nodes. */
import { parseKubernetesRef } from '../../model/refs.ts'
import { text, timeSql } from '../../query/sql-text.ts'
import type { Principal } from '../access/principal.ts'
import { auditScope } from '../access/scope.ts'
import { asOf } from '../objects.ts'
import { actionName, labelOf, type Label } from './nodes.ts'

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

export const summedRelations = ['acted-on', 'did', 'done-to', 'assumed-by', 'member-of', 'located-at', 'owned-by', 'runs-on', 'in-namespace', 'uses-image', 'selects', 'provided-by', 'talks-to'] as const
/** Of single events: only when they are named, or of an event itself. */
export const eventRelations = ['performed-by', 'applied-on', 'with-status'] as const

const hourUs = 3_600_000_000n
const severities = ['unknown', 'normal', 'warning', 'incident'] as const
const worst = `[${severities.map(text).join(', ')}][max(CASE severity ${severities.map((word, at) => `WHEN '${word}' THEN ${at + 1}`).join(' ')} ELSE 1 END)]`
const tenantRef = "'tenant:' || replace(replace(coalesce(tenant_domain, ''), '%', '%25'), '/', '%2F') || '/' || tenant"

/** Rows that several parts of a statement read, and these parts. */
interface Read {
  /** `name AS MATERIALIZED (…)`, where there is more than one reader. */
  readonly rows?: string
  readonly parts: readonly string[]
}

const columns = (forward: boolean, from: string, relation: string, to: string, more: string): string => `SELECT ${forward ? from : to} AS near, ${forward ? to : from} AS far, ${relation} AS relation, ${forward} AS forward, ${more}`

/** By their names: a star would speak of every column of each view. */
const edgeColumns = 'near, far, relation, forward, count, first, last, severity, bytes, near_name, far_name'

/** SQL of the edges of the nodes; undefined when there can be none. Columns: near far relation forward count first last severity bytes near_name far_name others. */
export function edgesSql(asked: EdgesAsked): string | undefined {
  const reads = readsOf(asked)
  const parts = reads.flatMap((read) => read.parts)
  if (parts.length === 0) return undefined
  const rows = reads.map((read) => read.rows).filter((each) => each !== undefined)
  const { far, without = [], limit, principal } = asked
  const seen = scopeOf(principal)
  const where = ['far IS NOT NULL', 'near <> far', ...(far === undefined ? [] : [`far IN ${listOf(far)}`]), ...(without.length === 0 ? [] : [`far NOT IN ${listOf(without)}`]), ...(seen === undefined ? [] : [seen])]
  // Of each relation the largest first, so that no relation hides another. What is sorted and numbered are those few, and of them no more than it takes.
  const all = `found AS MATERIALIZED (SELECT ${edgeColumns} FROM (${parts.join(' UNION ALL ')}) WHERE ${where.join(' AND ')})`
  const largest = `SELECT near, relation, forward, count(*) AS edges, min((-count, -epoch_us(last), far), ${limit}) AS firsts FROM found GROUP BY near, relation, forward`
  const placed = `SELECT near, relation, forward, sum(edges) OVER (PARTITION BY near) AS edges, unnest(range(len(firsts))) AS place, unnest(firsts)[3] AS far FROM (${largest})`
  const numbered = `SELECT near, relation, forward, far, edges, row_number() OVER (PARTITION BY near ORDER BY place, relation, forward) AS number FROM (${placed})`
  const chosen = `SELECT ${edgeColumns.split(', ').map((name) => `e.${name}`).join(', ')}, greatest(n.edges - ${limit}, 0)::BIGINT AS others FROM (${numbered}) n JOIN found e ON e.near = n.near AND e.relation = n.relation AND e.forward = n.forward AND e.far = n.far WHERE n.number <= ${limit} ORDER BY n.near, n.number`
  return `WITH ${[...rows, all].join(', ')} ${chosen}`
}

function listOf(refs: readonly string[]): string {
  return `(${refs.map(text).join(', ')})`
}

/** Both ends may be named, and one is an object of his namespaces. */
function scopeOf(principal: Principal): string | undefined {
  const [near, far] = [auditScope(principal, 'near'), auditScope(principal, 'far')]
  return near === undefined || far === undefined ? undefined : `(${near} OR ${far}) AND (${near} OR NOT starts_with(near, 'k8s:')) AND (${far} OR NOT starts_with(far, 'k8s:'))`
}

function readsOf({ near, far = [], span, relations }: EdgesAsked): Read[] {
  const wanted = (relation: string): boolean => relations?.has(relation) ?? true
  const of = (...wantedLabels: readonly Label[]): readonly string[] => near.filter((ref) => wantedLabels.includes(labelOf(ref)))
  const between = (column: string): string => `${column} >= ${timeSql(span.from)} AND ${column} < ${timeSql(span.to)}`
  // Actions are an end, and nothing leads through them: whoever logs in has nothing to do with whoever else does.
  const toActions = far.some((ref) => actionName(ref) !== undefined)
  return [...ofTraces(of, wanted, between('time'), toActions), { parts: [...ofEvents(near, relations, between('valid_from')), ...ofClusters(near, wanted, span)] }, ...ofTraffic(of('WORKLOAD'), wanted, span)]
}

const traceEnds = {
  'acted-on': ['actor', 'resource'], 'assumed-by': ['actor', 'impersonated_by'], 'member-of': ['resource', 'tenant_ref'], 'located-at': ['tenant_ref', 'region_ref'],
  did: ['actor', 'action_ref'], 'done-to': ['action_ref', 'resource'],
} as const
type TraceRelation = keyof typeof traceEnds

/** Columns of view `audit` behind those of edges. */
const behind: Readonly<Record<(typeof traceEnds)[TraceRelation][number], string>> = {
  actor: 'actor', resource: 'resource', impersonated_by: 'impersonated_by', tenant_ref: `${tenantRef} AS tenant_ref`, region_ref: "'region:' || region AS region_ref", action_ref: "'action:' || action AS action_ref",
}

/** What ends are called by, of relations that tell names. */
const called: Readonly<Partial<Record<keyof typeof behind, string>>> = { actor: 'coalesce(actor_name, actor_id) AS actor_called', resource: 'resource_name' }
const telling: ReadonlySet<TraceRelation> = new Set(['acted-on', 'did', 'done-to'])

/** Traces are looked up once by each column that has nodes in it, whatever their relations: what is read for that is the largest part of the answer. */
function ofTraces(of: (...wanted: readonly Label[]) => readonly string[], wanted: (relation: string) => boolean, when: string, toActions: boolean): Read[] {
  const [actors, resources, tenants, regions, actions] = [of('SUBJECT'), of('RESOURCE', 'WORKLOAD'), of('TENANT'), of('REGION'), of('ACTION').flatMap((ref) => actionName(ref) ?? [])]
  const rest = (ref: string): string => ref.slice(ref.indexOf(':') + 1)
  const edge = (by: string, near: string, relation: TraceRelation): string => {
    const [from, to] = traceEnds[relation]
    const nameOf = (end: keyof typeof behind): string => (!telling.has(relation) ? 'NULL::VARCHAR' : end === 'actor' ? 'any_value(actor_called)' : end === 'resource' ? 'any_value(resource_name)' : 'NULL::VARCHAR')
    const [nearName, farName] = near === from ? [nameOf(from), nameOf(to)] : [nameOf(to), nameOf(from)]
    const sums = `count(*)::BIGINT AS count, min(time) AS first, max(time) AS last, ${relation === 'acted-on' ? worst : 'NULL::VARCHAR'} AS severity, NULL::BIGINT AS bytes, ${nearName} AS near_name, ${farName} AS far_name`
    return `${columns(near === from, from, text(relation), to, sums)} FROM ${by} WHERE ${near === from ? to : from} IS NOT NULL GROUP BY 1, 2`
  }
  const read = (near: keyof typeof behind, refs: readonly string[], among: string, ...relations: readonly TraceRelation[]): Read[] => {
    const some = relations.filter(wanted)
    if (refs.length === 0 || some.length === 0) return []
    const by = `by_${near}`
    const read = new Set(some.flatMap((relation) => [...traceEnds[relation].map((end) => behind[end]), ...(telling.has(relation) ? traceEnds[relation].flatMap((end) => called[end] ?? []) : []), ...(relation === 'acted-on' ? ['severity'] : [])]))
    return [{ rows: `${by} AS MATERIALIZED (SELECT time, ${[...read].join(', ')} FROM audit WHERE ${when} AND ${among})`, parts: some.map((relation) => edge(by, near, relation)) }]
  }
  return [
    ...read('actor', actors, `actor IN ${listOf(actors)}`, 'acted-on', 'assumed-by', ...(toActions ? ['did'] as const : [])), ...read('impersonated_by', actors, `impersonated_by IN ${listOf(actors)}`, 'assumed-by'),
    ...read('resource', resources, `resource IN ${listOf(resources)}`, 'acted-on', 'member-of', ...(toActions ? ['done-to'] as const : [])),
    ...read('action_ref', actions, `action IN ${listOf(actions)}`, 'did', 'done-to'),
    // The plain column comes first: it is asked where files are read.
    ...read('tenant_ref', tenants, `tenant IN ${listOf(tenants.map((ref) => rest(ref).slice(rest(ref).indexOf('/') + 1)))} AND ${tenantRef} IN ${listOf(tenants)}`, 'member-of', 'located-at'),
    ...read('region_ref', regions, `region IN ${listOf(regions.map(rest))}`, 'located-at'),
  ]
}

const held = 'count(*)::BIGINT AS count, min(valid_from) AS first, max(valid_to) AS last, NULL::VARCHAR AS severity, NULL::BIGINT AS bytes, NULL::VARCHAR AS near_name, NULL::VARCHAR AS far_name'

function ofEvents(near: readonly string[], relations: ReadonlySet<string> | undefined, when: string): string[] {
  const named = eventRelations.filter((relation) => relations?.has(relation))
  const [events, others] = [near.filter((ref) => labelOf(ref) === 'ACTION' && actionName(ref) === undefined), near.filter((ref) => labelOf(ref) !== 'ACTION')]
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

function ofTraffic(workloads: readonly string[], wanted: (relation: string) => boolean, { from, to }: GraphSpan): Read[] {
  if (!wanted('talks-to') || workloads.length === 0) return []
  const sums = 'sum(flows)::BIGINT AS count, min(hour) AS first, max(hour) AS last, NULL::VARCHAR AS severity, sum(bytes)::BIGINT AS bytes, NULL::VARCHAR AS near_name, NULL::VARCHAR AS far_name'
  const list = listOf(workloads)
  const rows = `talks AS MATERIALIZED (SELECT hour, from_ref, to_ref, flows, bytes FROM traffic WHERE hour >= ${timeSql(from - (from % hourUs))} AND hour < ${timeSql(to)} AND (from_ref IN ${list} OR to_ref IN ${list}))`
  return [{ rows, parts: [true, false].map((forward) => `${columns(forward, 'from_ref', "'talks-to'", 'to_ref', sums)} FROM talks WHERE ${forward ? 'from_ref' : 'to_ref'} IN ${list} GROUP BY from_ref, to_ref`) }]
}
