import { afterAll, beforeAll, expect, it, test } from 'vitest'
import { SeededRandom } from '../../../test/kit/random.ts'
import { comparedTime } from '../../model/computed-columns.ts'
import type { Store } from '../index.ts'
import { msPerHour } from '../names.ts'
import { FrameMaker, startOfDay } from '../testing/frames.ts'
import { queryRows } from '../testing/query-rows.ts'
import { TemporaryStores } from '../testing/temporary.ts'
import { computedOf } from './computed-columns.ts'
import { comparedBoundsOf } from './receipt.ts'

const stores = new TemporaryStores()
let store: Store

beforeAll(async () => {
  await stores.begin()
  store = await stores.open()
  const make = new FrameMaker()
  for (let hour = 0; hour < 8; hour++) {
    // Files of odd hours have no sampling.
    const rows = Array.from({ length: 5 }, (_, row) => ({
      src: `10.0.0.${row + 1}`,
      dst: '10.0.1.1',
      bytes: 100 * hour + row,
      ...(hour % 2 === 0 && row > 0 ? { sampling: 10 } : {}),
    }))
    await store.projection.apply([make.flows(rows, startOfDay + hour * msPerHour)])
    await store.projection.commit()
  }
})
afterAll(() => stores.end())

const moment = (ms: number) => `make_timestamptz(${Math.round(ms * 1000)})`
const within = (column: string, from: number, to: number) =>
  `"${column}" >= ${moment(from)} AND "${column}" < ${moment(to)}`

it('a compared time selects the rows that the receive time selects, in every read of a statement', async () => {
  const random = new SeededRandom(3)
  for (let run = 0; run < 40; run++) {
    const sql = (column: string, ranges: readonly (readonly [number, number])[]) =>
      `SELECT src_addr, dst_addr, bytes, _pos FROM (${ranges
        .map(([from, to]) => `SELECT * FROM flows WHERE ${within(column, from, to)}`)
        .join(' UNION ALL ')}) ORDER BY _pos, bytes`
    const time = () => startOfDay + random.integer(-2, 9) * msPerHour + random.pick([-1, -0.001, 0, 0.001, 1, 500])
    const ranges = Array.from({ length: random.integer(1, 3) }, () => {
      const [from = 0, to = 0] = [time(), time()].sort((a, b) => a - b)
      return [from, to] as const
    })
    expect(await queryRows(store.reader, sql(comparedTime, ranges))).toEqual(
      await queryRows(store.reader, sql('time_received', ranges)),
    )
  }
})

it('without a comparison, a compared time is the receive time, and no column of rows', async () => {
  const sql = (column: string) => `SELECT count(*) AS n, min("${column}") AS a, max("${column}") AS z FROM flows`
  expect(await queryRows(store.reader, sql(comparedTime))).toEqual(await queryRows(store.reader, sql('time_received')))
  const [row = {}] = await queryRows(store.reader, 'SELECT * FROM flows LIMIT 1')
  expect(Object.keys(row)).not.toContain(comparedTime)
})

it('estimates as doubles equal the estimates, of files with and without sampling', async () => {
  const sql = (bytes: string, packets: string) =>
    `SELECT bytes, ${bytes}::HUGEINT AS b, ${packets}::HUGEINT AS p FROM flows ORDER BY bytes`
  const rows = await queryRows(store.reader, sql('"f$bytes_est"', '"f$packets_est"'))
  expect(rows).toEqual(await queryRows(store.reader, sql('bytes_est', 'packets_est')))
  expect(rows).toHaveLength(40)
  const ofNoFile = `SELECT sum("f$bytes_est") AS b FROM flows WHERE time_received < ${moment(0)}`
  expect(await queryRows(store.reader, ofNoFile)).toEqual([{ b: null }])
})

const file = { receivedMin: startOfDay + 2 * msPerHour, receivedMax: startOfDay + 3 * msPerHour, schema: 1 }

test.each([
  ['around it', 0.5, 4, true],
  ['that begin within the slack of old rows', 1, 4, false],
  ['that end with it', 0.5, 3, false],
])('a file has a constant time for bounds %s', (_, from, to, isConstant) => {
  const received = { from: startOfDay + from * msPerHour, to: startOfDay + to * msPerHour }
  const [time] = computedOf(file as never, { names: [comparedTime], received })
  expect(time?.startsWith('make_timestamptz')).toBe(isConstant)
})

test('bounds of a statement without comparisons are unknown', () => {
  expect(comparedBoundsOf({ from_table: { type: 'BASE_TABLE', table_name: 'flows' }, type: 'SELECT_NODE' })).toBe(
    undefined,
  )
})
