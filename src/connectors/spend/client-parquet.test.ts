import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { parquetRows } from './client-parquet.ts'
import { FileReading } from './map.ts'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weir-spend-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const signal = new AbortController().signal

test('decimals, times and maps of Parquet become exact rows', async () => {
  const path = join(folder, "it's.parquet")
  const duck = await (await DuckDBInstance.create(':memory:')).connect()
  await duck.run(`COPY (SELECT 12345678901234567.0000000001::DECIMAL(38, 10) AS BilledCost, 'USD' AS BillingCurrency,
      111 AS BillingAccountId, TIMESTAMP '2026-10-03 00:00:00' AS ChargePeriodStart, 'AWS' AS ProviderName,
      MAP {'team': 'web', 'a b': 'x"y'} AS Tags, NULL::VARCHAR AS RegionId)
      TO '${path.replace("'", "''")}' (FORMAT parquet)`)
  duck.closeSync()
  const events = []
  for await (const { header, records } of parquetRows(path, signal)) {
    const origin = { source: 'focus', file: 'a', collected: 0, estimated: false }
    const reading = new FileReading(header, { columns: {}, constants: {} }, origin, new Map())
    expect(reading.missing).toEqual([])
    for (const { line, values } of records) events.push(reading.take(line, values))
    expect(reading.rejected).toEqual([])
  }
  expect(events).toHaveLength(1)
  expect(JSON.parse(new TextDecoder().decode(events[0]?.data))).toMatchObject({
    BilledCost: '12345678901234567.0000000001',
    BillingAccountId: '111',
    ChargePeriodStart: '2026-10-03T00:00:00Z',
    ChargePeriodEnd: '2026-10-04T00:00:00Z',
    Tags: '{"team":"web","a b":"x\\"y"}',
  })
})

test.each([`[{'key': 'team', 'value': 'c'}]`, `MAP {'team': 'c'}`, `{'team': 'c'}`, `'{"team":"c"}'`])(
  'tags in the form %s are an object',
  async (tags) => {
    const path = join(folder, 'tags.parquet')
    const duck = await (await DuckDBInstance.create(':memory:')).connect()
    await duck.run(`COPY (SELECT 1 AS BilledCost, 'usd' AS BillingCurrency, 'a' AS BillingAccountId,
      'P' AS ProviderName, '2026-10-03' AS ChargePeriodStart, ${tags} AS Tags) TO '${path}' (FORMAT parquet)`)
    duck.closeSync()
    for await (const { header, records } of parquetRows(path, signal)) {
      const origin = { source: 'focus', file: 'a', collected: 0, estimated: false }
      const reading = new FileReading(header, { columns: {}, constants: {} }, origin, new Map())
      const event = reading.take(1, records[0]!.values)
      expect(JSON.parse(new TextDecoder().decode(event?.data))).toMatchObject({ Tags: '{"team":"c"}' })
    }
  },
)

test('a damaged file is an error', async () => {
  const path = join(folder, 'a.parquet')
  await writeFile(path, 'PAR1 but no more')
  await expect(parquetRows(path, signal).next()).rejects.toThrow('a.parquet')
})
