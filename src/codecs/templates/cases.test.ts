import { describe, expect, test } from 'vitest'
import { flowRows, type FlowRow } from '../../../test/kit/flow-rows.ts'
import {
  Bench,
  ip4,
  ipfix,
  netflow9,
  optionsTemplate,
  set,
  sumOf,
  template,
  u16,
  u32,
  u8,
  varying,
  type FieldOf,
} from './testing/datagrams.ts'
import { vectorD } from './testing/vectors.ts'

const rowsOf = (bench: Bench): FlowRow[] => flowRows(bench.flows.batch())
/** D without its template. */
const dataOfD = Buffer.concat([vectorD.subarray(0, 16), vectorD.subarray(16 + 0x3c)])
dataOfD.writeUInt16BE(dataOfD.length, 2)

const pair: readonly FieldOf[] = [
  [8, 4],
  [12, 4],
]
const swapped: readonly FieldOf[] = [
  [12, 4],
  [8, 4],
]
const ends = (a = '10.0.0.1', b = '10.0.0.2'): Buffer => Buffer.concat([ip4(a), ip4(b)])
const accounted = (bench: Bench): void => expect(sumOf(bench.totals)).toBe(bench.received)

describe('data and its template', () => {
  test('case 6: data before its template waits for it', () => {
    const bench = new Bench()
    bench.take(dataOfD)
    expect(bench.flows.count).toBe(0)
    expect(bench.totals.parked).toBe(0x3e - 4)
    const exported = bench.now
    bench.now += 5000
    bench.take(vectorD)
    expect(rowsOf(bench)).toMatchObject([
      { src_name: 'pod-a', time_received: exported + 5000 },
      { src_name: 'pod-a', time_received: exported },
    ])
    expect(bench.totals).toMatchObject({ parked: 0, skipped: 0 })
    accounted(bench)
  })

  test('case 6: data without its template in time is dropped and counted', () => {
    const bench = new Bench()
    bench.take(dataOfD)
    bench.now += 60_000
    bench.decoder.sweep(bench.now)
    expect(bench.exporter()).toMatchObject({ parkedSets: 1, expiredSets: 1 })
    expect(bench.totals).toMatchObject({ parked: 0, skipped: 0x3e - 4 })
    bench.take(vectorD)
    expect(bench.flows.count).toBe(1)
    accounted(bench)
  })

  test('case 7: a redefined template applies from there on, within one datagram too', () => {
    const bench = new Bench()
    bench.take(
      ipfix({}, set(2, template(300, pair)), set(300, ends()), set(2, template(300, swapped)), set(300, ends())),
    )
    bench.take(ipfix({ sequence: 2 }, set(300, ends())))
    expect(rowsOf(bench).map(({ src_addr: src }) => src)).toEqual(['10.0.0.1', '10.0.0.2', '10.0.0.2'])
  })

  test('case 8: after a withdrawal its data is unknown again', () => {
    const bench = new Bench()
    bench.take(ipfix({}, set(2, template(300, pair)), set(300, ends()), set(2, u16(300, 0)), set(300, ends())))
    expect(bench.flows.count).toBe(1)
    expect(bench.exporter()).toMatchObject({ parkedSets: 1, templates: 0 })
    accounted(bench)
  })

  test('case 8: all templates of a kind are withdrawn over a connection only', () => {
    for (const kind of ['tcp', 'udp'] as const) {
      const bench = new Bench()
      bench.take(
        ipfix(
          {},
          set(2, template(300, pair), template(301, pair)),
          set(
            3,
            optionsTemplate(302, 1, [
              [149, 4],
              [34, 4],
            ]),
          ),
        ),
        { kind },
      )
      bench.take(ipfix({}, set(2, u16(2, 0))), { kind })
      expect(bench.exporter().templates).toBe(kind === 'tcp' ? 1 : 3)
    }
  })

  test('case 9: templates that no record can have are refused, and their data does no harm', () => {
    const bench = new Bench()
    const fieldless = netflow9({}, set(0, u16(256, 0)), set(256, Buffer.alloc(400)))
    const zeroLength = ipfix(
      {},
      set(
        2,
        template(300, [
          [8, 0],
          [12, 0],
        ]),
      ),
      set(300, Buffer.alloc(400)),
    )
    const onlyVarying = ipfix({}, set(2, template(301, [[82, 65_535]])), set(301), set(301, Buffer.alloc(40)))
    for (const datagram of [fieldless, zeroLength, onlyVarying]) bench.take(datagram)
    expect(bench.exporter().templates).toBe(1)
    // Forty empty names are forty records without a value; nothing else can be read from them.
    expect(bench.flows.count).toBe(40)
    expect(bench.exporter().malformedSets).toBe(2)
    accounted(bench)
  })

  test('case 10: an unknown set and a reserved one do not keep the rest of a datagram from being read', () => {
    const bench = new Bench()
    expect(
      bench.take(
        ipfix(
          {},
          set(2, template(300, pair)),
          set(999, Buffer.alloc(20)),
          set(300, ends()),
          set(5, Buffer.alloc(8)),
          set(300, ends()),
        ),
      ),
    ).toBeUndefined()
    expect(bench.flows.count).toBe(2)
    expect(bench.exporter()).toMatchObject({ parkedSets: 1, reservedSets: 1, malformedSets: 0 })
    expect(bench.totals).toMatchObject({ parked: 20, skipped: 8 })
    accounted(bench)
  })

  test('case 11: one template id in two domains means two things, and a restart of one leaves the other alone', () => {
    const bench = new Bench()
    bench.take(ipfix({ domain: 9, sequence: 700 }, set(2, template(300, pair))))
    bench.take(ipfix({ domain: 10, sequence: 700 }, set(2, template(300, swapped))))
    bench.take(ipfix({ domain: 10, sequence: 0, time: 1_700_000_100 }, set(300, ends())))
    bench.take(ipfix({ domain: 9, sequence: 700 }, set(300, ends())))
    expect(rowsOf(bench)).toMatchObject([
      { src_addr: '10.0.0.2', observation_domain: 10 },
      { src_addr: '10.0.0.1', observation_domain: 9 },
    ])
  })

  test('case 12: one template id of two exporters means two things', () => {
    const bench = new Bench()
    bench.take(netflow9({}, set(0, template(256, pair))), { exporter: 1 })
    bench.take(netflow9({}, set(0, template(256, swapped))), { exporter: 2 })
    bench.take(netflow9({}, set(256, ends())), { exporter: 1 })
    bench.take(netflow9({}, set(256, ends())), { exporter: 2 })
    expect(rowsOf(bench)).toMatchObject([
      { src_addr: '10.0.0.1', exporter_addr: '192.0.2.1' },
      { src_addr: '10.0.0.2', exporter_addr: '192.0.2.2' },
    ])
  })
})

