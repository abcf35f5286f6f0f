import { expect, it } from 'vitest'
import { netobservJson } from '../codecs/netobserv-json/encode.ts'
import { withSelection } from '../topics/row-selection.ts'
import { bind, compileLive, flowNames, parse } from '../query/index.ts'
import type { FlowBatch } from '../model/batches.ts'
import type { Column } from '../model/columns.ts'
import { parseIp } from '../model/ip.ts'
import type { ResourceData } from '../model/kubernetes.ts'
import { flowBatch, FrameMaker, recordingLog } from '../store/testing/frames.ts'
import { queryRows } from '../store/testing/query-rows.ts'
import { temporaryStores } from '../store/testing/temporary.ts'
import { fakeHost } from '../../test/kit/fake-host.ts'
import { enrichFlows } from './enrich.ts'
import { staticResolver } from './static-resolver.ts'
import { gone, node, other, pod, t0 } from './testing/objects.ts'
import { WorkloadResolver } from './workload-resolver.ts'
import { Workloads } from './workloads.ts'

const stores = temporaryStores()
const received = t0 + 100_000

interface Report {
  readonly src: string
  readonly dst: string
  /** Address of the agent. */
  readonly by: string
  readonly at?: number
}

function reports(...list: readonly Report[]): FlowBatch {
  const batch = flowBatch(
    list.map(({ src, dst, at = 60_000 }) => ({ src, dst, start: t0 + at })),
    received,
  )
  const exporter: Column = {
    kind: 'ip',
    words: Uint32Array.from(list.flatMap(({ by }) => [...(parseIp(by) as Uint32Array)])),
  }
  return { ...batch, columns: { ...batch.columns, exporter_addr: exporter } }
}

function clusterOf(...objects: readonly ResourceData[]): Workloads {
  const workloads = new Workloads({ zones: true, infra: ['openshift'] })
  for (const data of objects) workloads.apply(data)
  workloads.settle()
  return workloads
}

type Json = Readonly<Record<string, unknown>>

function records(batch: FlowBatch, holders: Workloads): readonly Json[] {
  const { batch: named } = enrichFlows(batch, received, { holders })
  const write = netobservJson(named)
  return Array.from({ length: named.count }, (_, row) => JSON.parse(write(row)) as Json)
}

const worker = (index: number): ResourceData => node(`worker-${index}`, `10.0.0.${index}`, `z${index}`)
const controller = (kind: string, name: string, uid = `uid-${name}`) => ({
  owners: [{ kind, group: 'apps', name, uid, controller: true as const }],
})

it('case 38: the agents of both nodes report egress and ingress, and one reporter is kept', async () => {
  const holders = clusterOf(
    worker(1),
    worker(2),
    pod('a', '10.1.0.1', 0),
    pod('b', '10.1.1.1', 0, { node: 'worker-2' }),
  )
  const batch = reports(
    { src: '10.1.0.1', dst: '10.1.1.1', by: '10.0.0.1' },
    { src: '10.1.0.1', dst: '10.1.1.1', by: '10.0.0.2' },
  )
  expect(records(batch, holders)).toMatchObject([
    { FlowDirection: 1, AgentIP: '10.0.0.1', SrcK8S_HostIP: '10.0.0.1', DstK8S_HostIP: '10.0.0.2' },
    { FlowDirection: 0, AgentIP: '10.0.0.2', SrcK8S_HostIP: '10.0.0.1', DstK8S_HostIP: '10.0.0.2' },
  ])
  const once = bind(withSelection(parse('', flowNames), 'flows', { reporters: 'one' }), flowNames)
  const networks = await staticResolver(fakeHost(1), undefined, recordingLog())
  const resolver = new WorkloadResolver(networks, holders, () => true)
  const frame = new FrameMaker().batch(batch, received, 'agents')
  const matches = compileLive(once)(batch, frame.header, resolver)
  expect([0, 1].map(matches)).toEqual([false, true])
  const store = await stores.open({ resolver })
  await store.projection.apply([frame])
  await store.projection.commit()
  const where = 'WHERE NOT (node_direction IS NOT DISTINCT FROM 1 AND dst_owner_name IS NOT NULL)'
  for (const view of ['flows', 'flows_1m'])
    expect(
      await queryRows(store.reader, `SELECT exporter_addr, sum(bytes)::INT AS bytes FROM ${view} ${where} GROUP BY 1`),
    ).toEqual([{ exporter_addr: '10.0.0.2', bytes: 1000 }])
})

it('case 39: services, nodes of host-network pods, flows within a node, and unknown addresses', () => {
  const holders = clusterOf(
    worker(1),
    worker(2),
    pod('a', '10.1.0.1', 0),
    pod('b', '10.1.0.2', 0),
    pod('proxy', undefined, 0, { hostNetwork: true, node: 'worker-2' }),
    other('Service', 'web', { addresses: [{ ip: '10.96.0.1', as: 'cluster' }] }),
  )
  const [service, host, inner, unknown] = records(
    reports(
      { src: '10.1.0.1', dst: '10.96.0.1', by: '10.0.0.1' },
      { src: '10.1.0.1', dst: '10.0.0.2', by: '10.0.0.2' },
      { src: '10.1.0.1', dst: '10.1.0.2', by: '10.0.0.1' },
      { src: '192.0.2.7', dst: '198.51.100.7', by: '10.0.0.1' },
    ),
    holders,
  )
  expect(service).toMatchObject({
    DstK8S_Type: 'Service',
    DstK8S_Name: 'web',
    DstK8S_OwnerType: 'Service',
    FlowDirection: 1,
  })
  expect(service).not.toHaveProperty('DstK8S_HostIP')
  expect(service).not.toHaveProperty('DstK8S_Zone')
  expect(host).toMatchObject({ DstK8S_Type: 'Node', DstK8S_Name: 'worker-2', DstK8S_Zone: 'z2', FlowDirection: 0 })
  expect(inner).toMatchObject({ SrcK8S_Name: 'a', DstK8S_Name: 'b', FlowDirection: 2 })
  expect(Object.keys(unknown ?? {}).filter((key) => /K8S|SubnetLabel|FlowDirection/.test(key))).toEqual([])
})

