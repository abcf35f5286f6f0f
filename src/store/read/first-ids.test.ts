import { readdir } from 'node:fs/promises'
import type { DuckDBConnection } from '@duckdb/node-api'
import { expect, test } from 'vitest'
import { openDuck, rowsOf } from '../duck.ts'
import { fileColumns } from '../schema.ts'
import { FrameMaker, startOfDay } from '../testing/frames.ts'
import { temporaryStores } from '../testing/temporary.ts'
import type { StoredFile } from '../record.ts'
import { firstIdsSql } from './first-ids.ts'

const stores = temporaryStores()

test('all ids of flows have a first one, or 0 without an address or endpoint', async () => {
  const store = await stores.open()
  const make = new FrameMaker()
  for (const at of [startOfDay, startOfDay + 86_400_000]) {
    await store.projection.apply([make.flows([{ src: '10.0.0.1', dst: '10.0.0.9', bytes: 1 }], at)])
    await store.projection.commit()
  }
  const instance = await openDuck({})
  const connection = await instance.connect()
  const names = (await readdir(stores.directory)).filter((name) => /^(flows|endpoints)-.*parquet$/.test(name)).sort()
  const files = await Promise.all(names.map((name) => fileOf(connection, name)))
  const [firstEndpoints, ...others] = files
  expect([firstEndpoints?.stream, files.length]).toEqual(['endpoints', 4])
  const idsOf = async (given: readonly StoredFile[], lacksEndpoints: boolean) => {
    const input = { directory: stores.directory, files: given, sources: [], words: [], lacksEndpoints }
    await connection.run(firstIdsSql('ids', input))
    const rows = await rowsOf(connection, 'SELECT _ep, _first FROM ids ORDER BY 1')
    return rows.map((row) => row.map(Number))
  }
  const all = await idsOf(files, false)
  expect(all.map(([, first]) => first)).toEqual([0, 1, 2, 3, 1, 2, 3])
  expect(await idsOf(others, true)).toEqual(all.map(([id = 0]) => [id, id < 4 ? 0 : id]))
  connection.closeSync()
  instance.closeSync()
})

/** With the columns that it has. */
async function fileOf(connection: DuckDBConnection, name: string): Promise<StoredFile> {
  const stream = name.startsWith('flows') ? 'flows' : 'endpoints'
  const path = `${stores.directory}/${name}`
  const present = (await rowsOf(connection, `SELECT name FROM parquet_schema('${path}')`)).map(([column]) => column)
  const bits = fileColumns[stream].flatMap((column) => (present.includes(column.name) ? [column.bit ?? []].flat() : []))
  const digits = Array.from({ length: 60 }, (_, digit) =>
    bits.reduce((value, bit) => (bit >> 2 === digit ? value | (1 << (bit & 3)) : value), 0).toString(16),
  )
  return { name, stream, rows: 1, schema: 100, columns: digits.join('') } as unknown as StoredFile
}
