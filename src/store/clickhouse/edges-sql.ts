import type { EdgeQuery } from '../../engine/control.ts'
import { actionName, eventRelations, labelOf, type Label } from '../../model/graph.ts'
import { parseKubernetesRef } from '../../model/refs.ts'
import { leadsToActions } from '../graph/edges-sql.ts'
import { severities } from '../graph/edge-sums.ts'
import { actionRelations, traceEnds, type TraceEnd, type TraceRelation } from '../graph/trace-edges.ts'
import { regionRef, tenantRef } from './relations.ts'
import { clusterRelations } from './resources.ts'
import { text } from './sql.ts'
import type { StoreNames } from './tables.ts'

const hourUs = 3_600_000_000n

/** One row per edge and direction; the largest of each relation of a node. Undefined if there can be none. */
export function edgesSql(request: EdgeQuery, names: StoreNames): string | undefined {
  const { near, far, without = [], namespaces, relations, span, limit } = request
  const isRequested = (relation: string): boolean => relations?.has(relation) ?? true
  const of = (...labels: readonly Label[]): readonly string[] => near.filter((ref) => labels.includes(labelOf(ref)))
  const during = (column: string): string => `x.${column} >= ${time(span.from)} AND x.${column} < ${time(span.to)}`
  const parts = [
    ...ofTraces(of, isRequested, during('time'), leadsToActions(far)),
    ...ofEvents(near, relations, during('time')),
    ...ofClusters(near, isRequested, time(span.to), names),
    ...ofTraffic(of('WORKLOAD'), isRequested, span),
  ]
  if (parts.length === 0) return undefined
  const where = [
    'isNotNull(far)',
    'near <> far',
    ...(far === undefined ? [] : [far.length === 0 ? 'false' : `far IN ${list(far)}`]),
    ...(without.length === 0 ? [] : [`far NOT IN ${list(without)}`]),
    ...(namespaces === undefined ? [] : [scope(namespaces)]),
  ]
  return (
    `SELECT *, count() OVER (PARTITION BY near) AS edges FROM (${parts.join(' UNION ALL ')}) WHERE ` +
    `${where.join(' AND ')} ORDER BY near, relation, forward, count DESC, last DESC NULLS LAST, far ` +
    `LIMIT ${limit} BY near, relation, forward`
  )
}

/** Columns of every part: ends, relation, sums in µs and bytes, names of the ends. */
type Part = Readonly<{
  near: string
  far: string
  relation: string
  forward: boolean
  count?: string
  first: string
  last: string
  level?: string
  bytes?: string
  nearName?: string
  farName?: string
  from: string
}>

function part({ near, far, relation, forward, count = 'count()', first, last, from, ...more }: Part): string {
  const { level = 'NULL', bytes = 'NULL', nearName = 'NULL', farName = 'NULL' } = more
  const name = (sql: string): string => `CAST(${sql} AS Nullable(String))`
  return (
    `SELECT ${name(near)} AS near, ${name(far)} AS far, ${relation} AS relation, ` +
    `toBool(${forward ? 1 : 0}) AS forward, ` +
    `toUInt64(${count}) AS count, ${micros(first)} AS first, ${micros(last)} AS last, ` +
    `CAST(${level} AS Nullable(UInt8)) AS level, CAST(${bytes} AS Nullable(UInt128)) AS bytes, ` +
    `${name(nearName)} AS nearName, ${name(farName)} AS farName FROM ${from}`
  )
}

function micros(time: string): string {
  return `CAST(toUnixTimestamp64Micro(${time}) AS Nullable(Int64))`
}

function time(us: bigint): string {
  return `fromUnixTimestamp64Micro(${us}, 'UTC')`
}

function list(refs: Iterable<string>): string {
  return `(${[...refs].map(text).join(', ')})`
}

const ends: Readonly<Record<TraceEnd, string>> = {
  actor: 'actor',
  resource: 'resource',
  impersonated_by: 'impersonated_by',
  tenant_ref: tenantRef,
  region_ref: regionRef,
  action_ref: "concat('action:', action)",
}

const level = `toUInt8(transform(ifNull(toString(severity), ''), [${severities.map(text).join(', ')}], [${severities
  .map((_, at) => at)
  .join(', ')}], 0))`

