import { cp, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { flowFields } from '../model/fields.ts'
import type { Store } from './index.ts'
import { dimensions, rollups } from './rollup/schema.ts'
import { queryRows } from './testing/query-rows.ts'
import { FrameMaker } from './testing/frames.ts'
import { temporaryStores } from './testing/temporary.ts'

const stores = temporaryStores()
const fixtures = join(import.meta.dirname, 'fixtures')
const folders = (await readdir(fixtures)).filter((name) => name.startsWith('golden-'))

const firstColumns =
  'time_start, time_end, time_received, src_addr, dst_addr, exporter_addr, src_port, dst_port, proto, tcp_flags, ' +
  'direction, dscp, vlan, in_if, out_if, bytes, packets, sampling, bytes_est, packets_est, protocol, ' +
  'protocol_version, time_skewed, src_name, src_label, dst_name, dst_label, _pos'
const flowColumns = (version: number): string =>
  version === 1
    ? firstColumns
    : [
        ...flowFields.filter(({ since }) => since <= version).map(({ name }) => name),
        'bytes_est',
        'packets_est',
        '_pos',
      ].join(', ')
const eventColumns =
  'id, source, type, subject, time, datacontenttype, dataschema, extensions, data, family, ref, key, ' +
  'time_received, _pos, data_base64'
const sums = ['flows', 'bytes', 'packets', 'bytes_est', 'packets_est']
  .map((name) => `sum(${name}) AS ${name}`)
  .join(', ')
const rollupColumns = (version: number): string =>
  ['time', ...dimensions.filter(({ since }) => since <= version).map(({ name }) => name), 'folded'].join(', ')

async function answers(store: Store, version: number): Promise<Record<string, unknown>> {
  const rolled: Record<string, unknown> = {}
  if (version > 1)
    for (const rollup of rollups)
      rolled[rollup] = await queryRows(
        store.reader,
        `SELECT ${rollupColumns(version)}, ${sums} FROM ${rollup} GROUP BY ALL ORDER BY ALL`,
      )
  return {
    ledger: { ...store.ledger(), filtered: undefined },
    flows: await queryRows(store.reader, `SELECT ${flowColumns(version)} FROM flows ORDER BY time_received, _pos`),
    events: await queryRows(store.reader, `SELECT ${eventColumns} FROM events ORDER BY time_received, _pos`),
    ...rolled,
  }
}

it.each(folders)('%s opens, returns the same results and accepts more rows', async (folder) => {
  await cp(join(fixtures, folder, 'store'), stores.directory, { recursive: true })
  const store = await stores.open()
  const version = Number(folder.slice('golden-v'.length))
  const answer = await answers(store, version)
  // Run once with the folder of a new version: UPDATE_GOLDEN=golden-v<N>.
  if (process.env['UPDATE_GOLDEN'] === folder)
    await writeFile(join(fixtures, folder, 'expected.json'), `${JSON.stringify(answer)}\n`)
  expect(answer).toEqual(JSON.parse(await readFile(join(fixtures, folder, 'expected.json'), 'utf8')))
  const rows = (answer['flows'] as unknown[]).length + 1
  const make = new FrameMaker(9)
  while (make.last < (store.projection.position()['0']?.sequence ?? 0)) make.lose('netflow', 0)
  await store.projection.apply([make.flows([{ src: '10.0.0.1', dst: '10.0.0.2' }])])
  await store.projection.commit()
  while (await store.maintain());
  expect(await queryRows(store.reader, 'SELECT count(*) AS n, count(DISTINCT _pos) AS p FROM flows')).toEqual([
    { n: rows, p: rows },
  ])
})
