// The services of a seeded incident: workloads that call each other.
import type { WeirEvent } from '../../model/events.ts'
import type { ChangeData, PatchStep } from '../../model/kubernetes.ts'
import { auditEvent, changeEvent, identity, resourceEvent } from '../../store/testing/cluster.ts'
import type { SeededRandom } from '../../../test/kit/random.ts'

export type Service = Readonly<{ namespace: string; name: string; nodes: readonly string[]; config: string }>
export type Edge = Readonly<{ from: Service | undefined; to: Service; rate: number }>
export type Written = Readonly<{ of: string; at: number; data: Partial<ChangeData>; user?: string; manager?: string }>

export const minute = 60_000
export const namespaces = ['shop', 'billing', 'search'] as const
export const names = [
  'web',
  'api',
  'cart',
  'orders',
  'index',
  'ledger',
  'mailer',
  'catalog',
  'users',
  'cache',
  'queue',
  'stock',
]
export const nodes = ['n1', 'n2', 'n3', 'n4', 'n5', 'n6']
export const people = ['alice', 'bob', 'carol', 'dave']
export const bots = ['system:serviceaccount:argocd:application-controller', 'system:serviceaccount:shop:flag-bot']

export const refOf = (kind: string, { namespace, name }: Service): string => `${kind}/${namespace}/${name}`
export const replace = (path: string, value: unknown): PatchStep => ({ op: 'replace', path, value })
const labelsOf = ({ name }: Service) => ({ app: name, tier: 'backend' })
const templateOf = (service: Service, image: string) => ({
  metadata: { labels: labelsOf(service) },
  spec: {
    containers: [{ name: 'main', image, envFrom: [{ configMapRef: { name: service.config } }] }],
    volumes: [{ name: 'keys', secret: { secretName: `${service.name}-keys` } }],
  },
})
export const imageOf = ({ name }: Service, version: number): string => `registry.example/${name}:1.${version}`
export const deployment = (service: Service, version = 1, replicas = 2): object => ({
  spec: {
    replicas,
    selector: { matchLabels: { app: service.name } },
    template: templateOf(service, imageOf(service, version)),
  },
})

export const between = (random: SeededRandom, least: number, most: number): number =>
  least + random.next() * (most - least)

export function objectsOf(service: Service, at: number): WeirEvent[] {
  const since = new Date(at).toISOString()
  const { namespace, name } = service
  const set = `${name}-5d7f9`
  return [
    resourceEvent(identity(refOf('Deployment', service)), since, { labels: labelsOf(service) }),
    changeEvent(identity(refOf('Deployment', service)), since, {
      operation: 'created',
      new: deployment(service),
      initial: true,
    }),
    resourceEvent(identity(`ReplicaSet/${namespace}/${set}`), since, {
      owners: [{ kind: 'Deployment', group: 'apps', name, uid: `u-Deployment-${namespace}-${name}`, controller: true }],
    }),
    resourceEvent(identity(refOf('Service', service)), since, { selector: { app: name } }),
    ...service.nodes.map((node, index) =>
      resourceEvent(identity(`Pod/${namespace}/${set}-${index}`), since, {
        labels: labelsOf(service),
        node,
        phase: 'Running',
        images: [{ container: 'main', image: imageOf(service, 1) }],
        owners: [
          { kind: 'ReplicaSet', group: 'apps', name: set, uid: `u-ReplicaSet-${namespace}-${set}`, controller: true },
        ],
      }),
    ),
  ]
}

export function servicesOf(random: SeededRandom): readonly Service[] {
  return names.map((name, index): Service => {
    const namespace = namespaces[index % 3] ?? 'shop'
    return {
      namespace,
      name,
      nodes: [random.pick([...nodes]), random.pick([...nodes])],
      config: `${name}-config`,
    }
  })
}

/** Each service is called by an earlier one; the first by the world. */
export function edgesOf(random: SeededRandom, services: readonly Service[]): readonly Edge[] {
  return services.map((to, index): Edge => ({
    from: index === 0 ? undefined : services[Math.floor(random.next() * index)],
    to,
    rate: between(random, 20_000, 200_000),
  }))
}

/** The change of an object, and the audit event of its user. */
export function eventsOf({ of, at, data, user, manager }: Written, version: number): WeirEvent[] {
  const time = new Date(at).toISOString()
  const object = identity(of, String(version))
  const change = changeEvent(object, time, {
    operation: 'updated',
    ...data,
    ...(manager === undefined ? {} : { actor: { manager, time: `${time.slice(0, 19)}Z` } }),
  })
  if (user === undefined) return [change]
  const verb = data.operation === 'created' ? 'create' : data.operation === 'deleted' ? 'delete' : 'patch'
  return [change, auditEvent(object, user, verb, time, { version: String(version), uid: object.uid })]
}
