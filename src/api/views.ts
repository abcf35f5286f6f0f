/**
 * The views that can be asked: their columns in order, with SQL types. Later versions only add. `flows` and `events` can be
 * watched, too.
 */
import type { BatchKind } from '../model/batches.ts'
import { flowFields } from '../model/fields.ts'

export interface ViewColumn {
  readonly name: string
  /** Type in SQL. */
  readonly type: string
  readonly unit?: string
  readonly otel?: string
  readonly meaning: string
}

const sqlType: Readonly<Record<string, string>> = {
  u8: 'UTINYINT',
  u16: 'USMALLINT',
  u32: 'UINTEGER',
  u64: 'UBIGINT',
  i32: 'INTEGER',
  f64: 'DOUBLE',
  ip: 'VARCHAR',
  mac: 'VARCHAR',
  time: 'TIMESTAMP WITH TIME ZONE',
  dict: 'VARCHAR',
  json: 'JSON',
  'list<u8>': 'UTINYINT[]',
  'list<dict>': 'VARCHAR[]',
}

const registry = new Map(flowFields.map((field) => [field.name as string, field]))

function fromRegistry(name: string): ViewColumn {
  const field = registry.get(name)
  if (field === undefined) throw new Error(`the field registry has no ${name}`)
  const { kind, meaning } = field
  return {
    name,
    type: name === 'time_skewed' ? 'BOOLEAN' : (sqlType[kind] ?? 'VARCHAR'),
    ...('unit' in field ? { unit: field.unit } : {}),
    ...('otel' in field ? { otel: field.otel } : {}),
    meaning,
  }
}

const position: ViewColumn = {
  name: '_pos',
  type: 'VARCHAR',
  meaning: 'Stable id of the row: source instance, epoch, source sequence, row',
}

/** The columns of version 1, in their order. */
const first: readonly ViewColumn[] = [
  ...[
    'time_start',
    'time_end',
    'time_received',
    'src_addr',
    'dst_addr',
    'exporter_addr',
    'src_port',
    'dst_port',
    'proto',
    'tcp_flags',
    'direction',
    'dscp',
    'vlan',
    'in_if',
    'out_if',
    'bytes',
    'packets',
    'sampling',
  ].map(fromRegistry),
  { name: 'bytes_est', type: 'HUGEINT', unit: 'By', meaning: 'Bytes × sampling: what really passed, estimated' },
  {
    name: 'packets_est',
    type: 'HUGEINT',
    unit: '{packet}',
    meaning: 'Packets × sampling: what really passed, estimated',
  },
  ...['protocol', 'protocol_version', 'time_skewed', 'src_name', 'src_label', 'dst_name', 'dst_label'].map(
    fromRegistry,
  ),
  position,
]

const flows: readonly ViewColumn[] = [
  ...first,
  ...flowFields
    .map(({ name }) => name)
    .filter((name) => !first.some((column) => column.name === name))
    .map(fromRegistry),
]

const events: readonly ViewColumn[] = [
  { name: 'id', type: 'VARCHAR', meaning: 'CloudEvents id, unique within its source' },
  { name: 'source', type: 'VARCHAR', meaning: 'CloudEvents source: who says so' },
  { name: 'type', type: 'VARCHAR', meaning: 'CloudEvents type: what happened' },
  { name: 'subject', type: 'VARCHAR', meaning: 'CloudEvents subject: what it happened to, within the source' },
  { name: 'time', type: 'TIMESTAMP WITH TIME ZONE', meaning: 'When it happened, by the producer’s clock' },
  { name: 'datacontenttype', type: 'VARCHAR', meaning: 'Media type of data' },
  { name: 'dataschema', type: 'VARCHAR', meaning: 'Schema that data follows' },
  { name: 'extensions', type: 'JSON', meaning: 'Extension attributes as an object' },
  { name: 'data', type: 'JSON', meaning: 'The body: JSON as it is, text as a string' },
  { name: 'family', type: 'VARCHAR', meaning: 'What kind of thing it is: event, audit, change, resource …' },
  { name: 'ref', type: 'VARCHAR', meaning: 'The resource it is about' },
  { name: 'key', type: 'VARCHAR', meaning: 'Ordering key: events of one key stay in order' },
  { name: 'time_received', type: 'TIMESTAMP WITH TIME ZONE', meaning: 'When Weir received it' },
  position,
  { name: 'data_base64', type: 'VARCHAR', meaning: 'The body when it is neither JSON nor text' },
]

export const views: Readonly<Record<BatchKind, readonly ViewColumn[]>> = { flows, events }

