import { cluster, group, identity, kind, ref, version } from '../object-columns.ts'
import { flag, json, moment, position, text, texts, type ViewColumn } from '../view-columns.ts'

export const changeColumns: readonly ViewColumn[] = [
  moment('time', 'When Weir observed the change'),
  cluster,
  group,
  kind,
  ...identity,
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
