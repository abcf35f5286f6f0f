import { describe, expect, it } from 'vitest'
import { fakeHost, type FakeHost } from '../../test/kit/fake-host.ts'
import { nowhere } from '../model/positions.ts'
import { checkJournal, openJournal, openReader, segmentName, type SegmentWriter, type Unit } from './index.ts'
import type { JournalLimits } from './limits.ts'

const directory = '/data/journal'
const seeds = Array.from({ length: 20 }, (_, index) => index + 1)
const limits = { keepBytes: 0, reserveBytes: 0 }

async function machine(seed: number): Promise<FakeHost> {
  const host = fakeHost(seed)
  await host.disk.makeDirectory('/data')
  await host.disk.syncDirectory('/')
  return host
}

function open(host: FakeHost, more: Partial<JournalLimits> = {}): Promise<SegmentWriter> {
  const makeRoom = (sequence: number): Promise<number> => Promise.resolve(sequence)
  return openJournal({ host, directory, epoch: 1, limits: { ...limits, ...more }, makeRoom })
}

function unit(text: string): Unit {
  const raw = new TextEncoder().encode(text)
  const cursor = new TextEncoder().encode(`after ${text.slice(0, 1)}`)
  const times = { received: 1, timeMin: Number.NaN, timeMax: Number.NaN }
  return { source: 'in', stream: 'in', kind: 'events', count: 2, raw, cursor, ...times }
}

async function refused(journal: SegmentWriter, text: string): Promise<void> {
  await expect(journal.append(unit(text))).rejects.toMatchObject({ code: 'WEIR_JOURNAL_SYNC' })
}

/** Bodies and unreadable rows. */
async function read(host: FakeHost, journal: SegmentWriter): Promise<{ bodies: string[]; lost: (number | null)[] }> {
  const lost: (number | null)[] = []
  const onUnreadable = ({ events }: { readonly events: number | null }): void => void lost.push(events)
  const reader = openReader({ host, directory, tail: journal.tail, after: nowhere, onUnreadable })
  const frames = await reader.ready(1 << 20)
  await reader.close()
  return {
    bodies: frames
      .filter(({ header }) => header.kind !== 'empty')
      .map((frame) => new TextDecoder().decode(frame.body())),
    lost,
  }
}

function totals(journal: SegmentWriter): readonly [number | undefined, string] {
  const total = journal.totals().get('in')
  return [total?.accepted, new TextDecoder().decode(total?.cursor)]
}

describe('rows refused by a failed sync and a failed truncation', () => {
  async function after(fail: (host: FakeHost) => void, seed: number): Promise<[FakeHost, SegmentWriter]> {
    const host = await machine(seed)
    const journal = await open(host)
    await journal.append(unit('a'))
    fail(host)
    await refused(journal, 'b')
    await journal.append(unit('c'))
    return [host, journal]
  }

  const failures: Record<string, (host: FakeHost) => void> = {
    'the sync of the truncation': ({ disk }) => disk.failNext('sync', 'EIO', { match: '.seg', times: 2 }),
    'the truncation': ({ disk }) => {
      disk.failNext('sync', 'EIO', { match: '.seg' })
      disk.failNext('truncate', 'EIO', { match: '.seg' })
    },
  }

  it.each(Object.keys(failures))('are neither accepted nor unreadable: %s', async (name) => {
    for (const seed of seeds) {
      const [host, journal] = await after(failures[name] as (host: FakeHost) => void, seed)
      expect(await read(host, journal)).toEqual({ bodies: ['a', 'c'], lost: [] })
      expect(totals(journal)).toEqual([4, 'after c'])
      expect(await checkJournal({ host, directory })).toMatchObject({ events: 4, unreadable: [] })
    }
  })

  it.each(['crash', 'kill'] as const)('do not return in any later life after a %s', async (how) => {
    for (const seed of seeds) {
      let [host, journal] = await after(failures['the truncation'] as (host: FakeHost) => void, seed)
      for (const text of ['d', 'e']) {
        host = host[how]()
        journal = await open(host)
        await journal.append(unit(text))
      }
      expect(await read(host, journal)).toEqual({ bodies: ['a', 'c', 'd', 'e'], lost: [] })
      expect(totals(journal)).toEqual([8, 'after e'])
    }
  })

  it('stay out of reach of readers while no next segment can be made', async () => {
    for (const seed of seeds) {
      const host = await machine(seed)
      const journal = await open(host)
      await journal.append(unit('a'))
      host.disk.failNext('sync', 'EIO', { match: '.seg', times: 6 })
      host.disk.failNext('truncate', 'EIO', { match: '.seg', times: 6 })
      await refused(journal, 'b')
      await refused(journal, 'c')
      await journal.release(0)
      expect(await read(host, journal)).toEqual({ bodies: ['a'], lost: [] })
    }
  })
})

describe('totals and cursors', () => {
  it('survive when the next segment cannot be synced and all rows are settled', async () => {
    for (const seed of seeds) {
      const host = await machine(seed)
      const journal = await open(host, { segmentBytes: 1 })
      await journal.append(unit('a'))
      await journal.release(journal.tail.durable().sequence)
      host.disk.failNext('sync', 'EIO', { match: '.seg', times: 3 })
      await refused(journal, 'b')
      await refused(journal, 'c')
      expect(totals(await open(host.crash()))).toEqual([2, 'after a'])
    }
  })

  it('survive when the first sync after the checkpoint of a full journal fails', async () => {
    for (const seed of seeds) {
      const host = await machine(seed)
      const journal = await open(host, { maxBytes: 400 })
      await journal.append(unit('a'.repeat(250)))
      host.disk.failNext('sync', 'EIO', { match: '.seg', skip: 1 })
      await refused(journal, 'b')
      expect(totals(await open(host.crash()))).toEqual([2, 'after a'])
    }
  })

  it('survive when a start finds an empty next segment and all rows are settled', async () => {
    for (const seed of seeds) {
      const host = await machine(seed)
      const journal = await open(host)
      await journal.append(unit('a'))
      const { sequence } = journal.tail.durable()
      host.disk.put(`${directory}/${segmentName(sequence + 1)}`, new Uint8Array(0))
      const next = host.kill()
      await (await open(next)).release(sequence)
      expect(totals(await open(next.crash()))).toEqual([2, 'after a'])
    }
  })
})

it('rows found by a start stay, although an earlier process failed to sync them', async () => {
  const found = new Set<number | undefined>()
  for (const seed of seeds) {
    const host = await machine(seed)
    const journal = await open(host)
    await journal.append(unit('a'))
    host.disk.failNext('sync', 'EIO', { match: '.seg' })
    host.disk.failNext('truncate', 'EIO', { match: '.seg' })
    await refused(journal, 'b')
    const next = host.kill()
    const before = totals(await open(next))
    found.add(before[0])
    expect(totals(await open(next.crash()))).toEqual(before)
  }
  expect(found).toContain(4)
})

it('a start on a disk that has no room for rewriting succeeds', async () => {
  const host = await machine(1)
  await (await open(host)).append(unit('a'))
  const next = host.kill()
  next.disk.failNext('write', 'ENOSPC', { match: '.seg', times: 9 })
  expect(totals(await open(next))).toEqual([2, 'after a'])
})
