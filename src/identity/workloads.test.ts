import { expect, it } from 'vitest'
import { SeededRandom } from '../../test/kit/random.ts'
import { parseIp } from '../model/ip.ts'
import type { ResourceData } from '../model/kubernetes.ts'
import { headMs, tailMs } from './claims.ts'
import { gone, node, other, pod, t0 } from './testing/objects.ts'
import { Workloads } from './workloads.ts'

function workloadsOf(...list: readonly ResourceData[]): Workloads {
  const workloads = new Workloads()
  for (const data of list) workloads.apply(data)
  workloads.settle()
  return workloads
}

function find(workloads: Workloads, ip: string, at: number, { cluster = '', mac = Number.NaN } = {}): number {
  return workloads.find(parseIp(ip) ?? new Uint32Array(4), 0, t0 + at, workloads.clusterOf(cluster), {
    mac,
    network: 0,
  })
}

function named(
  workloads: Workloads,
  ip: string,
  at: number,
  row: { cluster?: string; mac?: number } = {},
): string | undefined {
  return workloads.endpoint(find(workloads, ip, at, row))?.name
}

it('a reused address belongs to its holder at the time of the flow', () => {
  const a = pod('a', '10.1.0.7', 1000)
  const workloads = workloadsOf(a, gone(a, 50_000), pod('b', '10.1.0.7', 55_000))
  expect([1000, 49_999, 50_001, 52_999, 53_000, 55_000, 900_000].map((at) => named(workloads, '10.1.0.7', at))).toEqual(
    ['a', 'a', 'a', 'a', 'b', 'b', 'b'],
  )
  expect([-1001, -1000].map((at) => named(workloads, '10.1.0.7', at))).toEqual([undefined, 'a'])
  const alone = workloadsOf(a, gone(a, 50_000))
  expect([50_000 + tailMs - 1, 50_000 + tailMs].map((at) => named(alone, '10.1.0.7', at))).toEqual(['a', undefined])
})

it('pods precede nodes, nodes precede services, and load balancer targets are last', () => {
  const service = other('Service', 'web', {
    addresses: [
      { ip: '10.96.0.1', as: 'cluster' },
      { ip: '10.0.0.1', as: 'load-balancer' },
    ],
  })
  const workloads = workloadsOf(service, node('worker-1', '10.0.0.1', 'z1'), pod('a', '10.1.0.1', 0))
  expect(workloads.endpoint(find(workloads, '10.96.0.1', 0))).toEqual({
    kind: 'Service',
    namespace: 'shop',
    name: 'web',
    owner_kind: 'Service',
    owner_name: 'web',
    cluster: 'prod',
    network: 'primary',
  })
  expect(workloads.endpoint(find(workloads, '10.0.0.1', 0))).toEqual({
    kind: 'Node',
    name: 'worker-1',
    owner_kind: 'Node',
    owner_name: 'worker-1',
    node: 'worker-1',
    zone: 'z1',
    node_addr: '10.0.0.1',
    network: 'primary',
    cluster: 'prod',
  })
  expect(named(workloadsOf(service, pod('a', '10.96.0.1', 0)), '10.96.0.1', 0)).toBe('a')
  expect(named(workloads, '8.8.8.8', 0)).toBeUndefined()
})

it('a pod on the network of its node has no separate address', () => {
  const workloads = workloadsOf(
    node('worker-1', '10.0.0.1', undefined),
    pod('proxy', undefined, 0, { hostNetwork: true }),
  )
  expect(named(workloads, '10.0.0.1', 0)).toBe('worker-1')
})

it('a finished pod has the lowest priority', () => {
  const done = pod('done', '10.1.0.7', 20_000, { phase: 'Succeeded' })
  const workloads = workloadsOf(pod('done', '10.1.0.7', 0), done, pod('next', '10.1.0.7', 30_000))
  expect([5000, 25_000, 27_999, 28_000].map((at) => named(workloads, '10.1.0.7', at))).toEqual([
    'done',
    'done',
    'done',
    'next',
  ])
})

it('a pod of a secondary network is matched first by its MAC address, and last without one', () => {
  const vm = pod('vm', '10.1.0.2', 0, {
    addresses: [
      { ip: '10.1.0.2', as: 'pod' },
      { ip: '10.1.0.9', as: 'secondary', network: 'shop/blue', mac: '02:00:00:00:00:09' },
    ],
  })
  const workloads = workloadsOf(vm, pod('plain', '10.1.0.9', 0))
  expect(named(workloads, '10.1.0.9', 0, { mac: 0x020000000009 })).toBe('vm')
  expect(workloads.from).toBe(Infinity)
  expect(named(workloads, '10.1.0.9', 0, { mac: 0x020000000001 })).toBe('plain')
  expect(named(workloads, '10.1.0.9', 0)).toBe('plain')
  const alone = workloadsOf(vm)
  expect(alone.endpoint(find(alone, '10.1.0.9', 0))).toMatchObject({ name: 'vm', network: 'shop/blue' })
})

