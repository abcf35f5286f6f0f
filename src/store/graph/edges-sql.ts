/** Summed over events by one statement. */
import type { EdgeQuery } from '../../engine/control.ts'
import { actionName, eventRelations, labelOf, type Label } from '../../model/graph.ts'
import { parseKubernetesRef } from '../../model/refs.ts'
import { quoted } from '../duck.ts'
import { relationsAt, type RequestedEnd } from '../kubernetes/resources.ts'
import type { TimeBounds } from '../read/receipt.ts'
import type { Statement } from '../read/statement.ts'
import { scopeSql } from './edge-scope.ts'
import {
  actionRef,
  actorCalled,
  regionRef,
  severityLevel,
  actionRelations,
  tenantRef,
  traceEnds,
  type TraceEnd,
  type TraceRelation,
} from './trace-edges.ts'

const hourUs = 3_600_000_000n
type Read = Readonly<{
  view?: 'audit' | 'traffic' | 'relations'
  related?: readonly string[]
  own?: Statement['ownView']
  rows?: string
  parts: readonly string[]
}>

const columns = (forward: boolean, from: string, relation: string, to: string, more: string) =>
  `SELECT ${forward ? from : to} AS near, ${forward ? to : from} AS far, ${relation} AS relation,
    ${forward} AS forward, ${more}`

/** A star would refer to every column. */
const edgeColumns = 'near, far, relation, forward, count, first, last, level, bytes, near_name, far_name'

type Unknown = Readonly<{
  traces: boolean
  talks: boolean
  objects: boolean
}>

export function timesOf({ from, to }: EdgeQuery['span']): Readonly<{ audit: TimeBounds; traffic: TimeBounds }> {
  const ms = (us: bigint) => Number(us) / 1000
  return { audit: { from: ms(from), to: ms(to) }, traffic: { from: ms(from - (from % hourUs)), to: ms(to) } }
}

/** Unordered; times in µs. Undefined if there can be none. */
export function everyEdge(request: EdgeQuery, unknown: Unknown): Statement | undefined {
  return found(
    request,
    unknown,
    (edges) =>
      `SELECT near, far, relation, forward, count, epoch_us(first)::DOUBLE AS first, epoch_us(last)::DOUBLE AS last,
        level, bytes, near_name, far_name FROM ${edges}`,
  )
}

export function largestEdges(request: EdgeQuery): Statement | undefined {
  const { limit } = request
  const named = edgeColumns
    .split(', ')
    .map((name) => `e.${name}`)
    .join(', ')
  const largest = `SELECT near, relation, forward, count(*) AS edges, min((-count, -epoch_us(last), far),
      ${limit}) AS firsts FROM found GROUP BY near, relation, forward`
  const ranked = `SELECT near, relation, forward, sum(edges) OVER (PARTITION BY near) AS edges,
      unnest(range(len(firsts))) AS place, unnest(firsts)[3] AS far FROM (${largest})`
  const numbered = `SELECT near, relation, forward, far, edges, row_number() OVER (PARTITION BY near
      ORDER BY place, relation, forward) AS number FROM (${ranked})`
  return found(
    request,
    { traces: true, talks: true, objects: true },
    () =>
      `SELECT ${named}, greatest(n.edges - ${limit}, 0)::BIGINT AS others FROM (${numbered}) n
        JOIN found e ON e.near = n.near AND e.relation = n.relation AND e.forward = n.forward AND e.far = n.far
        WHERE n.number <= ${limit} ORDER BY n.near, n.number`,
  )
}