function ofTraces(
  of: (...labels: readonly Label[]) => readonly string[],
  isRequested: (relation: string) => boolean,
  during: string,
  toActions: boolean,
): string[] {
  const actions = of('ACTION').flatMap((ref) => actionName(ref) ?? [])
  const edge = (near: TraceEnd, condition: string, relation: TraceRelation): string => {
    const [from, to] = traceEnds[relation]
    const far = near === from ? to : from
    const called = (end: TraceEnd): string | undefined =>
      !actionRelations.has(relation)
        ? undefined
        : end === 'actor'
          ? 'max(x.actor_called)'
          : end === 'resource'
            ? 'max(x.resource_name)'
            : undefined
    const [nearName, farName] = [called(near), called(far)]
    const rows =
      `SELECT time, CAST(${ends[near]} AS Nullable(String)) AS near_ref, CAST(${ends[far]} AS Nullable(String)) AS ` +
      `far_ref, CAST(coalesce(actor_name, actor_id) AS Nullable(String)) AS actor_called, CAST(resource_name AS ` +
      `Nullable(String)) AS resource_name, ${level} AS level FROM audit WHERE ${condition}`
    return `${part({
      near: 'x.near_ref',
      far: 'x.far_ref',
      relation: text(relation),
      forward: near === from,
      first: 'min(x.time)',
      last: 'max(x.time)',
      ...(relation === 'acted-on' ? { level: 'max(x.level)' } : {}),
      ...(nearName === undefined ? {} : { nearName }),
      ...(farName === undefined ? {} : { farName }),
      from: `(${rows}) AS x WHERE ${during} AND isNotNull(x.near_ref) AND isNotNull(x.far_ref)`,
    })} GROUP BY x.near_ref, x.far_ref`
  }
  const read = (near: TraceEnd, condition: string, refs: readonly string[], ...some: readonly TraceRelation[]) =>
    refs.length === 0 ? [] : some.filter(isRequested).map((relation) => edge(near, condition, relation))
  const [actors, resources, tenants, regions] = [of('SUBJECT'), of('RESOURCE', 'WORKLOAD'), of('TENANT'), of('REGION')]
  return [
    ...read(
      'actor',
      `actor IN ${list(actors)}`,
      actors,
      'acted-on',
      'assumed-by',
      ...(toActions ? (['did'] as const) : []),
    ),
    ...read('impersonated_by', `impersonated_by IN ${list(actors)}`, actors, 'assumed-by'),
    ...read(
      'resource',
      `resource IN ${list(resources)}`,
      resources,
      'acted-on',
      'member-of',
      ...(toActions ? (['done-to'] as const) : []),
    ),
    ...read('action_ref', `action IN ${list(actions)}`, actions, 'did', 'done-to'),
    ...read('tenant_ref', `${tenantRef} IN ${list(tenants)}`, tenants, 'member-of', 'located-at'),
    ...read('region_ref', `${regionRef} IN ${list(regions)}`, regions, 'located-at'),
  ]
}

/** By relation: the far end of an event. */
const ofEvent: Readonly<Record<string, readonly (readonly [view: string, to: string])[]>> = {
  'performed-by': [
    ['audit', 'actor'],
    ['changes', 'actor_ref'],
  ],
  'applied-on': [
    ['audit', 'resource'],
    ['changes', 'ref'],
  ],
  'with-status': [['audit', "concat('status:', severity)"]],
}

function ofEvents(near: readonly string[], relations: ReadonlySet<string> | undefined, during: string): string[] {
  const named = eventRelations.filter((relation) => relations?.has(relation))
  const events = near.filter((ref) => labelOf(ref) === 'ACTION' && actionName(ref) === undefined)
  const others = near.filter((ref) => labelOf(ref) !== 'ACTION')
  const rows = (forward: boolean, among: readonly string[], condition: string): string[] =>
    among.flatMap((relation) => {
      const sources = (ofEvent[relation] ?? []).map(
        ([view, to]) => `SELECT id, CAST(${to} AS Nullable(String)) AS end_ref, time FROM ${view}`,
      )
      const [from, to] = ['x.id', 'x.end_ref']
      return `${part({
        near: forward ? from : to,
        far: forward ? to : from,
        relation: text(relation),
        forward,
        first: 'min(x.time)',
        last: 'max(x.time)',
        from: `(${sources.join(' UNION ALL ')}) AS x WHERE isNotNull(x.end_ref) AND ${condition}`,
      })} GROUP BY x.id, x.end_ref`
    })
  return [
    ...(events.length === 0
      ? []
      : rows(true, relations === undefined ? eventRelations : named, `x.id IN ${list(events)}`)),
    ...(others.length === 0 ? [] : rows(false, named, `x.end_ref IN ${list(others)} AND ${during}`)),
  ]
}