it('endpoints of a service without pods resolve to the service', () => {
  const slice = other('EndpointSlice', 'db-x1', {
    group: 'discovery.k8s.io',
    service: 'db',
    endpoints: [
      { addresses: ['192.0.2.7'], ready: true },
      { addresses: ['10.1.0.1'], ready: true, kind: 'Pod', name: 'a' },
    ],
  })
  const workloads = workloadsOf(slice)
  expect(workloads.endpoint(find(workloads, '192.0.2.7', 0))).toMatchObject({
    kind: 'Service',
    namespace: 'shop',
    name: 'db',
  })
  expect(named(workloads, '10.1.0.1', 0)).toBeUndefined()
})

it('owners: the controller of the ReplicaSet or job, whenever it is reported', () => {
  const owned = (kind: string, name: string) => ({
    owners: [{ kind, group: '', name, uid: `uid-${name}`, controller: true as const }],
  })
  const workloads = workloadsOf(
    pod('web-6d4c-x', '10.1.0.1', 0, { ...owned('ReplicaSet', 'web-6d4c'), labels: { 'pod-template-hash': '6d4c' } }),
    pod('mail-28-x', '10.1.0.2', 0, owned('Job', 'mail-28')),
    pod('db-0', '10.1.0.3', 0, owned('StatefulSet', 'db')),
    pod('bare', '10.1.0.4', 0),
  )
  const owner = (ip: string): string => {
    const { owner_kind: kind, owner_name: name } = workloads.endpoint(find(workloads, ip, 0)) ?? {}
    return `${kind} ${name}`
  }
  expect(['10.1.0.1', '10.1.0.2', '10.1.0.3', '10.1.0.4'].map(owner)).toEqual([
    'Deployment web',
    'Job mail-28',
    'StatefulSet db',
    'Pod bare',
  ])
  const before = workloads.generation
  workloads.apply(other('Job', 'mail-28', { group: 'batch', ...owned('CronJob', 'mail') }))
  workloads.settle()
  expect(workloads.generation).toBeGreaterThan(before)
  expect(owner('10.1.0.2')).toBe('CronJob mail')
})

it('a node that is reported after its pods provides their zone', () => {
  const workloads = workloadsOf(pod('a', '10.1.0.1', 0))
  expect(workloads.endpoint(find(workloads, '10.1.0.1', 0))).not.toHaveProperty('zone')
  const before = workloads.generation
  workloads.apply(node('worker-1', '10.0.0.1', 'z1', { podRanges: ['10.1.0.0/23'] }))
  workloads.settle()
  expect(workloads.generation).toBeGreaterThan(before)
  expect(workloads.endpoint(find(workloads, '10.1.0.1', 0))).toMatchObject({ node: 'worker-1', zone: 'z1' })
  expect(workloads.endpoint(find(workloads, '10.1.0.1', 0))?.node_addr).toBe('10.0.0.1')
  expect(
    ['10.1.1.200', '10.1.2.1', '10.0.0.77', '192.0.2.1'].map((ip) =>
      workloads.inClusterRange(parseIp(ip) ?? new Uint32Array(4), 0),
    ),
  ).toEqual([true, false, true, false])
})

it('clusters with the same addresses are separated by scope; without one the holder is unknown', () => {
  const workloads = workloadsOf(
    pod('a', '10.1.0.1', 0),
    pod('b', '10.1.0.1', 0, { cluster: 'test' }),
    pod('c', '10.1.0.2', 0, { cluster: 'test' }),
  )
  expect([
    named(workloads, '10.1.0.1', 0, { cluster: 'prod' }),
    named(workloads, '10.1.0.1', 0, { cluster: 'test' }),
    named(workloads, '10.1.0.1', 0),
    named(workloads, '10.1.0.2', 0),
  ]).toEqual(['a', 'b', undefined, 'c'])
})

/** Oracle: all validity intervals of an object's addresses, without an index. */
interface Span {
  readonly name: string
  readonly ip: string
  readonly rank: number
  readonly from: number
  until: number
  readonly order: number
}

function expected(spans: readonly Span[], ip: string, at: number): string | undefined {
  const own = spans.filter((span) => span.ip === ip)
  const by = (some: readonly Span[], better: (a: Span, b: Span) => number): string | undefined =>
    some.toSorted((a, b) => a.rank - b.rank || better(a, b) || b.order - a.order)[0]?.name
  return (
    by(
      own.filter(({ from, until }) => from <= at && at < until),
      (a, b) => b.from - a.from,
    ) ??
    by(
      own.filter(({ from }) => at < from && from <= at + headMs),
      (a, b) => a.from - b.from,
    ) ??
    by(
      own.filter(({ until, from }) => from <= at && until <= at && at < until + tailMs),
      (a, b) => b.until - a.until,
    )
  )
}