function found(request: EdgeQuery, unknown: Unknown, select: (edges: string) => string): Statement | undefined {
  const reads = readsOf(request, unknown)
  const parts = reads.flatMap((read) => read.parts)
  if (parts.length === 0) return undefined
  const rows = reads.map((read) => read.rows).filter((text) => text !== undefined)
  const { far, without = [], namespaces } = request
  const where = [
    'far IS NOT NULL',
    'near <> far',
    ...(far === undefined ? [] : [`far IN ${listOf(far)}`]),
    ...(without.length === 0 ? [] : [`far NOT IN ${listOf(without)}`]),
    ...(namespaces === undefined ? [] : [scopeSql(namespaces)]),
  ]
  const sql = `WITH
      ${[
        ...rows,
        `found AS MATERIALIZED (SELECT ${edgeColumns} FROM (${parts.join(' UNION ALL ')})
          WHERE ${where.join(' AND ')})`,
      ].join(', ')}
      ${select('found')}`
  const related = new Set(reads.flatMap((read) => read.related ?? []))
  return {
    sql,
    reads: new Set(reads.flatMap((read) => (read.parts.length === 0 ? [] : (read.view ?? [])))),
    addresses: new Set(),
    actorBounds: undefined,
    readsZones: false,
    readsService: false,
    related,
    selection: undefined,
    eventTimes: timesOf(request.span),
    narrow: true,
    tables: new Set(),
    ownView: reads.find(({ own }) => own !== undefined)?.own,
    receiveTime: undefined,
  }
}

function listOf(refs: readonly string[]) {
  return `(${refs.map(quoted).join(', ')})`
}

function timeSql(us: bigint) {
  return `make_timestamptz(${us})`
}

function readsOf({ near, far = [], span, relations }: EdgeQuery, unknown: Unknown): Read[] {
  const isRequested = (relation: string) => relations?.has(relation) ?? true
  const of = (...requestedLabels: readonly Label[]): readonly string[] =>
    near.filter((ref) => requestedLabels.includes(labelOf(ref)))
  const between = (column: string) => `${column} >= ${timeSql(span.from)} AND ${column} < ${timeSql(span.to)}`
  return [
    ...(unknown.traces ? ofTraces(of, isRequested, between('time'), leadsToActions(far)) : []),
    ofEvents(near, relations, between('valid_from')),
    ...(unknown.objects ? [ofClusters(near, isRequested, span)] : []),
    ...(unknown.talks ? ofTraffic(of('WORKLOAD'), isRequested, span) : []),
  ]
}

export function leadsToActions(far: readonly string[] = []): boolean {
  return far.some((ref) => actionName(ref) !== undefined)
}

const behind: Readonly<Record<TraceEnd, string>> = {
  actor: 'actor',
  resource: 'resource',
  impersonated_by: 'impersonated_by',
  tenant_ref: `${tenantRef} AS tenant_ref`,
  region_ref: `${regionRef} AS region_ref`,
  action_ref: `${actionRef} AS action_ref`,
}

const called: Readonly<Partial<Record<keyof typeof behind, string>>> = {
  actor: `${actorCalled} AS actor_called`,
  resource: 'resource_name',
}