it('case 40: of two pods with one address a flow is of the one that had it when the flow began', () => {
  const a = pod('a', '10.1.0.1', 0)
  const holders = clusterOf(worker(1), a, gone(a, 50_000), pod('b', '10.1.0.1', 55_000))
  const to = { dst: '192.0.2.7', by: '10.0.0.1' }
  expect(
    records(reports({ src: '10.1.0.1', at: 49_000, ...to }, { src: '10.1.0.1', at: 56_000, ...to }), holders),
  ).toMatchObject([{ SrcK8S_Name: 'a' }, { SrcK8S_Name: 'b' }])
})

it('case 41: owners are followed through replica sets and jobs, and a pod without an owner is its own', () => {
  const holders = clusterOf(
    worker(1),
    other('ReplicaSet', 'web-5d', controller('Deployment', 'web')),
    other('Job', 'report-1', controller('CronJob', 'report')),
    pod('web-5d-x', '10.1.0.1', 0, controller('ReplicaSet', 'web-5d')),
    pod('alone', '10.1.0.2', 0),
    pod('db-0', '10.1.0.3', 0, controller('StatefulSet', 'db')),
    pod('report-1-x', '10.1.0.4', 0, controller('Job', 'report-1')),
  )
  const rows = [1, 2, 3, 4].map((last) => ({ src: `10.1.0.${last}`, dst: '192.0.2.7', by: '10.0.0.1' }))
  expect(
    records(reports(...rows), holders).map((record) => [record['SrcK8S_OwnerType'], record['SrcK8S_OwnerName']]),
  ).toEqual([
    ['Deployment', 'web'],
    ['Pod', 'alone'],
    ['StatefulSet', 'db'],
    ['CronJob', 'report'],
  ])
})

it('case 42: the longest range labels the subnet, of equal ones the first, with and without a cluster', async () => {
  const host = fakeHost(1)
  const file = '/networks.csv'
  const lines = [
    'cidr,name,label',
    '10.0.0.0/8,,all',
    '10.1.0.0/16,,dc',
    '10.1.0.0/16,,second',
    '192.0.2.0/24,office,EXT:office',
  ]
  const opened = await host.disk.open(file, 'write')
  await opened.write(Buffer.from(lines.join('\n')), 0)
  await opened.close()
  const networks = await staticResolver(host, file, recordingLog())
  const batch = reports(
    { src: '10.1.2.3', dst: '10.2.0.1', by: '10.0.0.1' },
    { src: '192.0.2.7', dst: '8.8.8.8', by: '10.0.0.1' },
  )
  for (const holders of [undefined, clusterOf(worker(1), pod('a', '10.1.2.3', 0))]) {
    const write = netobservJson(enrichFlows(batch, received, { holders, networks }).batch)
    const [inside, outside] = [0, 1].map((row) => JSON.parse(write(row)) as Json)
    expect(inside).toMatchObject({ SrcSubnetLabel: 'dc', DstSubnetLabel: 'all' })
    expect(inside?.['SrcK8S_Name']).toBe(holders === undefined ? undefined : 'a')
    expect(outside).toMatchObject({ SrcSubnetLabel: 'EXT:office', SrcK8S_Name: 'office' })
    expect(outside).not.toHaveProperty('DstSubnetLabel')
  }
  networks.close()
})

it('a flow is infra if no end is of an application, and keeps the layer and the direction of its sender', () => {
  const holders = clusterOf(
    worker(1),
    pod('a', '10.1.0.1', 0),
    pod('dns', '10.1.0.2', 0, { namespace: 'openshift-dns' }),
    other('Service', 'kubernetes', { namespace: 'default', addresses: [{ ip: '10.96.0.1', as: 'cluster' }] }),
  )
  const by = '10.0.0.1'
  const batch = reports(
    { src: '10.1.0.1', dst: '10.1.0.2', by },
    { src: '10.1.0.2', dst: '10.96.0.1', by },
    { src: '10.1.0.2', dst: '10.0.0.1', by },
    { src: '10.1.0.2', dst: '192.0.2.7', by },
    { src: '10.1.0.1', dst: '192.0.2.7', by },
    { src: '198.51.100.7', dst: '192.0.2.7', by },
  )
  expect(records(batch, holders).map((record) => record['K8S_FlowLayer'])).toEqual([
    'app',
    'infra',
    'infra',
    'infra',
    'app',
    undefined,
  ])
  const sent: Record<string, Column> = {
    flow_layer: { kind: 'dict', codes: Uint32Array.of(2, 2, 2, 2, 2, 2) },
    node_direction: { kind: 'u8', values: Uint8Array.of(0, 0, 0, 0, 0, 0) },
    src_node_addr: {
      kind: 'ip',
      words: new Uint32Array(24).fill(parseIp('10.0.0.1')?.[3] ?? 0),
      valid: Uint8Array.of(0b111111),
    },
  }
  const carried = { ...batch, dictionary: [...batch.dictionary, 'sent'], columns: { ...batch.columns, ...sent } }
  expect(records(carried, holders).map((record) => [record['K8S_FlowLayer'], record['FlowDirection']])).toEqual(
    Array.from({ length: 6 }, () => ['sent', 0]),
  )
})
