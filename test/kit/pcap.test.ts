import { expect, test } from 'vitest'
import { buildCapture } from './pcap.ts'

test('the same seed gives the same bytes, another seed others', () => {
  const first = buildCapture({ seed: 7, flows: 50 })
  expect(Buffer.from(buildCapture({ seed: 7, flows: 50 }).pcap)).toEqual(Buffer.from(first.pcap))
  expect(Buffer.from(buildCapture({ seed: 8, flows: 50 }).pcap)).not.toEqual(Buffer.from(first.pcap))
})

test('the capture holds exactly the packets and bytes per 5-tuple that it claims, with right checksums', () => {
  const capture = buildCapture({ seed: 1, flows: 300 })
  const file = Buffer.from(capture.pcap)
  const found = new Map<string, { packets: number; bytes: number; flags: number }>()
  let at = 24
  let before = 0
  while (at < file.length) {
    const time = file.readUInt32LE(at) * 1e6 + file.readUInt32LE(at + 4)
    expect(time).toBeGreaterThanOrEqual(before)
    before = time
    const length = file.readUInt32LE(at + 8)
    const ip = file.subarray(at + 16 + 14, at + 16 + length)
    expect(ip.readUInt16BE(2)).toBe(ip.length)
    let sum = 0
    for (let word = 0; word < 20; word += 2) sum += ip.readUInt16BE(word)
    expect((sum & 0xffff) + (sum >>> 16)).toBe(0xffff)
    const key = `${ip[9]} ${[...ip.subarray(12, 16)].join('.')}:${ip.readUInt16BE(20)} ${[...ip.subarray(16, 20)].join('.')}:${ip.readUInt16BE(22)}`
    const flow = found.get(key) ?? { packets: 0, bytes: 0, flags: 0 }
    flow.packets++
    flow.bytes += ip.length
    flow.flags |= ip[9] === 6 ? (ip[33] ?? 0) : 0
    found.set(key, flow)
    at += 16 + length
  }
  expect(at).toBe(file.length)
  expect(found.size).toBe(300)
  for (const flow of capture.flows) {
    const key = `${flow.proto} ${flow.srcAddr}:${flow.srcPort} ${flow.dstAddr}:${flow.dstPort}`
    expect(found.get(key)).toEqual({ packets: flow.packets, bytes: flow.bytes, flags: flow.tcpFlags })
  }
  expect(capture.packets).toBe([...found.values()].reduce((sum, flow) => sum + flow.packets, 0))
})
