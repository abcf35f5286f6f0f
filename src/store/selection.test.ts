import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { StoreSelection } from '../engine/store-selection.ts'
import { makeLedger, storeTallies } from '../engine/ledger/ledger.ts'
import { realHost } from '../host/index.ts'
import { encodeBatch, openJournal, openReader, type SegmentWriter } from '../journal/index.ts'
import { filePartition, nowhere } from '../model/positions.ts'
import { toEventBatch } from '../model/events.ts'
import type { Store } from './index.ts'
import { Refill } from './refill.ts'
import { event, flowBatch, recordingLog, recordingMetrics, startOfDay } from './testing/frames.ts'
import { queryRows } from './testing/query-rows.ts'
import { temporaryStores } from './testing/temporary.ts'

const host = realHost()
const stores = temporaryStores()
const sources = ['netflow', 'web@partition-3', 'http'] as const

async function append(journal: SegmentWriter, round: number): Promise<void> {
  for (const source of sources) {
    const batch =
      source === 'http'
        ? toEventBatch([event(`${round}`)])
        : flowBatch(
            [1, 2].map((row) => ({ src: `10.0.${round}.${row}`, dst: '10.0.0.1', bytes: 1000 * round + row })),
            startOfDay,
          )
    const { kind, count } = batch
    const times = { received: startOfDay, timeMin: startOfDay, timeMax: startOfDay }
    await journal.append({ source, stream: source, kind, count, raw: encodeBatch(batch).slice(), ...times })
  }
}

async function content(store: Store): Promise<unknown> {
  const source = `split_part(_pos, ':', 1)`
  return [
    await queryRows(store.reader, `SELECT _pos, src_addr, bytes FROM flows ORDER BY _pos`),
    await queryRows(store.reader, `SELECT ${source} AS source, count(*)::INT AS rows FROM flows GROUP BY 1 ORDER BY 1`),
    await queryRows(store.reader, `SELECT id FROM events ORDER BY id`),
    await queryRows(store.reader, `SELECT sum(flows)::INT AS flows, sum(bytes)::INT AS bytes FROM flows_1m`),
  ]
}

function booksOf(store: Store, accepted: number): ReturnType<typeof makeLedger> {
  const { stored, quarantined, filtered } = store.ledger()
  const tallies = storeTallies({ sequence: 0, holds: 0, stored, quarantined, filtered })
  return makeLedger(
    sources.map((name) => ({ name, accepted: name === 'http' ? accepted : 2 * accepted, duplicates: 0, shed: {} })),
    [{ name: 'store', takes: () => true, tallies, ahead: new Map() }],
  )
}

it('rows of sources that the store does not read are filtered, over changes, crashes and lost files', async () => {
  const directory = join(stores.home, 'journal')
  const journal = await openJournal({ host, directory, epoch: 1, limits: { keepBytes: 0, segmentBytes: 1024 } })
  const selection = new StoreSelection(['netflow', 'web'])
  const options = { takes: (header: { source: string; sequence: number }) => selection.takes(header) }
  let store = await stores.open(options)
  for (let round = 0; round < 8; round++) {
    // Changes apply to later frames, also if earlier ones are not stored yet.
    if (round === 3) selection.change(['netflow', 'http'], journal.tail.durable().sequence)
    if (round === 6) selection.change(undefined, journal.tail.durable().sequence)
    await append(journal, round)
    if (round % 2 === 0) continue
    const after = store.projection.position()[filePartition] ?? nowhere
    const reader = openReader({ host, directory, after, tail: journal.tail })
    const frames = await reader.ready(1 << 20)
    await reader.close()
    if (round === 5) {
      // Lost before the commit, and applied again.
      await store.projection.apply(frames)
      await stores.close()
      store = await stores.open(options)
    }
    await store.projection.apply(frames)
    await store.projection.commit()
  }
  expect(store.ledger()).toMatchObject({
    stored: { netflow: 16, 'web@partition-3': 10, http: 5 },
    filtered: { netflow: 0, 'web@partition-3': 6, http: 3 },
    quarantined: { netflow: 0, 'web@partition-3': 0, http: 0 },
  })
  const books = booksOf(store, 8)
  expect(books.balanced).toBe(true)
  expect(books.sinks[0]).toMatchObject({ filtered: { from: 9 }, routed: 31, delivered: 31, quarantined: 0, pending: 0 })
  const before = await content(store)
  expect(before).toMatchObject([
    {},
    [
      { source: 'netflow', rows: 16 },
      { source: 'web@partition-3', rows: 10 },
    ],
    ['3', '4', '5', '6', '7'].map((id) => ({ id })),
    [{ flows: 26 }],
  ])
  while (await store.maintain());
  await stores.close()

  for (const stream of ['flows', 'flows_1m', 'events']) {
    const [name = ''] = (await readdir(stores.directory)).filter((each) => each.startsWith(`${stream}-`))
    const bytes = await readFile(join(stores.directory, name))
    await writeFile(join(stores.directory, name), bytes.with(bytes.length >> 1, (bytes[bytes.length >> 1] ?? 0) ^ 8))
    store = await stores.open({})
    await content(store).catch(() => undefined)
    const refilling = new Refill({ host, log: recordingLog(), metrics: recordingMetrics() })
    while (await refilling.run(store, directory, journal.tail));
    expect(await content(store)).toEqual(before)
    expect(booksOf(store, 8)).toEqual(books)
    await stores.close()
  }
  await journal.close()
})
