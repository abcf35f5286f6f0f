import { storedJson } from '../../model/json.ts'
import { parseKubernetesRef } from '../../model/refs.ts'
import type { Dialect } from '../../query/index.ts'
import type { TimeSpan } from '../../query/plan/index.ts'
import { auditScope, objectScope } from '../access/scope.ts'
import type { Principal } from '../access/principal.ts'
import { changeColumns } from '../objects.ts'
import type { Candidate } from './types.ts'
import type { RunQuery } from './workloads.ts'

type Row = Readonly<Record<string, unknown>>

export const maxCandidates = 5000

/** Kinds that are related by their specification. */
const specKinds = [
  'NetworkPolicy',
  'CiliumNetworkPolicy',
  'CiliumClusterwideNetworkPolicy',
  'GlobalNetworkPolicy',
  'AdminNetworkPolicy',
  'AuthorizationPolicy',
  'PeerAuthentication',
  'Service',
  'HorizontalPodAutoscaler',
  'Ingress',
  'IngressRoute',
  'VirtualService',
  'DestinationRule',
  'Gateway',
  'HTTPRoute',
  'GRPCRoute',
  'TCPRoute',
  'TLSRoute',
  'Deployment',
  'StatefulSet',
  'DaemonSet',
  'CronJob',
]

export type Collected = Readonly<{ candidates: readonly Candidate[]; noise: number; cut: boolean }>

/** Changes without noise and first lists, and successful audit events that are no reads. */
export async function collect(
  span: TimeSpan,
  { dialect, runQuery, principal }: Readonly<{ dialect: Dialect; runQuery: RunQuery; principal: Principal }>,
): Promise<Collected> {
  const within = `time >= ${dialect.time(span.from)} AND time < ${dialect.time(span.to)}`
  const scope = objectScope(principal, dialect)
  const ofChanges = [within, 'NOT initial', ...(scope === undefined ? [] : [scope])].join(' AND ')
  const changes = dialect.changesIn(span)
  const kinds = specKinds.map(dialect.text).join(', ')
  const spec = (state: string) => `CASE WHEN kind IN (${kinds}) THEN ${dialect.jsonMember(state, 'spec')} END`
  const [rows, noise, audits] = await Promise.all([
    runQuery(
      `SELECT ${changeColumns}, ${spec('old')} AS before, ${spec('"new"')} AS "after" FROM ${changes} WHERE ` +
        `${ofChanges} AND length(noise) = 0 ORDER BY time DESC LIMIT ${maxCandidates}`,
    ),
    runQuery(`SELECT count(*)::DOUBLE AS n FROM ${changes} WHERE ${ofChanges} AND length(noise) > 0`),
    runQuery(auditSql(within, principal, dialect)),
  ])
  const found = rows.map(changeOf)
  const known = new Set(found.flatMap(({ audit_id: id, ref }) => [id, ref]).filter((each) => each !== null))
  return {
    candidates: [...found, ...audits.flatMap((row) => auditOf(row, known))],
    noise: Number(noise[0]?.['n'] ?? 0),
    cut: rows.length === maxCandidates || audits.length === maxCandidates,
  }
}

/** Of clusters only what users and their programs wrote. */
function auditSql(within: string, principal: Principal, dialect: Dialect): string {
  const { begins, text } = dialect
  const scope = auditScope(principal, dialect)
  const account = (prefix: string) => dialect.decided(begins("coalesce(actor_name, '')", prefix))
  const verbs = ['create', 'update', 'patch', 'delete', 'deletecollection'].map(text).join(', ')
  const users =
    `(NOT ${account('system:')} OR (${account('system:serviceaccount:')} AND NOT ` +
    `${account('system:serviceaccount:kube-system:')}))`
  const conditions = [
    within,
    "outcome = 'success'",
    `(coalesce(service, '') <> 'kubernetes' OR (action IN (${verbs}) AND ${users}))`,
    ...(scope === undefined ? [] : [scope]),
  ]
  return (
    'SELECT time, actor, actor_kind, actor_name, service, action, resource, resource_type, resource_name, ' +
    `resource_id, id, _pos AS pos FROM audit WHERE ${conditions.join(' AND ')} ` +
    `ORDER BY time DESC LIMIT ${maxCandidates}`
  )
}

function changeOf(row: Row): Candidate {
  const text = (name: string) => textOf(row[name])
  return {
    is: 'change',
    at: Date.parse(text('time') ?? ''),
    time: text('time') ?? '',
    cluster: text('cluster'),
    group: text('group') ?? '',
    kind: text('kind') ?? '',
    namespace: text('namespace'),
    name: text('name') ?? '',
    ref: text('ref'),
    operation: text('operation') ?? '',
    actor: text('actor'),
    actor_kind: text('actor_kind'),
    actor_ref: text('actor_ref'),
    manager: text('manager'),
    audit_id: text('audit_id'),
    paths: listOf(row['paths']).map(String),
    diff: listOf(row['diff']),
    pos: text('pos') ?? '',
    before: storedJson(row['before']) ?? null,
    after: storedJson(row['after']) ?? null,
  }
}

const reads =
  /^(get|list|watch|show|describe|head|query|read|view|login|log ?in|check|count|search|export|assume|sign)/i

function auditOf(row: Row, known: ReadonlySet<string>): readonly Candidate[] {
  const text = (name: string) => textOf(row[name])
  const [action, resource, id] = [text('action') ?? '', text('resource'), text('id') ?? '']
  // A change has more facts than its audit event.
  if (reads.test(action) || known.has(id.split('/')[0] ?? '') || (resource !== null && known.has(resource))) return []
  const object = resource === null ? undefined : parseKubernetesRef(resource)
  return [
    {
      is: 'audit',
      at: Date.parse(text('time') ?? ''),
      time: text('time') ?? '',
      cluster: object?.cluster ?? null,
      group: object?.group ?? '',
      kind: object?.kind ?? text('resource_type') ?? text('service') ?? '',
      namespace: object === undefined || object.namespace === '' ? null : object.namespace,
      name: object?.name ?? text('resource_name') ?? text('resource_id') ?? '',
      ref: resource,
      operation: action,
      actor: text('actor_name'),
      actor_kind: 'user',
      actor_ref: text('actor'),
      manager: null,
      audit_id: id,
      paths: [],
      diff: [],
      pos: text('pos') ?? '',
      before: null,
      after: null,
    },
  ]
}

function textOf(value: unknown) {
  return typeof value === 'string' ? value : null
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as readonly unknown[]) : []
}
