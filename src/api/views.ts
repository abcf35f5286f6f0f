/** Later versions only append columns. */
import type { BatchKind } from '../model/batches.ts'
import { flowFields } from '../model/fields.ts'
import { flowOrder } from '../store/read/views.ts'
import { insightColumnsOfViews } from './insight-views.ts'
import { inventoryColumns } from './inventory-view.ts'

export type ViewColumn = Readonly<{
  name: string
  type: string
  unit?: string
  otel?: string
  meaning: string
}>

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

const computed: Readonly<Record<string, ViewColumn>> = {
  bytes_est: {
    name: 'bytes_est',
    type: 'HUGEINT',
    unit: 'By',
    meaning: 'Bytes × sampling interval: estimated actual bytes',
  },
  packets_est: {
    name: 'packets_est',
    type: 'HUGEINT',
    unit: '{packet}',
    meaning: 'Packets × sampling interval: estimated actual packets',
  },
  _pos: position,
}

const laterFields = flowFields.map(({ name }) => name).filter((name) => !flowOrder.includes(name))
const flows: readonly ViewColumn[] = [...flowOrder, ...laterFields].map((name) => computed[name] ?? fromRegistry(name))

const events: readonly ViewColumn[] = [
  { name: 'id', type: 'VARCHAR', meaning: 'CloudEvents id, unique within its source' },
  { name: 'source', type: 'VARCHAR', meaning: 'CloudEvents source: the producer' },
  { name: 'type', type: 'VARCHAR', meaning: 'CloudEvents type: the kind of occurrence' },
  { name: 'subject', type: 'VARCHAR', meaning: 'CloudEvents subject: the object within the source' },
  { name: 'time', type: 'TIMESTAMP WITH TIME ZONE', meaning: 'Event time, by the producer’s clock' },
  { name: 'datacontenttype', type: 'VARCHAR', meaning: 'Media type of data' },
  { name: 'dataschema', type: 'VARCHAR', meaning: 'Schema that data follows' },
  { name: 'extensions', type: 'JSON', meaning: 'Extension attributes as an object' },
  { name: 'data', type: 'JSON', meaning: 'The body: JSON unchanged, text as a string' },
  { name: 'family', type: 'VARCHAR', meaning: 'Family: event, audit, change, resource …' },
  { name: 'ref', type: 'VARCHAR', meaning: 'Resource reference of the subject' },
  { name: 'key', type: 'VARCHAR', meaning: 'Ordering key: events with the same key stay in order' },
  { name: 'time_received', type: 'TIMESTAMP WITH TIME ZONE', meaning: 'Receive time' },
  position,
  { name: 'data_base64', type: 'VARCHAR', meaning: 'The body if it is neither JSON nor text' },
]

export const views: Readonly<Record<BatchKind, readonly ViewColumn[]>> = { flows, events }

const place: readonly ViewColumn[] = [
  { name: 'cluster', type: 'VARCHAR', meaning: 'Name of the cluster, as configured in the source' },
  { name: 'api_group', type: 'VARCHAR', meaning: 'API group; empty for the core group' },
  { name: 'kind', type: 'VARCHAR', meaning: 'Kind: Deployment, Pod …' },
  { name: 'namespace', type: 'VARCHAR', meaning: 'Namespace; NULL for cluster-scoped objects' },
  { name: 'name', type: 'VARCHAR', meaning: 'Name of the object' },
  { name: 'uid', type: 'VARCHAR', meaning: 'UID of the object; a recreated object has another' },
]
const [cluster, group, kind, ...named] = place as readonly [ViewColumn, ViewColumn, ViewColumn, ...ViewColumn[]]
const moment = 'TIMESTAMP WITH TIME ZONE'
const version: ViewColumn = {
  name: 'resource_version',
  type: 'VARCHAR',
  meaning: 'Resource version assigned by the API server',
}
const ref: ViewColumn = {
  name: 'ref',
  type: 'VARCHAR',
  meaning: 'The object: k8s:<cluster>/<group>/<kind>/<namespace>/<name>',
}

