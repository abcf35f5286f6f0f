import { describe, expect, test } from 'vitest'
import { flowRows } from '../../../test/kit/flow-rows.ts'
import {
  Bench,
  exported,
  ip4,
  netflow9,
  optionsTemplate9,
  set,
  template,
  u16,
  u32,
  u64,
  u8,
  type FieldOf,
} from './testing/datagrams.ts'

const ends: readonly FieldOf[] = [
  [148, 4],
  [8, 4],
  [12, 4],
  [7, 2],
  [11, 2],
  [4, 1],
]
const asa: readonly FieldOf[] = [...ends, [233, 1], [33002, 2], [231, 4], [232, 4]]
const client = ip4('192.0.2.1')
const server = ip4('198.51.100.9')

const report = (id: number, event: number, sent = 0, received = 0, reason = 0): Buffer =>
  Buffer.concat([u32(id), client, server, u16(50_000, 443), u8(6, event), u16(reason), u32(sent, received)])

function totals(bench: Bench): Readonly<Record<string, number>> {
  const sum: Record<string, number> = {}
  for (const row of flowRows(bench.flows.batch())) {
    const from = String(row['src_addr'])
    sum[from] = (sum[from] ?? 0) + Number(row['bytes'] ?? 0)
  }
  return sum
}

function firewall(...reports: Buffer[]): Bench {
  const bench = new Bench()
  bench.take(netflow9({}, set(0, template(263, asa))))
  for (const bytes of reports) bench.take(netflow9({}, set(263, bytes)))
  return bench
}

describe('a connection of a firewall', () => {
  test('counts once: updates are increments, the teardown is the total', () => {
    const reports = [report(1, 1), report(1, 5, 2000, 900), report(1, 5, 31, 0), report(1, 2, 2598, 1137)]
    expect(totals(firewall(...reports))).toEqual({ '192.0.2.1': 2598, '198.51.100.9': 1137 })
    const bench = new Bench()
    bench.take(netflow9({}, set(0, template(263, asa)), set(263, ...reports)))
    expect(totals(bench)).toEqual({ '192.0.2.1': 2598, '198.51.100.9': 1137 })
  })

  test('without updates counts its teardown, and without a teardown its updates', () => {
    expect(totals(firewall(report(1, 1), report(1, 2, 500, 40)))).toEqual({ '192.0.2.1': 500, '198.51.100.9': 40 })
    expect(totals(firewall(report(1, 5, 500, 40)))).toEqual({ '192.0.2.1': 500, '198.51.100.9': 40 })
  })

  test('that uses the id of an earlier one counts in full', () => {
    expect(totals(firewall(report(1, 5, 500, 40), report(1, 1), report(1, 2, 600, 50)))).toEqual({
      '192.0.2.1': 1100,
      '198.51.100.9': 90,
    })
    expect(totals(firewall(report(1, 5, 500, 40), report(1, 2, 20, 10)))).toEqual({
      '192.0.2.1': 520,
      '198.51.100.9': 50,
    })
  })

  test('is distinct from one of another exporter, domain and id', () => {
    const bench = firewall(report(1, 5, 500, 40), report(2, 2, 600, 50))
    bench.take(netflow9({ domain: 6 }, set(0, template(263, asa)), set(263, report(1, 2, 600, 50))))
    bench.take(netflow9({}, set(0, template(263, asa)), set(263, report(1, 2, 600, 50))), { exporter: 8 })
    expect(totals(bench)).toEqual({ '192.0.2.1': 2300, '198.51.100.9': 190 })
  })

  test('continues after a restart of the collector', () => {
    const before = firewall(report(1, 5, 500, 40))
    const after = new Bench()
    after.decoder.connections.restore(before.decoder.connections.snapshot())
    after.take(netflow9({}, set(0, template(263, asa)), set(263, report(1, 2, 600, 50))))
    expect(totals(after)).toEqual({ '192.0.2.1': 100, '198.51.100.9': 10 })
  })

  test('without an id is known by its ends, and running totals count once', () => {
    const fields: readonly FieldOf[] = [...ends.slice(1), [233, 1], [85, 8], [86, 4]]
    const bench = new Bench()
    const total = (event: number, bytes: number, packets: number): Buffer =>
      Buffer.concat([client, server, u16(50_000, 443), u8(6, event), u64(bytes), u32(packets)])
    bench.take(
      netflow9(
        {},
        set(0, template(264, fields)),
        set(264, total(5, 100, 1), total(5, 5_000_000_000, 9), total(2, 5_000_000_001, 10)),
      ),
    )
    expect(flowRows(bench.flows.batch()).map(({ bytes, packets }) => [bytes, packets])).toEqual([
      [100, 1],
      [4_999_999_900, 8],
      [1, 1],
    ])
  })
})

