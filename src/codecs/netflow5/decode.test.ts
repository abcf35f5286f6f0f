import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { flowRows, type FlowRow } from '../../../test/kit/flow-rows.ts'
import { FlowBuilder } from '../../model/flow-builder.ts'
import { countRecords, countUnread, Netflow5Decoder, type Decoded } from './decode.ts'

const exporter = Uint32Array.of(0, 0, 0xffff, 0xc0000207)
const exportTime = 1_700_000_000_500
const hour = 3_600_000

/** One TCP flow 10.0.0.1:40000 → 10.0.0.2:443, sampled 1 in 10. */
const vectorA = Buffer.from(
  '00050001000927c06553f1001dcd6500000000290007400a0a0000010a00000200000000000300040000000a000003e8' +
    '000900b0000923d89c4001bb001b0600fbf4fbf518100000',
  'hex',
)

function datagram(change: (bytes: Buffer) => void, records = 1): Buffer {
  const bytes = Buffer.concat([vectorA.subarray(0, 24), ...Array<Buffer>(records).fill(vectorA.subarray(24))])
  bytes.writeUInt16BE(records, 2)
  change(bytes)
  return bytes
}

function decode(bytes: Uint8Array, time = exportTime): { result: Decoded; rows: FlowRow[]; flows: FlowBuilder } {
  const flows = new FlowBuilder(4)
  const result = new Netflow5Decoder(flows).decode(bytes, { exporter, time, skewLimit: hour })
  return { result, rows: flowRows(flows.batch()), flows }
}

