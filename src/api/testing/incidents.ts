// Seeded incidents for the ranking of preceding changes: one change breaks traffic, many others do not.
import type { FlowBatch } from '../../model/batches.ts'
import type { WeirEvent } from '../../model/events.ts'
import type { ChangeData, PatchStep } from '../../model/kubernetes.ts'
import { auditEvent, changeEvent, identity, resourceEvent } from '../../store/testing/cluster.ts'
import { flowBatch } from '../../store/testing/frames.ts'
import { SeededRandom } from '../../../test/kit/random.ts'

export type Incident = Readonly<{
  title: string
  events: readonly WeirEvent[]
  flows: FlowBatch
  /** Unix ms. */
  from: number
  to: number
  onset: number
  filter: string
  /** `Deployment/shop/cart`: the change that the traffic depends on. */
  culprit: string
  actor: string
}>

type Service = Readonly<{ namespace: string; name: string; nodes: readonly string[]; config: string }>
type Edge = Readonly<{ from: Service | undefined; to: Service; rate: number }>
type Written = Readonly<{ of: string; at: number; data: Partial<ChangeData>; user?: string; manager?: string }>

const minute = 60_000
const namespaces = ['shop', 'billing', 'search'] as const
const names = [
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
const nodes = ['n1', 'n2', 'n3', 'n4', 'n5', 'n6']
const people = ['alice', 'bob', 'carol', 'dave']
const bots = ['system:serviceaccount:argocd:application-controller', 'system:serviceaccount:shop:flag-bot']

const refOf = (kind: string, { namespace, name }: Service): string => `${kind}/${namespace}/${name}`
const replace = (path: string, value: unknown): PatchStep => ({ op: 'replace', path, value })
const labelsOf = ({ name }: Service) => ({ app: name, tier: 'backend' })
const templateOf = (service: Service, image: string) => ({
  metadata: { labels: labelsOf(service) },
  spec: {
    containers: [{ name: 'main', image, envFrom: [{ configMapRef: { name: service.config } }] }],
    volumes: [{ name: 'keys', secret: { secretName: `${service.name}-keys` } }],
  },
})
const imageOf = ({ name }: Service, version: number) => `registry.example/${name}:1.${version}`
const deployment = (service: Service, version = 1, replicas = 2) => ({
  spec: {
    replicas,
    selector: { matchLabels: { app: service.name } },
    template: templateOf(service, imageOf(service, version)),
  },
})

export function incident(seed: number, now: number): Incident {
  const random = new SeededRandom(seed)
  const between = (least: number, most: number) => least + random.next() * (most - least)
  const services = names.map((name, index): Service => {
    const namespace = namespaces[index % 3] ?? 'shop'
    return {
      namespace,
      name,
      nodes: [random.pick([...nodes]), random.pick([...nodes])],
      config: `${name}-config`,
    }
  })
  // Each is called by an earlier one; the first by the world.
  const edges = services.map((to, index): Edge => ({
    from: index === 0 ? undefined : services[Math.floor(random.next() * index)],
    to,
    rate: between(20_000, 200_000),
  }))
  const onset = now - 8 * minute
  const person = random.pick(people)
  const target = random.pick(services.slice(1))
  const calls = (service: Service) => edges.filter(({ from }) => from === service)
  const called = (service: Service) => edges.filter(({ to }) => to === service)
  const all = (service: Service) => [...called(service), ...calls(service)]
  const at = onset - between(0, 20_000)
  const update = (of: string, data: Partial<ChangeData>): Written => ({
    of,
    at,
    data: { operation: 'updated', ...data },
    user: person,
    manager: 'kubectl-edit',
  })
  const policy = (rules: object, selected: object = { app: target.name }) => ({
    spec: { podSelector: { matchLabels: selected }, ...rules },
  })
  const config = (version: string) => ({ data: { version } })
  const causes: readonly (() => {
    readonly written: Written
    readonly broken: readonly Edge[]
    readonly left: number
  })[] = [
    () => ({
      written: update(`NetworkPolicy/${target.namespace}/${target.name}-ingress`, {
        old: policy({ ingress: [{}] }),
        new: policy({ ingress: [{ from: [{ podSelector: { matchLabels: { role: 'client' } } }] }] }),
        patch: [replace('/spec/ingress/0/from/0/podSelector/matchLabels/role', 'client')],
      }),
      broken: called(target),
      left: 0.02,
    }),
    () => ({
      written: update(`NetworkPolicy/${target.namespace}/default-deny`, {
        operation: 'created',
        new: policy({ policyTypes: ['Ingress', 'Egress'] }, {}),
      }),
      broken: edges.filter(({ from, to }) => from?.namespace === target.namespace || to.namespace === target.namespace),
      left: 0.02,
    }),
    () => ({
      written: update(refOf('Deployment', target), {
        old: deployment(target),
        new: deployment(target, 2),
        patch: [replace('/spec/template/spec/containers/0/image', imageOf(target, 2))],
      }),
      broken: all(target),
      left: between(0, 0.3),
    }),
    () => ({
      written: update(refOf('Deployment', target), {
        old: deployment(target),
        new: deployment(target, 1, 0),
        patch: [replace('/spec/replicas', 0)],
      }),
      broken: all(target),
      left: 0,
    }),
    () => ({
      written: update(refOf('Deployment', target), { operation: 'deleted', old: deployment(target) }),
      broken: all(target),
      left: 0,
    }),
    () => ({
      written: update(refOf('Deployment', target), {
        old: deployment(target),
        new: deployment(target),
        patch: [{ op: 'remove', path: '/spec/template/metadata/labels/tier' }],
      }),
      broken: all(target),
      left: 0.1,
    }),
    () => ({
      written: update(refOf('Service', target), {
        old: { spec: { selector: { app: target.name } } },
        new: { spec: { selector: { app: `${target.name}-v2` } } },
        patch: [replace('/spec/selector/app', `${target.name}-v2`)],
      }),
      broken: called(target),
      left: 0,
    }),
    () => ({
      written: update(`ConfigMap/${target.namespace}/${target.config}`, {
        old: config('1'),
        new: config('2'),
        patch: [replace('/data/version', '2')],
      }),
      broken: random.next() < 0.5 ? all(target) : called(target),
      left: between(0, 0.4),
    }),
    () => ({
      written: update(`Secret/${target.namespace}/${target.name}-keys`, {
        old: {},
        new: {},
        patch: [replace('/data/key', 'sha256:2')],
      }),
      broken: all(target),
      left: 0.05,
    }),
    () => {
      const node = target.nodes[0] ?? 'n1'
      return {
        written: update(`Node/${node}`, {
          old: { spec: {} },
          new: { spec: { unschedulable: true } },
          patch: [{ op: 'add', path: '/spec/unschedulable', value: true }],
        }),
        broken: edges.filter(({ from, to }) => to.nodes.includes(node) || from?.nodes.includes(node) === true),
        left: 0.45,
      }
    },
    () => ({
      written: update(`HorizontalPodAutoscaler/${target.namespace}/${target.name}`, {
        old: { spec: { scaleTargetRef: { kind: 'Deployment', name: target.name }, maxReplicas: 8 } },
        new: { spec: { scaleTargetRef: { kind: 'Deployment', name: target.name }, maxReplicas: 1 } },
        patch: [replace('/spec/maxReplicas', 1)],
      }),
      broken: called(target),
      left: 0.4,
    }),
    () => {
      const [first] = services as [Service]
      const route = (name: string) => ({
        spec: { rules: [{ http: { paths: [{ path: '/', backend: { service: { name, port: { number: 80 } } } }] } }] },
      })
      return {
        written: update(`Ingress/${first.namespace}/public`, {
          old: route(first.name),
          new: route('maintenance'),
          patch: [replace('/spec/rules/0/http/paths/0/backend/service/name', 'maintenance')],
        }),
        broken: called(first),
        left: 0,
      }
    },
  ]
  const cause = (causes[seed % causes.length] ?? causes[0])?.()
  if (cause === undefined) throw new Error('no cause')
  const { written, broken, left } = cause
  const decoys = decoysOf(random, services, { target, onset, person })
  const versions = new Map<string, number>()
  const events = [
    ...services.flatMap((service) => objectsOf(service, now - 60 * minute)),
    ...[written, ...decoys]
      .toSorted((a, b) => a.at - b.at)
      .flatMap((each) => {
        const version = (versions.get(each.of) ?? 100) + 1
        versions.set(each.of, version)
        return eventsOf(each, version)
      }),
  ]
  const filters = [
    '',
    '',
    `either(ns = ${written.of.startsWith('Node') ? target.namespace : (broken[0]?.to.namespace ?? target.namespace)})`,
    `dst.owner = ${broken[0]?.to.name ?? target.name}`,
  ]
  return {
    title: `${written.data.operation} ${written.of}`,
    events,
    flows: trafficOf(random, edges, { from: onset - 16 * minute, to: now, onset, broken: new Set(broken), left }),
    from: onset - between(1, 5) * minute,
    to: onset + between(2, 6) * minute,
    onset,
    filter: filters[Math.floor(random.next() * filters.length)] ?? '',
    culprit: written.of,
    actor: person,
  }
}

function objectsOf(service: Service, at: number): WeirEvent[] {
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

/** Changes that traffic does not depend on. */
function decoysOf(
  random: SeededRandom,
  services: readonly Service[],
  { target, onset, person }: Readonly<{ target: Service; onset: number; person: string }>,
): Written[] {
  const before = (least: number, most: number) => onset - least - random.next() * (most - least)
  const other = () => random.pick(services.filter(({ name }) => name !== target.name))
  const someone = () => random.pick([...people, ...bots])
  const image = (service: Service, at: number, user: string): Written => ({
    of: refOf('Deployment', service),
    at,
    user,
    data: {
      operation: 'updated',
      old: deployment(service, 0),
      new: deployment(service, 1),
      patch: [replace('/spec/template/spec/containers/0/image', imageOf(service, 1))],
    },
  })
  const annotation = (service: Service, at: number): Written => ({
    of: refOf('Deployment', service),
    at,
    user: someone(),
    data: { operation: 'updated', patch: [{ op: 'add', path: '/metadata/annotations/note', value: 'x' }] },
  })
  const written: Written[] = [
    // Older rollouts of related and other workloads.
    image(target, before(6 * minute, 25 * minute), someone()),
    ...[0, 1, 2].map(() => image(other(), before(3 * minute, 28 * minute), someone())),
    annotation(target, before(0, minute)),
    annotation(other(), before(0, 5 * minute)),
    // Controllers, as results.
    {
      of: `ReplicaSet/${target.namespace}/${target.name}-5d7f9`,
      at: onset + 1000,
      manager: 'kube-controller-manager',
      data: { operation: 'updated', patch: [replace('/spec/replicas', 1)] },
    },
    ...[0, 1, 2].map((index): Written => ({
      of: `Pod/${target.namespace}/${target.name}-5d7f9-${index}`,
      at: onset - 5000 + index * 3000,
      manager: 'kubelet',
      data: { operation: 'deleted', old: {} },
    })),
    {
      of: `EndpointSlice/${target.namespace}/${target.name}-x7k2`,
      at: onset - 1000,
      manager: 'kube-controller-manager',
      data: { operation: 'updated', patch: [replace('/endpoints/0/conditions/ready', false)] },
    },
    {
      of: refOf('Deployment', target),
      at: onset + 4000,
      user: 'system:serviceaccount:kube-system:horizontal-pod-autoscaler',
      data: { operation: 'updated', new: deployment(target, 1, 3), patch: [replace('/spec/replicas', 3)] },
    },
  ]
  // Configuration that no workload mounts, also in the namespace of the target.
  for (let at = onset - 10 * minute; at < onset + minute; at += 20_000 + random.next() * 40_000)
    written.push({
      of: `ConfigMap/${random.pick([...namespaces])}/flags`,
      at,
      user: bots[1] ?? '',
      data: { operation: 'updated', patch: [replace('/data/flag', String(at))] },
    })
  // Unrelated policies, services and nodes, some seconds before.
  const quiet = random.pick(['infra', 'monitoring', 'dev'])
  for (const [kind, path] of [
    ['NetworkPolicy', '/spec/ingress/0'],
    ['Service', '/spec/ports/0/port'],
    ['Deployment', '/spec/template/spec/containers/0/image'],
    ['ConfigMap', '/data/a'],
  ] as const)
    written.push({
      of: `${kind}/${quiet}/tool-${kind.toLowerCase()}`,
      at: before(0, 4 * minute),
      user: random.next() < 0.3 ? person : someone(),
      data: {
        operation: 'updated',
        old: { spec: {} },
        new: { spec: { podSelector: { matchLabels: { app: 'tool' } } } },
        patch: [replace(path, 'x')],
      },
    })
  // A policy of the same namespace that selects other pods.
  written.push({
    of: `NetworkPolicy/${target.namespace}/tools`,
    at: before(0, 3 * minute),
    user: someone(),
    data: {
      operation: 'updated',
      old: { spec: { podSelector: { matchLabels: { app: 'tool' } } } },
      new: { spec: { podSelector: { matchLabels: { app: 'tool' } } } },
      patch: [replace('/spec/ingress/0', {})],
    },
  })
  return written
}

function eventsOf({ of, at, data, user, manager }: Written, version: number): WeirEvent[] {
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

const sampleMs = 10_000

function trafficOf(
  random: SeededRandom,
  edges: readonly Edge[],
  {
    from,
    to,
    onset,
    broken,
    left,
  }: Readonly<{ from: number; to: number; onset: number; broken: ReadonlySet<Edge>; left: number }>,
): FlowBatch {
  const rows: { readonly edge: Edge; readonly at: number; readonly bytes: number }[] = []
  edges.forEach((edge) => {
    for (let at = from + random.next() * sampleMs; at < to; at += sampleMs) {
      const share = broken.has(edge) && at >= onset ? left : 1
      const bytes = Math.round(edge.rate * share * (0.6 + 0.8 * random.next()))
      if (bytes > 0) rows.push({ edge, at, bytes })
    }
  })
  const batch = flowBatch(
    rows.map(({ edge, at, bytes }) => ({
      src: edge.from === undefined ? '203.0.113.7' : `10.0.0.${names.indexOf(edge.from.name) + 1}`,
      dst: `10.0.0.${names.indexOf(edge.to.name) + 1}`,
      bytes,
      start: at - 500,
      received: at + 1000,
    })),
    to,
  )
  const dictionary = [...batch.dictionary, 'c1', 'Deployment', 'Pod', ...namespaces, ...names]
  const column = (value: (edge: Edge) => string) => ({
    kind: 'dict' as const,
    codes: Uint32Array.from(rows, ({ edge }) => Math.max(0, dictionary.indexOf(value(edge)))),
  })
  const end = (side: 'src' | 'dst', of: (edge: Edge) => Service | undefined) => ({
    [`${side}_namespace`]: column((edge) => of(edge)?.namespace ?? ''),
    [`${side}_owner_kind`]: column((edge) => (of(edge) === undefined ? '' : 'Deployment')),
    [`${side}_owner_name`]: column((edge) => of(edge)?.name ?? ''),
    [`${side}_kind`]: column((edge) => (of(edge) === undefined ? '' : 'Pod')),
  })
  return {
    ...batch,
    dictionary,
    columns: {
      ...batch.columns,
      cluster: column(() => 'c1'),
      ...end('src', ({ from: source }) => source),
      ...end('dst', ({ to: destination }) => destination),
    },
  }
}