describe('source ports', () => {
  const announce = netflow9({}, set(0, template(256, pair)))
  const data = netflow9({}, set(256, ends()))

  test('a restarted exporter is decoded on its new port before its templates arrive', () => {
    const bench = new Bench()
    bench.take(announce, { port: 1000 })
    bench.take(data, { port: 1000 })
    bench.now += 1000
    bench.take(data, { port: 2000 })
    expect(bench.flows.count).toBe(2)
    bench.take(netflow9({}, set(0, template(256, swapped)), set(256, ends())), { port: 2000 })
    expect(rowsOf(bench)[2]).toMatchObject({ src_addr: '10.0.0.2' })
  })

  test('two exporters behind one address are not mixed: one that still sends lends no template', () => {
    const bench = new Bench()
    bench.take(announce, { port: 1000 })
    bench.now += 1000
    bench.take(netflow9({}), { port: 2000 })
    bench.now += 1000
    bench.take(data, { port: 1000 })
    bench.take(data, { port: 2000 })
    expect(bench.flows.count).toBe(1)
    bench.take(netflow9({}, set(0, template(256, swapped))), { port: 2000 })
    expect(rowsOf(bench).map(({ src_addr: src }) => src)).toEqual(['10.0.0.1', '10.0.0.2'])
  })

  test('data parked on a port is decoded once a template can be borrowed', () => {
    const bench = new Bench()
    bench.take(data, { port: 2000 })
    bench.take(announce, { port: 1000 })
    bench.take(data, { port: 2000 })
    expect(bench.flows.count).toBe(2)
    expect(bench.totals.parked).toBe(0)
  })

  test('a port that only announces lends to the port that sends', () => {
    const bench = new Bench()
    for (let i = 0; i < 3; i++) {
      bench.take(announce, { port: 1000 })
      bench.take(data, { port: 2000 })
      bench.now += 60_000
    }
    expect(bench.flows.count).toBe(3)
  })

  test('an exporter with a new port for every datagram is understood and stays bounded', () => {
    const bench = new Bench()
    bench.take(announce, { port: 999 })
    for (let port = 1000; port < 1500; port++) bench.take(data, { port })
    expect(bench.flows.count).toBe(500)
    expect(bench.exporter().sessions.size).toBeLessThanOrEqual(16)
  })

  test('connections share no templates', () => {
    const bench = new Bench()
    bench.take(ipfix({}, set(2, template(300, pair))), { kind: 'tcp', port: 1 })
    bench.take(ipfix({}, set(300, ends())), { kind: 'tcp', port: 2 })
    expect(bench.flows.count).toBe(0)
    bench.decoder.closeSession(bench.exporter(), { kind: 'tcp', listener: 0, port: 2 })
    expect(bench.totals).toMatchObject({ parked: 0, skipped: 8 })
    accounted(bench)
  })
})

