// Sink `ipfix` and two collectors in Go: go-ipfix (UDP, TCP, TLS) and flowlogs-pipeline with goflow2 (UDP). Each flow
// arrives once with each value.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test, type TestContext } from 'vitest'
import { ipfixSchema } from '../../src/connectors/ipfix/config.ts'
import { sink as ipfix } from '../../src/connectors/ipfix/sink.ts'
import { configFrom, type WrittenConfigOf } from '../../src/schema/index.ts'
import { testContext } from '../conformance/batches.ts'
import { selfSigned } from '../kit/certificate.ts'
import { flowSinkBatch } from '../kit/metric-flows.ts'
import { prove } from '../kit/proof.ts'
import { findFlowlogsPipeline } from './install/flowlogs-pipeline.ts'
import { goIpfix, installGoIpfix } from './install/go-ipfix.ts'
import { startPipelineCollector } from './kit/flowlogs-pipeline.ts'
import { startGoIpfix, type GoIpfixRecord } from './kit/go-ipfix.ts'

const never = new AbortController().signal
const start = 1_700_000_000_000
/** Both collectors have a small socket buffer. */
const slowRate = 300

interface Flow {
  readonly [key: string]: unknown
  readonly SrcAddr: string
  readonly SrcK8S_Name: string
  readonly Interfaces: readonly string[]
}

function flowOf(n: number): Flow {
  const v6 = n % 3 === 0
  return {
    Etype: v6 ? 34_525 : 2048,
    SrcMac: '02:00:00:00:00:01',
    DstMac: `02:00:00:00:${(n >> 8).toString(16).padStart(2, '0')}:${(n & 255).toString(16).padStart(2, '0')}`,
    SrcAddr: v6 ? `2001:db8::${(n + 1).toString(16)}` : `10.1.${n >> 8}.${n & 255}`,
    DstAddr: v6 ? 'fe80::1' : '10.9.8.7',
    Proto: n % 2 === 0 ? 6 : 17,
    SrcPort: 1024 + n,
    DstPort: 443,
    Flags: n % 2 === 0 ? 0x12 : 0,
    Bytes: n % 11 === 0 ? 5_000_000_000 + n : 100 + n,
    Packets: 1 + n,
    TimeFlowStartMs: start + n,
    TimeFlowEndMs: start + 5000 + n,
    TimeFlowRttNs: 1_000_000 + n,
    SrcK8S_Namespace: 'shop',
    // Above 254 bytes a length has three bytes.
    SrcK8S_Name: n % 50 === 0 ? `größe-${'x'.repeat(300)}-${n}` : `pod-${n}`,
    DstK8S_Namespace: 'kube-system',
    DstK8S_Name: 'coredns',
    SrcK8S_HostName: 'node-a',
    DstK8S_HostName: 'node-b',
    Interfaces: ['eth0', 'br-ex'],
    IfDirections: [1, 0],
  }
}

const hex = (text: string): string => Buffer.from(text).toString('hex')

/** The record that go-ipfix prints; NetObserv's elements, which its registry lacks, are octets. */
function expected(flow: Flow): GoIpfixRecord {
  const v6 = flow['Etype'] === 34_525
  const number = (name: string): number => Number(flow[name])
  return {
    [v6 ? 'sourceIPv6Address' : 'sourceIPv4Address']: flow.SrcAddr,
    [v6 ? 'destinationIPv6Address' : 'destinationIPv4Address']: String(flow['DstAddr']),
    ethernetType: number('Etype'),
    sourceMacAddress: String(flow['SrcMac']),
    destinationMacAddress: String(flow['DstMac']),
    protocolIdentifier: number('Proto'),
    sourceTransportPort: number('SrcPort'),
    destinationTransportPort: number('DstPort'),
    tcpControlBits: number('Flags'),
    octetDeltaCount: number('Bytes'),
    packetDeltaCount: number('Packets'),
    flowStartMilliseconds: number('TimeFlowStartMs'),
    flowEndMilliseconds: number('TimeFlowEndMs'),
    interfaceName: 'eth0',
    flowDirection: 1,
    '2:7733': hex('shop'),
    '2:7734': hex(flow.SrcK8S_Name),
    '2:7735': hex('kube-system'),
    '2:7736': hex('coredns'),
    '2:7737': hex('node-a'),
    '2:7738': hex('node-b'),
    '2:7740': BigInt(number('TimeFlowRttNs')).toString(16).padStart(16, '0'),
    '2:7741': hex('eth0,br-ex'),
    '2:7742': hex('1,0'),
  }
}

