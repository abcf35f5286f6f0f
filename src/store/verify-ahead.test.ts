import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { realHost, type Host } from '../host/index.ts'
import { FrameMaker, recordingLog, startOfDay } from './testing/frames.ts'
import { queryRows } from './testing/query-rows.ts'
import { temporaryStores } from './testing/temporary.ts'

const stores = temporaryStores()

/** Counts the files of flows that are opened by Node, which verifies them. */
function watchedHost(): { host: Host; opened: string[] } {
  const host = realHost()
  const opened: string[] = []
  const open: Host['disk']['open'] = (path, ...more) => {
    if (/\/flows-.*parquet$/.test(path)) opened.push(path)
    return host.disk.open(path, ...more)
  }
  return { host: { ...host, disk: { ...host.disk, open } }, opened }
}

async function filled(): Promise<void> {
  const store = await stores.open()
  const make = new FrameMaker()
  for (let count = 0; count < 3; count++) {
    await store.projection.apply([make.flows([{ src: '10.0.0.1', dst: '10.0.0.2', bytes: count }], startOfDay)])
    await store.projection.commit()
  }
  await stores.close()
}

const sql = 'SELECT count(*) AS n FROM flows'

test('files are verified after a start, and the first query does not read them again', async () => {
  await filled()
  const { host, opened } = watchedHost()
  const store = await stores.open({ host, verifyAhead: true })
  await expect.poll(() => opened.length).toBe(3)
  expect(new Set(opened).size).toBe(3)
  expect(await queryRows(store.reader, sql)).toEqual([{ n: 3 }])
  expect(opened).toHaveLength(3)
})

test('a damaged file is found before a query', async () => {
  await filled()
  const name = (await readdir(stores.directory)).find((each) => each.startsWith('flows-'))!
  const bytes = await readFile(join(stores.directory, name))
  bytes[20]! ^= 1
  await writeFile(join(stores.directory, name), bytes)
  const log = recordingLog()
  const store = await stores.open({ log, verifyAhead: true })
  await expect.poll(() => store.ledger().quarantined).toEqual({ netflow: 1 })
  expect(log.lines.filter(({ level }) => level === 'error')).toMatchObject([
    { fields: { file: name, reason: 'wrong checksum' } },
  ])
  expect(await queryRows(store.reader, sql)).toEqual([{ n: 2 }])
})

test('a store that closes ends the verification', async () => {
  await filled()
  const host = realHost()
  let pauses = 0
  const timers: Host['timers'] = {
    ...host.timers,
    sleep: (ms, signal) => {
      pauses++
      return host.timers.sleep(ms + 60_000, signal)
    },
  }
  await stores.open({ host: { ...host, timers }, verifyAhead: true })
  await expect.poll(() => pauses).toBe(1)
  await stores.close()
  expect(pauses).toBe(1)
})
