// Flows of agents, named by objects that a real API server serves: delivered to a file, stored, and read back.
import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { ipv4, message, records, time } from '../../src/codecs/pbflow/testing/messages.ts'
import { agentClient } from '../../src/connectors/netobserv/testing/agent.ts'
import { freePorts } from '../kit/free-port.ts'
import { startWeir, type WeirProcess } from '../kit/weir-process.ts'
import { findKubernetes } from './install/kubernetes.ts'
import { kubeconfigOf, startKube, type Kube } from './kit/kube.ts'

const missing = findKubernetes()
const patience = { timeout: 60_000, interval: 100 }
let kube: Kube
let weir: WeirProcess
let dir = ''
let agents = 0

/** Two nodes, four pods, and the service of the API server. */
const objects = 7

const merge = 'application/merge-patch+json'

async function node(name: string, address: string, zone: string, subnet: string): Promise<void> {
  await kube.call('POST', '/api/v1/nodes', {
    metadata: {
      name,
      labels: { 'topology.kubernetes.io/zone': zone },
      annotations: { 'k8s.ovn.org/node-subnets': JSON.stringify({ default: [subnet] }) },
    },
  })
  await kube.call(
    'PATCH',
    `/api/v1/nodes/${name}/status`,
    { status: { addresses: [{ type: 'InternalIP', address }] } },
    merge,
  )
}

async function pod(
  namespace: string,
  name: string,
  nodeName: string,
  podIP: string,
  annotations: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  const pods = `/api/v1/namespaces/${namespace}/pods`
  await kube.call('POST', pods, {
    metadata: {
      name,
      annotations: Object.fromEntries(Object.entries(annotations).map(([key, value]) => [key, JSON.stringify(value)])),
    },
    spec: { nodeName, containers: [{ name: 'c', image: 'registry/c:1' }] },
  })
  const status = { phase: 'Running', podIP, podIPs: [{ ip: podIP }] }
  await kube.call('PATCH', `${pods}/${name}/status`, { status }, merge)
}

beforeAll(async () => {
  if (missing.path === undefined) return
  dir = await mkdtemp(join(tmpdir(), 'weir-kube-flows-'))
  kube = await startKube(dir)
  for (const name of ['shop', 'openshift-dns']) await kube.call('POST', '/api/v1/namespaces', { metadata: { name } })
  await node('worker-1', '192.0.2.1', 'eu-1a', '10.128.0.0/23')
  await node('worker-2', '192.0.2.2', 'eu-1b', '10.129.0.0/23')
  const udn = (network: string, address: string) => ({
    'k8s.ovn.org/pod-networks': {
      default: { ip_addresses: ['10.128.0.99/23'], role: 'infrastructure-locked' },
      [network]: { ip_addresses: [`${address}/24`], mac_address: '0a:58:cb:cb:00:05', role: 'primary' },
    },
  })
  await pod('shop', 'web-1', 'worker-1', '10.128.0.10', {
    'k8s.v1.cni.cncf.io/network-status': [
      { name: 'ovn-kubernetes', interface: 'eth0', ips: ['10.128.0.10'], default: true },
      { name: 'shop/macvlan', interface: 'net1', ips: ['172.16.0.10'], mac: '02:00:00:00:00:10' },
    ],
  })
  await pod('openshift-dns', 'dns-1', 'worker-2', '10.129.0.53')
  await pod('shop', 'blue', 'worker-1', '10.128.0.20', udn('shop/blue', '203.203.0.5'))
  await pod('shop', 'red', 'worker-2', '10.129.0.20', udn('shop/red', '203.203.0.5'))
  agents = (await freePorts(1))[0] ?? 0
  const kubeconfig = join(dir, 'kubeconfig.yaml')
  await writeFile(kubeconfig, kubeconfigOf(kube), { mode: 0o600 })
  await writeFile(join(dir, 'networks.csv'), 'cidr,name,label\n10.128.0.0/14,,pods\n198.51.100.0/24,,EXT:partner\n')
  weir = await startWeir({
    folder: join(dir, 'weir'),
    config: {
      identity: { networks: join(dir, 'networks.csv'), infra_namespaces: ['openshift'] },
      sources: {
        agents: { type: 'netobserv', listen: `127.0.0.1:${agents}` },
        kube: { type: 'kubernetes', cluster: 'c1', kubeconfig, include: ['Pod', 'Node', 'Service'] },
      },
      sinks: { out: { type: 'file', path: join(dir, 'out.ndjson'), codec: 'netobserv-json', from: ['agents'] } },
    },
  })
}, 240_000)
afterAll(async () => {
  await weir?.stop()
  await kube?.stop()
  await rm(dir, { recursive: true, force: true })
})
beforeEach((context) => {
  if (missing.path === undefined) context.skip(missing.reason)
})

