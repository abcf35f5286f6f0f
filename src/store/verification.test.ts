import { appendFile, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { SeededRandom } from '../../test/kit/random.ts'
import { queryRows } from './testing/query-rows.ts'
import { event, FrameMaker, recordingLog, startOfDay } from './testing/frames.ts'
import { temporaryStores } from './testing/temporary.ts'

const stores = temporaryStores()

async function flip(path: string, bit: number): Promise<void> {
  const bytes = await readFile(path)
  bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7))
  await writeFile(path, bytes)
}

async function files(stream: string): Promise<string[]> {
  return (await readdir(stores.directory)).filter((name) => name.startsWith(`${stream}-`))
}

const sqlOfEvents = 'SELECT id, data, time FROM events ORDER BY id'

async function filled(): Promise<readonly unknown[]> {
  const store = await stores.filled(
    ...[0, 1, 2].map((frame) =>
      Array.from({ length: 40 }, (_, row) => event(`${frame}-${row}`, { json: { text: `value ${frame} ${row}` } })),
    ),
  )
  const rows = (await queryRows(store.reader, sqlOfEvents)) as readonly unknown[]
  await stores.close()
  return rows
}

describe('a damaged file of the store', () => {
  it('never returns a wrong value, whichever bit is flipped, and its rows count as quarantined', async () => {
    const right = new Set((await filled()).map((row) => JSON.stringify(row)))
    const [name = ''] = await files('events')
    const path = join(stores.directory, name)
    const whole = await readFile(path)
    const manifests = await Promise.all(
      (await readdir(stores.directory))
        .filter((each) => each.startsWith('manifest-'))
        .map(async (each) => [each, await readFile(join(stores.directory, each))] as const),
    )
    const random = new SeededRandom(24)
    for (let round = 0; round < 12; round++) {
      await writeFile(path, whole)
      for (const [each, bytes] of manifests) await writeFile(join(stores.directory, each), bytes)
      await flip(path, random.integer(0, whole.length * 8 - 1))
      const log = recordingLog()
      const store = await stores.open({ log })
      const rows = (await queryRows(store.reader, sqlOfEvents)) as readonly unknown[]
      expect(rows.filter((row) => !right.has(JSON.stringify(row)))).toEqual([])
      expect(rows).toHaveLength(80)
      expect(store.ledger()).toMatchObject({
        stored: { http: 80 },
        quarantined: { http: 40 },
        accounted: { http: 120 },
      })
      expect(log.lines.filter(({ level }) => level === 'error')).toMatchObject([
        { fields: { file: name, rows: 40, reason: 'wrong checksum', from: new Date(startOfDay).toISOString() } },
      ])
      await stores.close()
    }
  })

  it('is excluded at once if it changes under a running store', async () => {
    await filled()
    const store = await stores.open()
    expect(await queryRows(store.reader, sqlOfEvents)).toHaveLength(120)
    const [name = ''] = await files('events')
    const path = join(stores.directory, name)
    const { mtime } = await stat(path)
    await flip(path, 8000)
    await utimes(path, mtime, mtime)
    expect(await queryRows(store.reader, sqlOfEvents)).toHaveLength(80)
    await rm(join(stores.directory, (await files('events')).find((each) => each !== name) ?? ''))
    expect(await queryRows(store.reader, sqlOfEvents)).toHaveLength(40)
    expect(store.ledger().quarantined).toEqual({ http: 80 })
  })

  it('stays excluded after a restart, in a separate folder', async () => {
    await filled()
    const [cut = '', gone = ''] = await files('events')
    await appendFile(join(stores.directory, cut), 'more')
    await rm(join(stores.directory, gone))
    for (let start = 0; start < 2; start++) {
      const log = recordingLog()
      const store = await stores.open({ log })
      expect(log.lines.filter(({ level }) => level === 'error')).toHaveLength(start === 0 ? 2 : 0)
      expect(await queryRows(store.reader, sqlOfEvents)).toHaveLength(40)
      expect(store.ledger()).toMatchObject({ stored: { http: 40 }, quarantined: { http: 80 } })
      expect(store.status()).toMatchObject({ unreadableFiles: 2, unreadableRows: 80 })
      await stores.close()
    }
    expect(await readdir(join(stores.directory, 'damaged'))).toEqual([cut])
  })

  it('is not merged into a file with a correct checksum', async () => {
    await filled()
    const [name = ''] = await files('events')
    await flip(join(stores.directory, name), 8000)
    const store = await stores.open()
    while (await store.maintain());
    const rows = (await queryRows(store.reader, sqlOfEvents)) as readonly unknown[]
    expect(rows).toHaveLength(80)
    expect(store.ledger().quarantined).toEqual({ http: 40 })
    expect(await files('events')).toHaveLength(1)
  })

  it('of addresses excludes the flows that use it, and later flows have their addresses', async () => {
    const store = await stores.open()
    const make = new FrameMaker()
    const apply = async (): Promise<void> => {
      await store.projection.apply([make.flows([{ src: '10.0.0.1', dst: '10.0.0.2' }])])
      await store.projection.commit()
    }
    await apply()
    await apply()
    const addresses = (await files('endpoints')).sort()
    // Also its copy.
    for (const name of addresses.filter((each) => each.startsWith(addresses[0] ?? '')))
      await flip(join(stores.directory, name), 400)
    expect(await queryRows(store.reader, 'SELECT src_addr FROM flows')).toEqual([])
    expect(store.ledger()).toMatchObject({ stored: { netflow: 0 }, quarantined: { netflow: 2 } })
    // No file contains the assigned ids any more, so later rows get other ids.
    await apply()
    expect(await queryRows(store.reader, 'SELECT src_addr FROM flows')).toEqual([{ src_addr: '10.0.0.1' }])
    // Pending rows have such ids and must not be committed.
    await store.projection.apply([
      make.flows([
        { src: '10.0.0.1', dst: '10.0.0.2' },
        { src: '10.0.0.3', dst: '10.0.0.2' },
      ]),
    ])
    const names = (await files('endpoints')).sort()
    for (const name of names.slice(-2)) await rm(join(stores.directory, name))
    expect(await queryRows(store.reader, 'SELECT src_addr FROM flows')).toEqual([])
    await expect(store.projection.commit()).rejects.toThrow('reopened')
    expect(store.projection.mustReopen).toBe(true)
  })
})
