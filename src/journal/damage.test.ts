import { mkdtemp, readdir, readFile, rm, unlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { fakeHost, type FakeHost } from '../../test/kit/fake-host.ts'
import { faultyDisk } from '../../test/kit/faulty-disk.ts'
import type { FaultOptions, Operation } from '../../test/kit/faults.ts'
import { SeededRandom } from '../../test/kit/random.ts'
import { realHost, type Host } from '../host/index.ts'
import { WeirError } from '../model/errors.ts'
import { nowhere } from '../model/positions.ts'
import { fixedBytes } from './frame.ts'
import { checkJournal, openJournal, openReader, segmentName, type Frame, type JournalLimits, type SegmentWriter, type Unit, type UnreadableStretch } from './index.ts'

interface Place {
  readonly host: Host
  readonly directory: string
}

/** A journal folder that a test can damage by hand, on whatever disk. */
interface Folder extends Place {
  failNext(operation: Operation, error: string, options?: FaultOptions): void
  fullAfter(bytes: number): void
  roomy(): void
  readOnly(code: 'EACCES' | false): void
  jump(ms: number): void
  names(): Promise<string[]>
  get(name: string): Promise<Uint8Array>
  put(name: string, bytes: Uint8Array): Promise<void>
  take(name: string): Promise<void>
  end(): Promise<void>
}

const disks: Readonly<Record<string, () => Promise<Folder>>> = {
  'the forgetful disk': async () => {
    const host: FakeHost = fakeHost(7)
    const directory = '/data/journal'
    await host.disk.makeDirectory('/data')
    const { disk } = host
    return {
      host, directory,
      failNext: (...fault) => disk.failNext(...fault),
      fullAfter: (bytes) => disk.fullAfter(bytes),
      roomy: () => disk.roomy(),
      readOnly: (code) => disk.readOnly(code),
      jump: (ms) => host.jump(ms),
      names: async () => disk.names(directory),
      get: async (name) => disk.contents(`${directory}/${name}`),
      put: async (name, bytes) => disk.put(`${directory}/${name}`, bytes),
      take: async (name) => disk.take(`${directory}/${name}`),
      end: () => Promise.resolve(),
    }
  },
  'a real folder': async () => {
    const root = await mkdtemp(join(tmpdir(), 'weir-damage-'))
    const directory = `${root}/journal`
    const real = realHost()
    const disk = faultyDisk(real.disk)
    let ahead = 0
    const host: Host = { ...real, disk, clock: { now: () => real.clock.now() + ahead, monotonic: () => real.clock.monotonic() } }
    return {
      host, directory,
      failNext: (...fault) => disk.failNext(...fault),
      fullAfter: (bytes) => disk.fullAfter(bytes),
      roomy: () => disk.roomy(),
      readOnly: (code) => disk.readOnly(code),
      jump: (ms) => {
        ahead += ms
      },
      names: async () => (await readdir(directory)).sort(),
      get: async (name) => new Uint8Array(await readFile(`${directory}/${name}`)),
      put: (name, bytes) => writeFile(`${directory}/${name}`, bytes),
      take: (name) => unlink(`${directory}/${name}`),
      end: () => rm(root, { recursive: true }),
    }
  },
}

let epoch = 0
const ended: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const end of ended.splice(0)) await end()
})

function open({ host, directory }: Place, limits: Partial<JournalLimits> = {}): Promise<SegmentWriter> {
  return openJournal({ host, directory, epoch: ++epoch, limits: { reserveBytes: 0, ...limits } })
}

/** Two rows whose body does not compress; `name` is found again as the stream. */
function unit(name: string, bytes = 200, source = 'http'): Unit {
  return {
    source, stream: name, kind: 'events', count: 2, raw: new SeededRandom(bytes).bytes(bytes), received: 1,
    timeMin: Number.NaN, timeMax: Number.NaN, cursor: new TextEncoder().encode(name),
  }
}

