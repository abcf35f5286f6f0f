import { cp, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { ask } from './testing/ask.ts'
import { FrameMaker } from './testing/frames.ts'
import { temporaryStores } from './testing/temporary.ts'

const stores = temporaryStores()
const fixtures = join(import.meta.dirname, 'fixtures')
const folders = (await readdir(fixtures)).filter((name) => name.startsWith('golden-'))

/** Columns that the folder's version knew; later ones only add. */
const flowColumns = 'time_start, time_end, time_received, src_addr, dst_addr, exporter_addr, src_port, dst_port, proto, tcp_flags, direction, dscp, vlan, in_if, out_if, bytes, packets, sampling, bytes_est, packets_est, protocol, protocol_version, time_skewed, src_name, src_label, dst_name, dst_label, _pos'
const eventColumns = 'id, source, type, subject, time, datacontenttype, dataschema, extensions, data, family, ref, key, time_received, _pos, data_base64'

it.each(folders)('%s is opened, answers as it did, and goes on', async (folder) => {
  await cp(join(fixtures, folder, 'store'), stores.directory, { recursive: true })
  const store = await stores.open()
  const answer = {
    ledger: store.ledger(),
    flows: await ask(store.reader, `SELECT ${flowColumns} FROM flows ORDER BY time_received, _pos`),
    events: await ask(store.reader, `SELECT ${eventColumns} FROM events ORDER BY time_received, _pos`),
  }
  expect(answer).toEqual(JSON.parse(await readFile(join(fixtures, folder, 'expected.json'), 'utf8')))
  const make = new FrameMaker(9)
  while (make.last < (store.projection.position()['0']?.sequence ?? 0)) make.lose('netflow', 0)
  await store.projection.apply([make.flows([{ src: '10.0.0.1', dst: '10.0.0.2' }])])
  await store.projection.commit()
  while (await store.maintain());
  expect(await ask(store.reader, 'SELECT count(*) AS n, count(src_addr) AS a, count(DISTINCT _pos) AS p FROM flows')).toEqual([{ n: answer.flows.length + 1, a: answer.flows.length + 1, p: answer.flows.length + 1 }])
})
