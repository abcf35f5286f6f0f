import { describe, expect, test } from 'vitest'
import { ethernet, ipv4, ipv6, shorts, tcp, words } from '../sflow5/testing/datagrams.ts'
import { Packet, part } from './packet.ts'
import { readPacket, type HeaderKind } from './read.ts'

function read(bytes: Uint8Array, kind: HeaderKind = 'ethernet'): Packet {
  const packet = new Packet()
  readPacket(kind, bytes, 0, bytes.length, packet)
  return packet
}

const ports = { srcPort: 40_000, dstPort: 443 }
const udp = shorts(5353, 53, 8, 0)

describe('a packet', () => {
  test('in Ethernet gives its MAC addresses, low word first, and the bytes before IP', () => {
    const packet = read(ethernet(shorts(0x8100, 100, 0x0800), ipv4(6, tcp)))
    expect([...packet.macs]).toEqual([1, 0x0200, 2, 0x0200])
    expect(packet).toMatchObject({
      linkBytes: 18,
      vlan: 100,
      etype: 0x0800,
      length: 40,
      proto: 6,
      dscp: 46,
      ttl: 64,
      tcpFlags: 0x12,
      ...ports,
    })
    expect([...packet.addresses]).toEqual([0, 0, 0xffff, 0x0a000001, 0, 0, 0xffff, 0x0a000002])
  })

  test('with a priority tag is in no VLAN, and a third tag changes nothing', () => {
    const priority = read(ethernet(shorts(0x8100, 0xe000, 0x0800), ipv4(6, tcp)))
    expect(priority.has(part.vlan)).toBe(false)
    expect(priority).toMatchObject(ports)
    const three = read(ethernet(shorts(0x88a8, 1, 0x8100, 2, 0x8100, 3, 0x0800), ipv4(6, tcp)))
    expect(three).toMatchObject({ vlan: 1, innerVlan: 2, linkBytes: 26, ...ports })
  })

  test('in PPPoE, PPP and behind MPLS labels is found', () => {
    const session = Buffer.concat([shorts(0x1100, 7, 42), shorts(0x0021)])
    expect(read(ethernet(shorts(0x8864), session, ipv4(6, tcp)))).toMatchObject({ linkBytes: 22, ...ports })
    expect(read(ethernet(shorts(0x8100, 9, 0x8864), Buffer.from('11000007002a57', 'hex'), ipv6(6, tcp)))).toMatchObject(
      { vlan: 9, ...ports },
    )
    expect(read(Buffer.concat([shorts(0xff03, 0x0021), ipv4(6, tcp)]), 'ppp')).toMatchObject({ linkBytes: 4, ...ports })
    expect(read(Buffer.concat([Buffer.of(0x21), ipv4(6, tcp)]), 'ppp')).toMatchObject({ linkBytes: 1, ...ports })
    const labels = words(100 << 12, (200 << 12) | 0x100)
    const packet = read(Buffer.concat([labels, ipv6(6, tcp)]), 'mpls')
    expect(packet).toMatchObject({ linkBytes: 8, labelCount: 2, etype: 0x86dd, ...ports })
    expect([...packet.labels.subarray(0, 2)]).toEqual([100, 200])
  })

  test('that is no IP behind its labels has its labels only', () => {
    const packet = read(Buffer.concat([words((100 << 12) | 0x100, 0), tcp]), 'mpls')
    expect(packet.labelCount).toBe(1)
    expect(packet.has(part.ip | part.etype)).toBe(false)
  })

  test('with options in its IPv4 header has its ports behind them', () => {
    expect(read(ipv4(17, udp, { words: 8, length: 40 }), 'ip')).toMatchObject({ srcPort: 5353, dstPort: 53, proto: 17 })
    const cut = read(ipv4(17, udp, { words: 15, length: 68 }).subarray(0, 40), 'ip')
    expect(cut).toMatchObject({ proto: 17, length: 68 })
    expect(cut.has(part.ports)).toBe(false)
  })

  test('of a first fragment has its ports, of a later one none, in both families', () => {
    expect(read(ipv4(17, udp, { fragment: 0x2000 }), 'ip')).toMatchObject({
      srcPort: 5353,
      fragmentId: 0x1234,
      fragmentOffset: 0,
    })
    const later = read(ipv4(17, udp, { fragment: 0x2000 | 185 }), 'ip')
    expect(later).toMatchObject({ fragmentOffset: 185, proto: 17 })
    expect(later.has(part.ports)).toBe(false)
    const first = Buffer.concat([Buffer.from('1100000100abcdef', 'hex'), udp])
    expect(read(ipv6(44, first), 'ip')).toMatchObject({ srcPort: 5353, fragmentId: 0xabcdef, fragmentOffset: 0 })
    const second = Buffer.concat([Buffer.from('110005a900abcdef', 'hex'), udp])
    const packet = read(ipv6(44, second), 'ip')
    expect(packet).toMatchObject({ proto: 17, fragmentOffset: 181 })
    expect(packet.has(part.ports)).toBe(false)
    expect(read(ipv4(17, udp, { fragment: 0x4000 }), 'ip').has(part.fragment)).toBe(false)
  })

  test('with every kind of IPv6 extension header is read to its end', () => {
    const chain = Buffer.concat([
      Buffer.from('2b00050200000000', 'hex'), // hop by hop, then routing
      Buffer.from('3c02040000000000'.padEnd(48, '0'), 'hex'), // routing of 24 bytes, then destination options
      Buffer.from('3300010400000000', 'hex'), // destination options, then authentication
      Buffer.from('1104000000000000'.padEnd(48, '0'), 'hex'), // authentication of 24 bytes, then UDP
      udp,
    ])
    expect(read(ipv6(0, chain), 'ip')).toMatchObject({ proto: 17, srcPort: 5353, dstPort: 53 })
    for (const length of [1, 7, 9, 33, 45]) {
      const packet = read(ipv6(0, chain).subarray(0, 40 + length), 'ip')
      expect(packet.has(part.ip)).toBe(true)
      expect(packet.has(part.proto | part.ports)).toBe(false)
    }
  })

  test('of ICMP has type and code, of SCTP ports, of a tunnel its outer values', () => {
    expect(read(ipv4(1, Buffer.of(8, 0, 0, 0)), 'ip')).toMatchObject({ icmpType: 8, icmpCode: 0 })
    expect(read(ipv6(58, Buffer.of(135, 1, 0, 0)), 'ip')).toMatchObject({ icmpType: 135, icmpCode: 1 })
    expect(read(ipv4(132, shorts(2905, 2906)), 'ip')).toMatchObject({ srcPort: 2905, dstPort: 2906 })
    const gre = read(ipv4(47, Buffer.concat([shorts(0, 0x0800), ipv4(6, tcp)])), 'ip')
    expect(gre.proto).toBe(47)
    expect(gre.has(part.ports | part.icmp | part.tcpFlags)).toBe(false)
    expect(
      read(
        ipv4(17, Buffer.concat([shorts(49_152, 4789, 0, 0), Buffer.alloc(8), ethernet(shorts(0x0800), ipv4(6, tcp))])),
        'ip',
      ),
    ).toMatchObject({ dstPort: 4789, proto: 17 })
  })

  test('that is shorter than its frame takes nothing from the padding', () => {
    const packet = read(ethernet(shorts(0x0800), ipv4(6, new Uint8Array(0), { length: 20 }), Buffer.alloc(26, 0xee)))
    expect(packet).toMatchObject({ length: 20, proto: 6 })
    expect(packet.has(part.ports | part.tcpFlags)).toBe(false)
  })

  test('of 802.3, of another version or with a header that is too short is no IP', () => {
    expect(read(ethernet(shorts(60), Buffer.alloc(60))).has(part.etype | part.ip)).toBe(false)
    for (const first of [0x55, 0x44])
      expect(read(ethernet(shorts(0x0800), Buffer.of(first), ipv4(6, tcp).subarray(1))).has(part.ip)).toBe(false)
    expect(read(ethernet(shorts(0x86dd), ipv4(6, tcp))).has(part.ip)).toBe(false)
  })
})

test('a header that is cut anywhere yields its complete parts, and never values of an earlier packet', () => {
  const bytes = ethernet(shorts(0x88a8, 7, 0x8100, 8, 0x0800), ipv4(6, tcp))
  const packet = new Packet()
  const seen = new Map<number, number>()
  for (let end = bytes.length; end >= 0; end--) {
    readPacket('ethernet', bytes, 0, end, packet)
    expect(packet.linkBytes).toBeLessThanOrEqual(end)
    for (const bit of Object.values(part)) if (packet.has(bit)) seen.set(bit, end)
  }
  // The least bytes with which each part is whole.
  expect(seen).toEqual(
    new Map([
      [part.macs, 12],
      [part.vlan, 16],
      [part.innerVlan, 20],
      [part.etype, 22],
      [part.length, 26],
      [part.ip, 42],
      [part.proto, 42],
      [part.ttl, 42],
      [part.ports, 46],
      [part.tcpFlags, 56],
    ]),
  )
})
