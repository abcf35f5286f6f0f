import { expect, test } from 'vitest'
import { SeededRandom } from '../../../test/kit/random.ts'
import { seeds } from '../../../test/kit/seeds.ts'
import { node, other, pod, t0 } from '../../identity/testing/objects.ts'
import type { StaticResolver } from '../../identity/static-resolver.ts'
import { WorkloadResolver } from '../../identity/workload-resolver.ts'
import { Workloads } from '../../identity/workloads.ts'
import { isPrivateSql } from '../../model/transfer-path.ts'
import type { Store } from '../index.ts'
import { msPerHour } from '../names.ts'
import { FrameMaker, type FlowSpec } from '../testing/frames.ts'
import { movedHost } from '../testing/moved-host.ts'
import { queryRows } from '../testing/query-rows.ts'
import { temporaryStores } from '../testing/temporary.ts'
import { transferPart } from './parts.ts'

const networks: StaticResolver = {
  generation: 1,
  resolve: (words, offset) =>
    words[offset + 3] === 0x08080808 ? { is: 'endpoint', endpoint: { label: 'dns' } } : { is: 'unknown' },
  reload: () => Promise.resolve(),
  close: () => {},
}

const stores = temporaryStores()
const nodes = ['worker-1', 'worker-2', 'worker-3']
const pods = Array.from({ length: 20 }, (_, at) => `10.1.0.${at + 1}`)
const outside = ['192.168.7.1', '172.31.0.9', '8.8.8.8', '172.32.0.1', '2a00::8', 'fd00::7', '10.96.0.1']

function clusterOf(random: SeededRandom, known: number): Workloads {
  const workloads = new Workloads({ zones: true, infra: [] })
  const zones = ['z1', undefined, 'z2']
  nodes.forEach((name, at) =>
    workloads.apply(node(name, `10.0.0.${at + 1}`, zones[at], { podRanges: ['10.1.0.0/24'] })),
  )
  pods.slice(0, known).forEach((ip, at) => workloads.apply(podAt(random, ip, at)))
  workloads.apply(other('Service', 'web', { addresses: [{ ip: '10.96.0.1', as: 'cluster' }] }))
  workloads.settle()
  return workloads
}

function podAt(random: SeededRandom, ip: string, at: number) {
  const owner = at % 4 === 0 ? {} : { owner: { kind: 'Deployment', name: `app-${at % 4}`, uid: `owner-${at % 4}` } }
  return pod(`pod-${at}`, ip, 0, { node: random.pick(nodes), namespace: random.pick(['shop', 'bank']), ...owner })
}

function flowsOf(random: SeededRandom, received: number): readonly FlowSpec[] {
  const addresses = [...pods, ...pods, ...outside, '10.0.0.1']
  return Array.from({ length: 400 }, () => ({
    src: random.pick(addresses),
    dst: random.pick(addresses),
    bytes: random.integer(0, 5000),
    start: received - random.integer(0, 50_000),
    ...(random.chance(0.3) ? { sampling: 100 } : {}),
  }))
}

/** Of both ends, what prices of transfers depend on. */
const groups = (['src', 'dst'] as const).flatMap((end) => [
  ...['zone', 'kind', 'namespace', 'owner_kind', 'owner_name', 'node', 'label'].map((part) => `${end}_${part}`),
  `CASE WHEN ${end}_owner_name IS NULL THEN ${end}_name END AS ${end}_named`,
  `${isPrivateSql('duckdb', end)} AS ${end}_private`,
])
const columns = [...groups, 'cluster', 'initiator'].join(', ')

async function summedAndRead(store: Store, hours: number) {
  const [from, to] = [t0 - msPerHour, t0 + hours * msPerHour].map((ms) => `make_timestamptz(${ms * 1000})`)
  const sums = (flows: string) => `SELECT ${columns}, sum(bytes_est)::VARCHAR AS bytes, ${flows}::BIGINT AS flows`
  const summed = await queryRows(
    store.reader,
    `${sums('sum(flows)')} FROM flows_by_transfers WHERE span_from = ${from} AND span_to = ${to}
      GROUP BY ALL ORDER BY ALL`,
  )
  const read = await queryRows(store.reader, `${sums('count(*)')} FROM flows GROUP BY ALL ORDER BY ALL`)
  return { summed, read }
}

test('sums of ends equal the flows, before and after addresses get their names', async () => {
  let named = 0
  for (const seed of seeds(3, 30)) {
    await stores.end()
    await stores.begin()
    const random = new SeededRandom(seed)
    const clock = { now: t0, passed: 0 }
    const workloads = clusterOf(random, 14)
    const store = await stores.open({
      host: movedHost(clock),
      resolver: new WorkloadResolver(networks, workloads, () => true),
    })
    const make = new FrameMaker()
    for (let hour = 0; hour < 3; hour++, clock.now += msPerHour) {
      const received = clock.now + 60_000
      await store.projection.apply([make.flows(flowsOf(random, received), received)])
      await store.projection.commit()
      clock.now += 10 * 60_000
      while (await store.maintain());
      clock.now -= 10 * 60_000
    }
    const before = await summedAndRead(store, 4)
    expect(before.summed).toEqual(before.read)
    const { rows, without } = store.status().sums.fileSums?.[transferPart.name] ?? { rows: 0, without: [] }
    expect([seed, rows > 100, without.length]).toEqual([seed, true, 1])
    pods.slice(14).forEach((ip, at) => workloads.apply(podAt(random, ip, 14 + at)))
    workloads.settle()
    clock.now += 10 * 60_000
    while (await store.maintain());
    const after = await summedAndRead(store, 4)
    expect(after.summed).toEqual(after.read)
    named += Number(JSON.stringify(after.read) !== JSON.stringify(before.read))
  }
  expect(named).toBeGreaterThan(0)
})

test('no other request reads sums of shared ends', async () => {
  const store = await stores.open({})
  const text = 'SELECT src_addr, sum(bytes_est) FROM flows_by_transfers GROUP BY ALL'
  await expect(queryRows(store.reader, text)).rejects.toThrow(/flows_by_transfers/)
})