function ofClusters(
  near: readonly string[],
  isRequested: (relation: string) => boolean,
  moment: string,
  names: StoreNames,
): string[] {
  const pairs = { from: new Map<string, string[]>(), to: new Map<string, string[]>() }
  const put = (end: 'from' | 'to', ref: string, ...some: readonly string[]): void => {
    for (const relation of some.filter(isRequested))
      pairs[end].set(relation, [...(pairs[end].get(relation) ?? []), ref])
  }
  for (const ref of near) {
    const kind = parseKubernetesRef(ref)?.kind
    if (kind === undefined) {
      if (labelOf(ref) === 'IMAGE') put('to', ref, 'uses-image')
      else if (labelOf(ref) === 'RESOURCE') put('to', ref, 'provided-by')
      continue
    }
    put('from', ref, 'owned-by', 'in-namespace')
    put('to', ref, 'owned-by')
    if (kind === 'Pod') put('from', ref, 'runs-on', 'uses-image')
    if (kind === 'Pod') put('to', ref, 'selects')
    if (kind === 'Service') put('from', ref, 'selects')
    if (kind === 'Node') put('from', ref, 'provided-by')
    if (kind === 'Node') put('to', ref, 'runs-on')
    if (kind === 'Namespace') put('to', ref, 'in-namespace')
  }
  return (['from', 'to'] as const).flatMap((end) => {
    if (pairs[end].size === 0) return []
    const refs = new Set([...pairs[end].values()].flat())
    const rows =
      `SELECT * FROM (${clusterRelations(names)}) WHERE relation IN ${list(pairs[end].keys())} AND ` +
      `${end}_ref IN ${list(refs)} AND valid_from <= ${moment} AND (isNull(valid_to) OR valid_to > ${moment})`
    return part({
      near: end === 'from' ? 'x.from_ref' : 'x.to_ref',
      far: end === 'from' ? 'x.to_ref' : 'x.from_ref',
      relation: 'x.relation',
      forward: end === 'from',
      count: '1',
      first: 'x.valid_from',
      last: 'x.valid_to',
      from: `(${rows}) AS x`,
    })
  })
}

function ofTraffic(
  workloads: readonly string[],
  isRequested: (relation: string) => boolean,
  { from, to }: EdgeQuery['span'],
): string[] {
  if (!isRequested('talks-to') || workloads.length === 0) return []
  return [true, false].map((forward) => {
    const [near, far] = forward ? ['from_ref', 'to_ref'] : ['to_ref', 'from_ref']
    return `${part({
      near: `x.${near}`,
      far: `x.${far}`,
      relation: "'talks-to'",
      forward,
      count: 'sum(x.flows)',
      first: 'min(x.hour)',
      last: 'max(x.hour)',
      bytes: 'sum(x.bytes)',
      from:
        `traffic AS x WHERE x.hour >= ${time(from - (from % hourUs))} AND x.hour < ${time(to)} AND ` +
        `x.${near} IN ${list(workloads)}`,
    })} GROUP BY x.from_ref, x.to_ref`
  })
}

/** One end in the namespaces, none in another. */
function scope(namespaces: readonly string[]): string {
  const inside = (ref: string): string => {
    if (namespaces.length === 0) return 'false'
    const part = (index: number): string => `splitByChar('/', assumeNotNull(${ref}))[${index}]`
    return (
      `(startsWith(assumeNotNull(${ref}), 'k8s:') AND (${part(4)} IN ${list(namespaces)} OR (${part(2)} = '' AND ` +
      `${part(3)} = 'Namespace' AND ${part(5)} IN ${list(namespaces)})))`
    )
  }
  const [near, far] = [inside('near'), inside('far')]
  return (
    `(${near} OR ${far}) AND (${near} OR NOT startsWith(assumeNotNull(near), 'k8s:')) AND ` +
    `(${far} OR NOT startsWith(assumeNotNull(far), 'k8s:'))`
  )
}
