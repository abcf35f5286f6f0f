// A simulated day of a cluster, as CloudEvents of a kubernetes source.
import { auditEvent, changeEvent, resourceEvent, subjectOf } from '../../../src/store/testing/cluster.ts'
import {
  kubernetesTypes,
  type ChangeData,
  type ObjectIdentity,
  type PatchStep,
  type ResourceData,
} from '../../../src/model/kubernetes.ts'
import type { WeirEvent } from '../../../src/model/events.ts'
import { kubernetesRef } from '../../../src/model/refs.ts'

const cluster = 'demo'
const groups: Readonly<Record<string, readonly [group: string, resource: string]>> = {
  Pod: ['', 'pods'],
  Node: ['', 'nodes'],
  Namespace: ['', 'namespaces'],
  Service: ['', 'services'],
  Secret: ['', 'secrets'],
  ConfigMap: ['', 'configmaps'],
  Deployment: ['apps', 'deployments'],
  ReplicaSet: ['apps', 'replicasets'],
  EndpointSlice: ['discovery.k8s.io', 'endpointslices'],
  NetworkPolicy: ['networking.k8s.io', 'networkpolicies'],
}

let version = 1000

/** `Pod/shop/web-1` or `Node/worker-1`; a new version for each call. */
export function who(of: string, uid = `uid-${of.replaceAll('/', '-')}`): ObjectIdentity {
  const [kind = '', ...place] = of.split('/')
  const [group, resource] = groups[kind] ?? ['', `${kind.toLowerCase()}s`]
  const [namespace, name] = place.length === 2 ? place : [undefined, place[0]]
  return {
    cluster,
    group,
    version: 'v1',
    kind,
    resource,
    ...(namespace === undefined ? {} : { namespace }),
    name: name ?? '',
    uid,
    resourceVersion: String(++version),
  }
}

export const refOf = (of: string): string => {
  const { group, kind, namespace = '', name } = who(of)
  return kubernetesRef({ cluster, group, kind, namespace, name })
}

const iso = (ms: number): string => new Date(ms).toISOString()
const envelope = (event: WeirEvent): WeirEvent => ({ ...event, source: `/kubernetes/${cluster}` })

export function change(
  of: ObjectIdentity,
  at: number,
  more: Partial<ChangeData> & Pick<ChangeData, 'operation'>,
): WeirEvent {
  return envelope(changeEvent(of, iso(at), more))
}

export function resource(of: ObjectIdentity, at: number, more: Partial<ResourceData> = {}): WeirEvent {
  return envelope(resourceEvent(of, iso(at), more))
}

export function audit(of: ObjectIdentity, user: string, verb: string, at: number): WeirEvent {
  return envelope(
    auditEvent(of, user, verb, iso(at), verb === 'delete' ? { uid: of.uid } : { version: of.resourceVersion }),
  )
}

let eventCount = 0

export function clusterEvent(
  of: ObjectIdentity,
  at: number,
  more: { readonly type: string; readonly reason: string; readonly message: string; readonly count?: number },
): WeirEvent {
  const { group, kind, namespace = '', name, uid } = of
  const data = {
    ...of,
    ...more,
    count: more.count ?? 1,
    regarding: { kind, group, namespace, name, uid },
    reporter: 'kubelet',
    last: iso(at),
  }
  return {
    id: `cluster-event-${++eventCount}`,
    source: `/kubernetes/${cluster}`,
    type: kubernetesTypes.event,
    family: 'k8s-event',
    time: at,
    ref: kubernetesRef({ cluster, group, kind, namespace, name }),
    key: `${cluster}/${uid}`,
    subject: subjectOf(of),
    encoding: 'json',
    data: Buffer.from(JSON.stringify(data)),
  }
}

interface Updated {
  readonly old: object
  readonly new: object
  readonly patch: readonly PatchStep[]
}

const deployment = (image: string, replicas: number): object => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  spec: {
    replicas,
    template: {
      spec: {
        containers: [{ name: 'api', image, env: [{ name: 'DB_PASSWORD', value: 'redacted:3f6b12aa90cd4471' }] }],
      },
    },
  },
})
const policy = (app: string): object => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  spec: {
    podSelector: { matchLabels: { app: 'database' } },
    ingress: [{ from: [{ podSelector: { matchLabels: { app } } }] }],
  },
})
const secret = (digest: string): object => ({
  apiVersion: 'v1',
  kind: 'Secret',
  type: 'Opaque',
  data: { 'api-key': `redacted:${digest}`, user: 'redacted:77aa01bc22de4413' },
})

