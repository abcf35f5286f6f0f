import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { realHost } from '../host/index.ts'
import { toEventBatch } from '../model/events.ts'
import { nowhere } from '../model/positions.ts'
import { frameVersion } from './frame.ts'
import { checkJournal, decodeBatch, encodeBatch, openJournal, openReader, segmentName, type Unit } from './index.ts'

const host = realHost()
let directory = ''
beforeEach(async () => {
  directory = join(await mkdtemp(join(tmpdir(), 'weir-journal-')), 'journal')
})
afterEach(() => rm(join(directory, '..'), { recursive: true, force: true }))

function unit(source: string, count: number, size = 10): Unit {
  const batch = toEventBatch(
    Array.from({ length: count }, (_, i) => ({
      id: `${source}-${i}`,
      source: '/s',
      type: 't',
      encoding: 'text' as const,
      data: Uint8Array.from({ length: size }, (_, j) => (i * 7919 + j * j * 31 + (j >> 3)) & 255),
    })),
  )
  return {
    source,
    stream: source,
    kind: 'events',
    count,
    raw: encodeBatch(batch),
    received: 1,
    timeMin: Number.NaN,
    timeMax: Number.NaN,
  }
}

describe('journal', () => {
  it('returns appended units in order after a reopen', async () => {
    const journal = await openJournal({ host, directory, epoch: 1 })
    await Promise.all([journal.append(unit('a', 3)), journal.append(unit('b', 2)), journal.append(unit('a', 1))])
    await journal.close()
    const again = await openJournal({ host, directory, epoch: 2 })
    await again.append(unit('a', 4))
    const reader = openReader({ host, directory, after: nowhere, tail: again.tail })
    const frames = []
    const stop = new AbortController()
    while (frames.filter((frame) => frame.header.count > 0).length < 4)
      frames.push(...(await reader.next(1, stop.signal)))
    const rows = frames
      .filter((frame) => frame.header.count > 0)
      .map((frame) => [
        frame.header.source,
        frame.header.epoch,
        frame.header.sourceSequence,
        frame.header.sourceRows,
        frame.header.count,
      ])
    expect(rows).toEqual([
      ['a', 1, 1, 0, 3],
      ['b', 1, 1, 0, 2],
      ['a', 1, 2, 3, 1],
      ['a', 2, 1, 4, 4],
    ])
    const last = frames.at(-1)
    expect(last && decodeBatch('events', last.body()).count).toBe(4)
    await reader.close()
    await again.close()
    expect(await checkJournal({ host, directory })).toEqual({ frames: 6, events: 10, unreadable: [] })
  })

  it('releases the body of a large frame, and decompresses it again on demand', async () => {
    const journal = await openJournal({ host, directory, epoch: 1 })
    const text = 'weir '.repeat(200)
    const batch = toEventBatch(
      Array.from({ length: 100 }, (_, i) => ({
        id: `${i}`,
        source: '/s',
        type: 't',
        encoding: 'text' as const,
        data: Buffer.from(text),
      })),
    )
    await journal.append({
      source: 'a',
      stream: 'a',
      kind: 'events',
      count: 100,
      raw: encodeBatch(batch),
      received: 1,
      timeMin: Number.NaN,
      timeMax: Number.NaN,
    })
    const reader = openReader({ host, directory, after: nowhere, tail: journal.tail })
    const [frame] = (await reader.next(1, new AbortController().signal)).filter(({ header }) => header.count > 0)
    const first = frame?.body()
    expect(first?.length).toBeGreaterThan(100_000)
    frame?.release?.()
    expect(first?.buffer.byteLength).toBe(0)
    expect(frame && decodeBatch('events', frame.body())).toEqual(decodeBatch('events', encodeBatch(batch)))
    await reader.close()
    await journal.close()
  })

  it('a delayed unit is written with the next immediate one, or alone after its delay or at close', async () => {
    let syncs = 0
    const disk: typeof host.disk = {
      ...host.disk,
      open: async (path, mode) => {
        const file = await host.disk.open(path, mode)
        const sync = file.sync.bind(file)
        return Object.assign(file, {
          sync: () => {
            syncs++
            return sync()
          },
        })
      },
    }
    const timers: { readonly ms: number; readonly act: () => void }[] = []
    const journal = await openJournal({
      host: {
        ...host,
        disk,
        timers: {
          ...host.timers,
          after: (ms, act) => {
            timers.push({ ms, act })
            return { cancel: () => undefined }
          },
        },
      },
      directory,
      epoch: 1,
    })
    const ended: string[] = []
    const append = async (source: string, maxDelayMs?: number): Promise<void> => {
      await journal.append({ ...unit(source, 1), ...(maxDelayMs === undefined ? {} : { maxDelayMs }) })
      ended.push(source)
    }
    await append('first')
    const before = syncs
    const [patient, hurried] = [append('patient', 60_000), append('hurried')]
    await Promise.all([patient, hurried])
    expect([ended, syncs - before]).toEqual([['first', 'patient', 'hurried'], 1])
    const alone = append('alone', 60_000)
    await expect.poll(() => timers.length).toBe(1)
    expect([ended.includes('alone'), timers.map(({ ms }) => Math.round(ms / 1000))]).toEqual([false, [60]])
    timers[0]?.act()
    await alone
    expect(syncs - before).toBe(2)
    const last = append('last', 60_000)
    await expect.poll(() => timers.length).toBe(2)
    await Promise.all([last, journal.close()])
    expect(syncs - before).toBe(3)
  })

  it('refuses a folder of a newer version without changes', async () => {
    const journal = await openJournal({ host, directory, epoch: 1 })
    await journal.append(unit('a', 3))
    await journal.close()
    const path = join(directory, segmentName(1))
    const bytes = await readFile(path)
    const headerBytes = bytes.readUInt32LE(8)
    bytes[4] = frameVersion + 1
    bytes.writeUInt32LE(crc32(bytes.subarray(0, headerBytes - 4)), headerBytes - 4)
    await writeFile(path, bytes)
    await expect(openJournal({ host, directory, epoch: 2 })).rejects.toMatchObject({ code: 'WEIR_DATA_NEWER' })
    expect(await readFile(path)).toEqual(bytes)
  })

  it('splits a large unit into parts and returns it only whole', async () => {
    const journal = await openJournal({ host, directory, epoch: 1 })
    const large = unit('a', 1, 100)
    const noise = host.random.bytes(1_500_000)
    const raw = encodeBatch(toEventBatch([{ id: 'big', source: '/s', type: 't', encoding: 'binary', data: noise }]))
    await journal.append({ ...large, raw })
    const reader = openReader({ host, directory, after: nowhere, tail: journal.tail })
    const stop = new AbortController()
    const frames = []
    while (frames.length < 2) frames.push(...(await reader.next(1, stop.signal)))
    const frame = frames[1]
    expect(frame?.header.part).toBe(2)
    const batch = frame && decodeBatch('events', frame.body())
    expect(batch?.kind === 'events' && Buffer.compare(batch.data.bytes, noise)).toBe(0)
    await reader.close()
    await journal.close()
  })
})
