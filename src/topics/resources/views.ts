import { cluster, group, identity, kind, ref, version } from '../object-columns.ts'
import { json, moment, text, type ViewColumn } from '../view-columns.ts'

export const resourceColumns: readonly ViewColumn[] = [
  kind,
  group,
  ...identity,
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