const changes: readonly ViewColumn[] = [
  { name: 'time', type: moment, meaning: 'When Weir observed the change' },
  ...place,
  { name: 'operation', type: 'VARCHAR', meaning: 'created, updated or deleted' },
  {
    name: 'actor',
    type: 'VARCHAR',
    meaning: 'Actor: the user from the audit log, else the field manager',
  },
  { name: 'actor_kind', type: 'VARCHAR', meaning: 'Kind of the actor: user or manager' },
  {
    name: 'manager',
    type: 'VARCHAR',
    meaning: 'Field manager of the object: kubectl-edit, kube-controller-manager …',
  },
  { name: 'audit_id', type: 'VARCHAR', meaning: 'Audit id of the request, if known' },
  {
    name: 'coalesced',
    type: 'BOOLEAN',
    meaning: 'Intermediate states were not observed: this row may combine several changes',
  },
  { name: 'initial', type: 'BOOLEAN', meaning: 'The object existed at the first list' },
  { name: 'noise', type: 'VARCHAR[]', meaning: 'Noise rules that would normally hide the change' },
  { name: 'paths', type: 'VARCHAR[]', meaning: 'Changed fields as JSON Pointers' },
  { name: 'diff', type: 'JSON', meaning: 'JSON Patch from old to new (RFC 6902)' },
  { name: 'old', type: 'JSON', meaning: 'The object before; NULL when it was created' },
  { name: 'new', type: 'JSON', meaning: 'The object after; NULL when it was deleted' },
  version,
  ref,
  { name: 'subject', type: 'VARCHAR', meaning: 'The object in kubectl form: deployments.apps/shop/web' },
  { name: 'time_received', type: moment, meaning: 'Receive time' },
  position,
  { name: 'actor_ref', type: 'VARCHAR', meaning: 'The user, as the actor in view audit, if the audit log has it' },
  { name: 'id', type: 'VARCHAR', meaning: 'Id of the change, unique within its source' },
]

const audit: readonly ViewColumn[] = [
  { name: 'time', type: moment, meaning: 'Event time, by the clock of the cloud or cluster' },
  {
    name: 'actor',
    type: 'VARCHAR',
    meaning: 'Actor: user:<domain>/<id or name>, system or unknown. NULL: stored by an earlier version',
  },
  {
    name: 'actor_kind',
    type: 'VARCHAR',
    meaning: 'user, session (assumed rights of another identity), service, system or unknown',
  },
  { name: 'actor_id', type: 'VARCHAR', meaning: 'Id of the actor' },
  { name: 'actor_name', type: 'VARCHAR', meaning: 'Name of the actor' },
  { name: 'actor_domain', type: 'VARCHAR', meaning: 'Scope of the name: a domain, an account, a cluster' },
  { name: 'impersonated_by', type: 'VARCHAR', meaning: 'Identity that used the actor’s rights, in the form of actor' },
  { name: 'address', type: 'VARCHAR', meaning: 'Client address of the request' },
  { name: 'service', type: 'VARCHAR', meaning: 'Service that provides the action: IAM, ECS, kubernetes' },
  { name: 'action', type: 'VARCHAR', meaning: 'Action, as the service names it' },
  { name: 'resource', type: 'VARCHAR', meaning: 'Resource reference, as column ref of events' },
  { name: 'resource_type', type: 'VARCHAR', meaning: 'Type of the resource, as the service names it' },
  { name: 'resource_id', type: 'VARCHAR', meaning: 'Id of the resource' },
  { name: 'resource_name', type: 'VARCHAR', meaning: 'Name of the resource' },
  { name: 'tenant', type: 'VARCHAR', meaning: 'Tenant of the resource: a project, an account, a cluster' },
  {
    name: 'tenant_domain',
    type: 'VARCHAR',
    meaning: 'Parent of the tenant, if the event names it in its extension domain',
  },
  { name: 'region', type: 'VARCHAR', meaning: 'Region of the cloud' },
  { name: 'outcome', type: 'VARCHAR', meaning: 'success, failure or unknown' },
  {
    name: 'severity',
    type: 'VARCHAR',
    meaning: 'normal, warning (failed), incident (failed with serious consequences) or unknown',
  },
  { name: 'request_id', type: 'VARCHAR', meaning: 'Id of the request; several events may have the same one' },
  { name: 'code', type: 'VARCHAR', meaning: 'Response code of the service' },
  { name: 'id', type: 'VARCHAR', meaning: 'Id of the event, unique within its source' },
  { name: 'source', type: 'VARCHAR', meaning: 'Source of the event' },
  { name: 'type', type: 'VARCHAR', meaning: 'CloudEvents type' },
  { name: 'data', type: 'JSON', meaning: 'The complete original event' },
  position,
]

