// Sink `ipfix` and two collectors: nfcapd (UDP) for addresses, ports and sums, nfacctd for NetObserv's elements.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { NetObservReader } from '../../src/codecs/netobserv-json/index.ts'
import { ipfixSchema } from '../../src/connectors/ipfix/config.ts'
import { sink as ipfix } from '../../src/connectors/ipfix/sink.ts'
import type { SinkBatch } from '../../src/engine/contracts.ts'
import { FlowBuilder } from '../../src/model/flow-builder.ts'
import { configFrom } from '../../src/schema/index.ts'
import { flowBatch, testContext } from '../conformance/batches.ts'
import { prove } from '../kit/proof.ts'
import { udpQueueEmpty } from '../kit/udp-queue.ts'
import { nfcapd } from './install/nfcapd.ts'
import { pmacct } from './install/pmacct.ts'
import { need } from './kit/need.ts'
import { startNfacctd } from './kit/nfacctd.ts'
import { startSfcapd, type NfdumpFlow } from './kit/sfcapd.ts'

const never = new AbortController().signal

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'weir-ipfix-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

interface Flow {
  readonly [key: string]: string | number | readonly (string | number)[] | undefined
  readonly SrcAddr: string
  readonly DstAddr: string
  readonly Proto: number
  readonly Bytes: number
  readonly Packets: number
  readonly Sampling?: number
}

/** Of three protocols and two address families; some without names, some sampled. */
function flowOf(n: number, start: number): Flow {
  const v6 = n % 5 === 0
  const icmp = n % 7 === 0
  return {
    Etype: v6 ? 34_525 : 2048,
    SrcAddr: v6 ? `2001:db8::${(n + 1).toString(16)}` : `10.${n % 200}.${n % 7}.${n % 250}`,
    DstAddr: v6 ? 'fe80::1' : '10.9.8.7',
    Proto: icmp ? (v6 ? 58 : 1) : n % 2 === 0 ? 6 : 17,
    ...(icmp ? { IcmpType: v6 ? 128 : 8, IcmpCode: n % 3 } : { SrcPort: 1024 + (n % 60_000), DstPort: 443 }),
    Bytes: n % 11 === 0 ? 5_000_000_000 + n : 100 + n,
    Packets: 1 + (n % 9),
    TimeFlowStartMs: start + n,
    TimeFlowEndMs: start + 5000 + n,
    ...(n % 3 === 0 ? { Sampling: n % 2 === 0 ? 10 : 50 } : {}),
    ...(n % 4 === 0
      ? {}
      : {
          SrcK8S_Namespace: 'shop',
          SrcK8S_Name: `pod-${n}`,
          DstK8S_Namespace: 'kube-system',
          DstK8S_Name: n === 1 ? 'n'.repeat(300) : 'coredns',
          SrcK8S_HostName: 'node-a',
          DstK8S_HostName: 'node-b',
          TimeFlowRttNs: 1_000_000 + n,
          Interfaces: ['eth0', 'br-ex'],
          IfDirections: [1, 0],
        }),
  }
}

function batchOf(flows: readonly object[]): SinkBatch {
  const builder = new FlowBuilder()
  const reader = new NetObservReader(builder)
  for (const flow of flows) reader.read(JSON.stringify(flow))
  const { batch } = flowBatch(flows.length, 't')
  return { ...batch, pieces: batch.pieces.map((piece) => ({ ...piece, batch: builder.batch() })) }
}

type Settings = Readonly<{ elements: 'relay' | 'netobserv'; enterprise_id?: number }>

/** Sends all flows, as fast as the collector reads them: a batch is far smaller than its receive buffer. */
async function sendAll(flows: readonly object[], port: number, settings: Settings): Promise<void> {
  const written = { target: `127.0.0.1:${port}`, transport: 'udp', datagram_rate: 500, ...settings } as const
  const sink = await ipfix.build(configFrom(ipfixSchema, written), testContext())
  for (let from = 0; from < flows.length; from += 500) {
    expect(await sink.send(batchOf(flows.slice(from, from + 500)), never)).toEqual([])
    await udpQueueEmpty(port)
  }
  await sink.close()
}

