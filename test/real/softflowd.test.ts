import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { describe, expect, onTestFinished, test } from 'vitest'
import { buildCapture } from '../kit/pcap.ts'
import { softflowd } from './install/softflowd.ts'
import { need } from './kit/need.ts'
import { replaySoftflowd } from './kit/softflowd.ts'

interface Record5 {
  readonly key: string
  readonly packets: number
  readonly bytes: number
  readonly tcpFlags: number
  readonly first: number
  readonly last: number
}

/** NetFlow v5 by hand: 24 bytes of header, 48 per record, all big-endian. */
function decode(datagram: Buffer): { sequence: number; records: Record5[] } {
  expect(datagram.readUInt16BE(0)).toBe(5)
  const count = datagram.readUInt16BE(2)
  expect(datagram.length).toBe(24 + 48 * count)
  // Sender's clock in ms since 1970, minus its uptime: the moment that first and last are relative to.
  const boot = datagram.readUInt32BE(8) * 1000 + datagram.readUInt32BE(12) / 1e6 - datagram.readUInt32BE(4)
  const records = Array.from({ length: count }, (_, index) => {
    const record = datagram.subarray(24 + 48 * index, 24 + 48 * (index + 1))
    const address = (at: number): string => [...record.subarray(at, at + 4)].join('.')
    return {
      key: `${record[38]} ${address(0)}:${record.readUInt16BE(32)} ${address(4)}:${record.readUInt16BE(34)}`,
      packets: record.readUInt32BE(16),
      bytes: record.readUInt32BE(20),
      tcpFlags: record[37] ?? 0,
      first: boot + record.readUInt32BE(24),
      last: boot + record.readUInt32BE(28),
    }
  })
  return { sequence: datagram.readUInt32BE(16), records }
}

describe('softflowd', () => {
  test('exports exactly the flows, packets, bytes and flags of a generated capture as NetFlow v5', async (context) => {
    await need(context, softflowd)
    const socket = createSocket({ type: 'udp4', recvBufferSize: 4 * 1024 * 1024 })
    onTestFinished(() => void socket.close())
    socket.bind(0, '127.0.0.1')
    await once(socket, 'listening')
    const datagrams: Buffer[] = []
    socket.on('message', (datagram) => datagrams.push(datagram))

    const start = Date.UTC(2024, 2, 1)
    const capture = buildCapture({ seed: 42, flows: 500, start, span: 20_000 })
    const said = await replaySoftflowd({ pcap: capture.pcap, port: socket.address().port, version: 5 })
    expect(said.packets).toBe(capture.packets)
    expect(said.flows).toBe(500)

    let records: Record5[] = []
    await expect.poll(() => (records = datagrams.flatMap((datagram) => decode(datagram).records)).length, { timeout: 10_000 }).toBe(500)

    // The header's sequence counts flows: nothing was lost between two datagrams.
    let sequence = 0
    for (const datagram of datagrams.map(decode)) {
      expect(datagram.sequence).toBe(sequence)
      sequence += datagram.records.length
    }
    const found = new Map(records.map((record) => [record.key, record]))
    for (const flow of capture.flows) {
      const record = found.get(`${flow.proto} ${flow.srcAddr}:${flow.srcPort} ${flow.dstAddr}:${flow.dstPort}`)
      expect(record).toMatchObject({ packets: flow.packets, bytes: flow.bytes, tcpFlags: flow.tcpFlags })
      expect(record?.first).toBeGreaterThanOrEqual(start - 1000)
      expect(record?.last).toBeLessThanOrEqual(start + 21_000)
    }
    expect(records.reduce((sum, record) => sum + record.packets, 0)).toBe(capture.packets)
    expect(records.reduce((sum, record) => sum + record.bytes, 0)).toBe(capture.bytes)
  })
})
