import { expect, onTestFinished, test } from 'vitest'
import { SeededRandom } from '../../../test/kit/random.ts'
import { realHost } from '../../host/index.ts'
import { binSql, sketchError, valueOfBinSql } from '../../model/sketch.ts'
import { openDuck, rowsOf, withoutExtensions } from '../duck.ts'
import { msPerHour } from '../names.ts'
import { FrameMaker, startOfDay } from '../testing/frames.ts'
import { temporaryStores } from '../testing/temporary.ts'

const stores = temporaryStores()

async function database() {
  const instance = await openDuck(withoutExtensions)
  const connection = await instance.connect()
  onTestFinished(() => connection.closeSync())
  return connection
}

const edges = Array.from({ length: 64 }, (_, bit) => 2n ** BigInt(bit))
  .flatMap((power) => [-1n, 0n, 1n].map((by) => power + by))
  .concat(2n ** 64n - 2n, 2n ** 64n - 1n)

/** Ascending, with repetitions. */
function valuesOf(random: SeededRandom): readonly bigint[] {
  const others = Array.from({ length: 2000 }, () => {
    const power = 2n ** BigInt(random.integer(0, 63))
    return power + (power * BigInt(random.integer(0, 1_000_000))) / 1_000_001n
  })
  return [...edges, ...others].sort((a, b) => (a < b ? -1 : Number(a > b)))
}

const listed = (values: readonly bigint[]) => `unnest([${values.join(', ')}]::UBIGINT[])`

test('values of bins have the stated error, and bins are in the order of values', async () => {
  const values = valuesOf(new SeededRandom(1))
  const rows = await rowsOf(
    await database(),
    `SELECT bin, ${valueOfBinSql('bin')}::VARCHAR FROM
      (SELECT (${binSql('x')})::USMALLINT AS bin FROM (SELECT ${listed(values)} AS x))`,
  )
  let last = 0
  for (const [row, [bin, middle]] of rows.entries()) {
    const value = values[row]!
    const distance = BigInt(String(middle)) - value
    expect((distance < 0n ? -distance : distance) * BigInt(1 / sketchError), String(value)).toBeLessThanOrEqual(value)
    expect(Number(bin), String(value)).toBeGreaterThanOrEqual(last)
    last = Number(bin)
  }
})

test('merged counts do not depend on order or parts, and absent values have no bin', async () => {
  const connection = await database()
  const random = new SeededRandom(2)
  const values = valuesOf(random)
  const parts: bigint[][] = [[], [], []]
  for (const value of values) random.pick(parts).push(value)
  const counts = (some: readonly bigint[]) =>
    `SELECT (${binSql('x')})::USMALLINT AS bin, count(*) AS n FROM (SELECT ${listed(some)} AS x UNION ALL SELECT NULL)
      GROUP BY ALL`
  const merged = (some: readonly (readonly bigint[])[]) =>
    rowsOf(
      connection,
      `SELECT bin, sum(n)::INTEGER FROM (${some.map(counts).join(' UNION ALL ')}) WHERE bin IS NOT NULL GROUP BY ALL
        ORDER BY ALL`,
    )
  const [one, two, three] = parts as [bigint[], bigint[], bigint[]]
  const expected = await merged([values])
  expect(await merged([one, two, three])).toEqual(expected)
  expect(await merged([three, [...two, ...one].reverse()])).toEqual(expected)
})

test('a file with many bins for its flows has none', async () => {
  const random = new SeededRandom(3)
  const real = realHost()
  let now = startOfDay
  const store = await stores.open({ host: { ...real, clock: { ...real.clock, now: () => now } } })
  const specs = Array.from({ length: 40_000 }, () => ({
    src: '10.0.0.1',
    dst: '10.0.0.2',
    bytes: Math.floor(2 ** (random.integer(7000, 40_000) / 1000)),
    packets: 1,
    start: startOfDay + random.integer(0, 55) * 60_000,
  }))
  await store.projection.apply([new FrameMaker().flows(specs, startOfDay + 57 * 60_000)])
  await store.projection.commit()
  now += 2 * msPerHour
  while (await store.maintain());
  const { fileSums } = store.status().sums
  expect(fileSums?.['bytes_sketch']).toMatchObject({ rows: 0, without: [{ rows: 40_000 }] })
  expect(fileSums?.['packets_sketch']?.without).toEqual([])
})