/** One scan per end column: scans dominate the cost. */
function ofTraces(
  of: (...isRequested: readonly Label[]) => readonly string[],
  isRequested: (relation: string) => boolean,
  when: string,
  toActions: boolean,
): Read[] {
  const [actors, resources, tenants, regions, actions] = [
    of('SUBJECT'),
    of('RESOURCE', 'WORKLOAD'),
    of('TENANT'),
    of('REGION'),
    of('ACTION').flatMap((ref) => actionName(ref) ?? []),
  ]
  const rest = (ref: string) => ref.slice(ref.indexOf(':') + 1)
  const edge = (by: string, near: string, relation: TraceRelation) => {
    const [from, to] = traceEnds[relation]
    const nameOf = (end: keyof typeof behind): string =>
      !actionRelations.has(relation)
        ? 'NULL::VARCHAR'
        : end === 'actor'
          ? 'max(actor_called)'
          : end === 'resource'
            ? 'max(resource_name)'
            : 'NULL::VARCHAR'
    const [nearName, farName] = near === from ? [nameOf(from), nameOf(to)] : [nameOf(to), nameOf(from)]
    const sums = `count(*)::BIGINT AS count, min(time) AS first, max(time) AS last,
        ${relation === 'acted-on' ? `max(${severityLevel})::UTINYINT` : 'NULL::UTINYINT'} AS level,
        NULL::BIGINT AS bytes, ${nearName} AS near_name, ${farName} AS far_name`
    return `${columns(near === from, from, quoted(relation), to, sums)} FROM ${by}
        WHERE ${near === from ? to : from} IS NOT NULL GROUP BY 1, 2`
  }
  const read = (
    near: keyof typeof behind,
    refs: readonly string[],
    among: string,
    ...relations: readonly TraceRelation[]
  ): Read[] => {
    const some = relations.filter(isRequested)
    if (refs.length === 0 || some.length === 0) return []
    const by = `by_${near}`
    const read = new Set(
      some.flatMap((relation) => [
        ...traceEnds[relation].map((end) => behind[end]),
        ...(actionRelations.has(relation) ? traceEnds[relation].flatMap((end) => called[end] ?? []) : []),
        ...(relation === 'acted-on' ? ['severity'] : []),
      ]),
    )
    return [
      {
        view: 'audit',
        rows: `${by} AS MATERIALIZED (SELECT time, ${[...read].join(', ')} FROM audit WHERE ${when} AND ${among})`,
        parts: some.map((relation) => edge(by, near, relation)),
      },
    ]
  }
  return [
    ...read(
      'actor',
      actors,
      `actor IN ${listOf(actors)}`,
      'acted-on',
      'assumed-by',
      ...(toActions ? (['did'] as const) : []),
    ),
    ...read('impersonated_by', actors, `impersonated_by IN ${listOf(actors)}`, 'assumed-by'),
    ...read(
      'resource',
      resources,
      `resource IN ${listOf(resources)}`,
      'acted-on',
      'member-of',
      ...(toActions ? (['done-to'] as const) : []),
    ),
    ...read('action_ref', actions, `action IN ${listOf(actions)}`, 'did', 'done-to'),
    // DuckDB evaluates a plain column in the scan.
    ...read(
      'tenant_ref',
      tenants,
      `tenant IN ${listOf(tenants.map((ref) => rest(ref).slice(rest(ref).indexOf('/') + 1)))}
        AND ${tenantRef} IN ${listOf(tenants)}`,
      'member-of',
      'located-at',
    ),
    ...read('region_ref', regions, `region IN ${listOf(regions.map(rest))}`, 'located-at'),
  ]
}

const held =
  'count(*)::BIGINT AS count, min(valid_from) AS first, max(valid_to) AS last, NULL::UTINYINT AS level, ' +
  'NULL::BIGINT AS bytes, NULL::VARCHAR AS near_name, NULL::VARCHAR AS far_name'

const singleEvent =
  '1::BIGINT AS count, valid_from AS first, valid_to AS last, NULL::UTINYINT AS level, NULL::BIGINT AS bytes, ' +
  'NULL::VARCHAR AS near_name, NULL::VARCHAR AS far_name'

function ofEvents(near: readonly string[], relations: ReadonlySet<string> | undefined, when: string): Read {
  const named = eventRelations.filter((relation) => relations?.has(relation))
  const [events, others] = [
    near.filter((ref) => labelOf(ref) === 'ACTION' && actionName(ref) === undefined),
    near.filter((ref) => labelOf(ref) !== 'ACTION'),
  ]
  const rows = (forward: boolean, among: readonly string[], is: string) =>
    `${columns(forward, 'from_ref', 'relation', 'to_ref', held)} FROM relations WHERE relation IN ${listOf(among)}
      AND ${is} GROUP BY from_ref, relation, to_ref`
  const parts = [
    ...(events.length === 0 || (relations !== undefined && named.length === 0)
      ? []
      : [rows(true, relations === undefined ? eventRelations : named, `from_ref IN ${listOf(events)}`)]),
    ...(others.length === 0 || named.length === 0
      ? []
      : [rows(false, named, `to_ref IN ${listOf(others)} AND ${when}`)]),
  ]
  return {
    view: 'relations',
    related: parts.length === 0 ? [] : relations === undefined ? eventRelations : named,
    parts,
  }
}