const newImage: Updated = {
  old: deployment('registry.example/shop/api:1.7', 3),
  new: deployment('registry.example/shop/api:1.8', 3),
  patch: [{ op: 'replace', path: '/spec/template/spec/containers/0/image', value: 'registry.example/shop/api:1.8' }],
}
const wrongPolicy: Updated = {
  old: policy('api'),
  new: policy('api-v2'),
  patch: [{ op: 'replace', path: '/spec/ingress/0/from/0/podSelector/matchLabels/app', value: 'api-v2' }],
}
const rightPolicy: Updated = {
  old: wrongPolicy.new,
  new: wrongPolicy.old,
  patch: [{ op: 'replace', path: '/spec/ingress/0/from/0/podSelector/matchLabels/app', value: 'api' }],
}
const newKey: Updated = {
  old: secret('aa11bb22cc33dd44'),
  new: secret('ee55ff66aa77bb88'),
  patch: [{ op: 'replace', path: '/data/api-key', value: 'redacted:ee55ff66aa77bb88' }],
}

const minute = 60_000
const owner = (kind: string, group: string, name: string): NonNullable<ResourceData['owners']> => [
  { kind, group, name, uid: `uid-${kind}-shop-${name}`, controller: true },
]

function inventory(now: number): WeirEvent[] {
  const day = now - 1430 * minute
  const events = [
    resource(who('Namespace/shop'), day),
    resource(who('Namespace/bank'), day),
    resource(who('Node/worker-1'), day, {
      zone: 'eu-1a',
      labels: { 'topology.kubernetes.io/zone': 'eu-1a' },
      addresses: [{ ip: '192.168.0.11', as: 'node' }],
      providerId: 'openstack:///node-1',
    }),
    resource(who('Node/worker-2'), day, {
      zone: 'eu-1b',
      labels: { 'topology.kubernetes.io/zone': 'eu-1b' },
      addresses: [{ ip: '192.168.0.12', as: 'node' }],
      providerId: 'openstack:///node-2',
    }),
    resource(who('Service/shop/api'), day, {
      addresses: [{ ip: '10.96.0.21', as: 'cluster' }],
      selector: { app: 'api' },
      ports: [{ port: 8080, protocol: 'TCP', name: 'http' }],
    }),
    resource(who('Deployment/shop/api'), day, { labels: { app: 'api', team: 'checkout' } }),
    resource(who('Pod/bank/ledger-0'), day, {
      phase: 'Running',
      node: 'worker-2',
      addresses: [{ ip: '10.9.1.1', as: 'pod' }],
    }),
  ]
  // Workloads of the simulated shop, with flows from the stage.
  for (const [name, ip, kind, workload] of [
    ['web-1', '10.20.1.11', 'ReplicaSet', 'web-6b8d'],
    ['web-2', '10.20.1.12', 'ReplicaSet', 'web-6b8d'],
    ['database-0', '10.20.2.31', 'StatefulSet', 'database'],
  ] as const) {
    events.push(
      resource(who(`Pod/shop/${name}`), day, {
        phase: 'Running',
        node: 'worker-2',
        addresses: [{ ip, as: 'pod' }],
        owners: owner(kind, 'apps', workload),
      }),
    )
  }
  events.push(
    resource(who('Deployment/shop/web'), day),
    resource(who('ReplicaSet/shop/web-6b8d'), day, { owners: owner('Deployment', 'apps', 'web') }),
  )
  const pods = (set: string, image: string, from: number, to: number | undefined, ips: readonly string[]): void => {
    events.push(
      resource(who(`ReplicaSet/shop/${set}`), from, {
        owners: owner('Deployment', 'apps', 'api'),
        labels: { app: 'api' },
      }),
    )
    ips.forEach((ip, index) => {
      const [name, node] = [`Pod/shop/${set}-${'bcdfg'[index]}x${index}`, `worker-${1 + (index % 2)}`]
      const common = {
        node,
        labels: { app: 'api' },
        owners: owner('ReplicaSet', 'apps', set),
        images: [{ container: 'api', image }],
      }
      events.push(
        resource(who(name), from + 1000, { ...common, phase: 'Pending' }),
        resource(who(name), from + 4000, { ...common, phase: 'Running', addresses: [{ ip, as: 'pod' }] }),
      )
      if (to !== undefined) events.push(resource(who(name), to, { state: 'gone' }))
    })
  }
  pods('api-7d9f', 'registry.example/shop/api:1.7', day, now - 19 * minute, ['10.20.1.31', '10.20.1.32', '10.20.1.33'])
  // The last new pod reuses the address of an old one.
  pods('api-5c44', 'registry.example/shop/api:1.8', now - 20 * minute, undefined, [
    '10.20.1.21',
    '10.20.1.22',
    '10.20.1.31',
  ])
  events.push(
    resource(who('EndpointSlice/shop/api-x'), now - 18 * minute, {
      service: 'api',
      endpoints: ['b', 'c', 'd'].map((letter, index) => ({
        addresses: [['10.20.1.21', '10.20.1.22', '10.20.1.31'][index] ?? ''],
        ready: true,
        kind: 'Pod',
        namespace: 'shop',
        name: `api-5c44-${letter}x${index}`,
      })),
    }),
  )
  return events
}

