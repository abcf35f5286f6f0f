// Sink `ipfix` as a relay: nfcapd has what the router reported, and a second Weir has each column of the first.
import { createSocket } from 'node:dgram'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import {
  ip4,
  ipfix,
  set,
  template,
  u16,
  u32,
  u64,
  u8,
  type FieldOf,
} from '../../src/codecs/templates/testing/datagrams.ts'
import { startWeir, type WeirProcess } from '../kit/weir-process.ts'
import { nfcapd } from './install/nfcapd.ts'
import { need } from './kit/need.ts'
import { startSfcapd } from './kit/sfcapd.ts'
import { settled } from './kit/stored.ts'

const columns = `src_addr, dst_addr, src_port, dst_port, proto, tcp_flags, dscp, bytes, packets, sampling,
  in_if, out_if,
  src_as, dst_as, src_mask, dst_mask, next_hop, vlan, in_vrf, out_vrf, flow_end_reason, mpls_labels,
  firewall_event, application, exporter_addr, time_start, time_end, inner_src_addr, inner_dst_addr, inner_proto,
  inner_src_port, inner_dst_port, vni, interfaces, if_directions, in_if_name`

const value = (id: number, bytes: Uint8Array, pen?: number): readonly [FieldOf, Uint8Array] => [
  pen === undefined ? [id, bytes.length] : [id, bytes.length, pen],
  bytes,
]
/** Enterprise numbers of VMware, and of NetObserv's elements by default. */
const [vmware, netobserv] = [6876, 2]

/** A flow of a router, and one of a probe that knows less. */
function exported(): Buffer {
  const start = BigInt(Date.now() - 60_000)
  const whole = [
    value(8, ip4('10.0.0.1')),
    value(12, ip4('10.0.0.2')),
    value(7, u16(40_000)),
    value(11, u16(443)),
    value(4, u8(6)),
    value(6, u8(0x1b)),
    value(5, u8(46 << 2)),
    value(1, u64(5_000_000_000)),
    value(2, u64(9)),
    value(34, u32(1)),
    value(10, u32(3)),
    value(14, u32(4)),
    value(16, u32(64_500)),
    value(17, u32(4_200_000_000)),
    value(9, u8(24)),
    value(13, u8(16)),
    value(15, ip4('10.0.0.254')),
    value(58, u16(12)),
    value(234, u32(7)),
    value(235, u32(8)),
    value(136, u8(3)),
    value(70, Buffer.of(0, 0x06, 0x40)),
    value(71, Buffer.of(0, 0x01, 0x01)),
    value(233, u8(2)),
    value(880, u8(17), vmware),
    value(883, Buffer.from('20010db8000000000000000000000001', 'hex'), vmware),
    value(884, Buffer.from('20010db8000000000000000000000002', 'hex'), vmware),
    value(886, u16(50_000), vmware),
    value(887, u16(53), vmware),
    value(351, u64(0x0100_0000_0000_1389n)),
    value(82, Buffer.from('uplink')),
    value(7741, Buffer.from('eth0,br-ex'), netobserv),
    value(7742, Buffer.from('0,1'), netobserv),
    value(152, u64(start)),
    value(153, u64(start + 5000n)),
  ]
  const few = whole.filter(([[id]]) => [8, 12, 4, 1, 2, 152, 153].includes(id))
  return ipfix(
    { time: Math.floor(Date.now() / 1000) },
    ...[whole, few].flatMap((values, n) => [
      set(
        2,
        template(
          300 + n,
          values.map(([field]) => field),
        ),
      ),
      set(300 + n, ...values.map(([, bytes]) => bytes)),
    ]),
  )
}

async function send(port: number, datagram: Buffer): Promise<void> {
  const socket = createSocket('udp4')
  await new Promise<void>((resolve, reject) =>
    socket.send(datagram, port, '127.0.0.1', (error) => (error === null ? resolve() : reject(error))),
  )
  socket.close()
}

const rowsOf = (weir: WeirProcess) =>
  weir.sql<Record<string, unknown>>(`SELECT ${columns} FROM flows ORDER BY src_port NULLS LAST`)

describe('a relay', () => {
  test('passes each column on to another Weir, and to nfcapd', async (context) => {
    await need(context, nfcapd)
    const folder = await mkdtemp(join(tmpdir(), 'weir-relay-'))
    onTestFinished(() => rm(folder, { recursive: true, force: true }))
    await using collector = await startSfcapd(folder, nfcapd)
    await using second = await startWeir({ folder: join(folder, 'second') })
    const sink = (port: number) => ({ type: 'ipfix', target: `127.0.0.1:${port}`, transport: 'udp' })
    await using first = await startWeir({
      folder: join(folder, 'first'),
      config: { sinks: { collector: sink(collector.port), second: sink(second.ports.netflow) } },
    })
    await send(first.ports.netflow, exported())
    await settled(first)
    await settled(second)
    const [whole, few] = await rowsOf(first)
    expect(whole).toMatchObject({ src_as: 64_500, in_if: 3, mpls_labels: ['100', '16'], firewall_event: 2 })
    expect(whole).toMatchObject({ inner_src_addr: '2001:db8::1', inner_dst_port: 53, inner_proto: 17, vni: 5001 })
    expect(whole).toMatchObject({ interfaces: ['eth0', 'br-ex'], if_directions: [0, 1], in_if_name: 'uplink' })
    expect(few).toMatchObject({ vni: null, inner_src_addr: null, interfaces: null })
    expect(await rowsOf(second)).toEqual([whole, few])
    const [found] = (await collector.flows()).filter(({ src_port }) => src_port === 40_000)
    expect(found).toMatchObject({ in_bytes: 5_000_000_000, src_as: 64_500, dst_as: 4_200_000_000, input_snmp: 3 })
    expect(found).toMatchObject({ output_snmp: 4, src_mask: 24, dst_mask: 16, src_vlan: 12 })
  })
})
