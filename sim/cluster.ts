import { createHash } from 'node:crypto'
import { SeededRandom } from '../test/kit/random.ts'
import { DemoApiServer, type DemoObject, type Kind } from './api-server.ts'
import { cloudTrace } from './cloud.ts'
import { addresses, isRolledOut, scanner, type ShopEvent } from './shop.ts'

export const demoCluster = 'demo'

const core = (kind: string, resource: string, scope: 'namespace' | 'cluster' = 'namespace'): Kind => ({
  group: '',
  version: 'v1',
  kind,
  resource,
  namespaced: scope === 'namespace',
})
const kinds: readonly Kind[] = [
  core('Namespace', 'namespaces', 'cluster'),
  core('Node', 'nodes', 'cluster'),
  core('Pod', 'pods'),
  core('Service', 'services'),
  core('ConfigMap', 'configmaps'),
  core('Secret', 'secrets'),
  core('Event', 'events'),
  ...[
    ['Deployment', 'deployments'],
    ['ReplicaSet', 'replicasets'],
    ['StatefulSet', 'statefulsets'],
  ].map(([kind = '', resource = '']): Kind => ({ group: 'apps', version: 'v1', kind, resource, namespaced: true })),
  { group: 'discovery.k8s.io', version: 'v1', kind: 'EndpointSlice', resource: 'endpointslices', namespaced: true },
  { group: 'networking.k8s.io', version: 'v1', kind: 'NetworkPolicy', resource: 'networkpolicies', namespaced: true },
]

const nodes = [
  ['worker-1', 'eu-1a', '192.168.7.11'],
  ['worker-2', 'eu-1b', '192.168.7.12'],
  ['worker-3', 'eu-1a', '192.168.7.13'],
] as const
const people = ['alice', 'bob', 'carol']

type PodSpec = Readonly<{
  name: string
  namespace?: string
  app: string
  ip: string
  node: number
  image: string
  owner: DemoObject
  role?: string
  ready?: boolean
}>

export type AuditEvent = Readonly<Record<string, unknown>>

type Dict = Readonly<Record<string, unknown>>

export class DemoCluster {
  readonly server = new DemoApiServer(kinds)
  readonly #random: SeededRandom
  readonly #audits: AuditEvent[] = []
  readonly #traces: ShopEvent[] = []
  readonly #pushed: string[] = []
  #api = ''
  #tried = 0
  #pods = 0
  #events = 0
  #culprit = ''
  #isRolledOut = false
  #due = { prices: 1500, heartbeat: 2000, key: 6000, unhealthy: 0, knock: 9000 }

  constructor(seed: number) {
    this.#random = new SeededRandom(seed)
    this.#begin()
  }