const rateOf = ({ Sampling = 1 }: Flow): number => Sampling

function line(flow: Flow, time: (name: string) => number): string {
  const { SrcAddr, DstAddr, Proto, SrcPort = 0, DstPort = 0, IcmpType, IcmpCode = 0, Bytes, Packets } = flow
  const icmp = IcmpType === undefined ? '' : ` ${String(IcmpType)}.${String(IcmpCode)}`
  const ports = icmp === '' ? ` ${String(SrcPort)} ${String(DstPort)}` : icmp
  const scaled = `${Packets * rateOf(flow)} packets ${Bytes * rateOf(flow)} bytes`
  return `${Proto} ${SrcAddr} ${DstAddr}${ports}: ${scaled}, ${time('TimeFlowStartMs')} to ${time('TimeFlowEndMs')}`
}

function nfdumpLine(flow: NfdumpFlow): string {
  const number = (name: string): number => Number(flow[name] ?? 0)
  const text = (name: string): string => String(flow[name] ?? '')
  const time = (name: string): number => Date.parse(`${text(name).replace(' ', 'T')}Z`)
  const [source, destination] = [text('src4_addr') || text('src6_addr'), text('dst4_addr') || text('dst6_addr')]
  const proto = number('proto')
  const icmp = proto === 1 || proto === 58
  const ports = icmp ? `${number('icmp_type')}.${number('icmp_code')}` : `${number('src_port')} ${number('dst_port')}`
  const sums = `${number('in_packets')} packets ${number('in_bytes')} bytes`
  return `${proto} ${source} ${destination} ${ports}: ${sums}, ${time('first')} to ${time('last')}`
}

describe('nfcapd', () => {
  test.for([
    { elements: 'relay', enterprise_id: 2 },
    { elements: 'netobserv', enterprise_id: 2 },
    { elements: 'netobserv', enterprise_id: 0 },
  ] as const)(
    'has each of 20,000 exported flows, scaled by its sampling ($elements, enterprise $enterprise_id)',
    async (settings, context) => {
      await need(context, nfcapd)
      const folder = await newFolder()
      await using collector = await startSfcapd(folder, nfcapd)
      const start = Math.floor(Date.now() / 1000) * 1000 - 60_000
      const flows = Array.from({ length: 20_000 }, (_, n) => flowOf(n, start))
      await sendAll(flows, collector.port, settings)
      const found = await collector.flows()
      expect(found.map(nfdumpLine).toSorted()).toEqual(
        flows.map((flow) => line(flow, (name) => Number(flow[name]))).toSorted(),
      )
      await prove(context.task.meta, 'sink', {
        system: 'ipfix',
        server: 'nfcapd',
        part: 'UDP',
        version: () => nfcapd.version,
      })
    },
  )
})

describe('nfacctd', () => {
  test('has the names, interfaces and round-trip time of each flow, and none of another', async (context) => {
    await need(context, pmacct)
    const folder = await newFolder()
    await using collector = await startNfacctd(folder)
    const flows = Array.from({ length: 2000 }, (_, n) => flowOf(n, Date.now() - 60_000))
    await sendAll(flows, collector.port, { elements: 'netobserv' })
    const rows = await collector.rows(flows.length)
    const keyed = (flow: Flow): string =>
      JSON.stringify([
        flow.SrcAddr,
        flow.Bytes,
        flow.Packets,
        ...[
          'SrcK8S_Namespace',
          'SrcK8S_Name',
          'DstK8S_Namespace',
          'DstK8S_Name',
          'SrcK8S_HostName',
          'DstK8S_HostName',
        ].map((name) => flow[name] ?? ''),
        flow['TimeFlowRttNs'] ?? 0,
        ...['Interfaces', 'IfDirections'].map((name) => ((flow[name] ?? []) as readonly unknown[]).join(',')),
      ])
    expect(rows.map((row) => JSON.stringify(row)).toSorted()).toEqual(flows.map(keyed).toSorted())
    await prove(context.task.meta, 'sink', {
      system: 'ipfix',
      server: 'nfacctd',
      part: 'UDP',
      version: () => pmacct.version,
    })
  })
})
