import { cluster, group, identity, kind, ref, version } from '../object-columns.ts'
import { count, json, moment, text, texts, type ViewColumn } from '../view-columns.ts'

export const resourceColumns: readonly ViewColumn[] = [
  kind,
  group,
  ...identity,
  cluster,
  json('labels', 'Labels as an object'),
  text('node', 'Node of a pod'),
  text('zone', 'Zone of a node; for a pod, that of its node'),
  text('phase', 'Phase of a pod: Pending, Running, Succeeded, Failed'),
  text('status', 'As kubectl shows it: Running, CrashLoopBackOff, Ready, Bound, Terminating; NULL: the kind has none'),
  count('ready', 'Ready containers of a pod, ready pods of a workload, completions of a job'),
  count('desired', 'Number of them that is desired'),
  count('restarts', 'Restarts of the containers of a pod'),
  texts('images', 'Images of the containers, or of those of its pods'),
  texts('addresses', 'Addresses of a pod, node or service'),
  json('conditions', 'Conditions: type, status and reason'),
  text('owner_kind', 'Kind of the owner; of several, the controller'),
  text('owner_name', 'Name of the owner'),
  text('owner_uid', 'Id of the owner'),
  moment('created', 'When the object was created'),
  moment('valid_from', 'Time of the last change of content or status: start of the validity interval'),
  moment('valid_to', 'End of the validity interval, exclusive; NULL: still valid'),
  version,
  ref,
  json('data', 'All known properties: addresses, owners, images, ports …'),
]