async function programOf(context: TestContext): Promise<string> {
  const found = await installGoIpfix()
  return found.path === undefined ? context.skip(found.reason) : found.path
}

async function send(flows: readonly object[], written: WrittenConfigOf<typeof ipfixSchema>): Promise<void> {
  const sink = await ipfix.build(configFrom(ipfixSchema, { elements: 'netobserv', ...written }), testContext())
  for (let from = 0; from < flows.length; from += 500)
    expect(await sink.send(flowSinkBatch(flows.slice(from, from + 500), `t${from}`), never)).toEqual([])
  await sink.close()
}

const byPort = (a: GoIpfixRecord, b: GoIpfixRecord): number =>
  Number(a['sourceTransportPort']) - Number(b['sourceTransportPort'])

describe('go-ipfix', () => {
  test.for(['udp', 'tcp', 'tls'] as const)('has each value of 2000 flows over %s', async (transport, context) => {
    const path = await programOf(context)
    const folder = await mkdtemp(join(tmpdir(), 'weir-ipfix-'))
    onTestFinished(() => rm(folder, { recursive: true, force: true }))
    const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
    const signed = selfSigned()
    await writeFile(cert, signed.cert)
    await writeFile(key, signed.key)
    const isTls = transport === 'tls'
    await using collector = await startGoIpfix(path, transport === 'udp' ? 'udp' : 'tcp', isTls ? [cert, key] : [])
    const flows = Array.from({ length: 2000 }, (_, n) => flowOf(n))
    await send(flows, {
      target: collector.address,
      transport: transport === 'udp' ? 'udp' : 'tcp',
      datagram_rate: slowRate,
      ...(isTls ? { tls: { ca_file: cert } } : {}),
    })
    await expect.poll(() => collector.records.length, { timeout: 60_000 }).toBe(flows.length)
    const found = collector.records.toSorted(byPort)
    flows.forEach((flow, n) => expect(found[n]).toMatchObject(expected(flow)))
    await prove(context.task.meta, 'sink', {
      system: 'ipfix',
      server: 'go-ipfix',
      part: transport.toUpperCase(),
      version: () => goIpfix.version,
    })
  })

  test('over TCP it has sampled flows with `sampling: none`, and closes the connection at options', async (context) => {
    const path = await programOf(context)
    const flows = Array.from({ length: 500 }, (_, n) => ({ ...flowOf(n), Sampling: 50 }))
    {
      await using collector = await startGoIpfix(path, 'tcp')
      await send(flows, { target: collector.address, sampling: 'none' })
      await expect.poll(() => collector.records.length, { timeout: 60_000 }).toBe(flows.length)
    }
    await using strict = await startGoIpfix(path, 'tcp')
    await send(flows, { target: strict.address })
    await expect.poll(() => strict.log(), { timeout: 60_000 }).toContain('closing connection')
    expect(strict.records).toEqual([])
  })
})

describe('flowlogs-pipeline', () => {
  test('ingests each of 10,000 exported flows over UDP', async (context) => {
    const program = findFlowlogsPipeline()
    if (program.path === undefined) return context.skip(program.reason)
    const folder = await mkdtemp(join(tmpdir(), 'weir-pipeline-'))
    onTestFinished(() => rm(folder, { recursive: true, force: true }))
    await using collector = await startPipelineCollector(program.path, folder, {
      CustomBytes_1: 7734,
      CustomBytes_2: 7741,
    })
    const flows = Array.from({ length: 10_000 }, (_, n) => flowOf(n))
    await send(flows, { target: `127.0.0.1:${collector.port}`, transport: 'udp', datagram_rate: slowRate })
    await expect.poll(() => collector.flows.length, { timeout: 60_000 }).toBe(flows.length)
    const found = collector.flows.toSorted((a, b) => Number(a['SrcPort']) - Number(b['SrcPort']))
    flows.forEach((flow, n) => {
      const same = [
        'SrcAddr',
        'DstAddr',
        'SrcMac',
        'DstMac',
        'Proto',
        'SrcPort',
        'DstPort',
        'Etype',
        'Bytes',
        'Packets',
      ]
      expect(found[n]).toMatchObject({
        ...Object.fromEntries(same.map((name) => [name, flow[name]])),
        TcpFlags: flow['Flags'],
        CustomBytes_1: Buffer.from(flow.SrcK8S_Name).toString('base64'),
        CustomBytes_2: Buffer.from(flow.Interfaces.join(',')).toString('base64'),
      })
    })
    await prove(context.task.meta, 'sink', {
      system: 'ipfix',
      server: 'flowlogs-pipeline',
      part: 'UDP',
      version: () => program.version,
    })
  })
})