const resources: readonly ViewColumn[] = [
  kind,
  group,
  ...named,
  cluster,
  { name: 'labels', type: 'JSON', meaning: 'Labels as an object' },
  { name: 'node', type: 'VARCHAR', meaning: 'Node of a pod' },
  { name: 'zone', type: 'VARCHAR', meaning: 'Zone of a node; for a pod, that of its node' },
  { name: 'phase', type: 'VARCHAR', meaning: 'Phase of a pod: Pending, Running, Succeeded, Failed' },
  { name: 'owner_kind', type: 'VARCHAR', meaning: 'Kind of the owner; of several, the controller' },
  { name: 'owner_name', type: 'VARCHAR', meaning: 'Name of the owner' },
  { name: 'owner_uid', type: 'VARCHAR', meaning: 'Id of the owner' },
  { name: 'created', type: moment, meaning: 'When the object was created' },
  { name: 'valid_from', type: moment, meaning: 'Start of the validity interval' },
  { name: 'valid_to', type: moment, meaning: 'End of the validity interval, exclusive; NULL: still valid' },
  version,
  ref,
  { name: 'data', type: 'JSON', meaning: 'All known properties: addresses, owners, images, ports …' },
]

const relations: readonly ViewColumn[] = [
  {
    name: 'from_ref',
    type: 'VARCHAR',
    meaning: 'Subject: an object, resource, actor or tenant, or an action or change by its event id',
  },
  {
    name: 'relation',
    type: 'VARCHAR',
    meaning:
      'Clusters: owned-by, runs-on, in-namespace, uses-image, selects (service to pod), provided-by (node to ' +
      'machine). Audit events and changes: performed-by, applied-on. Audit events: with-status, member-of, ' +
      'located-at, assumed-by. Flows: talks-to. Inventories: attached-to (volume or address to instance), part-of ' +
      '(node pool to cluster), resolves-to (record to address), serves (load balancer to service), hosted-on (node ' +
      'to instance)',
  },
  {
    name: 'to_ref',
    type: 'VARCHAR',
    meaning:
      'Target: an object, resource, image (image:…), machine (provider id), actor, tenant (tenant:…), region ' +
      '(region:…) or status (status:…)',
  },
  { name: 'valid_from', type: moment, meaning: 'Start of the validity interval; for an event, its time' },
  {
    name: 'valid_to',
    type: moment,
    meaning: 'End of the validity interval, exclusive; for an event, its time; NULL: still valid',
  },
]

const traffic: readonly ViewColumn[] = [
  { name: 'hour', type: moment, meaning: 'Start of the hour' },
  { name: 'from_ref', type: 'VARCHAR', meaning: 'Workload that owns the source' },
  { name: 'to_ref', type: 'VARCHAR', meaning: 'Workload that owns the destination' },
  { name: 'bytes', type: 'HUGEINT', unit: 'By', meaning: 'Bytes × sampling interval: estimated actual bytes' },
  {
    name: 'packets',
    type: 'HUGEINT',
    unit: '{packet}',
    meaning: 'Packets × sampling interval: estimated actual packets',
  },
  { name: 'flows', type: 'HUGEINT', unit: '{flow}', meaning: 'Flows' },
]

export const queryOnlyViews = {
  changes,
  audit,
  resources,
  relations,
  traffic,
  inventory: inventoryColumns,
  ...insightColumnsOfViews,
} as const

export const everyView: Readonly<Record<string, readonly ViewColumn[]>> = { ...views, ...queryOnlyViews }

export const viewNames = Object.keys(views) as readonly BatchKind[]
