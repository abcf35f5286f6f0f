import { expect, it } from 'vitest'
import { Workloads } from '../../identity/workloads.ts'
import { WorkloadResolver } from '../../identity/workload-resolver.ts'
import { gone, node, pod, t0 } from '../../identity/testing/objects.ts'
import type { ResourceData } from '../../model/kubernetes.ts'
import { realHost } from '../../host/index.ts'
import { msPerHour } from '../names.ts'
import { queryRows } from '../testing/query-rows.ts'
import { FrameMaker, resolver } from '../testing/frames.ts'
import { temporaryStores } from '../testing/temporary.ts'
import type { Store } from '../index.ts'

const stores = temporaryStores()
const networks = { ...resolver, reload: () => Promise.resolve(), close: () => {} }

class Cluster {
  readonly workloads = new Workloads()
  watching = true
  readonly resolver = new WorkloadResolver(
    { ...networks, resolve: (...given) => resolver.resolve(...given) as never },
    this.workloads,
    () => this.watching,
  )

  emit(...list: readonly ResourceData[]): void {
    for (const data of list) this.workloads.apply(data)
    this.workloads.settle()
  }
}

const columns = [
  'src_kind',
  'src_namespace',
  'src_name',
  'src_label',
  'src_owner_kind',
  'src_owner_name',
  'src_node',
  'src_zone',
  'dst_name',
  'cluster',
]
const rows = (store: Store, more = ''): Promise<Record<string, unknown>[]> =>
  queryRows(store.reader, `SELECT ${columns.join(', ')} FROM flows ${more} ORDER BY time_start, src_addr`)

it('flows belong to the holder of their address when they began, before and after merging', async () => {
  const cluster = new Cluster()
  const store = await stores.open({ resolver: cluster.resolver })
  const make = new FrameMaker()
  const a = pod('a', '10.1.0.1', 0)
  cluster.emit(node('worker-1', '10.0.0.2', 'z1'), a)
  const flow = (at: number, src = '10.1.0.1', dst = '192.0.2.1') => ({ src, dst, start: t0 + at })
  await store.projection.apply([make.flows([flow(1000), flow(2000, '10.0.0.1'), flow(3000)], t0 + 4000)])
  await store.projection.commit()
  cluster.emit(gone(a, 10_000), pod('b', '10.1.0.1', 12_000, { namespace: 'bank' }))
  // Flows before and after each change of holder in one frame, and a very late one.
  await store.projection.apply([
    make.flows([flow(9000), flow(13_000), flow(4000), flow(14_000, '192.0.2.1', '10.1.0.1')], t0 + 20_000),
  ])
  await store.projection.commit()
  const named = (name: string, namespace: string, more: object = {}): object => ({
    src_kind: 'Pod',
    src_namespace: namespace,
    src_name: name,
    src_label: null,
    src_owner_kind: 'Pod',
    src_owner_name: name,
    src_node: 'worker-1',
    src_zone: 'z1',
    dst_name: null,
    cluster: 'prod',
    ...more,
  })
  const nobody = {
    src_kind: null,
    src_namespace: null,
    src_name: null,
    src_label: null,
    src_owner_kind: null,
    src_owner_name: null,
    src_node: null,
    src_zone: null,
  }
  const expected = [
    named('a', 'shop'),
    { ...nobody, src_name: 'gateway', src_label: 'net=core', dst_name: null, cluster: null },
    named('a', 'shop'),
    named('a', 'shop'),
    named('a', 'shop'),
    named('b', 'bank'),
    { ...nobody, dst_name: 'b', cluster: 'prod' },
  ]
  expect(await rows(store)).toEqual(expected)
  while (await store.maintain());
  expect(await rows(store)).toEqual(expected)
  expect(
    await queryRows(
      store.reader,
      "SELECT count(*) AS n FROM flows WHERE src_namespace = 'bank' OR dst_namespace = 'bank'",
    ),
  ).toEqual([{ n: 2 }])
  expect(
    await queryRows(
      store.reader,
      'SELECT src_namespace AS ns, sum(flows)::INT AS n FROM flows_1m GROUP BY ALL ORDER BY ALL',
    ),
  ).toEqual([
    { ns: 'bank', n: 1 },
    { ns: 'shop', n: 4 },
    { ns: null, n: 2 },
  ])
  expect(
    await queryRows(
      store.reader,
      'SELECT src_owner_name AS o, src_owner_kind AS k, cluster AS c, sum(flows)::INT AS n FROM flows_1m GROUP ' +
        'BY ALL ORDER BY ALL',
    ),
  ).toEqual([
    { o: 'a', k: 'Pod', c: 'prod', n: 4 },
    { o: 'b', k: 'Pod', c: 'prod', n: 1 },
    { o: null, k: null, c: 'prod', n: 1 },
    { o: null, k: null, c: null, n: 1 },
  ])
  expect(await queryRows(store.reader, "SELECT count(*) AS n FROM flows WHERE src_addr = '10.1.0.1'")).toEqual([
    { n: 5 },
  ])
})