  live(at: number): void {
    for (; this.#due.prices <= at; this.#due.prices += 4000 + Math.floor(this.#random.next() * 4000)) this.#prices(at)
    for (; this.#due.heartbeat <= at; this.#due.heartbeat += 10_000) for (const [name] of nodes) this.#heartbeat(name)
    for (; this.#due.key <= at; this.#due.key += 90_000)
      this.#write(
        'Secret',
        {
          metadata: { name: 'payment', namespace: 'shop' },
          type: 'Opaque',
          data: { 'api-key': Buffer.from(String(this.#random.next())).toString('base64') },
        },
        'vault-agent',
        'system:serviceaccount:vault:agent',
      )
    for (; this.#due.knock <= at; this.#due.knock += 30_000)
      this.#trace({ user: 'root', address: scanner, service: 'IAM', action: 'login', failed: true })
    if (isRolledOut(at) !== this.#isRolledOut) this.#rollOut(isRolledOut(at) ? 'wrong' : 'good', at)
    if (this.#isRolledOut && this.#due.unhealthy <= at) {
      this.#event('Warning', 'Unhealthy', 'Readiness probe failed: the database does not answer')
      this.#due.unhealthy = at + 8000
    }
  }

  audits(): AuditEvent[] {
    return this.#audits.splice(0)
  }

  traces(): ShopEvent[] {
    return this.#traces.splice(0)
  }

  /** Images that were pushed to the registry. */
  pushed(): string[] {
    return this.#pushed.splice(0)
  }

  #trace(trace: Omit<Parameters<typeof cloudTrace>[0], 'id' | 'at'>) {
    const at = Date.now()
    this.#traces.push(cloudTrace({ ...trace, at, id: `cloud-${at}-${++this.#events}` }))
  }

  #begin() {
    this.#beginNodes()
    const api = this.#beginWorkloads()
    this.#beginSettings()
    this.#runApi(api, good)
  }

  #beginNodes() {
    const { server } = this
    for (const name of ['shop', 'kube-system'])
      server.put('Namespace', { metadata: { name }, status: { phase: 'Active' } })
    for (const [name, zone, ip] of nodes)
      server.put('Node', {
        metadata: { name, labels: { 'topology.kubernetes.io/zone': zone, 'topology.kubernetes.io/region': 'eu-1' } },
        spec: { providerID: `exoscale://${name}` },
        status: {
          addresses: [{ type: 'InternalIP', address: ip }],
          conditions: [{ type: 'Ready', status: 'True', lastHeartbeatTime: new Date().toISOString() }],
        },
      })
  }

  /** Returns the deployment of the API, which has no pods yet. */
  #beginWorkloads() {
    const { server } = this
    const workload = (kind: string, name: string, image: string, namespace = 'shop', labels: Dict = {}) => {
      const object = deploymentOf(name, image, labels, namespace)
      const written = server.put(kind, { ...object, metadata: { ...object.metadata, ...wroteBy('helm') } })
      if (name !== 'api') this.#status(kind, name, 1)
      return written
    }
    const [web, api, dns] = [
      workload('Deployment', 'web', 'registry.example/shop/web:3.2'),
      workload('Deployment', 'api', imageOf(good), 'shop', { role: 'db-client' }),
      workload('Deployment', 'dns', 'registry.example/dns:1.11', 'kube-system'),
    ]
    const database = workload('StatefulSet', 'database', 'registry.example/postgres:18')
    const [job, backup] = [
      workload('StatefulSet', 'nightly-job', 'registry.example/shop/job:2.0'),
      workload('StatefulSet', 'backup', 'registry.example/backup:0.9'),
    ]
    const webSet = this.#set('web-6b8d4', web)
    addresses.web.forEach((ip, index) =>
      this.#pod({
        name: `web-6b8d4-${'xz'[index]}k2p`,
        app: 'web',
        ip,
        node: index,
        image: 'registry.example/shop/web:3.2',
        owner: webSet,
      }),
    )
    this.#pod({
      name: 'dns-5d7f9-q8m4',
      namespace: 'kube-system',
      app: 'dns',
      ip: addresses.names,
      node: 0,
      image: 'registry.example/dns:1.11',
      owner: this.#set('dns-5d7f9', dns),
    })
    this.#pod({
      name: 'database-0',
      app: 'database',
      ip: addresses.database,
      node: 2,
      image: 'registry.example/postgres:18',
      owner: database,
    })
    this.#pod({
      name: 'nightly-job-0',
      app: 'nightly-job',
      ip: addresses.job,
      node: 1,
      image: 'registry.example/shop/job:2.0',
      owner: job,
    })
    this.#pod({
      name: 'backup-0',
      app: 'backup',
      ip: addresses.backup,
      node: 2,
      image: 'registry.example/backup:0.9',
      owner: backup,
    })
    return api
  }

  #beginSettings() {
    const { server } = this
    ;[
      ['web', 443],
      ['api', 8080],
      ['database', 5432],
    ].forEach(([name, port], index) =>
      server.put('Service', {
        metadata: { name: String(name), namespace: 'shop' },
        spec: {
          clusterIP: `10.96.0.${20 + index}`,
          clusterIPs: [`10.96.0.${20 + index}`],
          selector: { app: name },
          ports: [{ port, protocol: 'TCP', targetPort: port }],
        },
      }),
    )
    server.put('NetworkPolicy', {
      metadata: { name: 'database', namespace: 'shop', ...wroteBy('kubectl-client-side-apply') },
      spec: {
        podSelector: { matchLabels: { app: 'database' } },
        ingress: [
          { from: [{ podSelector: { matchLabels: { role: 'db-client' } } }], ports: [{ port: 5432, protocol: 'TCP' }] },
        ],
      },
    })
    server.put('ConfigMap', {
      metadata: { name: 'prices', namespace: 'shop', ...wroteBy('price-bot') },
      data: { coffee: '4.20' },
    })
    server.put('Secret', {
      metadata: { name: 'payment', namespace: 'shop', ...wroteBy('vault-agent') },
      type: 'Opaque',
      data: { 'api-key': Buffer.from('first').toString('base64') },
    })
  }

  /** Its pods lack a label that a network policy requires. */
  #rollOut(version: 'wrong' | 'good', at: number) {
    const wrong = version === 'wrong'
    this.#isRolledOut = wrong
    if (wrong) {
      this.#culprit = people[Math.floor(this.#random.next() * people.length)] ?? 'alice'
      this.#tried += 1
      this.#due.unhealthy = at + 3000
      this.#trace({ user: this.#culprit, address: '192.0.2.10', service: 'IAM', action: 'login' })
      this.#trace({
        user: this.#culprit,
        address: '192.0.2.10',
        service: 'SWR',
        action: 'pushImage',
        resource: { type: 'image', name: imageOf(good + this.#tried) },
      })
      this.#pushed.push(imageOf(good + this.#tried))
    }
    const release = wrong ? good + this.#tried : good
    const api = this.#write(
      'Deployment',
      deploymentOf('api', imageOf(release), wrong ? {} : { role: 'db-client' }),
      'kubectl-client-side-apply',
      this.#culprit,
    )
    this.#runApi(api, release)
  }

  #runApi(owner: DemoObject, release: number) {
    const right = release === good
    const ip = right ? addresses.api : addresses.apiRolledOut
    const set = this.#set(`api-${(0x5c44 + release * 7919).toString(16)}`, owner)
    const before = this.#api
    this.#api = `${set.metadata.name}-${(0x10000 + ++this.#pods * 4931).toString(36)}`
    this.#pod({
      name: this.#api,
      app: 'api',
      ip,
      node: 1,
      image: imageOf(release),
      owner: set,
      ready: right,
      ...(right ? { role: 'db-client' } : {}),
    })
    this.#status('Deployment', 'api', right ? 1 : 0)
    this.#event('Normal', 'Started', 'Started container api')
    if (before !== '') this.server.delete('Pod', before)
    this.server.put('EndpointSlice', {
      metadata: { name: 'api-x7k2', namespace: 'shop', labels: { 'kubernetes.io/service-name': 'api' } },
      addressType: 'IPv4',
      endpoints: [
        {
          addresses: [ip],
          conditions: { ready: right },
          targetRef: { kind: 'Pod', namespace: 'shop', name: this.#api },
        },
      ],
      ports: [{ port: 8080, protocol: 'TCP' }],
    })
  }

  #set(name: string, owner: DemoObject): DemoObject {
    const namespace = owner.metadata.namespace ?? 'shop'
    return (
      this.server.get('ReplicaSet', name) ??
      this.server.put('ReplicaSet', {
        metadata: { name, namespace, ...ownedBy(owner), ...wroteBy('kube-controller-manager') },
        spec: { replicas: 1 },
      })
    )
  }

  #pod({ name, namespace = 'shop', app, ip, node, image, owner, role, ready = true }: PodSpec) {
    const metadata = {
      name,
      namespace,
      labels: { app, ...(role === undefined ? {} : { role }) },
      ...ownedBy(owner),
      ...wroteBy('kube-controller-manager'),
    }
    const spec = { nodeName: nodes[node]?.[0], containers: [{ name: app, image }] }
    this.server.put('Pod', { metadata, spec, status: { phase: 'Pending' } })
    this.server.put('Pod', {
      metadata,
      spec,
      status: {
        phase: 'Running',
        podIP: ip,
        podIPs: [{ ip }],
        containerStatuses: [
          {
            name: app,
            image,
            imageID: `${image.replace(/:.*/, '')}@${digestOf(image)}`,
            ready,
            restartCount: 0,
            state: { running: {} },
          },
        ],
      },
    })
  }

  #prices(at: number) {
    const price = (3 + 2 * this.#random.next()).toFixed(2)
    this.#write(
      'ConfigMap',
      {
        metadata: { name: 'prices', namespace: 'shop' },
        data: { coffee: price, updated: String(Math.floor(at / 1000)) },
      },
      'price-bot',
      'system:serviceaccount:shop:price-bot',
    )
  }

  #status(kind: string, name: string, readyReplicas: number) {
    const object = this.server.get(kind, name)
    if (object !== undefined)
      this.server.put(kind, { ...object, status: { replicas: 1, readyReplicas, updatedReplicas: 1 } })
  }

  #heartbeat(name: string) {
    const node = this.server.get('Node', name)
    const status = node?.['status'] as Dict | undefined
    if (node !== undefined)
      this.server.put('Node', {
        ...node,
        status: {
          ...status,
          conditions: [{ type: 'Ready', status: 'True', lastHeartbeatTime: new Date().toISOString() }],
        },
      })
  }

  #write(kind: string, object: DemoObject, manager: string, user: string): DemoObject {
    const received = new Date().toISOString()
    // Writers of the spec leave the status as it is.
    const status = this.server.get(kind, object.metadata.name)?.['status']
    const written = this.server.put(kind, {
      ...object,
      ...(status === undefined ? {} : { status }),
      metadata: { ...object.metadata, ...wroteBy(manager) },
    })
    const { group, version, resource } = kinds.find((entry) => entry.kind === kind) ?? {
      group: '',
      version: 'v1',
      resource: '',
    }
    this.#audits.push({
      apiVersion: 'audit.k8s.io/v1',
      kind: 'Event',
      level: 'Metadata',
      auditID: `demo-${written.metadata.resourceVersion}`,
      stage: 'ResponseComplete',
      verb: 'patch',
      requestURI:
        `/${group === '' ? 'api' : `apis/${group}`}/${version}/namespaces/shop/${resource}/` +
        `${object.metadata.name}?fieldManager=${manager}`,
      user: { username: user, groups: ['system:authenticated'] },
      sourceIPs: ['192.0.2.10'],
      userAgent: `${manager}/v1`,
      objectRef: {
        resource,
        namespace: 'shop',
        name: object.metadata.name,
        apiGroup: group,
        apiVersion: version,
        uid: written.metadata.uid,
      },
      responseStatus: { code: 200 },
      responseObject: {
        apiVersion: written['apiVersion'],
        kind,
        metadata: {
          name: object.metadata.name,
          namespace: 'shop',
          uid: written.metadata.uid,
          resourceVersion: written.metadata.resourceVersion,
        },
      },
      requestReceivedTimestamp: received,
      stageTimestamp: new Date().toISOString(),
    })
    return written
  }

  #event(type: 'Normal' | 'Warning', reason: string, message: string) {
    const now = new Date().toISOString()
    const pod = this.server.get('Pod', this.#api)
    this.server.put('Event', {
      metadata: { name: `${this.#api}.${++this.#events}`, namespace: 'shop' },
      type,
      reason,
      message,
      count: 1,
      firstTimestamp: now,
      lastTimestamp: now,
      source: { component: 'kubelet' },
      involvedObject: { apiVersion: 'v1', kind: 'Pod', namespace: 'shop', name: this.#api, uid: pod?.metadata.uid },
    })
  }
}

