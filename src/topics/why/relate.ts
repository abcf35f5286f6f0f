import { isRecord } from '../../model/json.ts'
import { selects, selectsSome } from './selector.ts'
import { workloadName, type Candidate, type Reason, type ReasonName, type Workload } from './types.ts'
import { isNetworkRule } from './weights.ts'

/** Closeness by relation to an affected workload; halved for a workload that only exchanges traffic with one. */
const closeness: Readonly<Record<ReasonName, number>> = {
  workload: 1,
  policy: 0.95,
  service: 0.9,
  route: 0.8,
  scaler: 0.8,
  config: 0.85,
  node: 0.7,
  balancer: 0.8,
  machine: 0.7,
  pool: 0.6,
  attached: 0.6,
  image: 0.35,
  rules: 0.3,
  actor: 0.15,
  namespace: 0.12,
}
const neighbour = 0.4
/** A change that affects a small part of the traffic still counts. */
const leastShare = 0.25
/** The same for a change of a workload that kept most of its traffic. */
const leastImpact = 0.3

/** Relations of a part of the pods: their workload can keep most of its traffic. */
const hasPart: ReadonlySet<ReasonName> = new Set(['node', 'machine', 'pool'])

export type Relation = Readonly<{ reason: Reason; closeness: number; share: number }>

/** The closest relation; undefined: unrelated. */
export function relationOf(candidate: Candidate, workloads: readonly Workload[]): Relation | undefined {
  let best: Relation | undefined
  let bestScore = 0
  let affected = 0
  for (const workload of workloads) {
    const is = relatedBy(candidate, workload)
    if (is === undefined) continue
    if (workload.via === undefined && is !== 'namespace') affected += workload.share
    const ofImpact = hasPart.has(is) ? 1 : leastImpact + (1 - leastImpact) * workload.impact
    const close = closeness[is] * (workload.via === undefined ? ofImpact : neighbour)
    const score = close * (leastShare + (1 - leastShare) * workload.share)
    if (score <= bestScore) continue
    bestScore = score
    const { share, via } = workload
    best = {
      reason: { is, object: workloadName(workload), ...(via === undefined ? {} : { via }) },
      closeness: close,
      share,
    }
  }
  // Several workloads depend on nodes, policies and cloud resources.
  if (best !== undefined && best.reason.via === undefined && best.reason.is !== 'namespace')
    best = { ...best, share: Math.min(1, Math.max(best.share, affected)) }
  if (
    best !== undefined ||
    candidate.is === 'change' ||
    isAttached(candidate) ||
    candidate.cluster !== null ||
    !isNetworkRule(candidate.kind)
  )
    return best
  return { reason: { is: 'rules', object: candidate.name }, closeness: closeness.rules, share: 1 }
}

/** Inventories have the attachments of some types. A resource without a relation to the traffic is another's. */
function isAttached({ is, after }: Candidate) {
  return is === 'resource' && isRecord(after) && Array.isArray(after['attachedTo'])
}

export function shareFactor(share: number): number {
  return leastShare + (1 - leastShare) * Math.min(1, share)
}

export const actorCloseness = closeness.actor

const policies = /NetworkPolicy$|AuthorizationPolicy|PeerAuthentication/
const routes = /^(Ingress|IngressRoute|VirtualService|DestinationRule|Gateway|.*Route)$/

function relatedBy(candidate: Candidate, workload: Workload): ReasonName | undefined {
  const { is, cluster, kind, namespace, name, before, after, ref } = candidate
  if (is === 'resource') return workload.clouds.get(ref ?? '')
  if (cluster !== null && workload.cluster !== null && cluster !== workload.cluster) return undefined
  if (kind === 'Node') return workload.nodes.has(name) || isItself(candidate, workload) ? 'node' : undefined
  if (kind === 'Namespace') return name === workload.namespace ? 'namespace' : undefined
  const specs = [before, after].filter(isRecord)
  if (policies.test(kind) && (namespace === null || namespace === workload.namespace))
    return selectsPods(specs, workload) ? 'policy' : namespace === null ? undefined : 'namespace'
  if (namespace !== workload.namespace || namespace === '') return undefined
  if (isItself(candidate, workload)) return 'workload'
  if (kind === 'Service')
    return workload.services.has(name) || specs.some((spec) => selectsAny(spec['selector'], workload))
      ? 'service'
      : 'namespace'
  if (routes.test(kind)) return mentions(specs, workload.services) ? 'route' : 'namespace'
  if (kind === 'HorizontalPodAutoscaler') return specs.some((spec) => scales(spec, workload)) ? 'scaler' : 'namespace'
  if (workload.configs.has(`${kind}/${name}`)) return 'config'
  return hasImageOf(specs, workload) ? 'image' : 'namespace'
}

function isItself({ kind, name }: Candidate, workload: Workload) {
  if (kind === workload.kind && name === workload.name) return true
  // Pods that users change: <workload>-<hash>-<id>, <workload>-<n>.
  return (
    kind === 'Pod' &&
    name.startsWith(`${workload.name}-`) &&
    /^[a-z0-9]+(-[a-z0-9]+)?$/.test(name.slice(workload.name.length + 1))
  )
}

function selectsPods(specs: readonly Readonly<Record<string, unknown>>[], { labels }: Workload) {
  // Unknown labels: only a policy for all pods.
  const labelSets = labels.length === 0 ? [{}] : labels
  return specs.some((spec) => {
    const selector = spec['podSelector'] ?? spec['endpointSelector'] ?? spec['selector'] ?? {}
    return labelSets.some((labelSet) => selects(selector, labelSet))
  })
}

function selectsAny(selector: unknown, { labels }: Workload) {
  return labels.some((label) => selectsSome(selector, label))
}

function scales({ scaleTargetRef: target }: Readonly<Record<string, unknown>>, { kind, name }: Workload) {
  return isRecord(target) && target['kind'] === kind && target['name'] === name
}

/** A route names its services somewhere, by kind in different places. */
function mentions(specs: readonly unknown[], services: ReadonlySet<string>): boolean {
  const named = (value: unknown): boolean =>
    Array.isArray(value)
      ? value.some(named)
      : isRecord(value) &&
        Object.entries(value).some(([key, inner]) =>
          typeof inner === 'string'
            ? ['name', 'serviceName', 'host'].includes(key) && services.has(inner.split('.')[0] ?? '')
            : named(inner),
        )
  return services.size > 0 && specs.some(named)
}

function hasImageOf(specs: readonly unknown[], { images }: Workload) {
  if (images.size === 0) return false
  const has = (value: unknown): boolean =>
    Array.isArray(value)
      ? value.some(has)
      : isRecord(value) &&
        Object.entries(value).some(([key, inner]) =>
          typeof inner === 'string' ? key === 'image' && images.has(inner) : has(inner),
        )
  return specs.some(has)
}
