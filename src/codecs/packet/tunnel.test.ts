import { describe, expect, test } from 'vitest'
import { FlowBuilder } from '../../model/flow-builder.ts'
import { flowRows } from '../../../test/kit/flow-rows.ts'
import { ethernet, ipv4, ipv6, shorts, tcp, words } from '../sflow5/testing/datagrams.ts'
import { PacketColumns } from './columns.ts'
import { Packet, part } from './packet.ts'
import { readPacket } from './read.ts'

const inner = ipv4(6, tcp)
const frame = ethernet(shorts(0x0800), inner)
const longer = Buffer.from(frame)
longer.writeUInt16BE(1500, 16)
const udp = (port: number, payload: Uint8Array) =>
  ipv4(17, Buffer.concat([shorts(49_152, port, 8 + payload.length, 0), payload]))
const vxlan = (payload: Uint8Array) => Buffer.concat([words(0x08000000, 5001 << 8), payload])
const geneve = (protocol: number, payload: Uint8Array) =>
  Buffer.concat([shorts(0x0100, protocol), words(5002 << 8, 0xffff0000), payload])
const gre = (...parts: Uint8Array[]) => ipv4(47, Buffer.concat(parts))
/** Routing header of type 4 with one segment. */
const segments = (next: number) => Buffer.concat([Buffer.of(next, 2, 4, 0, 0, 0, 0, 0), Buffer.alloc(16, 0xfc)])

function row(bytes: Uint8Array, end = bytes.length): object {
  const flows = new FlowBuilder()
  const packet = new Packet()
  readPacket('ip', bytes, 0, end, packet)
  const columns = new PacketColumns(flows)
  flows.reserve(1)
  columns.write(packet, 0)
  flows.commit(1)
  return flowRows(flows.batch())[0]!
}

const found = {
  src_addr: '10.0.0.1',
  inner_src_addr: '10.0.0.1',
  inner_dst_addr: '10.0.0.2',
  inner_proto: 6,
  inner_src_port: 40_000,
  inner_dst_port: 443,
}
const within = { ...found, src_addr: expect.any(String) as string }

describe('the packet in a tunnel is in columns of its own', () => {
  test.each([
    ['VXLAN', udp(4789, vxlan(frame)), { ...within, proto: 17, dst_port: 4789, vni: 5001 }],
    ['VXLAN at the port of Linux', udp(8472, vxlan(frame)), { ...within, vni: 5001 }],
    ['GENEVE with an option and Ethernet', udp(6081, geneve(0x6558, frame)), { ...within, vni: 5002 }],
    ['GENEVE with IP', udp(6081, geneve(0x0800, inner)), { ...within, proto: 17, vni: 5002 }],
    ['GRE', gre(shorts(0, 0x0800), inner), { ...within, proto: 47 }],
    ['GRE with sum, key and number', gre(shorts(0xb000, 0x0800), words(0, 7, 1), inner), within],
    ['NVGRE', gre(shorts(0x2000, 0x6558), words(5003 << 8), frame), { ...within, vni: 5003 }],
    ['GRE with a label', gre(shorts(0, 0x8847), words((16 << 12) | 0x100), inner), within],
    ['IP in IP', ipv4(4, inner), { ...within, proto: 4 }],
    ['IPv6 in IP', ipv4(41, ipv6(6, tcp)), { proto: 41, inner_src_port: 40_000 }],
    ['IP in IPv6', ipv6(4, inner), { ...within, proto: 4 }],
    ['a list of segments with IP', ipv6(43, Buffer.concat([segments(4), inner])), { ...within, proto: 4 }],
    ['a list of segments with Ethernet', ipv6(43, Buffer.concat([segments(143), frame])), { ...within, proto: 143 }],
  ])('%s', (_, bytes, expected) => {
    expect(row(bytes)).toMatchObject(expected)
  })

  test('the outer packet keeps its length, ports and protocol', () => {
    const bytes = udp(4789, vxlan(frame))
    const packet = new Packet()
    readPacket('ip', bytes, 0, bytes.length, packet)
    expect(packet).toMatchObject({ length: bytes.length, proto: 17, srcPort: 49_152, dstPort: 4789, linkBytes: 0 })
  })
})

test.each([
  ['UDP to the port of VXLAN without a valid network', udp(4789, Buffer.concat([words(0, 0), frame]))],
  ['GENEVE of another version', udp(6081, Buffer.concat([shorts(0x4000, 0x0800), words(0), inner]))],
  ['GRE of version 1', gre(shorts(0x2001, 0x880b), words(0, 0), inner)],
  ['a later fragment', ipv4(4, inner, { fragment: 10 })],
  ['IP in IP of another version', ipv4(4, ipv6(6, tcp))],
  ['a packet that is longer than the one around it', udp(4789, vxlan(longer))],
  ['other bytes in IP in IP', ipv4(4, Buffer.alloc(40, 0xff))],
])('nothing is read within %s', (_, bytes) => {
  const keys = Object.keys(row(bytes)).filter((key) => key.startsWith('inner_') || key === 'vni')
  expect(keys).toEqual([])
})

test('a tunnel that is cut anywhere yields complete parts only, also after another packet', () => {
  const bytes = udp(4789, vxlan(frame))
  const packet = new Packet()
  for (let end = bytes.length; end >= 0; end--) {
    readPacket('ip', bytes, 0, end, packet)
    expect(packet.has(part.vni)).toBe(end >= 20 + 8 + 8)
    const hasPorts = packet.has(part.inner) && packet.inner.has(part.ports)
    expect(hasPorts).toBe(end >= bytes.length - tcp.length + 4)
  }
})