/** A rollout, a wrong policy, a new key, a deleted workload, prices from a program, and much noise. */
export function clusterLife(now = Date.now()): WeirEvent[] {
  const events = inventory(now)
  const by = (
    user: string,
    of: ObjectIdentity,
    at: number,
    more: Updated | undefined,
    verb = 'patch',
    manager = 'kubectl',
  ): void => {
    const operation = more !== undefined ? 'updated' : verb === 'delete' ? 'deleted' : 'created'
    events.push(
      audit(of, user, verb, at),
      change(of, at + 40, {
        operation,
        actor: { manager, time: iso(at) },
        ...more,
        ...(operation === 'deleted' ? { old: { kind: of.kind, spec: { replicas: 1 } } } : {}),
      }),
    )
  }
  by('alice', who('Deployment/shop/api'), now - 20 * minute, newImage)
  by('bob', who('NetworkPolicy/shop/database'), now - 12 * minute, wrongPolicy)
  by('bob', who('NetworkPolicy/shop/database'), now - 8 * minute, rightPolicy)
  by('alice', who('Secret/shop/payment'), now - 30 * minute, newKey)
  const old = who('Deployment/shop/old-job')
  events.push(
    resource(old, now - 600 * minute, { labels: { app: 'old-job' } }),
    change(old, now - 600 * minute, {
      operation: 'created',
      new: { spec: { replicas: 1 } },
      actor: { manager: 'helm' },
    }),
  )
  by('carol', old, now - 60 * minute, undefined, 'delete')
  events.push(resource(old, now - 60 * minute, { state: 'gone' }))
  for (const [set, operation, at] of [
    ['api-5c44', 'created', 20],
    ['api-7d9f', 'deleted', 19],
  ] as const) {
    ;['b', 'c', 'd'].forEach((letter, index) =>
      events.push(
        change(who(`Pod/shop/${set}-${letter}x${index}`), now - at * minute + 1500 + index * 700, {
          operation,
          actor: { manager: 'kube-controller-manager' },
          [operation === 'created' ? 'new' : 'old']: {
            spec: { nodeName: 'worker-1', containers: [{ name: 'api', image: 'registry.example/shop/api' }] },
          },
        }),
      ),
    )
  }
  const pod = who('Pod/shop/api-5c44-bx0')
  for (const [seconds, type, reason, message] of [
    [1, 'Normal', 'Scheduled', 'Assigned shop/api-5c44-bx0 to worker-1'],
    [3, 'Normal', 'Pulled', 'Image registry.example/shop/api:1.8 is there'],
    [200, 'Warning', 'Unhealthy', 'Readiness probe failed: database not reached'],
  ] as const) {
    events.push(clusterEvent(pod, now - 20 * minute + seconds * 1000, { type, reason, message }))
  }
  for (let n = 0; n < 180; n++) {
    const at = now - (n * 7 + 3) * minute
    events.push(
      change(who(`ConfigMap/${n % 5 === 0 ? 'bank' : 'shop'}/prices`), at, {
        operation: 'updated',
        actor: { manager: 'price-bot' },
        old: { data: { list: `${n}` } },
        new: { data: { list: `${n + 1}` } },
        patch: [{ op: 'replace', path: '/data/list', value: `${n + 1}` }],
      }),
    )
  }
  for (let n = 0; n < 700; n++) {
    const status = n % 3 === 0
    events.push(
      change(who(`Node/worker-${1 + (n % 2)}`), now - n * 2 * minute - 500, {
        operation: 'updated',
        actor: { manager: 'kubelet' },
        noise: status ? ['heartbeats', 'status'] : ['heartbeats'],
        old: { status: { at: n } },
        new: { status: { at: n + 1 } },
        patch: [{ op: 'replace', path: '/status/at', value: n + 1 }],
      }),
    )
  }
  return events
}
