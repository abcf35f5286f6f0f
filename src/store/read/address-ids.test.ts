import { expect, test } from 'vitest'
import { SeededRandom } from '../../../test/kit/random.ts'
import { drawnSize } from '../../../test/kit/seeds.ts'
import { FrameMaker, startOfDay, type FlowSpec } from '../testing/frames.ts'
import { queryRows } from '../testing/query-rows.ts'
import { storeOfTest } from '../testing/temporary.ts'

const addresses = ['10.0.0.1', '10.0.0.2', '10.0.0.3', '2001:db8::1', '192.0.2.200', 'none', '']
const columns = ['src_addr', 'dst_addr', 'exporter_addr', 'f.dst_addr', 'DST_ADDR', 'next_hop']

function condition(random: SeededRandom, depth: number): string {
  const text = () => `'${random.pick(addresses)}'`
  const inner = () => condition(random, depth - 1)
  switch (random.integer(0, depth > 0 ? 8 : 3)) {
    case 0:
    case 1:
      return `${random.pick(columns)} = ${text()}`
    case 2:
      return `${random.pick(columns)} IN (${text()}, ${text()})`
    case 3:
      return random.pick(['bytes > 500', 'src_addr <> dst_addr', "src_name = 'gateway'", "src_addr >= '10.0.0.2'"])
    case 4:
    case 5:
      return `(${inner()} AND ${inner()})`
    case 6:
    case 7:
      return `(${inner()} OR ${inner()})`
    default:
      return random.pick([`NOT ${inner()}`, `(${inner()}) IS NOT TRUE`])
  }
}

test('rows by ids of addresses are those by their texts, for random conditions', async () => {
  const store = await storeOfTest()
  const make = new FrameMaker()
  const random = new SeededRandom(6)
  const day = 86_400_000
  for (const at of [startOfDay, startOfDay + 1000, startOfDay + day]) {
    const some: FlowSpec[] = Array.from({ length: 40 }, () => ({
      src: random.pick(addresses.slice(0, 4)),
      dst: random.pick(addresses.slice(0, 5)),
      bytes: random.integer(1, 1000),
    }))
    await store.projection.apply([make.flows(some, at)])
    await store.projection.commit()
  }
  let found = 0
  for (let time = 0; time < drawnSize(15, 60); time++) {
    const where = condition(random, 3)
    const listed = 'SELECT _pos, src_addr, dst_name FROM'
    const expected = await queryRows(store.reader, `${listed} (SELECT * FROM flows) f WHERE ${where} ORDER BY _pos`)
    const sql = `${listed} flows f WHERE ${where} ORDER BY _pos`
    expect(await queryRows(store.reader, sql), where).toEqual(expected)
    expect(await queryRows(store.reader, `${sql} LIMIT 7 OFFSET 2`), where).toEqual(expected.slice(2, 9))
    found += Math.min(1, expected.length)
  }
  expect(found).toBeGreaterThan(drawnSize(5, 20))
})