describe('lengths', () => {
  test('case 13: of a message without its last ten bytes the complete records are decoded', () => {
    const bench = new Bench()
    const whole = ipfix(
      {},
      set(2, template(300, pair)),
      set(300, ends(), ends()),
      set(300, ends('10.0.0.3'), ends('10.0.0.4'), ends('10.0.0.5')),
    )
    expect(bench.take(whole.subarray(0, whole.length - 10))).toBe('set')
    expect(rowsOf(bench).map(({ src_addr: src }) => src)).toEqual(['10.0.0.1', '10.0.0.1', '10.0.0.3'])
    expect(bench.exporter().malformedSets).toBe(1)
    accounted(bench)
  })

  test('case 14: a message with a wrong length is decoded to its end, and further bytes are skipped', () => {
    const bench = new Bench()
    const sets = [set(2, template(300, pair)), set(300, ends())]
    expect(bench.take(ipfix({ length: 9999 }, ...sets))).toBe('length')
    expect(bench.take(Buffer.concat([ipfix({ sequence: 1 }, ...sets), set(300, ends())]))).toBeUndefined()
    expect(bench.flows.count).toBe(2)
    expect(bench.totals.skipped).toBe(12)
    accounted(bench)
  })

  test.each([0, 3, 65_535])('case 15: a set of length %i ends the datagram, and earlier sets are decoded', (length) => {
    for (const make of [ipfix, netflow9]) {
      const bench = new Bench()
      const templates = make === ipfix ? 2 : 0
      expect(
        bench.take(make({}, set(templates, template(300, pair)), set(300, ends()), u16(300, length), Buffer.alloc(6))),
      ).toBe('set')
      expect(bench.flows.count).toBe(1)
      expect(bench.exporter().malformedSets).toBe(1)
      accounted(bench)
    }
  })

  test.each([1, 2, 3])('case 16: %i bytes of padding make no record and lose none', (padding) => {
    const bench = new Bench()
    bench.take(
      netflow9(
        {},
        set(0, template(256, pair), Buffer.alloc(padding)),
        set(256, ends(), ends(), Buffer.alloc(padding)),
        set(256, ends()),
      ),
    )
    expect(bench.flows.count).toBe(3)
    expect(bench.totals).toMatchObject({ padding: 2 * padding, malformed: 0 })
    accounted(bench)
  })

  test.each([16, 24, 39])('%i bytes of padding, more than a record, make no row', (padding) => {
    const bench = new Bench()
    bench.take(
      netflow9({}, set(0, template(256, pair)), set(256, ends(), ends(), Buffer.alloc(padding)), set(256, ends())),
    )
    expect(bench.flows.count).toBe(3)
    expect(bench.totals).toMatchObject({ padding, malformed: 0 })
    accounted(bench)
  })

  test('zeros behind the last set, up to a fixed size of the datagram, are padding', () => {
    const bench = new Bench()
    const datagram = netflow9({}, set(0, template(256, pair)), set(256, ends()))
    expect(bench.take(Buffer.concat([datagram, Buffer.alloc(900)]))).toBeUndefined()
    expect(bench.flows.count).toBe(1)
    expect(bench.totals).toMatchObject({ padding: 900, malformed: 0 })
    accounted(bench)
  })

  test('case 17: every set is decoded, whatever the count in the header', () => {
    const bench = new Bench()
    const sets = Array.from({ length: 8 }, () => set(256, ends()))
    bench.take(netflow9({ count: 2 }, set(0, template(256, pair)), ...sets))
    expect(bench.flows.count).toBe(8)
  })

  test('case 18: a name of 300 bytes is read, and one that is longer than its set is malformed', () => {
    const bench = new Bench()
    const name = 'x'.repeat(300)
    bench.take(
      ipfix(
        {},
        set(2, template(300, [[82, 65_535], ...pair])),
        set(300, varying(name), ends(), varying('eth1'), ends()),
      ),
    )
    expect(rowsOf(bench)).toMatchObject([
      { in_if_name: name, dst_addr: '10.0.0.2' },
      { in_if_name: 'eth1', dst_addr: '10.0.0.2' },
    ])
    for (const prefix of [u8(200), Buffer.concat([u8(255), u16(65_535)])]) {
      expect(bench.take(ipfix({}, set(300, varying('eth2'), ends(), prefix, Buffer.alloc(20))))).toBe('set')
    }
    expect(bench.flows.count).toBe(4)
    accounted(bench)
  })
})

