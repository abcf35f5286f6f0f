import { isRecord } from '../../model/json.ts'
import type { CloudResourceType } from '../../model/cloud.ts'
import type { Candidate } from './types.ts'

type Fields = Pick<Candidate, 'is' | 'kind' | 'operation' | 'paths' | 'before' | 'after'>
const podTemplate = /^\/spec\/(template|jobTemplate)\//
const isWorkload = new Set([
  'Deployment',
  'StatefulSet',
  'DaemonSet',
  'ReplicaSet',
  'Job',
  'CronJob',
  'Rollout',
  'DeploymentConfig',
])

/** How much a kind of change usually affects traffic. Other kinds: see `others`. */
const kindWeights: Readonly<Record<string, number>> = {
  NetworkPolicy: 1,
  CiliumNetworkPolicy: 1,
  CiliumClusterwideNetworkPolicy: 1,
  GlobalNetworkPolicy: 1,
  AdminNetworkPolicy: 1,
  AuthorizationPolicy: 0.9,
  PeerAuthentication: 0.9,
  DestinationRule: 0.9,
  VirtualService: 0.9,
  Ingress: 0.9,
  IngressRoute: 0.9,
  Gateway: 0.9,
  HTTPRoute: 0.9,
  GRPCRoute: 0.9,
  TCPRoute: 0.9,
  TLSRoute: 0.9,
  DNSEndpoint: 0.7,
  ConfigMap: 0.6,
  Secret: 0.6,
  Pod: 0.6,
  Namespace: 0.4,
  ResourceQuota: 0.4,
  LimitRange: 0.4,
  Certificate: 0.4,
  Role: 0.2,
  RoleBinding: 0.2,
  ServiceAccount: 0.2,
  PodDisruptionBudget: 0.2,
}
const others = 0.3
const onlyMetadata = 0.05

/** 0 to 1. */
export function changeWeight(change: Fields): number {
  const { kind, operation, paths, before, after } = change
  const isUpdate = operation === 'updated'
  if (isUpdate && paths.length > 0 && paths.every((path) => path.startsWith('/metadata/')))
    return kind === 'Namespace' && paths.some((path) => path.startsWith('/metadata/labels')) ? 0.5 : onlyMetadata
  if (isWorkload.has(kind)) return isUpdate ? workloadWeight(change) : operation === 'deleted' ? 1 : 0.7
  if (kind === 'Service')
    return !isUpdate || paths.some((path) => /^\/spec\/(selector|ports|type|clusterIP|external)/.test(path))
      ? 0.95
      : 0.2
  if (kind === 'Node')
    return !isUpdate || paths.some((path) => /^\/(spec\/(unschedulable|taints)|status\/conditions)/.test(path))
      ? 0.8
      : 0.1
  if (isUpdate && paths.length > 0 && paths.every((path) => path.startsWith('/status/'))) return onlyMetadata
  if (kind === 'HorizontalPodAutoscaler') return scaleWeight(before, after, 'maxReplicas')
  return kindWeights[kind] ?? others
}

/** The field of both specifications; undefined: no number. */
export function numbersOf(field: string, ...specs: readonly unknown[]): readonly (number | undefined)[] {
  return specs.map((spec) => (isRecord(spec) && typeof spec[field] === 'number' ? spec[field] : undefined))
}

/** More for a larger part of the replicas that is removed, 1 for all. */
function scaleWeight(before: unknown, after: unknown, field: 'replicas' | 'maxReplicas') {
  const [from, to] = numbersOf(field, before, after)
  if (to === 0) return 1
  const removed = from !== undefined && to !== undefined && from > 0 ? Math.max(0, 1 - to / from) : 0
  return 0.6 + 0.4 * removed
}

function workloadWeight({ paths, before, after }: Fields) {
  const weights = paths.map((path) => {
    if (podTemplate.test(path)) {
      if (/\/metadata\/annotations/.test(path)) return 0.3
      if (/\/metadata\/labels/.test(path)) return 0.85
      return /\/(image|env|envFrom|command|args|ports|readinessProbe|volumes|hostNetwork)(\/|$)/.test(path) ? 0.9 : 0.7
    }
    if (path === '/spec/replicas') return scaleWeight(before, after, 'replicas')
    if (path.startsWith('/spec/suspend')) return 0.8
    return path.startsWith('/spec/') ? 0.3 : onlyMetadata
  })
  return Math.max(onlyMetadata, ...weights)
}

/** Changes of these start new pods. */
export function isRollout({ is, kind, operation, paths }: Fields): boolean {
  return (
    is === 'change' && isWorkload.has(kind) && operation === 'updated' && paths.some((path) => podTemplate.test(path))
  )
}

/** Usual time until a change affects traffic: new pods start, configuration is read again, rules apply. */
export function effectMs(change: Fields): number {
  if (isRollout(change) || ['ConfigMap', 'Secret'].includes(change.kind)) return 120_000
  return change.is === 'resource' ? 120_000 : 45_000
}

const rules =
  /secur|firewall|acl|route|vpc|subnet|network|nsg|elb|load.?balancer|listener|peering|gateway|nat|dns|zone/i
const machines = /instance|server|ecs|vm|nodepool|cluster/i

export function isNetworkRule(resourceType: string): boolean {
  return rules.test(resourceType)
}

export function auditWeight({ kind }: Pick<Candidate, 'kind'>): number {
  return isNetworkRule(kind) ? 0.8 : machines.test(kind) ? 0.6 : 0.2
}

/** How much a change of a cloud resource usually affects traffic. Other types: 0.2. */
const cloudWeights: Readonly<Partial<Record<string, number>>> = {
  instance: 1,
  security_group: 1,
  load_balancer: 1,
  lb_service: 1,
  instance_pool: 0.9,
  kubernetes_cluster: 0.9,
  node_pool: 0.9,
  network: 0.9,
  ip_address: 0.9,
  dns_record: 0.9,
  database: 0.9,
  dns_domain: 0.7,
  volume: 0.6,
} satisfies Partial<Record<CloudResourceType, number>>

const fieldWeights: Readonly<Record<string, number>> = {
  state: 0.9,
  attachedTo: 0.9,
  addresses: 0.9,
  attributes: 0.8,
  nodes: 0.8,
  size: 0.7,
  cpuCores: 0.7,
  memoryBytes: 0.7,
  parent: 0.7,
  diskBytes: 0.4,
  rawState: 0.3,
}

/** Weight of a change that an inventory recorded: by type, operation and changed fields. */
export function resourceWeight({ kind, operation, paths }: Pick<Candidate, 'kind' | 'operation' | 'paths'>): number {
  const changed = paths.map((path) => fieldWeights[path.split('/')[1] ?? ''] ?? onlyMetadata)
  const usual = operation === 'deleted' ? 1 : operation === 'created' ? 0.6 : Math.max(onlyMetadata, ...changed)
  return usual * (cloudWeights[kind] ?? 0.2)
}
