/** Later versions only append columns. */
import type { BatchKind } from '../model/batches.ts'
import { flowFields } from '../model/fields.ts'
import { serviceColumns } from '../model/service-port.ts'
import { flowOrder } from '../store/read/views.ts'
import { insightColumnsOfViews } from '../topics/insights/views.ts'
import { inventoryColumns } from '../topics/inventory/views.ts'
import { flag, json, moment, sum, text, texts, type ViewColumn } from '../topics/view-columns.ts'

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

const position: ViewColumn = text('_pos', 'Stable id of the row: source instance, epoch, source sequence, row')

const computed: Readonly<Record<string, ViewColumn>> = {
  bytes_est: sum('bytes_est', 'Estimated bytes: reported bytes × sampling interval', 'By'),
  packets_est: sum('packets_est', 'Estimated packets: reported packets × sampling interval', '{packet}'),
  service_port: {
    name: 'service_port',
    type: 'USMALLINT',
    meaning:
      'Port of the server: the only registered port, else the one that the SYN shows, else that of `listening_side`, ' +
      'else the lower one. NULL for a dynamic port (from 32768) that is not known to listen',
  },
  initiator: text('initiator', 'End that opened the connection: src or dst, by the rules of service_port'),
  _pos: position,
}

const laterFields = flowFields.map(({ name }) => name).filter((name) => !flowOrder.includes(name))
const flows: readonly ViewColumn[] = [...flowOrder, ...laterFields, ...serviceColumns].map(
  (name) => computed[name] ?? fromRegistry(name),
)

const events: readonly ViewColumn[] = [
  text('id', 'CloudEvents id, unique within its source'),
  text('source', 'CloudEvents source: the producer'),
  text('type', 'CloudEvents type: the kind of occurrence'),
  text('subject', 'CloudEvents subject: the object within the source'),
  moment('time', 'Event time, by the producer’s clock'),
  text('datacontenttype', 'Media type of data'),
  text('dataschema', 'Schema that data follows'),
  json('extensions', 'Extension attributes as an object'),
  json('data', 'The body: JSON unchanged, text as a string'),
  text('family', 'Family: event, audit, change, resource …'),
  text('ref', 'Resource reference of the subject'),
  text('key', 'Ordering key: events with the same key stay in order'),
  moment('time_received', 'Receive time'),
  position,
  text('data_base64', 'The body if it is neither JSON nor text'),
]

export const views: Readonly<Record<BatchKind, readonly ViewColumn[]>> = { flows, events }

const place: readonly ViewColumn[] = [
  text('cluster', 'Name of the cluster, as configured in the source'),
  text('api_group', 'API group; empty for the core group'),
  text('kind', 'Kind: Deployment, Pod …'),
  text('namespace', 'Namespace; NULL for cluster-scoped objects'),
  text('name', 'Name of the object'),
  text('uid', 'UID of the object; a recreated object has another'),
]
const [cluster, group, kind, ...named] = place as readonly [ViewColumn, ViewColumn, ViewColumn, ...ViewColumn[]]
const version: ViewColumn = text('resource_version', 'Resource version assigned by the API server')
const ref: ViewColumn = text('ref', 'The object: k8s:<cluster>/<group>/<kind>/<namespace>/<name>')

const changes: readonly ViewColumn[] = [
  moment('time', 'When Weir observed the change'),
  ...place,
  text('operation', 'created, updated or deleted'),
  text('actor', 'Actor: the user from the audit log, else the field manager'),
  text('actor_kind', 'Kind of the actor: user or manager'),
  text('manager', 'Field manager of the object: kubectl-edit, kube-controller-manager …'),
  text('audit_id', 'Audit id of the request, if known'),
  flag('coalesced', 'Intermediate states were not observed: this row may combine several changes'),
  flag('initial', 'The object existed at the first list'),
  texts('noise', 'Noise rules that would normally hide the change'),
  texts('paths', 'Changed fields as JSON Pointers'),
  json('diff', 'JSON Patch from old to new (RFC 6902)'),
  json('old', 'The object before; NULL when it was created'),
  json('new', 'The object after; NULL when it was deleted'),
  version,
  ref,
  text('subject', 'The object in kubectl form: deployments.apps/shop/web'),
  moment('time_received', 'Receive time'),
  position,
  text('actor_ref', 'The user, as the actor in view audit, if the audit log has it'),
  text('id', 'Id of the change, unique within its source'),
]

