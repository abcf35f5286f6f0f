/** The edges of nodes as parts of one statement, for DuckDB and for ClickHouse. */
import type { EdgeQuery } from '../../engine/control.ts'
import { actionName, eventRelations, labelOf, type Label } from '../../model/graph.ts'
import { parseKubernetesRef } from '../../model/refs.ts'
import type { RequestedEnd } from '../kubernetes/resources.ts'
import { scopeSql, type TextSql } from './edge-scope.ts'
import {
  actionRef,
  actionRelations,
  actorCalled,
  regionRef,
  severityLevel,
  tenantRef,
  traceEnds,
  type TraceEnd,
  type TraceRelation,
} from './trace-edges.ts'

/** What differs between the stores. Arguments are SQL, except `text` and references. */
export type EdgeSql = TextSql &
  Readonly<{
    /** A time from µs since 1970. */
    time: (us: bigint) => string
    micros: (time: string) => string
    /** Types of the columns of edges, which may be NULL. */
    types: Readonly<Record<'text' | 'count' | 'time' | 'level' | 'bytes', string>>
    /** A common table expression that several parts read. */
    table: (name: string, select: string) => string
    isAmong: (column: string, refs: readonly string[]) => string
    /** Table with the columns of view `relations` and at least these relations of events. */
    eventRelations: (relations: readonly string[]) => string
    /** SELECT of the rows of view `relations` that hold at the time and have one of the ends. */
    clusterRelations: (ends: ClusterEnds, moment: string) => string
  }>

type ClusterEnds = Readonly<Record<'from' | 'to', RequestedEnd>>

export type EdgeRead = Readonly<{
  source: 'audit' | 'events' | 'clusters' | 'traffic'
  /** Common table expression of the rows that the part reads. */
  rows?: string
  /** SELECT statements with {@link edgeColumns}; times in µs. */
  parts: readonly string[]
  /** Relations of events that the part reads. */
  related?: readonly string[]
  /** Ends of cluster relations that the part reads. */
  ends?: ClusterEnds
}>

/** Named columns, since a star would refer to every column. */
export const edgeColumns = 'near, far, relation, forward, count, first, last, level, bytes, near_name, far_name'

export const hourUs = 3_600_000_000n

/** What a request reads, without reads that have no part. */
export function edgeReads({ near, far, span, relations }: EdgeQuery, sql: EdgeSql): readonly EdgeRead[] {
  const nodes: Nodes = {
    of: (...labels) => near.filter((ref) => labels.includes(labelOf(ref))),
    isRequested: (relation) => relations?.has(relation) ?? true,
    leadsToActions: leadsToActions(far),
    during: (column) => `${column} >= ${sql.time(span.from)} AND ${column} < ${sql.time(span.to)}`,
  }
  return [
    ...traceReads(nodes, sql),
    eventRead(near, relations, nodes.during('valid_from'), sql),
    clusterRead(near, nodes.isRequested, sql.time(span.to), sql),
    trafficRead(nodes, span, sql),
  ].filter(({ parts }) => parts.length > 0)
}

/** Conditions on the columns of edges. */
export function edgeConditions({ far, without = [], namespaces }: EdgeQuery, sql: EdgeSql): readonly string[] {
  return [
    'far IS NOT NULL',
    'near <> far',
    ...(far === undefined ? [] : [far.length === 0 ? 'false' : `far IN ${listOf(far, sql)}`]),
    ...(without.length === 0 ? [] : [`far NOT IN ${listOf(without, sql)}`]),
    ...(namespaces === undefined ? [] : [scopeSql(namespaces, sql)]),
  ]
}

export function leadsToActions(far: readonly string[] = []): boolean {
  return far.some((ref) => actionName(ref) !== undefined)
}

type Nodes = Readonly<{
  of: (...labels: readonly Label[]) => readonly string[]
  isRequested: (relation: string) => boolean
  leadsToActions: boolean
  /** The condition that a time is in the span. */
  during: (column: string) => string
}>

function listOf(texts: Iterable<string>, { text }: TextSql): string {
  return `(${[...texts].map(text).join(', ')})`
}

type Ends<Value> = Readonly<Record<'from' | 'to', Value>>

type Edge = Readonly<{
  forward: boolean
  ends: Ends<string>
  relation: string
  count?: string
  first: string
  last: string
  level?: string
  bytes?: string
  names?: Ends<string>
  /** FROM, WHERE and GROUP BY of the part. */
  rows: string
}>

const unnamed: Ends<string> = { from: 'NULL', to: 'NULL' }

