import { describe, expect, test } from 'vitest'
import { flowRows } from '../../../test/kit/flow-rows.ts'
import { intervalOf, type RecordSampling } from './sampling.ts'
import {
  Bench,
  ip4,
  ipfix,
  netflow9,
  optionsTemplate,
  optionsTemplate9,
  set,
  template,
  u16,
  u32,
  u8,
} from './testing/datagrams.ts'

const none: RecordSampling = {
  algorithm: 0,
  interval: 0,
  taken: 0,
  skipped: Number.NaN,
  takenTime: 0,
  skippedTime: Number.NaN,
  size: 0,
  population: 0,
  probability: 0,
}
const samplings = (bench: Bench) => flowRows(bench.flows.batch()).map(({ sampling }) => sampling)

describe('an interval', () => {
  const all = { taken: 10, skipped: 90, takenTime: 2, skippedTime: 8, size: 1, population: 256, probability: 0.001 }

  test.each([
    [1, 10],
    [2, 5],
    [3, 256],
    [4, 1000],
  ])('of algorithm %i is that of its parameters', (algorithm, interval) => {
    expect(intervalOf({ ...none, ...all, algorithm })).toBe(interval)
  })

  test('of a count without its space is unknown', () => {
    expect(intervalOf({ ...none, taken: 1 })).toBe(0)
    expect(intervalOf({ ...none, algorithm: 1, taken: 1, size: 1, population: 256 })).toBe(0)
    expect(intervalOf({ ...none, taken: 1, size: 1, population: 256 })).toBe(256)
    expect(intervalOf({ ...none, taken: 1, skipped: 0 })).toBe(1)
  })
})

describe('options', () => {
  test('of a template apply to its flows only', () => {
    const bench = new Bench()
    const fields = template(300, [[8, 4]])
    const others = template(301, [[8, 4]])
    const third = template(302, [[8, 4]])
    bench.take(
      ipfix(
        {},
        set(2, fields, others, third),
        set(
          3,
          optionsTemplate(400, 1, [
            [145, 2],
            [305, 4],
            [306, 4],
          ]),
        ),
        set(400, u16(300), u32(1, 99), u16(301), u32(1, 999)),
      ),
    )
    for (const id of [300, 301, 302]) bench.take(ipfix({}, set(id, ip4('10.0.0.1'))))
    expect(samplings(bench)).toEqual([100, 1000, undefined])
  })

  test('of a template in the scopes of v9 apply to its flows only', () => {
    const bench = new Bench()
    bench.take(
      netflow9(
        {},
        set(0, template(300, [[8, 4]]), template(301, [[8, 4]])),
        set(1, optionsTemplate9(400, [[5, 2]], [[34, 4]])),
        set(400, u16(301), u32(64), u16(0)),
        set(300, ip4('10.0.0.1')),
        set(301, ip4('10.0.0.1')),
      ),
    )
    expect(samplings(bench)).toEqual([undefined, 64])
  })

  test('of one interface leave flows of other interfaces without sampling', () => {
    const bench = new Bench()
    bench.take(
      netflow9(
        {},
        set(
          0,
          template(300, [
            [8, 4],
            [10, 2],
            [14, 2],
            [61, 1],
          ]),
        ),
        set(1, optionsTemplate9(400, [[2, 4]], [[34, 4]])),
        set(400, u32(1, 100)),
        set(300, ip4('10.0.0.1'), u16(1, 2), u8(0), ip4('10.0.0.1'), u16(2, 1), u8(0)),
        set(300, ip4('10.0.0.1'), u16(2, 1), u8(1), u8(0)),
      ),
    )
    expect(samplings(bench)).toEqual([100, undefined, 100])
  })

  test('of an outgoing interface apply to flows that leave there', () => {
    const bench = new Bench()
    bench.take(
      ipfix(
        {},
        set(
          2,
          template(300, [
            [8, 4],
            [10, 4],
            [14, 4],
          ]),
        ),
        set(
          3,
          optionsTemplate(400, 1, [
            [14, 4],
            [34, 4],
          ]),
        ),
        set(400, u32(7, 50)),
        set(300, ip4('10.0.0.1'), u32(7, 8), ip4('10.0.0.1'), u32(8, 7)),
      ),
    )
    expect(samplings(bench)).toEqual([undefined, 50])
  })
})

test('the sampler table of Cisco IOS, with names of 40 bytes, applies to flows with the id of the sampler', () => {
  const bench = new Bench()
  const table = optionsTemplate9(
    259,
    [[1, 4]],
    [
      [48, 4],
      [84, 40],
      [49, 1],
      [50, 2],
    ],
  )
  const sampler = [u32(1, 7), Buffer.from('M1'.padEnd(40, '\0')), u8(2), u16(100)]
  const flow = [[8, 4] as const, [12, 4] as const, [48, 1] as const]
  bench.take(
    netflow9(
      {},
      set(1, table),
      set(259, ...sampler),
      set(0, template(300, flow)),
      set(300, ip4('10.0.0.1'), ip4('10.0.0.2'), u8(7)),
      set(300, ip4('10.0.0.3'), ip4('10.0.0.4'), u8(8)),
    ),
  )
  expect(samplings(bench)).toEqual([100, undefined])
})