const audit: readonly ViewColumn[] = [
  moment('time', 'Event time, by the clock of the cloud or cluster'),
  text('actor', 'Actor: user:<domain>/<id or name>, system or unknown. NULL: stored by an earlier version'),
  text('actor_kind', 'user, session (assumed rights of another identity), service, system, anonymous or unknown'),
  text('actor_id', 'Id of the actor'),
  text('actor_name', 'Name of the actor'),
  text('actor_domain', 'Scope of the name: a domain, an account, a cluster'),
  text('impersonated_by', 'Identity that used the actor’s rights, in the form of actor'),
  text('address', 'Client address of the request'),
  text('service', 'Service that provides the action: IAM, ECS, kubernetes'),
  text('action', 'Action, as the service names it'),
  text('resource', 'Resource reference, as column ref of events'),
  text('resource_type', 'Type of the resource, as the service names it'),
  text('resource_id', 'Id of the resource'),
  text('resource_name', 'Name of the resource'),
  text('tenant', 'Tenant of the resource: a project, an account, a cluster'),
  text('tenant_domain', 'Parent of the tenant, if the event names it in its extension domain'),
  text('region', 'Region of the cloud'),
  text('outcome', 'success, failure or unknown'),
  text('severity', 'normal, warning (failed), incident (failed with serious consequences) or unknown'),
  text('request_id', 'Id of the request; several events may have the same one'),
  text('code', 'Response code of the service'),
  text('id', 'Id of the event, unique within its source'),
  text('source', 'Source of the event'),
  text('type', 'CloudEvents type'),
  json('data', 'The complete original event'),
  position,
]

const resources: readonly ViewColumn[] = [
  kind,
  group,
  ...named,
  cluster,
  json('labels', 'Labels as an object'),
  text('node', 'Node of a pod'),
  text('zone', 'Zone of a node; for a pod, that of its node'),
  text('phase', 'Phase of a pod: Pending, Running, Succeeded, Failed'),
  text('owner_kind', 'Kind of the owner; of several, the controller'),
  text('owner_name', 'Name of the owner'),
  text('owner_uid', 'Id of the owner'),
  moment('created', 'When the object was created'),
  moment('valid_from', 'Start of the validity interval'),
  moment('valid_to', 'End of the validity interval, exclusive; NULL: still valid'),
  version,
  ref,
  json('data', 'All known properties: addresses, owners, images, ports …'),
]

const relations: readonly ViewColumn[] = [
  text('from_ref', 'Subject: an object, resource, actor or tenant, or an action or change by its event id'),
  text(
    'relation',
    'Clusters: owned-by, runs-on, in-namespace, uses-image, selects (service to pod), provided-by (node to ' +
      'machine). Audit events and changes: performed-by, applied-on. Audit events: with-status, member-of, ' +
      'located-at, assumed-by. Flows: talks-to. Inventories: attached-to (volume or address to instance), part-of ' +
      '(node pool to cluster), resolves-to (record to address), serves (load balancer to service), hosted-on (node ' +
      'to instance)',
  ),
  text(
    'to_ref',
    'Target: an object, resource, image (image:…), machine (provider id), actor, tenant (tenant:…), region ' +
      '(region:…) or status (status:…)',
  ),
  moment('valid_from', 'Start of the validity interval; for an event, its time'),
  moment('valid_to', 'End of the validity interval, exclusive; for an event, its time; NULL: still valid'),
]

const traffic: readonly ViewColumn[] = [
  moment('hour', 'Start of the hour'),
  text('from_ref', 'Workload that owns the source'),
  text('to_ref', 'Workload that owns the destination'),
  sum('bytes', 'Estimated bytes: reported bytes × sampling interval', 'By'),
  {
    name: 'packets',
    type: 'HUGEINT',
    unit: '{packet}',
    meaning: 'Estimated packets: reported packets × sampling interval',
  },
  sum('flows', 'Flows', '{flow}'),
]

const queryOnlyViews = {
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
