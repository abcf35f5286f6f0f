import { describe, expect, test } from 'vitest'
import { flowRows, type FlowRow } from '../../../test/kit/flow-rows.ts'
import type { DecoderOptions } from './decoder.ts'
import {
  Bench,
  exported,
  ip4,
  ipfix,
  netflow9,
  optionsTemplate,
  optionsTemplate9,
  set,
  sumOf,
  template,
  u16,
  u32,
  u64,
  u8,
  uptime,
  type FieldOf,
} from './testing/datagrams.ts'
import { vectorB, vectorC, vectorD, vectorF } from './testing/vectors.ts'

interface Value {
  readonly field: FieldOf
  readonly value: Uint8Array
}
const value = (id: number, bytes: Uint8Array, pen?: number): Value => ({
  field: pen === undefined ? [id, bytes.length] : [id, bytes.length, pen],
  value: bytes,
})
const addresses = [value(8, ip4('10.0.0.1')), value(12, ip4('10.0.0.2'))]

function rowsOf(bench: Bench): FlowRow[] {
  expect(sumOf(bench.totals)).toBe(bench.received)
  return flowRows(bench.flows.batch())
}

/** The rows of one record with these elements. */
function rows(
  version: 9 | 10,
  values: readonly Value[],
  before: readonly Uint8Array[] = [],
  options: Partial<DecoderOptions> = {},
): FlowRow[] {
  const bench = new Bench(options)
  for (const datagram of before) bench.take(datagram)
  const fields = values.map(({ field }) => field)
  const body = values.map(({ value: bytes }) => bytes)
  bench.take(
    version === 9
      ? netflow9({}, set(0, template(300, fields)), set(300, ...body))
      : ipfix({}, set(2, template(300, fields)), set(300, ...body)),
  )
  return rowsOf(bench)
}

describe('sampling', () => {
  test('case 19: C, then B of another domain: nothing is known', () => {
    const bench = new Bench()
    bench.take(vectorC)
    const other = Buffer.from(vectorB)
    other.writeUInt32BE(6, 16)
    bench.take(other)
    expect(rowsOf(bench)[0]).not.toHaveProperty('sampling')
  })

  test('case 20: F, then D, and D of another exporter', () => {
    const bench = new Bench()
    bench.take(vectorF)
    bench.take(vectorD)
    bench.take(vectorD, { exporter: 8 })
    expect(rowsOf(bench).map(({ sampling }) => sampling)).toEqual([10, undefined])
  })

  test('case 21: selectors by size and population, and by probability', () => {
    const probability = Buffer.alloc(8)
    probability.writeDoubleBE(0.01)
    const bench = new Bench()
    bench.take(
      ipfix(
        {},
        set(
          3,
          optionsTemplate(400, 1, [
            [302, 8],
            [309, 4],
            [310, 4],
          ]),
          optionsTemplate(401, 1, [
            [302, 8],
            [311, 8],
          ]),
        ),
        set(400, u64(5), u32(1, 64)),
        set(401, u64(6), probability),
      ),
    )
    for (const selector of [5, 6, 7])
      bench.take(
        ipfix(
          {},
          set(
            2,
            template(300, [
              [8, 4],
              [302, 4],
            ]),
          ),
          set(300, ip4('10.0.0.1'), u32(selector)),
        ),
      )
    expect(rowsOf(bench).map(({ sampling }) => sampling)).toEqual([64, 100, undefined])
  })

  test('case 22: samplers of v9, and the configured default for an unknown one', () => {
    const bench = new Bench({ sampling: 7 })
    bench.take(
      netflow9(
        {},
        set(
          1,
          optionsTemplate9(
            400,
            [[1, 4]],
            [
              [48, 1],
              [49, 1],
              [50, 4],
            ],
          ),
        ),
        set(400, u32(0), u8(1, 2), u32(512)),
      ),
    )
    bench.take(
      netflow9(
        {},
        set(
          0,
          template(300, [
            [8, 4],
            [48, 1],
          ]),
        ),
        set(300, ip4('10.0.0.1'), u8(1), ip4('10.0.0.1'), u8(2)),
      ),
    )
    expect(rowsOf(bench).map(({ sampling }) => sampling)).toEqual([512, 7])
  })

  test("the record's own value takes precedence, and 0 means unknown", () => {
    expect(rows(9, [...addresses, value(34, u32(50))], [vectorC])[0]).toMatchObject({ sampling: 50 })
    const bench = new Bench()
    bench.take(vectorC)
    bench.take(
      netflow9(
        {},
        set(
          0,
          template(300, [
            [8, 4],
            [34, 4],
          ]),
        ),
        set(300, ip4('10.0.0.1'), u32(0)),
      ),
    )
    expect(rowsOf(bench)).toMatchObject([{ sampling: 100 }])
  })

  test('each interface has its own rate if the exporter reports it', () => {
    const bench = new Bench()
    bench.take(netflow9({}, set(1, optionsTemplate9(400, [[2, 4]], [[34, 4]])), set(400, u32(1, 100, 2, 200))))
    bench.take(
      netflow9(
        {},
        set(
          0,
          template(300, [
            [8, 4],
            [10, 2],
          ]),
        ),
        set(300, ip4('10.0.0.1'), u16(1), ip4('10.0.0.1'), u16(2), ip4('10.0.0.1'), u16(3)),
      ),
    )
    expect(rowsOf(bench).map(({ sampling }) => sampling)).toEqual([100, 200, undefined])
  })
})