const place: readonly ViewColumn[] = [
  { name: 'cluster', type: 'VARCHAR', meaning: 'Name of the cluster, as the source was given it' },
  { name: 'api_group', type: 'VARCHAR', meaning: 'API group; empty for the core group' },
  { name: 'kind', type: 'VARCHAR', meaning: 'Kind: Deployment, Pod …' },
  { name: 'namespace', type: 'VARCHAR', meaning: 'Namespace; NULL for what belongs to the whole cluster' },
  { name: 'name', type: 'VARCHAR', meaning: 'Name of the object' },
  { name: 'uid', type: 'VARCHAR', meaning: 'Id of the object: a name used again has another' },
]
const [cluster, group, kind, ...named] = place as readonly [ViewColumn, ViewColumn, ViewColumn, ...ViewColumn[]]
const moment = 'TIMESTAMP WITH TIME ZONE'
const version: ViewColumn = {
  name: 'resource_version',
  type: 'VARCHAR',
  meaning: 'Version of the object, as the API server counts them',
}
const ref: ViewColumn = {
  name: 'ref',
  type: 'VARCHAR',
  meaning: 'The object: k8s:<cluster>/<group>/<kind>/<namespace>/<name>',
}

const changes: readonly ViewColumn[] = [
  { name: 'time', type: moment, meaning: 'When it was seen' },
  ...place,
  { name: 'operation', type: 'VARCHAR', meaning: 'created, updated or deleted' },
  {
    name: 'actor',
    type: 'VARCHAR',
    meaning: 'Who did it: the user, where the audit log tells, else the field manager',
  },
  { name: 'actor_kind', type: 'VARCHAR', meaning: 'user or manager: what actor is' },
  {
    name: 'manager',
    type: 'VARCHAR',
    meaning: 'Field manager, as the object itself notes it: kubectl-edit, kube-controller-manager …',
  },
  { name: 'audit_id', type: 'VARCHAR', meaning: 'Id of the request in the audit log, where it is known' },
  {
    name: 'coalesced',
    type: 'BOOLEAN',
    meaning: 'What lay in between was not seen: several changes may be in this one',
  },
  { name: 'initial', type: 'BOOLEAN', meaning: 'It was there when Weir first looked' },
  { name: 'noise', type: 'VARCHAR[]', meaning: 'Rules by which it would usually be hidden' },
  { name: 'paths', type: 'VARCHAR[]', meaning: 'Places that were changed, as JSON Pointers' },
  { name: 'diff', type: 'JSON', meaning: 'What turns old into new (RFC 6902)' },
  { name: 'old', type: 'JSON', meaning: 'The object before; NULL when it was created' },
  { name: 'new', type: 'JSON', meaning: 'The object after; NULL when it was deleted' },
  version,
  ref,
  { name: 'subject', type: 'VARCHAR', meaning: 'The object as kubectl writes it: deployments.apps/shop/web' },
  { name: 'time_received', type: moment, meaning: 'When Weir received it' },
  position,
  { name: 'actor_ref', type: 'VARCHAR', meaning: 'The user as view audit has actors, where the audit log tells' },
  { name: 'id', type: 'VARCHAR', meaning: 'Id of the change, unique within its source' },
]

const audit: readonly ViewColumn[] = [
  { name: 'time', type: moment, meaning: 'When it was done, by the clock of the cloud or the cluster' },
  {
    name: 'actor',
    type: 'VARCHAR',
    meaning: 'Who did it: user:<domain>/<id or name>, system or unknown. NULL: an earlier version stored it',
  },
  {
    name: 'actor_kind',
    type: 'VARCHAR',
    meaning: 'user, session (somebody with the rights of another), service, system or unknown',
  },
  { name: 'actor_id', type: 'VARCHAR', meaning: 'Id of the actor' },
  { name: 'actor_name', type: 'VARCHAR', meaning: 'Name of the actor' },
  { name: 'actor_domain', type: 'VARCHAR', meaning: 'Where the name means something: a domain, an account, a cluster' },
  { name: 'impersonated_by', type: 'VARCHAR', meaning: 'Who acted with the actor’s rights, as actor is written' },
  { name: 'address', type: 'VARCHAR', meaning: 'Where the request came from' },
  { name: 'service', type: 'VARCHAR', meaning: 'What offers the action: IAM, ECS, kubernetes' },
  { name: 'action', type: 'VARCHAR', meaning: 'What was done, as the other side calls it' },
  { name: 'resource', type: 'VARCHAR', meaning: 'What it was done to, as column ref of events has it' },
  { name: 'resource_type', type: 'VARCHAR', meaning: 'Type of the resource, as the other side calls it' },
  { name: 'resource_id', type: 'VARCHAR', meaning: 'Id of the resource' },
  { name: 'resource_name', type: 'VARCHAR', meaning: 'Name of the resource' },
  { name: 'tenant', type: 'VARCHAR', meaning: 'Whose resource it is: a project, an account, a cluster' },
  {
    name: 'tenant_domain',
    type: 'VARCHAR',
    meaning: 'What the tenant belongs to, where the event names it by its extension domain',
  },
  { name: 'region', type: 'VARCHAR', meaning: 'Region of the cloud' },
  { name: 'outcome', type: 'VARCHAR', meaning: 'success, failure or unknown' },
  {
    name: 'severity',
    type: 'VARCHAR',
    meaning: 'normal, warning (it failed), incident (it failed with serious consequences) or unknown',
  },
  { name: 'request_id', type: 'VARCHAR', meaning: 'Id of the request: several traces may be of one' },
  { name: 'code', type: 'VARCHAR', meaning: 'Code of the answer, as the other side has it' },
  { name: 'id', type: 'VARCHAR', meaning: 'Id of the trace, unique within its source' },
  { name: 'source', type: 'VARCHAR', meaning: 'Who told it' },
  { name: 'type', type: 'VARCHAR', meaning: 'CloudEvents type' },
  { name: 'data', type: 'JSON', meaning: 'All that was told' },
  position,
]