describe('a NetFlow v5 datagram', () => {
  test('becomes a row with every field of the record (vector A)', () => {
    const { result, rows } = decode(vectorA)
    expect(result).toEqual({
      rows: 1,
      malformed: undefined,
      skewed: 0,
      sequence: { first: 41, flows: 1, engine: 7, boot: exportTime - 600_000 },
    })
    expect(rows).toEqual([
      {
        time_start: 1_699_999_990_500,
        time_end: 1_699_999_999_500,
        time_received: exportTime,
        time_skewed: 0,
        src_addr: '10.0.0.1',
        dst_addr: '10.0.0.2',
        next_hop: '0.0.0.0',
        exporter_addr: '192.0.2.7',
        src_port: 40_000,
        dst_port: 443,
        proto: 6,
        tcp_flags: 0x1b,
        dscp: 0,
        in_if: 3,
        out_if: 4,
        bytes: 1000,
        packets: 10,
        sampling: 10,
        protocol: 'netflow5',
        protocol_version: 5,
        etype: 2048,
        src_as: 64_500,
        dst_as: 64_501,
        src_mask: 24,
        dst_mask: 16,
      },
    ])
  })

  test('case 1: without a sampling interval leaves sampling absent', () => {
    for (const field of [0x0000, 0x4000]) {
      const { rows, flows } = decode(datagram((bytes) => bytes.writeUInt16BE(field, 22)))
      expect(rows[0]).not.toHaveProperty('sampling')
      expect(flows.batch().columns).not.toHaveProperty('sampling')
    }
  })

  test('with an interval of 1 is unsampled, whatever the mode bits are', () => {
    expect(decode(datagram((bytes) => bytes.writeUInt16BE(0xc001, 22))).rows[0]).toMatchObject({ sampling: 1 })
  })

  test('case 2: with a count of 30 records but an end inside the last one yields 29 rows and is malformed', () => {
    const cut = datagram(() => undefined, 30).subarray(0, 24 + 29 * 48 + 20)
    const { result, rows } = decode(cut)
    expect(result).toMatchObject({ rows: 29, malformed: 'truncated', sequence: { flows: 30 } })
    expect(rows).toHaveLength(29)
    expect(countRecords(cut)).toBe(29)
    expect(countUnread(cut)).toBe(1)
  })

  test('of ICMP with code * 256 + type has the type that exists', () => {
    const echo = datagram((bytes) => {
      bytes[24 + 38] = 1
      bytes.writeUInt16BE(8, 24 + 34)
    })
    expect(decode(echo).rows[0]).toMatchObject({ icmp_type: 8, icmp_code: 0 })
  })

  test.each([0, 31, 65_535])('case 3: with a count of %i records is refused', (count) => {
    const { result, rows } = decode(datagram((bytes) => bytes.writeUInt16BE(count, 2)))
    expect(result).toEqual({ rows: 0, malformed: 'count', skewed: 0, sequence: undefined })
    expect(rows).toEqual([])
  })

  test('shorter than its header is refused', () => {
    expect(decode(vectorA.subarray(0, 23)).result.malformed).toBe('short')
  })

  test('longer than its records is read without the excess', () => {
    expect(decode(Buffer.concat([vectorA, Buffer.alloc(100, 1)])).result).toMatchObject({
      rows: 1,
      malformed: undefined,
    })
  })

  test('case 4: with a flow that began before the uptime counter wrapped starts two seconds before its export', () => {
    const { rows } = decode(
      datagram((bytes) => {
        bytes.writeUInt32BE(1000, 4)
        bytes.writeUInt32BE(4_294_966_296, 24 + 24)
        bytes.writeUInt32BE(900, 24 + 28)
      }),
    )
    expect(rows[0]).toMatchObject({ time_start: exportTime - 2000, time_end: exportTime - 100 })
  })

  test('case 5: with a flow 20 ms after the header has a time 20 ms ahead, not 49.7 days back', () => {
    const { rows } = decode(datagram((bytes) => bytes.writeUInt32BE(600_020, 24 + 24)))
    expect(rows[0]).toMatchObject({ time_start: exportTime + 20 })
  })

  test('marks rows with a clock beyond the limit, and keeps their times', () => {
    const end = 1_699_999_999_500
    expect(decode(vectorA, end + hour)).toMatchObject({
      result: { skewed: 0 },
      rows: [{ time_skewed: 0, time_end: end }],
    })
    expect(decode(vectorA, end + hour + 1)).toMatchObject({
      result: { skewed: 1 },
      rows: [{ time_skewed: 1, time_end: end }],
    })
    expect(decode(vectorA, end - hour - 1)).toMatchObject({
      result: { skewed: 1 },
      rows: [{ time_skewed: 1, time_end: end }],
    })
  })

  test('of ICMP has type and code, and no ports', () => {
    const { rows } = decode(
      datagram((bytes) => {
        bytes.writeUInt8(1, 24 + 38)
        bytes.writeUInt16BE((3 << 8) | 13, 24 + 34)
      }),
    )
    expect(rows[0]).toMatchObject({ proto: 1, icmp_type: 3, icmp_code: 13 })
    expect(rows[0]).not.toHaveProperty('src_port')
    expect(rows[0]).not.toHaveProperty('dst_port')
  })

  test.each([
    [6, true],
    [17, true],
    [132, true],
    [47, false],
    [50, false],
    [0, false],
  ])('of protocol %i has ports: %s', (proto, ports) => {
    const { rows } = decode(datagram((bytes) => bytes.writeUInt8(proto, 24 + 38)))
    expect('src_port' in (rows[0] ?? {})).toBe(ports)
    expect('dst_port' in (rows[0] ?? {})).toBe(ports)
    expect(rows[0]).not.toHaveProperty('icmp_type')
  })

  test('keeps counters of 32 bits exact and takes the code point out of the type of service', () => {
    const { rows } = decode(
      datagram((bytes) => {
        bytes.writeUInt32BE(4_294_967_295, 24 + 20)
        bytes.writeUInt8(0xb9, 24 + 39)
      }),
    )
    expect(rows[0]).toMatchObject({ bytes: 4_294_967_295, dscp: 46 })
  })
})

test('absent fields of one datagram do not leak into rows of another in the same batch, nor over a reset', () => {
  const flows = new FlowBuilder(1)
  const decoder = new Netflow5Decoder(flows)
  const icmp = datagram((bytes) => {
    for (let at = 24; at < bytes.length; at += 48) bytes.writeUInt8(1, at + 38)
    bytes.writeUInt16BE(0, 22)
  }, 3)
  for (let round = 0; round < 2; round++) {
    for (const bytes of [vectorA, icmp, vectorA]) decoder.decode(bytes, { exporter, time: exportTime, skewLimit: hour })
    const rows = flowRows(flows.batch())
    expect(rows.map((row) => [row.src_port, row.icmp_type, row.sampling])).toEqual([
      [40_000, undefined, 10],
      [undefined, 1, undefined],
      [undefined, 1, undefined],
      [undefined, 1, undefined],
      [40_000, undefined, 10],
    ])
    flows.reset()
  }
})

test('whatever bytes arrive, the decoder never throws and never invents rows', () => {
  const flows = new FlowBuilder()
  const decoder = new Netflow5Decoder(flows)
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 1600 }), (bytes) => {
      const { rows } = decoder.decode(bytes, { exporter, time: exportTime, skewLimit: hour })
      expect(rows).toBe(countRecords(bytes))
      expect(rows * 48).toBeLessThanOrEqual(Math.max(0, bytes.length - 24))
      if (flows.count > 10_000) flows.reset()
    }),
    { numRuns: 2000 },
  )
})