function edgePart({ types, micros }: EdgeSql, edge: Edge): string {
  const { forward, ends, relation, first, last, rows } = edge
  const { count = 'count(*)', level = 'NULL', bytes = 'NULL', names = unnamed } = edge
  const [near, far] = forward ? (['from', 'to'] as const) : (['to', 'from'] as const)
  const columns = [
    `CAST(${ends[near]} AS ${types.text}) AS near`,
    `CAST(${ends[far]} AS ${types.text}) AS far`,
    `${relation} AS relation`,
    `${forward} AS forward`,
    `CAST(${count} AS ${types.count}) AS count`,
    `CAST(${micros(first)} AS ${types.time}) AS first`,
    `CAST(${micros(last)} AS ${types.time}) AS last`,
    `CAST(${level} AS ${types.level}) AS level`,
    `CAST(${bytes} AS ${types.bytes}) AS bytes`,
    `CAST(${names[near]} AS ${types.text}) AS near_name`,
    `CAST(${names[far]} AS ${types.text}) AS far_name`,
  ]
  return `SELECT ${columns.join(', ')} FROM ${rows}`
}

/** Columns of view `audit`, as the rows of a read have them. */
const endColumns: Readonly<Record<TraceEnd, string>> = {
  actor: 'actor',
  resource: 'resource',
  impersonated_by: 'impersonated_by',
  tenant_ref: `${tenantRef} AS tenant_ref`,
  region_ref: `${regionRef} AS region_ref`,
  action_ref: `${actionRef} AS action_ref`,
}

const nameColumns: Readonly<Partial<Record<TraceEnd, Readonly<{ column: string; sql: string }>>>> = {
  actor: { column: 'actor_called', sql: `${actorCalled} AS actor_called` },
  resource: { column: 'resource_name', sql: 'resource_name' },
}

type TraceRead = Readonly<{
  near: TraceEnd
  refs: readonly string[]
  /** Condition on plain columns of the view, which DuckDB evaluates in the scan. */
  among: string
  relations: readonly TraceRelation[]
}>

/** Each end column has a scan, since scans dominate the cost. */
function traceReads({ of, isRequested, leadsToActions: toActions, during }: Nodes, sql: EdgeSql): readonly EdgeRead[] {
  const [actors, resources, tenants, regions] = [of('SUBJECT'), of('RESOURCE', 'WORKLOAD'), of('TENANT'), of('REGION')]
  const actions = of('ACTION').flatMap((ref) => actionName(ref) ?? [])
  const isOneOf = (column: string, values: readonly string[]) => `${column} IN ${listOf(values, sql)}`
  const withoutScheme = (ref: string) => ref.slice(ref.indexOf(':') + 1)
  const withoutDomain = (ref: string) => ref.slice(ref.indexOf('/') + 1)
  const reads: readonly TraceRead[] = [
    {
      near: 'actor',
      refs: actors,
      among: isOneOf('actor', actors),
      relations: ['acted-on', 'assumed-by', ...(toActions ? (['did'] as const) : [])],
    },
    { near: 'impersonated_by', refs: actors, among: isOneOf('impersonated_by', actors), relations: ['assumed-by'] },
    {
      near: 'resource',
      refs: resources,
      among: isOneOf('resource', resources),
      relations: ['acted-on', 'member-of', ...(toActions ? (['done-to'] as const) : [])],
    },
    { near: 'action_ref', refs: actions, among: isOneOf('action', actions), relations: ['did', 'done-to'] },
    {
      near: 'tenant_ref',
      refs: tenants,
      among: `${isOneOf('tenant', tenants.map(withoutScheme).map(withoutDomain))} AND ${isOneOf(tenantRef, tenants)}`,
      relations: ['member-of', 'located-at'],
    },
    {
      near: 'region_ref',
      refs: regions,
      among: isOneOf('region', regions.map(withoutScheme)),
      relations: ['located-at'],
    },
  ]
  return reads.flatMap((read) => {
    const relations = read.relations.filter(isRequested)
    return read.refs.length === 0 || relations.length === 0 ? [] : [traceRead({ ...read, relations }, during, sql)]
  })
}

function traceRead({ near, among, relations }: TraceRead, during: Nodes['during'], sql: EdgeSql): EdgeRead {
  const name = `by_${near}`
  const columns = new Set(
    relations.flatMap((relation) => [
      ...traceEnds[relation].map((end) => endColumns[end]),
      ...(actionRelations.has(relation) ? traceEnds[relation].flatMap((end) => nameColumns[end]?.sql ?? []) : []),
      ...(relation === 'acted-on' ? ['severity'] : []),
    ]),
  )
  const nameOf = (end: TraceEnd) => {
    const column = nameColumns[end]?.column
    return column === undefined ? 'NULL' : `max(${column})`
  }
  return {
    source: 'audit',
    rows: sql.table(name, `SELECT time, ${[...columns].join(', ')} FROM audit WHERE ${during('time')} AND ${among}`),
    parts: relations.map((relation) => {
      const [from, to] = traceEnds[relation]
      return edgePart(sql, {
        forward: near === from,
        ends: { from, to },
        relation: sql.text(relation),
        first: 'min(time)',
        last: 'max(time)',
        ...(relation === 'acted-on' ? { level: `max(${severityLevel})` } : {}),
        ...(actionRelations.has(relation) ? { names: { from: nameOf(from), to: nameOf(to) } } : {}),
        rows: `${name} WHERE ${near === from ? to : from} IS NOT NULL GROUP BY ${from}, ${to}`,
      })
    }),
  }
}