const resources: readonly ViewColumn[] = [
  kind,
  group,
  ...named,
  cluster,
  { name: 'labels', type: 'JSON', meaning: 'Labels as an object' },
  { name: 'node', type: 'VARCHAR', meaning: 'Node that a pod is on' },
  { name: 'zone', type: 'VARCHAR', meaning: 'Zone of a node, and of a pod by its node' },
  { name: 'phase', type: 'VARCHAR', meaning: 'Phase of a pod: Pending, Running, Succeeded, Failed' },
  { name: 'owner_kind', type: 'VARCHAR', meaning: 'Kind of the owner; of several the one that controls it' },
  { name: 'owner_name', type: 'VARCHAR', meaning: 'Name of the owner' },
  { name: 'owner_uid', type: 'VARCHAR', meaning: 'Id of the owner' },
  { name: 'created', type: moment, meaning: 'When the object was created' },
  { name: 'valid_from', type: moment, meaning: 'Since when the object was like this' },
  { name: 'valid_to', type: moment, meaning: 'Until when, not included; NULL: it still is' },
  version,
  ref,
  { name: 'data', type: 'JSON', meaning: 'All that is known of it: addresses, owners, images, ports …' },
]

const relations: readonly ViewColumn[] = [
  {
    name: 'from_ref',
    type: 'VARCHAR',
    meaning:
      'What has the relation: an object, a resource, an actor, a tenant, or an action or a change by the id of its event',
  },
  {
    name: 'relation',
    type: 'VARCHAR',
    meaning:
      'Of clusters owned-by, runs-on, in-namespace, uses-image, selects (service to pod), provided-by (node to its machine); of traces and changes performed-by, applied-on; of traces with-status, member-of, located-at, assumed-by; of flows talks-to',
  },
  {
    name: 'to_ref',
    type: 'VARCHAR',
    meaning:
      'What it leads to: an object, a resource, an image (image:…), a machine (provider id), an actor, a tenant (tenant:…), a region (region:…), a status (status:…)',
  },
  { name: 'valid_from', type: moment, meaning: 'Since when it holds; of an event its time' },
  { name: 'valid_to', type: moment, meaning: 'Until when, not included; of an event its time; NULL: it still does' },
]

const traffic: readonly ViewColumn[] = [
  { name: 'hour', type: moment, meaning: 'Beginning of the hour' },
  { name: 'from_ref', type: 'VARCHAR', meaning: 'Workload that owns the source' },
  { name: 'to_ref', type: 'VARCHAR', meaning: 'Workload that owns the destination' },
  { name: 'bytes', type: 'HUGEINT', unit: 'By', meaning: 'Bytes × sampling: what really passed, estimated' },
  { name: 'packets', type: 'HUGEINT', unit: '{packet}', meaning: 'Packets × sampling: what really passed, estimated' },
  { name: 'flows', type: 'HUGEINT', unit: '{flow}', meaning: 'Flows' },
]

/** Views that can be asked, and not watched. */
export const askedViews = { changes, audit, resources, relations, traffic } as const

export const everyView: Readonly<Record<string, readonly ViewColumn[]>> = { ...views, ...askedViews }

export const viewNames = Object.keys(views) as readonly BatchKind[]