describe('case 26: times', () => {
  const times = (version: 9 | 10, values: readonly Value[], before: readonly Uint8Array[] = []): readonly unknown[] => {
    const [row] = rows(version, [...addresses, ...values], before)
    return [Number(row?.time_start) - exported * 1000, Number(row?.time_end) - exported * 1000, row?.time_skewed]
  }
  const now = exported * 1000
  const ntp = (ms: number): Buffer =>
    u32(Math.floor(ms / 1000) + 2_208_988_800, Math.floor(((ms % 1000) / 1000) * 2 ** 32))
  const optionsInit = ipfix(
    {},
    set(
      3,
      optionsTemplate(400, 1, [
        [143, 4],
        [160, 8],
      ]),
    ),
    set(400, u32(1), u64(now - uptime)),
  )

  test('in ms, in s and as NTP stamps of micro- and nanoseconds', () => {
    expect(times(10, [value(152, u64(now - 9500)), value(153, u64(now - 500))])).toEqual([-9500, -500, 0])
    expect(times(10, [value(150, u32(exported - 9)), value(151, u32(exported - 1))])).toEqual([-9000, -1000, 0])
    for (const start of [154, 156]) {
      expect(times(10, [value(start, ntp(now - 9999)), value(start + 1, ntp(now - 1))])).toEqual([-9999, -1, 0])
    }
  })

  test('in microseconds before the export', () => {
    expect(times(10, [value(158, u32(9_500_000)), value(159, u32(500_000))])).toEqual([-9500, -500, 0])
  })

  test('in v9 as plain Unix ms, which win over uptimes', () => {
    const inMs = [value(22, u32(0)), value(21, u32(0)), value(152, u64(now - 9500)), value(153, u64(now - 500))]
    expect(times(9, inMs)).toEqual([-9500, -500, 0])
  })

  test('in ms since the exporter started, which v9 has in the header and IPFIX in options or the record', () => {
    const relative = [value(22, u32(uptime - 9500)), value(21, u32(uptime - 500))]
    expect(times(9, relative)).toEqual([-9500, -500, 0])
    expect(times(10, relative, [optionsInit])).toEqual([-9500, -500, 0])
    expect(times(10, [...relative, value(160, u64(now - uptime))])).toEqual([-9500, -500, 0])
  })

  test('of an exporter with unknown start are those of the export, and marked', () => {
    expect(times(10, [value(22, u32(1)), value(21, u32(1))])).toEqual([0, 0, 1])
    expect(times(10, [])).toEqual([0, 0, 1])
  })

  test('of an exporter with unknown start keep their duration, also across a wrap of the uptime', () => {
    expect(times(10, [value(22, u32(1000)), value(21, u32(3500))])).toEqual([-2500, 0, 1])
    expect(times(10, [value(22, u32(2 ** 32 - 1000)), value(21, u32(500))])).toEqual([-1500, 0, 1])
    expect(times(10, [value(22, u32(3500)), value(21, u32(1000))])).toEqual([0, 0, 1])
  })

  test('wrapped uptimes are as near as those that are slightly ahead', () => {
    const bench = new Bench()
    bench.take(
      netflow9(
        { uptime: 1000 },
        set(
          0,
          template(300, [
            [22, 4],
            [21, 4],
          ]),
        ),
        set(300, u32(2 ** 32 - 1000, 1020)),
      ),
    )
    expect(rowsOf(bench)).toMatchObject([{ time_start: now - 2000, time_end: now + 20, time_skewed: 0 }])
  })

  test('with one missing are completed by the duration', () => {
    expect(times(10, [value(152, u64(now - 9500)), value(161, u32(9000))])).toEqual([-9500, -500, 0])
    expect(times(10, [value(153, u64(now - 500)), value(162, u32(9_000_000))])).toEqual([-9500, -500, 0])
    expect(times(10, [value(323, u64(now - 500))])).toEqual([-500, -500, 0])
  })

  test('beyond every calendar are the last moment that can be written', () => {
    const [row] = rows(10, [...addresses, value(152, u64(2n ** 64n - 1n)), value(153, u64(2n ** 63n))])
    expect(row).toMatchObject({ time_start: 8.64e15, time_end: 8.64e15, time_skewed: 1 })
  })

  test('case 28: a clock that is three hours ahead, or in 1970, stays as it is and is marked', () => {
    const bench = new Bench()
    for (const time of [exported + 3 * 3600, 0])
      bench.take(
        netflow9(
          { time },
          set(
            0,
            template(300, [
              [22, 4],
              [21, 4],
            ]),
          ),
          set(300, u32(uptime, uptime)),
        ),
      )
    expect(rowsOf(bench)).toMatchObject([
      { time_end: now + 3 * 3_600_000, time_skewed: 1 },
      { time_end: 0, time_skewed: 1 },
    ])
    expect(bench.exporter().skewed).toBe(2)
  })
})

