import fc from 'fast-check'
import { expect, test } from 'vitest'
import { flowRows, type FlowRow } from '../../../test/kit/flow-rows.ts'
import { drawnSize } from '../../../test/kit/seeds.ts'
import { decodeBatch, encodeBatch } from '../../journal/bodies.ts'
import {
  Bench,
  ip4,
  ipfix,
  netflow9,
  optionsTemplate,
  set,
  sumOf,
  template,
  u32,
  varying,
  type FieldOf,
} from './testing/datagrams.ts'
import { vectorB, vectorC, vectorD, vectorE, vectorF } from './testing/vectors.ts'

const biflow = ipfix(
  { domain: 1 },
  set(
    2,
    template(310, [
      [8, 4],
      [12, 4],
      [1, 4],
      [1, 4, 29_305],
      [70, 3],
      [82, 65_535],
    ]),
  ),
  set(310, ip4('10.0.0.1'), ip4('10.0.0.2'), u32(5, 6), Buffer.of(1, 0, 0x11), varying('eth0')),
)
const interfaces = ipfix(
  { domain: 1 },
  set(
    3,
    optionsTemplate(400, 1, [
      [10, 4],
      [82, 65_535],
      [302, 4],
      [34, 4],
    ]),
  ),
  set(400, u32(3), varying('ge-0'), u32(1, 100)),
)
const seeds = [vectorB, vectorC, vectorD, vectorE, vectorF, biflow, interfaces]

/** A datagram of an exporter with some of its bytes changed, and perhaps its end missing. */
const mutated = fc
  .tuple(
    fc.constantFrom(...seeds),
    fc.array(fc.tuple(fc.nat(150), fc.nat(255)), { maxLength: 6 }),
    fc.integer({ min: 0, max: 200 }),
  )
  .map(([seed, changes, cut]) => {
    const bytes = Buffer.from(seed.subarray(0, cut < seed.length && cut > 2 ? cut : seed.length))
    for (const [at, value] of changes) if (at > 1 && at < bytes.length) bytes[at] = value
    return bytes
  })

const elements = [
  1, 2, 4, 5, 7, 8, 10, 11, 12, 21, 22, 27, 28, 32, 34, 48, 56, 61, 70, 82, 150, 152, 154, 158, 160, 176, 177, 225, 231,
  232, 256, 302, 305, 311, 312, 313, 315, 9999,
]
/** A template of any elements with any lengths, and data for it of any bytes. */
const invented = fc
  .tuple(
    fc.boolean(),
    fc.array(
      fc.tuple(
        fc.constantFrom(...elements),
        fc.oneof(fc.nat(20), fc.constant(65_535)),
        fc.constantFrom(undefined, 29_305, 2),
      ),
      { maxLength: 12 },
    ),
    fc.array(fc.uint8Array({ maxLength: 120 }), { maxLength: 3 }),
  )
  .map(([nine, fields, bodies]) => {
    const specs = fields.map(([id, length, pen]): FieldOf =>
      nine || pen === undefined ? [id, length] : [id, length, pen],
    )
    const data = bodies.map((body) => set(300, body))
    return nine ? netflow9({}, set(0, template(300, specs)), ...data) : ipfix({}, set(2, template(300, specs)), ...data)
  })

const garbage = fc
  .tuple(fc.constantFrom(9, 10), fc.uint8Array({ maxLength: 300 }))
  .map(([version, bytes]) => Buffer.concat([Buffer.of(0, version), bytes]))

test('case 34: for any input nothing throws, every byte is counted, and decoded rows can be journalled', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(mutated, invented, garbage), { minLength: 1, maxLength: 30 }), (datagrams) => {
      const bench = new Bench()
      for (const [i, datagram] of datagrams.entries()) {
        bench.take(datagram, { exporter: i % 3, port: 1000 + (i % 2) })
        expect(sumOf(bench.totals)).toBe(bench.received)
      }
      const perExporter = bench.exporters.reduce((sum, { bytes }) => sum + sumOf(bytes), 0)
      expect(perExporter).toBe(bench.received)
      expect(bench.exporters.reduce((sum, { rows }) => sum + rows, 0)).toBe(bench.flows.count)
      const batch = bench.flows.batch()
      expect(decodeBatch('flows', encodeBatch(batch))).toMatchObject({ count: batch.count })
      bench.now += 1e9
      bench.decoder.sweep(bench.now)
      expect(bench.totals.parked).toBe(0)
      expect(sumOf(bench.totals)).toBe(bench.received)
    }),
    { numRuns: drawnSize(170, 500) },
  )
})

test('case 34: rows do not depend on what else is in the batch', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(mutated, invented), { minLength: 1, maxLength: 8 }), (datagrams) => {
      const [together, alone] = [new Bench(), new Bench()]
      const rows: FlowRow[] = []
      for (const datagram of datagrams) {
        together.take(datagram)
        alone.flows.reset()
        alone.take(datagram)
        rows.push(...flowRows(alone.flows.batch()))
      }
      expect(flowRows(together.flows.batch())).toEqual(rows)
    }),
    { numRuns: drawnSize(70, 200) },
  )
})
