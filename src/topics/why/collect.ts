import { storedJson } from '../../model/json.ts'
import { parseKubernetesRef } from '../../model/refs.ts'
import type { Dialect } from '../../query/index.ts'
import type { TimeSpan } from '../../query/plan/index.ts'
import { auditScope, objectScope, type Viewer } from '../scope.ts'
import { isReading } from '../cloud-acts.ts'
import { changeColumns } from '../changes/sql.ts'
import { readInventory, recordedChanges } from './inventory.ts'
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

/**
 * Changes without noise and first lists, changes of cloud resources until `inventoryTo` (µs), and successful audit
 * events that are no reads.
 */
export async function collect(
  span: TimeSpan,
  { dialect, runQuery, viewer }: Readonly<{ dialect: Dialect; runQuery: RunQuery; viewer: Viewer }>,
  inventoryTo = span.to,
): Promise<Collected> {
  const withinTime = ({ from, to }: TimeSpan) => `time >= ${dialect.time(from)} AND time < ${dialect.time(to)}`
  const within = withinTime(span)
  const scope = objectScope(viewer, dialect)
  const ofChanges = [within, 'NOT initial', ...(scope === undefined ? [] : [scope])].join(' AND ')
  const table = dialect.changesIn(span)
  const kinds = specKinds.map(dialect.text).join(', ')
  const spec = (state: string) => `CASE WHEN kind IN (${kinds}) THEN ${dialect.jsonMember(state, 'spec')} END`
  const [rows, noise, audits, inventory] = await Promise.all([
    runQuery(
      `SELECT ${changeColumns}, ${spec('old')} AS before, ${spec('"new"')} AS "after" FROM ${table} WHERE ` +
        `${ofChanges} AND length(noise) = 0 ORDER BY time DESC LIMIT ${maxCandidates}`,
    ),
    runQuery(`SELECT count(*)::DOUBLE AS n FROM ${table} WHERE ${ofChanges} AND length(noise) > 0`),
    // Also later ones, which belong to changes that inventories record later.
    runQuery(auditSql(withinTime({ from: span.from, to: inventoryTo }), viewer, dialect)),
    readInventory({ from: span.from, to: inventoryTo }, maxCandidates, { dialect, runQuery, viewer }),
  ])
  const acts = audits.filter(({ action }) => !isReading(action))
  const changes = rows.map(changeOf)
  const candidates = [...changes, ...recordedChanges(inventory, acts)]
  const ids = [...candidates.map(({ audit_id: id }) => id), ...changes.map(({ ref }) => ref)]
  const actors = new Set(ids.filter((id) => id !== null))
  return {
    candidates: [...candidates, ...acts.flatMap((row) => auditOf(row, actors))],
    noise: Number(noise[0]?.['n'] ?? 0),
    cut: [rows, audits, inventory].some(({ length }) => length === maxCandidates),
  }
}

/** SQL of audit events; of clusters only what users and their programs wrote. */
function auditSql(within: string, viewer: Viewer, dialect: Dialect): string {
  const { begins, text } = dialect
  const scope = auditScope(viewer, dialect)
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

function auditOf(row: Row, knownIds: ReadonlySet<string>): readonly Candidate[] {
  const text = (name: string) => textOf(row[name])
  const [action, resource, id] = [text('action') ?? '', text('resource'), text('id') ?? '']
  // A change has more facts than its audit event.
  if ([id, id.split('/')[0] ?? '', resource ?? ''].some((candidate) => knownIds.has(candidate))) return []
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
