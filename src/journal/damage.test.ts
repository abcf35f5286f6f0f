import { afterEach, describe, expect, it } from 'vitest'
import { disks, nextEpoch, open, read, unit, type Folder } from '../../test/kit/damaged-journal.ts'
import { SeededRandom } from '../../test/kit/random.ts'
import { WeirError } from '../model/errors.ts'
import { fixedBytes } from './frame.ts'
import { openJournal, segmentName, type JournalLimits } from './index.ts'

const ended: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const end of ended.splice(0)) await end()
})

describe.each(Object.keys(disks))('on %s', (disk) => {
  async function folderWith(names: readonly string[], limits?: Partial<JournalLimits>): Promise<Folder> {
    const folder = await (disks[disk] as () => Promise<Folder>)()
    ended.push(() => folder.end())
    const journal = await open(folder, limits)
    for (const name of names) await journal.append(unit(name))
    await journal.close()
    return folder
  }

  async function change(folder: Folder, name: string, act: (bytes: Uint8Array) => Uint8Array): Promise<void> {
    await folder.put(name, act(await folder.get(name)))
  }

  async function offsetOf(folder: Folder, name: string): Promise<number> {
    return Buffer.from(await folder.get(segmentName(1))).indexOf(`http${name}`) - fixedBytes
  }

  function flip(at: number): (bytes: Uint8Array) => Uint8Array {
    return (bytes) => {
      bytes[at] = (bytes[at] ?? 0) ^ 0x10
      return bytes
    }
  }

  it('a torn tail loses only the torn frame', async () => {
    const folder = await folderWith(['a', 'b', 'c'])
    await change(folder, segmentName(1), (bytes) => bytes.slice(0, -20))
    const journal = await open(folder)
    expect((await journal.append(unit('d'))).sourceSequence).toBe(1)
    await journal.close()
    expect(await read(folder)).toMatchObject({ names: ['a', 'b', 'd'], lost: 2 })
  })

  it('a tail torn within a header loses rows that no header counts, and is reported', async () => {
    const folder = await folderWith(['a', 'b', 'c'])
    const at = await offsetOf(folder, 'c')
    await change(folder, segmentName(1), (bytes) => bytes.slice(0, at + 50))
    const journal = await open(folder)
    await journal.append(unit('d'))
    await journal.close()
    expect(await read(folder)).toMatchObject({
      names: ['a', 'b', 'd'],
      lost: null,
      unreadable: [{ segment: segmentName(1), offset: at, bytes: 50, events: null }],
    })
  })

  it.each([
    ['a length', 8],
    ['a length', 12],
    ['a header', 0],
    ['a header', 30],
    ['a header', fixedBytes + 2],
    ['a body', fixedBytes + 60],
  ])('a flipped bit in %s (byte %i) loses only that frame, and its rows are counted', async (_, byte) => {
    const folder = await folderWith(['a', 'b', 'c', 'd'])
    const at = await offsetOf(folder, 'b')
    const next = await offsetOf(folder, 'c')
    await change(folder, segmentName(1), flip(at + byte))
    const damaged = [{ segment: segmentName(1), offset: at, bytes: next - at, events: 2 }]
    expect(await read(folder)).toMatchObject({ names: ['a', 'c', 'd'], unreadable: damaged })
    const journal = await open(folder)
    await journal.append(unit('e'))
    expect(journal.totals().get('http')).toMatchObject({ accepted: 10, cursor: new TextEncoder().encode('e') })
    await journal.close()
    expect(await read(folder)).toMatchObject({ names: ['a', 'c', 'd', 'e'], unreadable: damaged })
  })

  it('a flipped bit in the checkpoint of a segment loses no row', async () => {
    const folder = await folderWith(['a', 'b', 'c'])
    await change(folder, segmentName(1), flip(40))
    const journal = await open(folder)
    expect(journal.totals().get('http')).toMatchObject({ accepted: 6, cursor: new TextEncoder().encode('c') })
    await journal.append(unit('d'))
    await journal.close()
    expect(await read(folder)).toMatchObject({ names: ['a', 'b', 'c', 'd'], lost: 0 })
  })

  it('a missing segment is counted by the header after it', async () => {
    const folder = await folderWith(['a', 'b', 'c', 'd', 'e'], { segmentBytes: 600 })
    const names = await folder.names()
    expect(names.length).toBeGreaterThan(2)
    await folder.take(names[1] as string)
    const before = await read(folder)
    expect(before.lost).toBe(10 - 2 * before.names.length)
    expect(before.lost).toBeGreaterThan(0)
    const journal = await open(folder)
    await journal.append(unit('f'))
    await journal.close()
    expect(await read(folder)).toEqual({ ...before, names: [...before.names, 'f'] })
  })

  it('a missing newest segment affects no other, and positions in evidence are not used again', async () => {
    const folder = await folderWith(['a', 'b', 'c', 'd', 'e'], { segmentBytes: 600 })
    const names = await folder.names()
    await folder.take(names.at(-1) as string)
    const left = await read(folder)
    const evidence = [{ position: { sequence: 99, row: 10 }, accepted: { http: 10 } }]
    const journal = await openJournal({ host: folder.host, directory: folder.directory, epoch: nextEpoch(), evidence })
    const { position } = await journal.append(unit('f'))
    expect(position.sequence).toBeGreaterThan(99)
    expect(position.row).toBe(12)
    expect(journal.totals().get('http')?.accepted).toBe(12)
    await journal.close()
    expect((await read(folder)).names).toEqual([...left.names, 'f'])
  })

  it('foreign segments and files are reported and do not block', async () => {
    const folder = await folderWith(['a', 'b'])
    await folder.put('extra.seg', Uint8Array.of(1, 2, 3))
    await folder.put(segmentName(3), new Uint8Array(100).fill(7))
    await folder.put('http.offset', new Uint8Array(10))
    await folder.put('notes.txt', new Uint8Array(10))
    const journal = await open(folder)
    const { position } = await journal.append(unit('c'))
    await journal.close()
    expect(position.sequence).toBeGreaterThan(3)
    const found = await read(folder)
    expect(found.names).toEqual(['a', 'b', 'c'])
    expect(found.unreadable).toEqual(
      expect.arrayContaining([
        { segment: segmentName(3), offset: 0, bytes: 100, events: null },
        { segment: 'extra.seg', offset: 0, bytes: 3, events: 0 },
      ]),
    )
  })

  it('a copy of an older segment under a newer name neither adds nor removes rows', async () => {
    const folder = await folderWith(['a', 'b'])
    await folder.put(segmentName(50), await folder.get(segmentName(1)))
    const journal = await open(folder)
    await journal.append(unit('c'))
    await journal.close()
    const found = await read(folder)
    expect(found.names).toEqual(['a', 'b', 'c'])
    expect(found.lost).toBe(0)
  })

  it('an empty segment, and one of zeros, are no loss', async () => {
    const folder = await folderWith(['a'])
    await folder.put(segmentName(3), new Uint8Array(0))
    await folder.put(segmentName(4), new Uint8Array(5000))
    const journal = await open(folder)
    await journal.append(unit('b'))
    await journal.close()
    expect(await read(folder)).toMatchObject({ names: ['a', 'b'], unreadable: [] })
  })

  it('a failed sync rejects its appends, and later appends are accepted', async () => {
    const folder = await folderWith(['a'])
    const journal = await open(folder)
    await journal.append(unit('b'))
    folder.failNext('sync', 'EIO')
    const refused = await journal.append(unit('c')).catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(WeirError)
    expect(refused).toMatchObject({ code: 'WEIR_JOURNAL_SYNC', retry: true })
    const { sourceSequence } = await journal.append(unit('c'))
    expect(sourceSequence).toBe(2)
    await journal.close()
    expect(await read(folder)).toMatchObject({ names: ['a', 'b', 'c'], unreadable: [] })
  })

  it('a failed sync that cannot be truncated delivers none of the refused rows, and counts none', async () => {
    const folder = await folderWith(['a'])
    const journal = await open(folder)
    await journal.append(unit('b'))
    folder.failNext('sync', 'EIO')
    folder.failNext('truncate', 'EIO')
    await expect(journal.append(unit('c'))).rejects.toBeInstanceOf(WeirError)
    await journal.append(unit('d'))
    await journal.close()
    expect(await read(folder)).toMatchObject({ names: ['a', 'b', 'd'], unreadable: [] })
    expect(journal.totals().get('http')?.accepted).toBe(6)
  })

  it('a full disk refuses with the reason, keeps the data and accepts again when there is room', async () => {
    const folder = await folderWith(['a'])
    const journal = await open(folder)
    await journal.append(unit('b'))
    folder.fullAfter(100)
    const refused = await journal.append(unit('c')).catch((error: unknown) => error)
    expect(refused).toMatchObject({ code: 'WEIR_JOURNAL_FULL', retry: true })
    expect(await read(folder)).toMatchObject({ names: ['a', 'b'] })
    folder.roomy()
    await journal.append(unit('d'))
    await journal.close()
    expect(await read(folder)).toMatchObject({ names: ['a', 'b', 'd'], unreadable: [] })
  })

  it('a disk that is full from the start is readable, and appends are refused with a message', async () => {
    const folder = await folderWith(['a'])
    folder.fullAfter(0)
    const journal = await open(folder)
    await expect(journal.append(unit('b'))).rejects.toMatchObject({ code: 'WEIR_JOURNAL_FULL' })
    expect(await read(folder)).toMatchObject({ names: ['a'], unreadable: [] })
    folder.roomy()
    await journal.append(unit('c'))
    await journal.close()
    expect(await read(folder)).toMatchObject({ names: ['a', 'c'], unreadable: [] })
  })

  it('below the reserve it refuses before the disk is full, so that offsets can be written', async () => {
    const folder = await folderWith(['a'])
    folder.fullAfter(1_000_000)
    const journal = await open(folder, { reserveBytes: 2_000_000 })
    await expect(journal.append(unit('b'))).rejects.toMatchObject({ code: 'WEIR_JOURNAL_FULL' })
    await journal.close()
    expect(await read(folder)).toMatchObject({ names: ['a'] })
  })

  it('a read-only folder is readable, and refused for writing with the reason', async () => {
    const folder = await folderWith(['a', 'b'])
    folder.readOnly('EACCES')
    expect(await read(folder)).toMatchObject({ names: ['a', 'b'], unreadable: [] })
    const outcome = await open(folder).then(
      async (journal) => {
        const refused: unknown = await journal.append(unit('c')).catch((error: unknown) => error)
        await journal.close()
        return refused
      },
      (error: unknown) => error,
    )
    expect(outcome).toBeInstanceOf(Error)
    expect(String(outcome)).toContain('EACCES')
    folder.readOnly(false)
    const journal = await open(folder)
    await journal.append(unit('d'))
    await journal.close()
    expect(await read(folder)).toMatchObject({ names: ['a', 'b', 'd'], unreadable: [] })
  })

  it('a jump of the clock, forward or back, changes neither order nor sequence', async () => {
    const folder = await folderWith([])
    const journal = await open(folder)
    const sequences: number[] = []
    for (const [name, ms] of [
      ['a', 0],
      ['b', 86_400_000],
      ['c', -10 * 86_400_000],
      ['d', 1],
    ] as const) {
      folder.jump(ms)
      sequences.push((await journal.append({ ...unit(name), received: folder.host.clock.now() })).position.sequence)
    }
    await journal.close()
    expect(sequences).toEqual(sequences.toSorted((x, y) => x - y))
    expect(await read(folder)).toMatchObject({ names: ['a', 'b', 'c', 'd'], unreadable: [] })
  })

  it('a start in a wholly unreadable folder succeeds', async () => {
    const folder = await folderWith(['a', 'b', 'c'], { segmentBytes: 600 })
    const names = await folder.names()
    for (const name of names) await change(folder, name, (bytes) => new SeededRandom(1).bytes(bytes.length))
    const journal = await open(folder)
    const { position } = await journal.append(unit('d'))
    await journal.close()
    expect(position.sequence).toBeGreaterThan(Number(names.at(-1)?.slice(0, 16)))
    const found = await read(folder)
    expect(found.names).toEqual(['d'])
    expect(found.unreadable.map((range) => range.segment)).toEqual(names)
  })
})
