import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { expect, it } from 'vitest'
import { SeededRandom } from '../../../test/kit/random.ts'
import { realHost } from '../../host/index.ts'
import type { Column } from '../../model/columns.ts'
import { flowFields } from '../../model/fields.ts'
import type { Store } from '../index.ts'
import { msPerHour } from '../names.ts'
import { anyFlows } from '../testing/any-flows.ts'
import { queryRows } from '../testing/query-rows.ts'
import { event, FrameMaker, startOfDay } from '../testing/frames.ts'
import { temporaryStores } from '../testing/temporary.ts'

const stores = temporaryStores()

async function fingerprint(store: Store): Promise<unknown> {
  return queryRows(
    store.reader,
    `SELECT count(*) AS rows,
      ${flowFields.map(({ name }) => `bit_xor(hash("${name}", _pos))::VARCHAR AS "${name}"`).join(', ')} FROM flows`,
  )
}

it.each([
  { fine: false, what: 'as they are' },
  { fine: true, what: 'rewritten, because the time units differ' },
])('large files are concatenated $what, whatever columns each has', async ({ fine }) => {
  const random = new SeededRandom(3)
  let now = startOfDay
  const real = realHost()
  const store = await stores.open({ host: { ...real, clock: { ...real.clock, now: () => now } } })
  const make = new FrameMaker()
  for (const [index, share] of [0.1, 0.4, 0.05].entries()) {
    const { batch } = anyFlows(random, 17_000, share, startOfDay)
    const columns: Record<string, Column> = Object.fromEntries(
      Object.entries(batch.columns).filter(([, { kind }]) => kind !== 'time'),
    )
    // Files with millisecond and microsecond times cannot share a column and are rewritten.
    if (fine)
      columns['time_end'] = {
        kind: 'time',
        values: Float64Array.from({ length: 17_000 }, (_, row) => startOfDay + row + index / 4),
      }
    await store.projection.apply([make.batch({ ...batch, columns }, startOfDay, 'netflow')])
    await store.projection.commit()
  }
  const before = await fingerprint(store)
  now += 2 * msPerHour
  while (await store.maintain());
  const files = (await readdir(stores.directory)).filter((name) => /^flows-.*parquet$/.test(name))
  expect(files).toHaveLength(1)
  expect((await readFile(join(stores.directory, files[0] ?? ''))).includes('DuckDB version')).toBe(fine)
  expect(await fingerprint(store)).toEqual(before)
})

it.each([
  {
    what: 'of large events, however few, are concatenated unchanged',
    rows: 64,
    bytes: 20_000,
    rewritten: false,
    groups: 6,
  },
  { what: 'of few events are rewritten', rows: 16, bytes: 10_000, rewritten: true, groups: 1 },
  { what: 'of many such, in groups of bounded size', rows: 16, bytes: 10_000, files: 150, rewritten: true, groups: 3 },
])('files $what', async ({ rows, bytes, files: count = 3, rewritten, groups }) => {
  let now = startOfDay
  const real = realHost()
  const store = await stores.open({ host: { ...real, clock: { ...real.clock, now: () => now } } })
  const make = new FrameMaker()
  const text = 'x'.repeat(bytes)
  for (let file = 0; file < count; file++) {
    for (let frame = 0; frame < 2; frame++)
      await store.projection.apply([
        make.events(
          Array.from({ length: rows }, (_, row) => event(`${file}-${frame}-${row}`, { json: { text, row } })),
          startOfDay,
          'http',
        ),
      ])
    await store.projection.commit()
  }
  const all =
    'SELECT count(*) AS rows, count(DISTINCT id) AS ids, bit_xor(hash(id, data, _pos))::VARCHAR AS cells FROM events'
  const before = await queryRows(store.reader, all)
  now += 2 * msPerHour
  while (await store.maintain());
  const files = (await readdir(stores.directory)).filter((name) => name.startsWith('events-'))
  expect(files).toHaveLength(1)
  const path = join(stores.directory, files[0] ?? '')
  expect((await readFile(path)).includes('DuckDB version')).toBe(rewritten)
  expect(await queryRows(store.reader, all)).toEqual(before)
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  expect(
    (
      await connection.runAndReadAll(`SELECT count(DISTINCT row_group_id)::INTEGER FROM parquet_metadata('${path}')`)
    ).getRows()[0]?.[0],
  ).toBe(groups)
  connection.closeSync()
  instance.closeSync()
})