function ownedBy({ metadata: { name, uid }, apiVersion, kind }: DemoObject): Dict {
  return { ownerReferences: [{ apiVersion, kind, name, uid, controller: true, blockOwnerDeletion: true }] }
}

function wroteBy(manager: string): Dict {
  return {
    managedFields: [
      {
        manager,
        operation: 'Update',
        apiVersion: 'v1',
        time: new Date().toISOString().replace(/\.\d+Z$/, 'Z'),
        fieldsType: 'FieldsV1',
        fieldsV1: {},
      },
    ],
  }
}

export const good = 7
export const digestOf = (image: string) => `sha256:${createHash('sha256').update(image).digest('hex')}`
export const imageOf = (release: number) => `registry.example/shop/api:1.${release}`

function deploymentOf(name: string, image: string, labels: Dict, namespace = 'shop'): DemoObject {
  return {
    metadata: { name, namespace, labels: { app: name } },
    spec: {
      replicas: 1,
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name, ...labels } }, spec: { containers: [{ name, image }] } },
    },
  }
}

export function kubeconfig(url: string): object {
  return {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'demo',
    clusters: [{ name: 'demo', cluster: { server: url } }],
    users: [{ name: 'demo', user: { token: 'demo' } }],
    contexts: [{ name: 'demo', context: { cluster: 'demo', user: 'demo' } }],
  }
}