describe('numbers', () => {
  test('case 27: counters are exact up to 64 bits', () => {
    const bench = new Bench()
    bench.take(
      ipfix(
        {},
        set(
          2,
          template(300, [
            [1, 4],
            [2, 8],
          ]),
          template(301, [
            [1, 8],
            [2, 3],
          ]),
        ),
        set(300, u32(2 ** 32 - 1), u64(2n ** 53n + 1n)),
        set(301, u64(2n ** 64n - 1n), u8(1, 0, 0)),
      ),
    )
    const { bytes, packets } = bench.flows.batch().columns
    expect(bytes).toMatchObject({ words: Uint32Array.of(0xffffffff, 0, 0xffffffff, 0xffffffff) })
    expect(packets).toMatchObject({ words: Uint32Array.of(1, 0x200000, 65_536, 0) })
  })

  test('of any length from 1 to 8 bytes are read, of other lengths left out', () => {
    for (let length = 1; length <= 9; length++) {
      const bytes = Buffer.alloc(length)
      bytes[length - 1] = 77
      const [row] = rows(10, [
        ...addresses,
        value(1, bytes),
        value(10, bytes),
        value(7, bytes),
        value(11, bytes),
        value(4, Buffer.concat([Buffer.alloc(length - 1), u8(6)])),
      ])
      if (length < 9) expect(row).toMatchObject({ bytes: 77, in_if: 77, src_port: 77, dst_port: 77, proto: 6 })
      else expect(row).not.toHaveProperty('bytes')
    }
  })

  test('of variable length are read, too', () => {
    const varied = (id: number, ...bytes: number[]): Value => ({
      field: [id, 65_535],
      value: u8(bytes.length, ...bytes),
    })
    expect(
      rows(10, [...addresses, varied(1, 3, 232), varied(2, 10), varied(4, 6), varied(7, 1, 187), varied(5)])[0],
    ).toMatchObject({ bytes: 1000, packets: 10, proto: 6, src_port: 443 })
  })

  test('totals count where there are no deltas', () => {
    expect(rows(10, [...addresses, value(85, u64(5)), value(86, u64(6))])[0]).toMatchObject({ bytes: 5, packets: 6 })
    expect(rows(10, [...addresses, value(85, u64(5)), value(1, u64(7))])[0]).toMatchObject({ bytes: 7 })
  })
})