/** Reading cluster relations parses every body. */
function ofClusters(
  near: readonly string[],
  isRequested: (relation: string) => boolean,
  { to }: EdgeQuery['span'],
): Read {
  const ends = { from: new Map<string, string[]>(), to: new Map<string, string[]>() }
  const put = (end: 'from' | 'to', relation: string, ref: string) => {
    if (isRequested(relation)) ends[end].set(relation, [...(ends[end].get(relation) ?? []), ref])
  }
  for (const ref of near) {
    const kind = parseKubernetesRef(ref)?.kind
    if (kind === undefined) {
      if (labelOf(ref) === 'IMAGE') put('to', 'uses-image', ref)
      else if (labelOf(ref) === 'RESOURCE') put('to', 'provided-by', ref)
      continue
    }
    for (const relation of [
      'owned-by',
      'in-namespace',
      ...(kind === 'Pod'
        ? ['runs-on', 'uses-image']
        : kind === 'Service'
          ? ['selects']
          : kind === 'Node'
            ? ['provided-by']
            : []),
    ])
      put('from', relation, ref)
    for (const relation of [
      'owned-by',
      ...(kind === 'Pod' ? ['selects'] : kind === 'Node' ? ['runs-on'] : kind === 'Namespace' ? ['in-namespace'] : []),
    ])
      put('to', relation, ref)
  }
  const endOf = (of: ReadonlyMap<string, readonly string[]>): RequestedEnd => ({
    relations: new Set(of.keys()),
    refs: [...new Set([...of.values()].flat())],
  })
  const [from, end] = [endOf(ends.from), endOf(ends.to)]
  const part = (forward: boolean, { relations, refs }: RequestedEnd) =>
    refs.length === 0
      ? []
      : [
          `${columns(forward, 'from_ref', 'relation', 'to_ref', singleEvent)} FROM held
            WHERE relation IN ${listOf([...relations])} AND ${forward ? 'from_ref' : 'to_ref'} IN ${listOf(refs)}`,
        ]
  const parts = [...part(true, from), ...part(false, end)]
  if (parts.length === 0) return { parts }
  return {
    rows: 'held AS MATERIALIZED (SELECT from_ref, relation, to_ref, valid_from, valid_to FROM cluster_edges)',
    own: { name: 'cluster_edges', sql: (input) => relationsAt(input, from, end, timeSql(to)) },
    parts,
  }
}

function ofTraffic(
  workloads: readonly string[],
  isRequested: (relation: string) => boolean,
  { from, to }: EdgeQuery['span'],
): Read[] {
  if (!isRequested('talks-to') || workloads.length === 0) return []
  const sums =
    'sum(flows)::BIGINT AS count, min(hour) AS first, max(hour) AS last, NULL::UTINYINT AS level, ' +
    'sum(bytes)::BIGINT AS bytes, NULL::VARCHAR AS near_name, NULL::VARCHAR AS far_name'
  // IN would become a join, slower for few rows.
  const isOne = (end: string) => `list_contains([${workloads.map(quoted).join(', ')}], ${end})`
  const rows = `talks AS MATERIALIZED (SELECT hour, from_ref, to_ref, flows, bytes FROM traffic
      WHERE hour >= ${timeSql(from - (from % hourUs))} AND hour < ${timeSql(to)}
      AND (${isOne('from_ref')} OR ${isOne('to_ref')}))`
  return [
    {
      view: 'traffic',
      rows,
      parts: [true, false].map(
        (forward) =>
          `${columns(forward, 'from_ref', "'talks-to'", 'to_ref', sums)} FROM talks
            WHERE ${isOne(forward ? 'from_ref' : 'to_ref')} GROUP BY from_ref, to_ref`,
      ),
    },
  ]
}