describe('a firewall', () => {
  test('reports denied flows with the entry of the access list, the reason and the user', () => {
    const fields: readonly FieldOf[] = [...ends, [233, 1], [33002, 2], [33000, 12], [33001, 12], [40000, 20]]
    const bench = new Bench()
    const record = Buffer.concat([
      u32(0),
      client,
      server,
      u16(50_000, 22),
      u8(6, 3),
      u16(1001),
      u32(0x0f8e7ff3, 0xfc1a030f, 0),
      u32(0, 0, 0),
      Buffer.from('alice'.padEnd(20, '\0')),
    ])
    bench.take(netflow9({}, set(0, template(265, fields)), set(265, record)))
    const [row] = flowRows(bench.flows.batch())
    expect(row).toMatchObject({
      firewall_event: 3,
      firewall_reason: 1001,
      in_acl: '0f8e7ff3-fc1a030f-00000000',
      user: 'alice',
    })
    expect(row).not.toHaveProperty('out_acl')
  })

  test('names application and user by elements of Palo Alto', () => {
    const fields: readonly FieldOf[] = [...ends, [233, 1], [56701, 32], [56702, 64], [1, 4]]
    const bench = new Bench()
    const record = Buffer.concat([
      u32(9),
      client,
      server,
      u16(50_000, 443),
      u8(6, 2),
      Buffer.from('web-browsing'.padEnd(32, '\0')),
      Buffer.from('corp\\bob'.padEnd(64, '\0')),
      u32(77),
    ])
    bench.take(netflow9({}, set(0, template(266, fields)), set(266, record)))
    expect(flowRows(bench.flows.batch())).toMatchObject([
      { application: 'web-browsing', user: 'corp\\bob', firewall_event: 2, bytes: 77 },
    ])
  })

  test('names applications by options, else by engine and number', () => {
    const bench = new Bench()
    const fortinet = Buffer.concat([u8(20), u32(12_356), u32(41_469)])
    bench.take(
      netflow9(
        {},
        set(
          1,
          optionsTemplate9(
            270,
            [[1, 4]],
            [
              [95, 9],
              [96, 24],
            ],
          ),
        ),
        set(270, u32(0), fortinet, Buffer.from('Microsoft.Portal'.padEnd(24, '\0'))),
        set(0, template(271, [...ends, [95, 9]])),
        set(0, template(272, [...ends, [95, 4]])),
      ),
    )
    const flow = Buffer.concat([u32(1), client, server, u16(1, 2), u8(6)])
    bench.take(
      netflow9(
        {},
        set(271, flow, fortinet, flow, u8(20), u32(12_356, 7), flow, Buffer.alloc(9)),
        set(272, flow, u32((13 << 24) | 473)),
      ),
    )
    expect(flowRows(bench.flows.batch()).map(({ application }) => application)).toEqual([
      'Microsoft.Portal',
      '20:12356:7',
      undefined,
      '13:473',
    ])
  })

  test('reports translations', () => {
    const fields: readonly FieldOf[] = [
      [323, 8],
      [8, 4],
      [225, 4],
      [4, 1],
      [7, 2],
      [227, 2],
      [230, 1],
    ]
    const bench = new Bench()
    bench.take(
      netflow9(
        {},
        set(0, template(280, fields)),
        set(280, u64(exported * 1000), client, server, u8(6), u16(50_000, 1024), u8(4)),
      ),
    )
    expect(flowRows(bench.flows.batch())).toMatchObject([
      { nat_event: 4, xlat_src_addr: '198.51.100.9', xlat_src_port: 1024, time_start: exported * 1000 },
    ])
  })
})