describe('bounds', () => {
  test('what one exporter, and what all of them park, is bounded', () => {
    const bench = new Bench({ parking: { bytes: 100_000, exporterBytes: 20_000, time: 60_000 } })
    for (let exporter = 1; exporter <= 40; exporter++) {
      for (let domain = 0; domain < 20; domain++)
        bench.take(ipfix({ domain }, set(300, Buffer.alloc(1000))), { exporter })
      expect(bench.exporter(exporter).bytes.parked).toBeLessThanOrEqual(20_000)
    }
    expect(bench.totals.parked).toBeLessThanOrEqual(100_000)
    expect(bench.totals.parked).toBeGreaterThan(50_000)
    accounted(bench)
  })

  test('addresses that were seen once push out only what their like have parked', () => {
    const bench = new Bench({ parking: { bytes: 100_000, exporterBytes: 50_000, time: 60_000 } })
    bench.take(ipfix({}, set(300, ends())), { exporter: 1 })
    for (let exporter = 2; exporter < 200; exporter++) {
      bench.exporter(exporter).proven = false
      bench.take(ipfix({}, set(300, Buffer.alloc(1200))), { exporter })
    }
    expect(bench.totals.parked).toBeLessThan(30_000)
    bench.take(ipfix({}, set(2, template(300, pair))), { exporter: 1 })
    expect(bench.flows.count).toBe(1)
    accounted(bench)
  })

  test('templates are bounded, and those that are in use stay', () => {
    const bench = new Bench({
      templates: {
        templates: 300,
        exporterTemplates: 200,
        unprovenTemplates: 50,
        sessions: 16,
        domains: 500,
        exporterDomains: 100,
        expiry: 1_800_000,
      },
    })
    const many = (count: number): Buffer =>
      Buffer.concat(Array.from({ length: count }, (_, i) => template(256 + i, pair)))
    bench.take(ipfix({}, set(2, template(300, swapped)), set(300, ends())), { exporter: 1 })
    for (let exporter = 2; exporter < 20; exporter++) {
      bench.exporter(exporter).proven = false
      bench.take(ipfix({}, set(2, many(60))), { exporter })
      expect(bench.exporter(exporter)).toMatchObject({ refusedTemplates: 10 })
      bench.take(ipfix({}, set(300, ends())), { exporter: 1 })
    }
    expect(bench.decoder.table.size).toBeLessThanOrEqual(300)
    expect(bench.flows.count).toBe(19)
    accounted(bench)
  })

  test('domains are bounded, and active ones stay', () => {
    const bench = new Bench()
    bench.take(ipfix({ domain: 1 }, set(2, template(300, pair))), { exporter: 1 })
    for (let i = 0; i < 2000; i++) {
      bench.take(ipfix({ domain: 2 + i }, set(2, template(300, pair)), set(301, ends())), {
        exporter: 1 + (i % 9),
        port: 2000 + (i % 5),
      })
      bench.take(ipfix({ domain: 1 }, set(300, ends())), { exporter: 1 })
    }
    expect(bench.flows.count).toBe(2000)
    const domains = bench.exporters.map(({ sessions }) =>
      [...sessions.values()].reduce((sum, session) => sum + session.domains.size, 0),
    )
    expect(Math.max(...domains)).toBeLessThanOrEqual(100)
    expect(domains).toEqual(bench.exporters.map((exporter) => exporter.domains))
    expect(domains.reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(500)
    for (const { domainFacts, domains: known } of bench.exporters) expect(domainFacts.size).toBeLessThanOrEqual(known)
    accounted(bench)
  })

  test('templates over UDP are forgotten when they were not announced for long', () => {
    const bench = new Bench()
    bench.take(ipfix({}, set(2, template(300, pair))))
    bench.now += 1_800_000
    bench.decoder.sweep(bench.now)
    expect(bench.decoder.table.size).toBe(1)
    bench.now += 1
    bench.decoder.sweep(bench.now)
    expect(bench.decoder.table.size).toBe(0)
  })

  test('a datagram of the smallest records is counted whole, and none of it is written, if there is no room', () => {
    const bench = new Bench({}, { keepsRows: false })
    bench.take(ipfix({}, set(2, template(300, [[4, 1]])), set(300, Buffer.alloc(60_000, 6))))
    expect(bench.flows.count).toBe(0)
    expect(bench.exporter()).toMatchObject({ rows: 0, shedRows: 60_000 })
    expect(bench.totals.skipped).toBe(60_000)
    accounted(bench)
  })

  test('a forgotten exporter leaves nothing behind', () => {
    const bench = new Bench()
    bench.take(vectorD)
    bench.take(ipfix({ domain: 3 }, set(400, u32(1, 2))))
    bench.decoder.table.forget(bench.exporter())
    expect([bench.decoder.table.size, bench.totals.parked, bench.exporter().sessions.size]).toEqual([0, 0, 0])
    accounted(bench)
  })
})