/** Everything that can be read of a folder now, by name of the unit, and what cannot. */
async function read({ host, directory }: Place): Promise<{ names: string[]; unreadable: readonly UnreadableStretch[]; lost: number | null }> {
  const stop = new AbortController()
  const reader = openReader({
    host, directory, after: nowhere,
    tail: {
      durable: () => ({ segment: '~', offset: 0, sequence: Number.MAX_SAFE_INTEGER, row: 0 }),
      moved: async () => stop.abort(),
    },
  })
  const frames: Frame[] = []
  while (!stop.signal.aborted) frames.push(...(await reader.next(1 << 20, stop.signal)))
  await reader.close()
  const { unreadable, events } = await checkJournal({ host, directory })
  const names = frames.filter((frame) => frame.header.count > 0).map((frame) => frame.header.stream)
  expect(events).toBe(2 * names.length)
  const told = unreadable.map((stretch) => stretch.events)
  return { names, unreadable, lost: told.includes(null) ? null : told.reduce<number>((sum, rows) => sum + (rows ?? 0), 0) }
}

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

  /** Offset of the frame of this unit: the name stands at a known place of its header. */
  async function offsetOf(folder: Folder, name: string): Promise<number> {
    return Buffer.from(await folder.get(segmentName(1))).indexOf(`http${name}`) - fixedBytes
  }

  function flip(at: number): (bytes: Uint8Array) => Uint8Array {
    return (bytes) => {
      bytes[at] = (bytes[at] ?? 0) ^ 0x10
      return bytes
    }
  }

  it('a torn tail costs the frame that was torn and nothing else', async () => {
    const folder = await folderWith(['a', 'b', 'c'])
    await change(folder, segmentName(1), (bytes) => bytes.slice(0, -20))
    const journal = await open(folder)
    expect((await journal.append(unit('d'))).sourceSequence).toBe(1)
    await journal.close()
    expect(await read(folder)).toMatchObject({ names: ['a', 'b', 'd'], lost: 2 })
  })

  it('a tail torn inside a header leaves rows that no header tells of, and says so', async () => {
    const folder = await folderWith(['a', 'b', 'c'])
    const at = await offsetOf(folder, 'c')
    await change(folder, segmentName(1), (bytes) => bytes.slice(0, at + 50))
    const journal = await open(folder)
    await journal.append(unit('d'))
    await journal.close()
    expect(await read(folder)).toMatchObject({ names: ['a', 'b', 'd'], lost: null, unreadable: [{ segment: segmentName(1), offset: at, bytes: 50, events: null }] })
  })

  it.each([
    ['a length', 8], ['a length', 12], ['a header', 0], ['a header', 30], ['a header', fixedBytes + 2], ['a body', fixedBytes + 60],
  ])('a flipped bit in %s (byte %i) costs that frame only, whose rows are counted', async (_, byte) => {
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

  it('a flipped bit in the checkpoint that begins a segment costs no row', async () => {
    const folder = await folderWith(['a', 'b', 'c'])
    await change(folder, segmentName(1), flip(40))
    const journal = await open(folder)
    expect(journal.totals().get('http')).toMatchObject({ accepted: 6, cursor: new TextEncoder().encode('c') })
    await journal.append(unit('d'))
    await journal.close()
    expect(await read(folder)).toMatchObject({ names: ['a', 'b', 'c', 'd'], lost: 0 })
  })

  it('a segment that is gone is counted by the header after it', async () => {
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

  it('a newest segment that is gone takes nothing else with it, and its positions are not used again where evidence names them', async () => {
    const folder = await folderWith(['a', 'b', 'c', 'd', 'e'], { segmentBytes: 600 })
    const names = await folder.names()
    await folder.take(names.at(-1) as string)
    const left = await read(folder)
    const evidence = [{ position: { sequence: 99, row: 10 }, accepted: { http: 10 } }]
    const journal = await openJournal({ host: folder.host, directory: folder.directory, epoch: ++epoch, evidence })
    const { position } = await journal.append(unit('f'))
    expect(position.sequence).toBeGreaterThan(99)
    expect(position.row).toBe(12)
    expect(journal.totals().get('http')?.accepted).toBe(12)
    await journal.close()
    expect((await read(folder)).names).toEqual([...left.names, 'f'])
  })

  it('a segment of nobody, and files that are no segments, hold up nothing and are named', async () => {
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
    expect(found.unreadable).toEqual(expect.arrayContaining([
      { segment: segmentName(3), offset: 0, bytes: 100, events: null }, { segment: 'extra.seg', offset: 0, bytes: 3, events: 0 },
    ]))
  })

  it('a copy of an older segment under a newer name adds no row and takes none away', async () => {
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

  it('a failed sync refuses what it was for, and everything after it is accepted', async () => {
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

  it('a failed sync that cannot even be cut off delivers at most what was refused, and the books balance', async () => {
    const folder = await folderWith(['a'])
    const journal = await open(folder)
    await journal.append(unit('b'))
    folder.failNext('sync', 'EIO')
    folder.failNext('truncate', 'EIO')
    await expect(journal.append(unit('c'))).rejects.toBeInstanceOf(WeirError)
    await journal.append(unit('d'))
    await journal.close()
    const found = await read(folder)
    expect(found.names.filter((name) => name !== 'c')).toEqual(['a', 'b', 'd'])
    expect(2 * found.names.length + (found.lost ?? Number.NaN)).toBe(8)
    expect(journal.totals().get('http')?.accepted).toBe(8)
  })

  it('a full disk refuses with the reason, keeps what is there and goes on when there is room', async () => {
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

  it('a disk that is full from the start opens for reading what is there, and refuses in words', async () => {
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

  it('below the reserve it refuses before the disk is full, so that offsets can still be written', async () => {
    const folder = await folderWith(['a'])
    folder.fullAfter(1_000_000)
    const journal = await open(folder, { reserveBytes: 2_000_000 })
    await expect(journal.append(unit('b'))).rejects.toMatchObject({ code: 'WEIR_JOURNAL_FULL' })
    await journal.close()
    expect(await read(folder)).toMatchObject({ names: ['a'] })
  })

  it('a read-only folder is read, and refused for writing with an error that says why', async () => {
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
    for (const [name, ms] of [['a', 0], ['b', 86_400_000], ['c', -10 * 86_400_000], ['d', 1]] as const) {
      folder.jump(ms)
      sequences.push((await journal.append({ ...unit(name), received: folder.host.clock.now() })).position.sequence)
    }
    await journal.close()
    expect(sequences).toEqual(sequences.toSorted((x, y) => x - y))
    expect(await read(folder)).toMatchObject({ names: ['a', 'b', 'c', 'd'], unreadable: [] })
  })

  it('a folder that is wholly unreadable is started in all the same', async () => {
    const folder = await folderWith(['a', 'b', 'c'], { segmentBytes: 600 })
    const names = await folder.names()
    for (const name of names) await change(folder, name, (bytes) => new SeededRandom(1).bytes(bytes.length))
    const journal = await open(folder)
    const { position } = await journal.append(unit('d'))
    await journal.close()
    expect(position.sequence).toBeGreaterThan(Number(names.at(-1)?.slice(0, 16)))
    const found = await read(folder)
    expect(found.names).toEqual(['d'])
    expect(found.unreadable.map((stretch) => stretch.segment)).toEqual(names)
  })
})

// What the model runs found, each as small as it gets.
describe('after a crash', () => {
  const directory = '/data/journal'
  const path = `${directory}/${segmentName(1)}`

  async function machine(seed = 3): Promise<FakeHost> {
    const host = fakeHost(seed)
    await host.disk.makeDirectory('/data')
    await host.disk.syncDirectory('/')
    return host
  }

  function cursorOf(journal: SegmentWriter, source = 'http'): string {
    return new TextDecoder().decode(journal.totals().get(source)?.cursor)
  }

  it('the folder itself is there: its name was synced before anything was accepted into it', async () => {
    for (let seed = 1; seed <= 20; seed++) {
      const host = await machine(seed)
      const journal = await open({ host, directory })
      await journal.append(unit('a'))
      expect((await read({ host: host.crash(), directory })).names).toEqual(['a'])
    }
  })

  it('a start relies only on what it has synced itself: a killed process may have left more in the cache', async () => {
    for (let seed = 1; seed <= 20; seed++) {
      const first = await machine(seed)
      await first.disk.makeDirectory(directory)
      await first.disk.syncDirectory('/data')
      const journal = await open({ host: first, directory })
      await journal.append(unit('a'))
      first.disk.slow('sync')
      const late = journal.append(unit('b')).catch(() => {})
      await first.settle()
      const second = first.kill()
      await late
      const again = await open({ host: second, directory })
      const resumed = cursorOf(again)
      await again.append(unit('c'))
      // A source that found the cursor `b` will not send b again.
      expect((await read({ host: second.crash(), directory })).names).toEqual(resumed === 'b' ? ['a', 'b', 'c'] : ['a', 'c'])
    }
  })

  it('the cursor of a frame whose body is torn is not believed', async () => {
    const host = await machine()
    const journal = await open({ host, directory })
    for (const name of ['a', 'b']) await journal.append(unit(name))
    await journal.close()
    host.disk.tear(path, host.disk.contents(path).length - 20)
    expect(cursorOf(await open({ host, directory }))).toBe('a')
  })

  it('the cursor of a frame whose body was never written is not believed', async () => {
    const host = await machine()
    const journal = await open({ host, directory })
    await journal.append(unit('a'))
    await journal.append(unit('b', 3000))
    await journal.close()
    host.disk.edit(path, (bytes) => bytes.fill(0, bytes.length - 2000, bytes.length - 1000))
    expect(cursorOf(await open({ host, directory }))).toBe('a')
  })

  it('a large unit that lost its first part is counted as unreadable', async () => {
    const host = await machine()
    const journal = await open({ host, directory })
    for (const [name, bytes] of [['a', 200], ['large', 600_000], ['b', 200]] as const) await journal.append(unit(name, bytes))
    await journal.close()
    host.disk.flipBit(path, 8 * 10_000)
    expect(await read({ host, directory })).toMatchObject({ names: ['a', 'b'], lost: 2 })
  })

  it('the cursor of a refused unit that could not be cut off is not carried into the next segment', async () => {
    const host = await machine()
    const journal = await open({ host, directory })
    await journal.append(unit('a'))
    host.disk.failNext('write', 'EIO')
    host.disk.failNext('truncate', 'EIO')
    await expect(journal.append(unit('refused'))).rejects.toBeInstanceOf(WeirError)
    await journal.append(unit('x', 200, 'other'))
    await journal.close()
    expect(cursorOf(await open({ host, directory }))).toBe('a')
  })

  it('an old segment under the newest name does not bring old totals back', async () => {
    const host = await machine()
    const journal = await open({ host, directory }, { segmentBytes: 600 })
    for (const name of ['a', 'b', 'c', 'd', 'e']) await journal.append(unit(name))
    await journal.close()
    host.disk.put(`${directory}/${segmentName(500)}`, host.disk.contents(path))
    const again = await open({ host, directory })
    expect(again.totals().get('http')?.accepted).toBe(10)
    expect(cursorOf(again)).toBe('e')
  })

  it('the cursor of a large unit of which an earlier part was never written is not believed', async () => {
    const host = await machine()
    const journal = await open({ host, directory })
    await journal.append(unit('a'))
    await journal.append(unit('large', 600_000))
    await journal.close()
    host.disk.edit(path, (bytes) => bytes.fill(0, 10_000, 20_000))
    expect(cursorOf(await open({ host, directory }))).toBe('a')
  })
})