const relationEnds = { from: 'from_ref', to: 'to_ref' } as const

function eventRead(
  near: readonly string[],
  relations: ReadonlySet<string> | undefined,
  during: string,
  sql: EdgeSql,
): EdgeRead {
  const requested = eventRelations.filter((relation) => relations?.has(relation))
  const events = near.filter((ref) => labelOf(ref) === 'ACTION' && actionName(ref) === undefined)
  const otherNodes = near.filter((ref) => labelOf(ref) !== 'ACTION')
  const part = (near: 'from' | 'to', among: readonly string[], condition: string) =>
    edgePart(sql, {
      forward: near === 'from',
      ends: relationEnds,
      relation: 'relation',
      first: 'min(valid_from)',
      last: 'max(valid_to)',
      rows:
        `${sql.eventRelations(among)} WHERE relation IN ${listOf(among, sql)} AND ${condition} ` +
        'GROUP BY from_ref, relation, to_ref',
    })
  const ofEvents = relations === undefined ? eventRelations : requested
  return {
    source: 'events',
    related: ofEvents,
    parts: [
      ...(events.length === 0 || ofEvents.length === 0
        ? []
        : [part('from', ofEvents, `from_ref IN ${listOf(events, sql)}`)]),
      // Every object has events, so that these are read only on request.
      ...(otherNodes.length === 0 || requested.length === 0
        ? []
        : [part('to', requested, `to_ref IN ${listOf(otherNodes, sql)} AND ${during}`)]),
    ],
  }
}

type RelationsByEnd = Partial<Ends<readonly string[]>>

const byLabel: Readonly<Partial<Record<Label, RelationsByEnd>>> = {
  IMAGE: { to: ['uses-image'] },
  RESOURCE: { to: ['provided-by'] },
}
const byKind: Readonly<Partial<Record<string, RelationsByEnd>>> = {
  Pod: { from: ['runs-on', 'uses-image'], to: ['selects'] },
  Service: { from: ['selects'] },
  Node: { from: ['provided-by'], to: ['runs-on'] },
  Namespace: { to: ['in-namespace'] },
}
const byObject: RelationsByEnd = { from: ['owned-by', 'in-namespace'], to: ['owned-by'] }

function clusterEnd(
  near: readonly string[],
  isRequested: (relation: string) => boolean,
  end: 'from' | 'to',
): RequestedEnd {
  const [relations, refs] = [new Set<string>(), new Set<string>()]
  for (const ref of near) {
    const kind = parseKubernetesRef(ref)?.kind
    const candidates = kind === undefined ? [byLabel[labelOf(ref)]] : [byObject, byKind[kind]]
    for (const relation of candidates.flatMap((byEnd) => byEnd?.[end] ?? []).filter(isRequested)) {
      relations.add(relation)
      refs.add(ref)
    }
  }
  return { relations, refs: [...refs] }
}

/** Reading cluster relations parses every body. */
function clusterRead(
  near: readonly string[],
  isRequested: (relation: string) => boolean,
  moment: string,
  sql: EdgeSql,
): EdgeRead {
  const ends = { from: clusterEnd(near, isRequested, 'from'), to: clusterEnd(near, isRequested, 'to') }
  const parts = (['from', 'to'] as const)
    .filter((end) => ends[end].refs.length > 0)
    .map((end) =>
      edgePart(sql, {
        forward: end === 'from',
        ends: relationEnds,
        relation: 'relation',
        count: '1',
        first: 'valid_from',
        last: 'valid_to',
        rows:
          `held WHERE relation IN ${listOf(ends[end].relations, sql)} AND ` +
          `${relationEnds[end]} IN ${listOf(ends[end].refs, sql)}`,
      }),
    )
  if (parts.length === 0) return { source: 'clusters', parts }
  return { source: 'clusters', rows: sql.table('held', sql.clusterRelations(ends, moment)), parts, ends }
}

function trafficRead({ of, isRequested }: Nodes, { from, to }: EdgeQuery['span'], sql: EdgeSql): EdgeRead {
  const workloads = of('WORKLOAD')
  if (!isRequested('talks-to') || workloads.length === 0) return { source: 'traffic', parts: [] }
  const isOne = (end: string) => sql.isAmong(end, workloads)
  return {
    source: 'traffic',
    rows: sql.table(
      'talks',
      `SELECT hour, from_ref, to_ref, flows, bytes FROM traffic WHERE hour >= ${sql.time(from - (from % hourUs))} AND
        hour < ${sql.time(to)} AND (${isOne('from_ref')} OR ${isOne('to_ref')})`,
    ),
    parts: [true, false].map((forward) =>
      edgePart(sql, {
        forward,
        ends: relationEnds,
        relation: "'talks-to'",
        count: 'sum(flows)',
        first: 'min(hour)',
        last: 'max(hour)',
        bytes: 'sum(bytes)',
        rows: `talks WHERE ${isOne(forward ? 'from_ref' : 'to_ref')} GROUP BY from_ref, to_ref`,
      }),
    ),
  }
}