it.each([1, 2, 3, 4, 5, 6, 7, 8])(
  'agrees with a list of all claims (seed %i), including validity intervals, also after save and load',
  (seed) => {
    const random = new SeededRandom(seed)
    let workloads = new Workloads()
    const spans: Span[] = []
    const alive = new Map<string, { data: ResourceData; span: Span }>()
    const ips = ['10.1.0.1', '10.1.0.2', '10.1.0.3', 'fd00::1']
    let at = 0
    for (let step = 0; step < 300; step++) {
      at += random.integer(0, 8000)
      const dead = random.chance(0.4) ? random.pick([...alive.keys(), '']) : ''
      const lives = alive.get(dead)
      if (lives !== undefined) {
        lives.span.until = at
        workloads.apply(gone(lives.data, at))
        alive.delete(dead)
      } else {
        const ip = random.pick(ips)
        const name = `p${step}`
        const service = random.chance(0.2)
        const data = service ? other('Service', name, { addresses: [{ ip, as: 'cluster' }] }, at) : pod(name, ip, at)
        workloads.apply(data)
        const span: Span = { name, ip, rank: service ? 3 : 1, from: at, until: Infinity, order: step }
        spans.push(span)
        alive.set(name, { data, span })
      }
      if (random.chance(0.05)) {
        const copy = new Workloads()
        for (const record of workloads.records(-Infinity))
          copy.load(JSON.parse(JSON.stringify(record)) as typeof record)
        workloads = copy
      }
      for (let look = 0; look < 10; look++) {
        const ip = random.pick(ips)
        const time = random.integer(-5000, at + 70_000)
        const found = named(workloads, ip, time)
        expect(found, `${ip} at ${time} after step ${step}`).toBe(expected(spans, ip, time))
        const [from, until] = [workloads.from - t0, workloads.until - t0]
        expect(from <= time && time < until).toBe(true)
        for (const edge of [from, until - 1, random.integer(Math.max(from, -5000), Math.min(until - 1, at + 70_000))])
          if (Number.isFinite(edge)) expect(named(workloads, ip, edge)).toBe(found)
      }
    }
    const live = (): (string | undefined)[] => ips.map((ip) => named(workloads, ip, at))
    const before = live()
    const { generation } = workloads
    workloads.forget(t0 + at + 1, 1)
    expect(workloads.generation).toBeGreaterThan(generation)
    expect(workloads.size.claims).toBe(alive.size)
    const current = spans.filter(({ until }) => until === Infinity)
    expect(live()).toEqual(ips.map((ip) => expected(current, ip, at)))
    for (const [index, name] of before.entries())
      if (current.some((span) => span.name === name)) expect(live()[index]).toBe(name)
  },
)

it('notifies of each address with changed results', () => {
  const workloads = new Workloads()
  const notified: string[] = []
  const stop = workloads.onChange((words) => notified.push(words.join(' ')))
  const a = pod('a', '10.1.0.1', 0)
  workloads.apply(a)
  workloads.apply(pod('a', '10.1.0.1', 10, { labels: { app: 'x' } }))
  expect(notified).toHaveLength(1)
  workloads.apply(pod('a', '10.1.0.2', 20))
  expect(notified).toHaveLength(3)
  stop()
  workloads.apply(gone(a, 30))
  expect(notified).toHaveLength(3)
})

it('a row’s network selects the pod if two networks use one address, also after saving and loading', () => {
  const udn = (name: string, network: string) =>
    pod(name, undefined, 0, { addresses: [{ ip: '203.203.0.5', as: 'secondary', network }] })
  const workloads = workloadsOf(udn('blue', 'shop/blue'), udn('red', 'shop/red'))
  const loaded = new Workloads()
  for (const record of workloads.records(0)) loaded.load(record)
  const words = parseIp('203.203.0.5') ?? new Uint32Array(4)
  for (const each of [workloads, loaded]) {
    const found = ['shop/blue', 'shop/red'].map((network) => {
      const number = each.find(words, 0, t0 + 1000, 0, { mac: Number.NaN, network: each.networkOf(network) })
      expect(each.from).toBeGreaterThan(each.until)
      return each.endpoint(number)
    })
    expect(found).toMatchObject([
      { name: 'blue', network: 'shop/blue' },
      { name: 'red', network: 'shop/red' },
    ])
  }
  expect(workloads.networkOf('shop/other')).toBe(0)
})

it('without zones and prefixes of infrastructure no address has a zone or a layer', () => {
  const objects = [node('worker-1', '10.0.0.1', 'z1'), pod('a', '10.1.0.1', 0)]
  const described = [
    { zones: false, infra: [] },
    { zones: true, infra: ['shop'] },
  ].map((settings) => {
    const workloads = new Workloads(settings)
    for (const data of objects) workloads.apply(data)
    const { zone, layer } = workloads.endpoint(find(workloads, '10.1.0.1', 1000)) ?? {}
    return [zone, layer]
  })
  expect(described).toEqual([
    [undefined, undefined],
    ['z1', 'infra'],
  ])
})
