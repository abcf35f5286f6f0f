import { describe, expect, test } from 'vitest'
import { flowRows } from '../../../test/kit/flow-rows.ts'
import { Bench, ip4, netflow9, set, template, type FieldOf } from './testing/datagrams.ts'

const [a, b] = [ip4('10.0.0.1'), ip4('10.0.0.2')]
const fields: readonly FieldOf[] = [
  [8, 4],
  [12, 4],
]
const exchanged: readonly FieldOf[] = [
  [12, 4],
  [8, 4],
]
const sources = (bench: Bench) => flowRows(bench.flows.batch()).map(({ src_addr: src }) => src)

describe('an exporter of v9 that restarts', () => {
  test('announces its templates again before its data is decoded', () => {
    const bench = new Bench()
    bench.take(netflow9({ sequence: 5000, uptime: 90_000_000 }, set(0, template(300, fields)), set(300, a, b)))
    bench.take(netflow9({ sequence: 0, uptime: 500 }, set(300, b, a)))
    expect(bench.flows.count).toBe(1)
    bench.take(netflow9({ sequence: 1, uptime: 700 }, set(0, template(300, exchanged))))
    expect(sources(bench)).toEqual(['10.0.0.1', '10.0.0.1'])
    expect(bench.exporter().restarts).toBe(1)
  })

  test('is not one with a late datagram, a set clock or a wrapped uptime', () => {
    const bench = new Bench()
    bench.take(netflow9({ sequence: 5000, uptime: 4_294_967_000 }, set(0, template(300, fields)), set(300, a, b)))
    bench.take(netflow9({ sequence: 5001, uptime: 4_294_967_000, time: 1_700_003_600 }, set(300, a, b)))
    bench.take(netflow9({ sequence: 4999, uptime: 4_294_967_000, time: 1_700_003_600 }, set(300, a, b)))
    bench.take(netflow9({ sequence: 5002, uptime: 1704, time: 1_700_003_602 }, set(300, a, b)))
    expect(bench.flows.count).toBe(4)
  })

  test('is not one of two that send with one source id in turns', () => {
    const bench = new Bench()
    const announce = set(0, template(300, fields))
    for (let i = 0; i < 4; i++) {
      bench.take(netflow9({ sequence: 5000 + i, uptime: 90_000_000 + i }, announce, set(300, a, b)))
      bench.take(netflow9({ sequence: 10 + i, uptime: 5000 + i }, set(300, a, b)))
    }
    expect(bench.flows.count).toBe(8)
  })
})

test('a new port has the templates of other ports only if all have the same layout', () => {
  const bench = new Bench()
  for (const [port, layout] of [
    [1, fields],
    [2, fields],
  ] as const)
    bench.take(netflow9({}, set(0, template(300, layout))), { port })
  bench.take(netflow9({}, set(300, a, b)), { port: 3 })
  expect(bench.flows.count).toBe(1)
  bench.take(netflow9({ sequence: 1 }, set(0, template(300, exchanged))), { port: 2 })
  bench.take(netflow9({}, set(300, a, b)), { port: 4 })
  expect(bench.flows.count).toBe(1)
})

test('a port that announced some templates has the others of another port, unless common ones differ', () => {
  for (const [own, rows] of [
    [fields, 1],
    [exchanged, 0],
  ] as const) {
    const bench = new Bench()
    bench.take(netflow9({}, set(0, template(300, fields), template(301, fields))), { port: 1 })
    bench.take(netflow9({}, set(0, template(300, own)), set(301, a, b)), { port: 2 })
    expect(bench.flows.count).toBe(rows)
  }
})
