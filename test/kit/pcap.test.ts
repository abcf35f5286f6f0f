import { expect, test } from 'vitest'
import { frameOf, pcapFile } from './pcap-file.ts'
import { flowKey, sumCapture } from './pcap-sum.ts'
import { buildCapture } from './pcap.ts'

test('the same seed produces the same bytes', () => {
  const first = buildCapture({ seed: 7, conversations: 50 })
  expect(Buffer.from(buildCapture({ seed: 7, conversations: 50 }))).toEqual(Buffer.from(first))
  expect(Buffer.from(buildCapture({ seed: 8, conversations: 50 }))).not.toEqual(Buffer.from(first))
})

test('packets are summed as written', () => {
  const web = { srcAddr: '10.0.0.1', dstAddr: '11.0.0.2', proto: 6, srcPort: 40_000, dstPort: 443 }
  const name = { srcAddr: '2001:db8:1::1:0', dstAddr: '2001:db8:2::5', proto: 17, srcPort: 5353, dstPort: 53 }
  const ping = { srcAddr: '10.0.0.1', dstAddr: '11.0.0.3', proto: 1, srcPort: 8, dstPort: 0, payload: 56 }
  const pcap = pcapFile([
    { at: 1_700_000_000_000_000, ...frameOf({ ...web, payload: 0, tcpFlags: 2 }) },
    { at: 1_700_000_000_250_000, ...frameOf({ ...web, payload: 1400, tcpFlags: 24, vlan: 7 }, 96) },
    { at: 1_700_000_001_000_000, ...frameOf({ ...name, payload: 30 }) },
    { at: 1_700_000_002_500_000, ...frameOf(ping) },
  ])
  const sum = sumCapture(pcap)
  expect(sum.all).toEqual({ packets: 4, bytes: 40 + 1440 + 78 + 84 })
  expect(sum.v6).toEqual({ packets: 1, bytes: 78 })
  expect(sum.v4).toEqual({ packets: 3, bytes: 1564 })
  expect(sum.addresses).toBe(5)
  expect(sum.dstPorts).toEqual(
    new Map([
      ['4 443', { packets: 2, bytes: 1480 }],
      ['6 53', { packets: 1, bytes: 78 }],
    ]),
  )
  expect(sum.flows.get(flowKey(6, '10.0.0.1', 40_000, '11.0.0.2', 443))).toEqual({
    packets: 2,
    bytes: 1480,
    tcpFlags: 26,
    first: 1_700_000_000_000,
    last: 1_700_000_000_250,
  })
  expect(sum.flows.get(flowKey(17, '2001:db8:1::1:0', 5353, '2001:db8:2::5', 53))).toMatchObject({ packets: 1 })
  expect(sum.flows.get(flowKey(1, '10.0.0.1', 8, '11.0.0.3', 0))).toMatchObject({ packets: 1, bytes: 84 })
})

test('a capture is sorted and has the requested addresses, families and protocols', () => {
  const sum = sumCapture(buildCapture({ seed: 1, conversations: 3000, addresses: 5000, vlan: 0.2 }))
  expect(sum.addresses).toBeGreaterThanOrEqual(5000)
  expect([...sum.protos.keys()].sort((a, b) => a - b)).toEqual([1, 6, 17, 58])
  expect(sum.v4.packets + sum.v6.packets).toBe(sum.all.packets)
  expect(sum.v6.packets).toBeGreaterThan(sum.all.packets / 10)
  expect(sum.others).toBe(0)
  expect(sum.flows.size).toBeGreaterThan(4500)
  expect(sum.last - sum.first).toBeLessThanOrEqual(20_000)
})

test('no two conversations share a flow', () => {
  const sum = sumCapture(buildCapture({ seed: 3, conversations: 2000, answered: 0, icmp: 0, addresses: 400 }))
  expect(sum.flows.size).toBe(2000)
})