it('later updates name later flows; nothing is resolved while no cluster is watched', async () => {
  const cluster = new Cluster()
  cluster.watching = false
  const store = await stores.open({ resolver: cluster.resolver })
  const make = new FrameMaker()
  const flow = (at: number) => make.flows([{ src: '10.1.0.1', dst: '192.0.2.1', start: t0 + at }], t0 + at)
  cluster.emit(pod('a', '10.1.0.1', 0))
  await store.projection.apply([flow(1000)])
  cluster.watching = true
  await store.projection.apply([flow(2000)])
  cluster.emit(node('worker-1', '10.0.0.2', 'z1'))
  await store.projection.apply([flow(3000)])
  await store.projection.commit()
  expect((await rows(store)).map(({ src_name: name, src_zone: zone }) => [name, zone])).toEqual([
    [null, null],
    ['a', null],
    ['a', 'z1'],
  ])
})

it('a long-term holder loses its address like others, and late flows belong to the holder at their time', async () => {
  const cluster = new Cluster()
  const store = await stores.open({ resolver: cluster.resolver })
  const make = new FrameMaker()
  const minute = 60_000
  const [a, b] = [pod('a', '10.1.0.1', 5 * minute), pod('b', '10.1.0.1', 40 * minute)]
  cluster.emit(pod('before', '10.1.0.1', 0), gone(pod('before', '10.1.0.1', 0), 4 * minute), a)
  const flows = (received: number, ...minutes: readonly number[]) =>
    make.flows(
      minutes.map((at) => ({ src: '10.1.0.1', dst: '192.0.2.1', start: t0 + at * minute })),
      t0 + received * minute,
    )
  await store.projection.apply([flows(20, 20, 19), flows(21, 20.5, 3, 21, 6)])
  cluster.emit(gone(a, 39 * minute), b)
  await store.projection.apply([flows(41, 40.5, 38, 20, 3.5), flows(60, 59, 38.5), flows(61, 60, 41)])
  await store.projection.commit()
  const found = await queryRows(
    store.reader,
    'SELECT epoch_ms(time_start)::DOUBLE AS at, src_name AS pod FROM flows ORDER BY time_start',
  )
  expect(found.map(({ at, pod: name }) => [(Number(at) - t0) / minute, name])).toEqual([
    [3, 'before'],
    [3.5, 'before'],
    [6, 'a'],
    [19, 'a'],
    [20, 'a'],
    [20, 'a'],
    [20.5, 'a'],
    [21, 'a'],
    [38, 'a'],
    [38.5, 'a'],
    [40.5, 'b'],
    [41, 'b'],
    [59, 'b'],
    [60, 'b'],
  ])
})

it('unknown endpoints are resolved again when the hour is over, and no other endpoint is renamed', async () => {
  const real = realHost()
  let now = t0
  const cluster = new Cluster()
  const host = { ...real, clock: { ...real.clock, now: () => now } }
  const store = await stores.open({ resolver: cluster.resolver, host })
  const make = new FrameMaker()
  const flow = (at: number, src = '10.1.0.7') => ({ src, dst: '192.0.2.1', start: t0 + at })
  // A neighbour makes the range known; the pod itself is reported 15 minutes late.
  cluster.emit(pod('neighbour', '10.1.0.1', 0))
  const minute = 60_000
  await store.projection.apply([
    make.flows(
      [
        flow(2 * minute),
        flow(5 * minute),
        flow(5 * minute, '10.1.0.8'),
        flow(6 * minute, '10.1.0.1'),
        flow(9 * minute),
        flow(12 * minute),
        flow(14 * minute),
      ],
      t0 + 15 * minute,
    ),
  ])
  await store.projection.commit()
  expect((await rows(store)).map(({ src_name: name }) => name)).toEqual([
    null,
    null,
    null,
    'neighbour',
    null,
    null,
    null,
  ])
  const late = pod('late', '10.1.0.7', 4 * minute)
  // Both had the address in the minute of the fifth flow, so it stays unknown.
  cluster.emit(late, gone(late, 9 * minute + 20_000), pod('later', '10.1.0.7', 9 * minute + 40_000))
  await store.maintain()
  expect((await rows(store)).filter(({ src_name: name }) => name !== null)).toHaveLength(1)
  now = t0 + msPerHour + 2 * minute
  while (await store.maintain());
  const named = (name: string): string[] => [name, 'shop']
  expect((await rows(store)).map(({ src_name: name, src_namespace: namespace }) => [name, namespace])).toEqual([
    [null, null],
    named('late'),
    [null, null],
    named('neighbour'),
    [null, null],
    named('later'),
    named('later'),
  ])
  expect(await queryRows(store.reader, 'SELECT count(*) AS n FROM flows')).toEqual([{ n: 7 }])
})
