import { DuckDBInstance } from '@duckdb/node-api'
import { expect, test } from 'vitest'
import { SeededRandom } from '../../test/kit/random.ts'
import { formatIp } from '../model/ip.ts'
import { merged, type Interval } from './intervals.ts'
import { addressSql } from './sql-address.ts'

const mapped = 0xffffn << 32n
const formatted = (value: bigint): string =>
  formatIp(Uint32Array.from([96n, 64n, 32n, 0n], (shift) => Number((value >> shift) & 0xffff_ffffn)))

test('a text is in an interval exactly if its address is, for all ends and zero compressions', async () => {
  const random = new SeededRandom(9)
  const group = (): bigint =>
    random.pick([0n, 0n, 1n, 0xan, 0xffn, 0x100n, 0xfffn, 0x1000n, 0xffffn, BigInt(random.integer(0, 0xffff))])
  const v6 = (): bigint => Array.from({ length: 8 }, group).reduce((sum, each) => (sum << 16n) | each, 0n)
  const v4 = (): bigint =>
    mapped |
    Array.from({ length: 4 }, () => BigInt(random.pick([0, 1, 9, 10, 99, 100, 199, 200, 255]))).reduce(
      (sum, each) => (sum << 8n) | each,
      0n,
    )
  const address = (): bigint => (random.chance(0.5) ? v4() : v6())
  const addresses = [
    0n,
    mapped,
    mapped - 1n,
    mapped + (1n << 32n),
    (1n << 128n) - 1n,
    ...Array.from({ length: 400 }, address),
  ]
  const connection = await (await DuckDBInstance.create(':memory:')).connect()
  await connection.run(
    `CREATE TABLE t AS SELECT * FROM (VALUES
      ${addresses.map((value, index) => `(${index}, '${formatted(value)}')`).join(', ')}) v(i, a)`,
  )
  let matched = 0
  for (let each = 0; each < 200; each++) {
    const intervals = merged(
      Array.from({ length: random.pick([1, 1, 1, 2, 12]) }, (): Interval => {
        const base = random.chance(0.3) ? address() : random.pick(addresses)
        const bits = BigInt(random.integer(0, random.chance(0.5) ? 32 : 128))
        if (random.chance(0.5)) return { low: (base >> bits) << bits, high: base | ((1n << bits) - 1n) }
        const other = random.chance(0.5) ? base + BigInt(random.integer(0, 70_000)) : random.pick(addresses)
        return base < other ? { low: base, high: other } : { low: other, high: base }
      }),
      0n,
      (1n << 128n) - 1n,
    )
    const sql = addressSql('a', intervals)
    const answer = await connection.runAndReadAll(`SELECT i FROM t WHERE ${sql} ORDER BY i`)
    const wanted = addresses.flatMap((value, index) =>
      intervals.some(({ low, high }) => value >= low && value <= high) ? [index] : [],
    )
    expect({ sql, found: answer.getRows().map(([i]) => i) }).toEqual({ sql, found: wanted })
    matched += wanted.length
  }
  expect(matched).toBeGreaterThan(1000)
  connection.closeSync()
})

test('a prefix that ends at a dot or a colon is a comparison that skips files', () => {
  const low = mapped | 0x0a010000n
  expect(addressSql('a', [{ low, high: low | 0xffffn }])).toBe(`(a >= '10.1.' AND a < '10.1/')`)
  expect(addressSql('a', [{ low, high: low | 0x1fffn }])).toBe(
    String.raw`(a >= '10.1.' AND a < '10.1/' AND regexp_matches(a, '^10\.1\.(?:[0123456789]|[12][0-9]|3[01])\.'))`,
  )
  const v6 = 0x20010db8n << 96n
  expect(addressSql('a', [{ low: v6, high: v6 | ((1n << 96n) - 1n) }])).toBe(`(a >= '2001:db8:' AND a < '2001:db8;')`)
})
