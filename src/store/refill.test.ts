import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { realHost } from '../host/index.ts'
import { encodeBatch, openJournal, openReader, type SegmentWriter } from '../journal/index.ts'
import type { Batch } from '../model/batches.ts'
import { toEventBatch } from '../model/events.ts'
import { openDuckWriter } from './duck-writer.ts'
import type { Store } from './index.ts'
import { Refill } from './refill.ts'
import { queryRows } from './testing/query-rows.ts'
import { event, flowBatch, recordingLog, recordingMetrics, startOfDay } from './testing/frames.ts'
import { temporaryStores } from './testing/temporary.ts'

const host = realHost()
const stores = temporaryStores()
let journal: SegmentWriter

const directory = (): string => join(stores.home, 'journal')

beforeEach(async () => {
  journal = await openJournal({ host, directory: directory(), epoch: 1, limits: { keepBytes: 0, segmentBytes: 1024 } })
})

afterEach(() => journal.close())

async function append(batch: Batch, source: string): Promise<void> {
  await journal.append({
    source,
    stream: source,
    kind: batch.kind,
    raw: encodeBatch(batch).slice(),
    count: batch.count,
    received: startOfDay,
    timeMin: startOfDay,
    timeMax: startOfDay,
  })
}

async function filled(merged: boolean): Promise<Store> {
  const store = await stores.open()
  const reader = openReader({ host, directory: directory(), after: { sequence: 0, row: 0 }, tail: journal.tail })
  for (let round = 0; round < 6; round++) {
    await append(
      flowBatch(
        [1, 2, 3].map((row) => ({
          src: `10.0.${round}.${row}`,
          dst: '10.0.0.1',
          bytes: 1000 * round + row,
          received: startOfDay,
        })),
        startOfDay,
      ),
      'netflow',
    )
    await append(
      toEventBatch([1, 2].map((row) => event(`${round}-${row}`, { json: { round, row, text: 'x'.repeat(600) } }))),
      'http',
    )
    await store.projection.apply(await reader.ready(1 << 20))
    await store.projection.commit()
  }
  await reader.close()
  while (merged && (await store.maintain()));
  return store
}

const questions = [
  'SELECT * FROM flows ORDER BY _pos',
  'SELECT * FROM events ORDER BY _pos',
  ...['flows_1m', 'flows_1h'].map(
    (view) =>
      `SELECT time, src_addr, dst_addr, src_name, sum(flows) AS f, sum(bytes) AS b FROM ${view} GROUP BY ALL
        ORDER BY ALL`,
  ),
]

async function answers(store: Store): Promise<readonly unknown[]> {
  const all: unknown[] = []
  for (const sql of questions) all.push(await queryRows(store.reader, sql))
  return all
}

async function flip(stream: string): Promise<void> {
  const names = await readdir(stores.directory)
  const [name = ''] = names.filter((each) => each.startsWith(`${stream}-`)).sort()
  // Also its copy.
  for (const each of names.filter((one) => one.startsWith(name))) {
    const path = join(stores.directory, each)
    const bytes = await readFile(path)
    await writeFile(path, bytes.with(bytes.length >> 1, (bytes[bytes.length >> 1] ?? 0) ^ 8))
  }
}

async function refill(store: Store): Promise<void> {
  const refilling = new Refill({ host, log: recordingLog(), metrics: recordingMetrics() })
  while (await refilling.run(store, directory(), journal.tail));
}

describe('rows of a damaged file', () => {
  it.each([
    ['flows', false],
    ['events', true],
    ['endpoints', true],
    ['flows_1m', false],
    ['flows_1h', true],
  ] as const)('are refilled from the journal once and unchanged (%s, merged: %s)', async (stream, merged) => {
    const before = await answers(await filled(merged))
    await stores.close()
    await flip(stream)
    const store = await stores.open()
    await answers(store)
    if (/flows$|events|endpoints/.test(stream))
      expect(Object.values(store.ledger().quarantined).some((rows) => rows > 0)).toBe(true)
    await stores.close()
    for (let start = 0; start < 2; start++) {
      const again = await stores.open()
      await refill(again)
      while (merged && (await again.maintain()));
      expect(await answers(again)).toEqual(before)
      expect(again.ledger()).toMatchObject({ stored: { netflow: 18, http: 12 }, quarantined: { netflow: 0, http: 0 } })
      expect(again.status()).toMatchObject({ unreadableFiles: 0 })
      await stores.close()
    }
  })

  it('stay quarantined if the journal no longer has them', async () => {
    const before = (await answers(await filled(true)))[1] as { readonly id: string }[]
    await stores.close()
    await flip('events')
    await journal.release(7)
    const store = await stores.open()
    await queryRows(store.reader, 'SELECT * FROM events')
    expect(store.ledger()).toMatchObject({ stored: { http: 0 }, quarantined: { http: 12 } })
    await refill(store)
    const rows = (await queryRows(store.reader, 'SELECT * FROM events ORDER BY _pos')) as { readonly id: string }[]
    expect(rows.length).toBeGreaterThan(0)
    expect(rows.length).toBeLessThan(12)
    expect(rows).toEqual(before.slice(-rows.length))
    const books = { stored: { http: rows.length }, quarantined: { http: 12 - rows.length }, accounted: { http: 12 } }
    expect(store.ledger()).toMatchObject(books)
    await stores.close()
    const again = await stores.open()
    await refill(again)
    expect(again.ledger()).toMatchObject(books)
    expect(await queryRows(again.reader, 'SELECT * FROM events ORDER BY _pos')).toEqual(rows)
  })

  it('are refilled without a restart if a file of addresses is lost meanwhile', async () => {
    const before = await answers(await filled(false))
    await stores.close()
    await flip('flows')
    let lost = false
    const writer = await openDuckWriter({ disk: host.disk, memoryLimit: '256MB', threads: 1 })
    const append = writer.append.bind(writer)
    writer.append = async (hour, rows) => {
      if (rows.stream === 'flows' && !lost) {
        lost = true
        await flip('endpoints')
        await queryRows(store.reader, 'SELECT src_addr FROM flows')
      }
      await append(hour, rows)
    }
    const store = await stores.open({ writer: () => Promise.resolve(writer) })
    await answers(store)
    await refill(store)
    expect(lost).toBe(true)
    expect(store.projection.mustReopen).toBe(false)
    expect(await answers(store)).toEqual(before)
    expect(store.ledger()).toMatchObject({ stored: { netflow: 18, http: 12 }, quarantined: { netflow: 0, http: 0 } })
  })

  it('that are rollups are computed from flows if the journal no longer has their frames', async () => {
    await filled(false)
    await stores.close()
    const [name = ''] = (await readdir(stores.directory)).filter((each) => each.startsWith('flows_1m-')).sort()
    await rm(join(stores.directory, name))
    await journal.release(12)
    const store = await stores.open()
    await refill(store)
    expect(store.status().sums.since.flows_1m).toBe(startOfDay + 3_600_000)
    expect(await queryRows(store.reader, 'SELECT count(*) AS n FROM flows')).toEqual([{ n: 18 }])
  })
})
