import type { Candidate } from './types.ts'

const managers = new Set([
  'kube-controller-manager',
  'kube-scheduler',
  'kubelet',
  'kube-apiserver',
  'cloud-controller-manager',
  'k3s',
  'rke2',
])
/** Written by controllers in response to other changes. */
const derived = new Set(['EndpointSlice', 'Endpoints', 'ReplicaSet', 'ControllerRevision', 'Event', 'Lease'])

export function isAutoscaler({ actor, manager }: Pick<Candidate, 'actor' | 'manager'>): boolean {
  return actor === 'system:serviceaccount:kube-system:horizontal-pod-autoscaler' || /autoscaler/.test(manager ?? '')
}

/** Whether a controller wrote a change as the result of another one. The state of a node is no result. */
export function isControllers(change: Candidate): boolean {
  const { is, kind, actor, actor_kind: actorKind, manager } = change
  if (is === 'audit' || kind === 'Node' || isAutoscaler(change)) return false
  if (actorKind === 'user' && actor !== null)
    return actor.startsWith('system:') && !isOwnAccount(actor) ? true : derived.has(kind) && actor.startsWith('system:')
  return derived.has(kind) || kind === 'Pod' || (manager !== null && managers.has(manager))
}

/** Service accounts outside of kube-system are those of users' programs. */
function isOwnAccount(actor: string) {
  return actor.startsWith('system:serviceaccount:') && !actor.startsWith('system:serviceaccount:kube-system:')
}