describe('bidirectional records', () => {
  const ports = [value(7, u16(1000)), value(11, u16(80)), value(4, u8(6))]
  const there = { src_addr: '10.0.0.1', dst_addr: '10.0.0.2', src_port: 1000, dst_port: 80, bytes: 100, packets: 3 }
  const back = {
    src_addr: '10.0.0.2',
    dst_addr: '10.0.0.1',
    src_port: 80,
    dst_port: 1000,
    bytes: 900,
    packets: 5,
    reverse: 1,
  }

  test('case 29: reverse elements (RFC 5103) make a second flow with its ends swapped', () => {
    const [first, second, ...more] = rows(10, [
      ...addresses,
      ...ports,
      value(1, u64(100)),
      value(2, u64(3)),
      value(6, u8(2)),
      value(10, u32(1)),
      value(14, u32(2)),
      value(1, u64(900), 29_305),
      value(2, u64(5), 29_305),
      value(6, u8(0x12), 29_305),
    ])
    expect(first).toMatchObject({ ...there, tcp_flags: 2, in_if: 1, out_if: 2 })
    expect(first).not.toHaveProperty('reverse')
    expect(second).toMatchObject({ ...back, tcp_flags: 0x12, in_if: 2, out_if: 1, proto: 6 })
    expect(more).toEqual([])
  })

  test('case 30: what initiator and responder sent makes two flows', () => {
    const counters = [value(231, u64(100)), value(298, u64(3)), value(232, u64(900)), value(299, u64(5))]
    expect(rows(10, [...addresses, ...ports, ...counters])).toMatchObject([there, back])
  })

  test('a flow without a response is one row', () => {
    const bench = new Bench()
    const fields: readonly FieldOf[] = [
      [8, 4],
      [12, 4],
      [1, 4],
      [1, 4, 29_305],
    ]
    const record = (last: number, reverse: number): Buffer =>
      Buffer.concat([ip4(`10.0.0.${last}`), ip4('10.9.9.9'), u32(10, reverse)])
    bench.take(
      ipfix({}, set(2, template(300, fields)), set(300, record(1, 0), record(2, 20), record(3, 0), record(4, 40))),
    )
    expect(rowsOf(bench).map(({ src_addr: src, dst_addr: dst, bytes }) => [src, dst, bytes])).toEqual([
      ['10.0.0.1', '10.9.9.9', 10],
      ['10.0.0.2', '10.9.9.9', 10],
      ['10.0.0.3', '10.9.9.9', 10],
      ['10.0.0.4', '10.9.9.9', 10],
      ['10.9.9.9', '10.0.0.2', 20],
      ['10.9.9.9', '10.0.0.4', 40],
    ])
  })
})

describe('protocols', () => {
  test('case 31: an echo request is type 8, however it is written, and has no ports', () => {
    const ways = [
      [value(32, u16(2048))],
      [value(176, u8(8)), value(177, u8(0))],
      [value(7, u16(0)), value(11, u16(2048))],
    ]
    for (const way of ways) {
      const [row] = rows(10, [...addresses, value(4, u8(1)), ...way])
      expect(row).toMatchObject({ icmp_type: 8, icmp_code: 0, proto: 1 })
      expect(row).not.toHaveProperty('src_port')
      expect(row).not.toHaveProperty('dst_port')
    }
    const v6 = [value(27, Buffer.alloc(16, 1)), value(28, Buffer.alloc(16, 2)), value(4, u8(58))]
    for (const way of [[value(139, u16(128 << 8))], [value(178, u8(128)), value(179, u8(0))]])
      expect(rows(10, [...v6, ...way])[0]).toMatchObject({ icmp_type: 128, icmp_code: 0 })
  })

  test('other protocols have no ports', () => {
    const [row] = rows(9, [...addresses, value(4, u8(47)), value(7, u16(1)), value(11, u16(2))])
    expect(row).toMatchObject({ proto: 47 })
    expect(row).not.toHaveProperty('src_port')
  })

  test('a template with both families takes the one that the record has', () => {
    const fields: readonly FieldOf[] = [
      [8, 4],
      [12, 4],
      [27, 16],
      [28, 16],
      [60, 1],
    ]
    const [zero4, zero6] = [Buffer.alloc(4), Buffer.alloc(16)]
    const six = Buffer.from('20010db8000000000000000000000001', 'hex')
    const bench = new Bench()
    bench.take(
      ipfix(
        {},
        set(2, template(300, fields), template(301, fields.slice(0, 4))),
        set(300, ip4('10.0.0.1'), ip4('10.0.0.2'), zero6, zero6, u8(4), zero4, zero4, six, six, u8(6)),
        set(301, ip4('10.0.0.1'), ip4('10.0.0.2'), zero6, zero6, zero4, zero4, six, six),
      ),
    )
    expect(rowsOf(bench).map(({ etype, src_addr: src }) => [etype, src])).toEqual([
      [2048, '10.0.0.1'],
      [34_525, '2001:db8::1'],
      [2048, '10.0.0.1'],
      [34_525, '2001:db8::1'],
    ])
  })

  test('other protocols than IP have no addresses', () => {
    const [row] = rows(10, [value(8, u32(0)), value(12, u32(0)), value(256, u16(0x0806))])
    expect(row).toMatchObject({ etype: 0x0806 })
    expect(row).not.toHaveProperty('src_addr')
  })
})
