import { afterEach, describe, expect, it } from 'vitest'
import { disks, nextEpoch, read, unit, type Folder } from '../../test/kit/damaged-journal.ts'
import { fakeHost } from '../../test/kit/fake-host.ts'
import { SeededRandom } from '../../test/kit/random.ts'
import { smallestHeader } from './frame.ts'
import { openJournal, segmentName, type JournalLimits, type SegmentWriter } from './index.ts'
import type { TornWrite } from './torn.ts'

const first = segmentName(1)
const pageBytes = 4096
const large = 20_000

const ended: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const end of ended.splice(0)) await end()
})

describe.each(Object.keys(disks))('a write that a kill interrupted, on %s', (disk) => {
  async function folderWith(names: readonly string[], bytes = 200): Promise<Folder> {
    const folder = await (disks[disk] as () => Promise<Folder>)()
    ended.push(() => folder.end())
    const { journal } = await start(folder)
    for (const name of names) await journal.append(unit(name, bytes))
    await journal.close()
    return folder
  }

  async function start(
    { host, directory }: Folder,
    { boot = 'b', limits = {} }: { boot?: string; limits?: Partial<JournalLimits> } = {},
  ): Promise<{ journal: SegmentWriter; torn: TornWrite[] }> {
    const torn: TornWrite[] = []
    const journal = await openJournal({
      host: { ...host, boot },
      directory,
      epoch: nextEpoch(),
      limits: { reserveBytes: 0, ...limits },
      onTorn: (write) => torn.push(write),
    })
    return { journal, torn }
  }

  async function size(folder: Folder, name = first): Promise<number> {
    return (await folder.get(name)).length
  }

  /** Ends the last write before this page; the file was extended. */
  async function tear(folder: Folder, page: number, name = first): Promise<void> {
    const bytes = await folder.get(name)
    await folder.put(name, bytes.fill(0, page * pageBytes))
  }

  /** Its frame ends at this offset, with so many zeros. */
  async function appendUpTo(journal: SegmentWriter, name: string, end: number, zeros = 0): Promise<void> {
    const header = smallestHeader + 'http'.length + 2 * name.length
    const given = unit(name, end - header - journal.tail.durable().offset)
    await journal.append({ ...given, raw: given.raw.fill(0, given.raw.length - zeros) })
    expect(journal.tail.durable().offset).toBe(end)
  }

  const accepted = (journal: SegmentWriter) => journal.totals().get('http')?.accepted

  it('is removed and not counted, also if the start is killed before its first append', async () => {
    const folder = await folderWith(['a', 'b'])
    const { journal } = await start(folder)
    await journal.append(unit('c'))
    const [segment = ''] = (await folder.names()).slice(-1)
    const offset = await size(folder, segment)
    await journal.append(unit('torn', large))
    await journal.close()
    await tear(folder, 2, segment)
    const bytes = (await size(folder, segment)) - offset
    expect((await start(folder)).torn).toEqual([{ segment, offset, bytes }])
    const again = await start(folder)
    expect(again.torn).toEqual([])
    expect(accepted(again.journal)).toBe(6)
    await again.journal.append(unit('d'))
    await again.journal.close()
    expect(await read(folder)).toMatchObject({ names: ['a', 'b', 'c', 'd'], unreadable: [] })
  })

  it('may end within a header', async () => {
    const folder = await folderWith([])
    const { journal } = await start(folder)
    await journal.append(unit('a'))
    const header = smallestHeader + 'http'.length + 2 * 'b'.length
    await journal.append(unit('b', pageBytes - 50 - header - (await size(folder))))
    expect(await size(folder)).toBe(pageBytes - 50)
    await journal.append(unit('torn', large))
    await journal.close()
    await tear(folder, 1)
    const again = await start(folder)
    expect(again.torn).toMatchObject([{ offset: pageBytes - 50 }])
    await again.journal.append(unit('c'))
    await again.journal.close()
    expect(await read(folder)).toMatchObject({ names: ['a', 'b', 'c'], unreadable: [] })
  })

  it.each([1, 10, 63, 64])('may lack %i bytes of its last page', async (bytes) => {
    const folder = await folderWith([])
    const { journal } = await start(folder)
    await journal.append(unit('a'))
    await appendUpTo(journal, 'whole', 2 * pageBytes + bytes)
    await appendUpTo(journal, 'torn', 4 * pageBytes + bytes)
    await journal.close()
    await tear(folder, 4)
    const again = await start(folder)
    expect(again.torn).toMatchObject([{ offset: 2 * pageBytes + bytes }])
    await again.journal.append(unit('b'))
    await again.journal.close()
    expect(await read(folder)).toMatchObject({ names: ['a', 'whole', 'b'], unreadable: [] })
  })

  it.each([1, 10, 63])('is not a changed byte before zeros of a frame in %i bytes of its last page', async (bytes) => {
    const folder = await folderWith([])
    const { journal } = await start(folder)
    await journal.append(unit('a'))
    await appendUpTo(journal, 'b', 2 * pageBytes + bytes, bytes)
    await journal.close()
    const content = await folder.get(first)
    await folder.put(first, content.fill((content[pageBytes] ?? 0) ^ 1, pageBytes, pageBytes + 1))
    const again = await start(folder)
    expect(again.torn).toEqual([])
    await again.journal.close()
    expect(await read(folder)).toMatchObject({ names: ['a'], lost: 2 })
  })

  it('counts no unreadable row, wherever the kill ends a group of frames', async () => {
    const random = new SeededRandom(1)
    for (let round = 0; round < 10; round++) {
      const folder = await folderWith([])
      const { journal } = await start(folder)
      await journal.append(unit('a', random.integer(200, 5000)))
      const begin = journal.tail.durable().offset
      const sizes = [random.integer(1000, 13_000), 900, random.integer(200, 5000)]
      await Promise.all(sizes.map((bytes) => journal.append(unit('b', bytes))))
      await journal.close()
      const whole = await folder.get(first)
      // Killed before the first page, or before a later one.
      for (let end = begin; end < whole.length; end = (Math.floor(end / pageBytes) + 1) * pageBytes) {
        await folder.put(first, whole.slice().fill(0, end))
        const again = await start(folder)
        await again.journal.close()
        const { names, unreadable } = await read(folder)
        expect(unreadable).toEqual([])
        expect(names[0]).toBe('a')
        expect(accepted(again.journal)).toBe(2 * names.length)
      }
    }
  })

  it('may have whole frames, which count', async () => {
    const folder = await folderWith([])
    const { journal } = await start(folder)
    await journal.append(unit('a'))
    await Promise.all(['b', 'torn', 'missing'].map((name) => journal.append(unit(name, large))))
    await journal.close()
    await tear(folder, 7)
    const again = await start(folder)
    expect(again.torn).toHaveLength(1)
    expect(accepted(again.journal)).toBe(4)
    expect(await read(folder)).toMatchObject({ names: ['a', 'b'], unreadable: [] })
  })

  it('may be the checkpoint of a new segment', async () => {
    const folder = await folderWith([])
    const { journal } = await start(folder)
    for (let i = 0; i < 100; i++) await journal.append(unit('a', 200, `source-${i}`))
    await journal.checkpoint()
    await journal.close()
    const [segment = ''] = (await folder.names()).slice(-1)
    expect(await size(folder, segment)).toBeGreaterThan(pageBytes + 100)
    await tear(folder, 1, segment)
    const again = await start(folder)
    expect(again.torn).toMatchObject([{ segment, offset: 0 }])
    await again.journal.append(unit('b'))
    await again.journal.close()
    expect((await read(folder)).names).toHaveLength(101)
    expect((await read(folder)).unreadable).toEqual([])
  })

  it('is removed if the next segment was only extended', async () => {
    const folder = await folderWith(['a', 'torn'], large)
    await tear(folder, 6)
    await folder.put(segmentName(9), new Uint8Array(2 * pageBytes))
    const { journal, torn } = await start(folder)
    expect(torn).toMatchObject([{ segment: first }])
    await journal.append(unit('b'))
    await journal.close()
    expect(await read(folder)).toMatchObject({ names: ['a', 'b'], unreadable: [] })
  })

  it('is counted after another start of the kernel: a power cut may have taken acknowledged rows', async () => {
    const folder = await folderWith(['a', 'b'], large)
    await tear(folder, 6)
    const { journal, torn } = await start(folder, { boot: 'c' })
    expect(torn).toEqual([])
    await journal.append(unit('d'))
    await journal.close()
    expect(await read(folder)).toMatchObject({ names: ['a', 'd'], lost: 2 })
  })

  it.each([
    ['a file that lost its end', (bytes: Uint8Array) => bytes.slice(0, 6 * pageBytes)],
    ['zeros that are followed by content', (bytes: Uint8Array) => bytes.fill(0, 6 * pageBytes, 8 * pageBytes)],
    ['zeros that begin within a page', (bytes: Uint8Array) => bytes.fill(0, bytes.length - 50)],
    ['a changed byte', (bytes: Uint8Array) => bytes.fill((bytes.at(-1) ?? 0) ^ 1, bytes.length - 1)],
  ])('is not %s: the rows count as unreadable', async (_, damage) => {
    const folder = await folderWith(['a', 'b'], large)
    await folder.put(first, damage(await folder.get(first)))
    const { journal, torn } = await start(folder)
    expect(torn).toEqual([])
    expect(accepted(journal)).toBe(4)
    await journal.append(unit('d'))
    await journal.close()
    expect(await read(folder)).toMatchObject({ names: ['a', 'd'], lost: 2 })
  })

  it('is not in a segment with a later one', async () => {
    const folder = await folderWith(['a', 'b'], large)
    const { journal } = await start(folder)
    await journal.append(unit('c'))
    await journal.close()
    await tear(folder, 6)
    expect((await start(folder)).torn).toEqual([])
    expect(await read(folder)).toMatchObject({ names: ['a', 'c'], lost: 2 })
  })
})

it('a write that failed, was not truncated and was followed by a kill counts none of its refused rows', async () => {
  const directory = '/data/journal'
  for (let seed = 1; seed <= 20; seed++) {
    const host = fakeHost(seed)
    await host.disk.makeDirectory('/data')
    await host.disk.syncDirectory('/')
    const open = (next: typeof host) =>
      openJournal({ host: { ...next, boot: 'b' }, directory, epoch: 1, limits: { reserveBytes: 0 } })
    const journal = await open(host)
    await journal.append(unit('a'))
    host.disk.failNext('write', 'EIO', { skip: 1 })
    host.disk.failNext('truncate', 'EIO')
    await expect(journal.append(unit('refused', large))).rejects.toMatchObject({ code: 'WEIR_JOURNAL_SYNC' })
    const next = host.kill()
    const again = await open(next)
    expect(again.totals().get('http')?.accepted).toBe(2)
    await again.append(unit('b'))
    await again.close()
    expect(await read({ host: next, directory })).toMatchObject({ names: ['a', 'b'], unreadable: [] })
  }
})
