import { createSocket } from 'node:dgram'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { datagram, expandedSample, flowSample, rawHeader } from '../../src/codecs/sflow5/testing/datagrams.ts'
import { freePorts } from '../kit/free-port.ts'
import { buildCapture } from '../kit/pcap.ts'
import { prove } from '../kit/proof.ts'
import { startWeir } from '../kit/weir-process.ts'
import { versionOf } from './install/apt.ts'
import { sfcapd } from './install/sfcapd.ts'
import { need } from './kit/need.ts'
import { startSfcapd, type NfdumpFlow } from './kit/sfcapd.ts'
import { settled } from './kit/stored.ts'

/**
 * Samples of every packet of a capture, seven in a datagram, in both forms and with other interfaces and rates each.
 */
function datagramsOf(pcap: Uint8Array): Buffer[] {
  const file = Buffer.from(pcap.buffer, pcap.byteOffset, pcap.byteLength)
  const samples: Buffer[] = []
  for (let at = 24, number = 1; at < file.length; number++) {
    const kept = file.readUInt32LE(at + 8)
    const header = rawHeader(file.subarray(at + 16, at + 16 + kept), { frame: file.readUInt32LE(at + 12) })
    const [input, output] = [1 + (number % 50), 51 + (number % 7)]
    samples.push(
      number % 2 === 0
        ? flowSample([header], { sequence: number, input, output })
        : expandedSample([header], [0, input], [0, output], number),
    )
    at += 16 + kept
  }
  return Array.from({ length: Math.ceil(samples.length / 7) }, (_, index) =>
    datagram(samples.slice(7 * index, 7 * index + 7), { sequence: index + 1 }),
  )
}

interface Row {
  readonly proto: number
  readonly src: string
  readonly dst: string
  readonly sport: number | null
  readonly dport: number | null
  readonly flags: number | null
  readonly vlan: number | null
  readonly in_if: number
  readonly out_if: number
  readonly src_mac: string
  readonly dst_mac: string
  readonly dscp: number
  readonly packets: number
  readonly bytes: number
}

const columns = [
  'proto',
  'src',
  'dst',
  'sport',
  'dport',
  'flags',
  'vlan',
  'in_if',
  'out_if',
  'src_mac',
  'dst_mac',
  'dscp',
  'packets',
  'bytes',
] as const
const line = (row: Row): string => columns.map((name) => `${name} ${row[name] ?? 0}`).join(', ')

/**
 * nfdump's flow in our terms: it gives the frame with its checksum where Weir gives the IP packet, and no ICMP type.
 */
function rowOf(flow: NfdumpFlow): Row {
  const number = (name: string): number => Number(flow[name] ?? 0)
  const packets = number('in_packets')
  const vlan = number('src_vlan')
  return {
    proto: number('proto'),
    src: String(flow['src4_addr'] ?? flow['src6_addr']),
    dst: String(flow['dst4_addr'] ?? flow['dst6_addr']),
    sport: number('src_port'),
    dport: number('dst_port'),
    flags: number('proto') === 6 ? flagsOf(String(flow['tcp_flags'])) : 0,
    vlan,
    in_if: number('input_snmp'),
    out_if: number('output_snmp'),
    src_mac: String(flow['in_src_mac']),
    dst_mac: String(flow['out_dst_mac']),
    dscp: number('src_tos') >> 2,
    packets,
    bytes: number('in_bytes') - packets * (18 + (vlan === 0 ? 0 : 4)),
  }
}

/** `...A..S.`: CWR, ECE, URG, ACK, PSH, RST, SYN, FIN. */
function flagsOf(text: string): number {
  return text.split('').reduce((sum, letter) => 2 * sum + (letter === '.' ? 0 : 1), 0)
}

test('sfcapd and Weir understand the same of the same datagrams', async (context) => {
  await need(context, sfcapd)
  await prove(context.task.meta, 'source', {
    system: 'sflow',
    server: 'sfcapd beside it',
    version: () => versionOf(sfcapd),
  })
  const folder = await mkdtemp(join(tmpdir(), 'weir-sfcapd-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const [port = 0] = await freePorts(1)
  await using weir = await startWeir({
    folder: join(folder, 'weir'),
    config: { sources: { sflow: { listen: `127.0.0.1:${port}` } } },
  })
  await using collector = await startSfcapd(folder)

  const datagrams = datagramsOf(buildCapture({ seed: 11, conversations: 300, vlan: 0.3 }))
  const socket = createSocket('udp4')
  onTestFinished(() => void socket.close())
  for (const [index, bytes] of datagrams.entries()) {
    for (const to of [port, collector.port])
      await new Promise((resolve) => socket.send(bytes, to, '127.0.0.1', resolve))
    // Pauses, because the comparison is about content, not speed.
    if (index % 20 === 19) await sleep(5)
  }
  await settled(weir)
  const stored =
    await weir.sql<Row>(`SELECT proto, src_addr AS src, dst_addr AS dst, src_port AS sport, dst_port AS dport,
    tcp_flags AS flags, vlan, in_if, out_if, src_mac, dst_mac, dscp, (packets * sampling)::DOUBLE AS packets,
      (bytes * sampling)::DOUBLE AS bytes FROM flows`)
  const understood = await collector.flows()
  expect(stored.length).toBeGreaterThan(2000)
  expect(stored.map(line).toSorted()).toEqual(understood.map(rowOf).map(line).toSorted())
})