interface Report {
  readonly src: string
  readonly dst: string
  readonly by: string
  readonly udn?: string
}

function reported({ src, dst, by, udn = '' }: Report, row: number): Uint8Array {
  const now = Date.now()
  return message(
    [1, 2048],
    [3, time(now - 1000)],
    [4, time(now)],
    [6, message([1, ipv4(src)], [2, ipv4(dst)])],
    [7, message([1, 40_000 + row], [2, 443], [3, 6])],
    [8, 1000],
    [9, 10],
    [12, ipv4(by)],
    [26, message([1, 'eth0'], [2, 0], [3, udn])],
  )
}

test('delivered and stored flows of agents have zones, layer, direction, networks and subnet labels', async () => {
  const flows: readonly (Report & { readonly is: object })[] = [
    {
      src: '10.128.0.10',
      dst: '10.129.0.53',
      by: '192.0.2.1',
      is: {
        SrcK8S_Zone: 'eu-1a',
        DstK8S_Zone: 'eu-1b',
        K8S_FlowLayer: 'app',
        FlowDirection: 1,
        SrcK8S_NetworkName: 'primary',
        SrcSubnetLabel: 'pods',
        K8S_ClusterName: 'c1',
      },
    },
    {
      src: '10.128.0.10',
      dst: '10.129.0.53',
      by: '192.0.2.2',
      is: { FlowDirection: 0, SrcK8S_HostIP: '192.0.2.1', DstK8S_HostIP: '192.0.2.2' },
    },
    {
      src: '10.129.0.53',
      dst: '10.129.0.2',
      by: '192.0.2.2',
      is: { DstK8S_Type: 'Node', DstK8S_Name: 'worker-2', K8S_FlowLayer: 'infra', FlowDirection: 2 },
    },
    {
      src: '172.16.0.10',
      dst: '198.51.100.7',
      by: '192.0.2.1',
      is: { SrcK8S_Name: 'web-1', SrcK8S_NetworkName: 'shop/macvlan', DstSubnetLabel: 'EXT:partner', FlowDirection: 1 },
    },
    {
      src: '203.203.0.5',
      dst: '198.51.100.7',
      by: '192.0.2.1',
      udn: 'shop/blue',
      is: { SrcK8S_Name: 'blue', SrcK8S_NetworkName: 'shop/blue', SrcK8S_Zone: 'eu-1a' },
    },
    {
      src: '203.203.0.5',
      dst: '198.51.100.7',
      by: '192.0.2.2',
      udn: 'shop/red',
      is: { SrcK8S_Name: 'red', SrcK8S_NetworkName: 'shop/red', SrcK8S_Zone: 'eu-1b' },
    },
  ]
  await expect.poll(() => weir.metric('weir_identity_workloads'), patience).toBeGreaterThanOrEqual(objects)
  const agent = agentClient(`127.0.0.1:${agents}`)
  expect(await agent.send(records(...flows.map(reported)))).toMatchObject({ code: 0 })
  agent.close()
  const delivered = (): Record<string, unknown>[] =>
    readFileSync(join(dir, 'out.ndjson'), 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .toSorted((a, b) => Number(a['SrcPort']) - Number(b['SrcPort']))
  await expect.poll(() => delivered().length, patience).toBe(flows.length)
  expect(delivered()).toMatchObject(flows.map(({ is }) => is))
  const columns = {
    SrcK8S_Name: 'src_name',
    SrcK8S_Zone: 'src_zone',
    DstK8S_Zone: 'dst_zone',
    SrcK8S_NetworkName: 'src_network',
    SrcK8S_HostIP: 'src_node_addr',
    DstK8S_HostIP: 'dst_node_addr',
    SrcSubnetLabel: 'src_label',
    DstSubnetLabel: 'dst_label',
    K8S_FlowLayer: 'flow_layer',
    K8S_ClusterName: 'cluster',
    FlowDirection: 'node_direction',
  }
  const list = Object.entries(columns).map(([key, column]) => `${column} AS ${key}`)
  const stored = (): Promise<Record<string, unknown>[]> =>
    weir.sql(`SELECT ${list.join(', ')} FROM flows ORDER BY src_port`)
  await expect.poll(async () => (await stored()).length, patience).toBe(flows.length)
  expect(await stored()).toEqual(
    delivered().map((record) => Object.fromEntries(Object.keys(columns).map((key) => [key, record[key] ?? null]))),
  )
}, 180_000)
