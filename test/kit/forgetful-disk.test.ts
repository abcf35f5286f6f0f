import { describe, expect, it } from 'vitest'
import { ForgetfulDisk } from './forgetful-disk.ts'

const utf8 = new TextEncoder()
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)
const filled = (count: number, value: number): Uint8Array => new Uint8Array(count).fill(value)

async function withFolder(seed: number): Promise<ForgetfulDisk> {
  const disk = new ForgetfulDisk(seed)
  await disk.makeDirectory('/data')
  await disk.syncDirectory('/')
  return disk
}

async function write(disk: ForgetfulDisk, path: string, bytes: Uint8Array, position = 0): Promise<void> {
  const file = await disk.open(path, 'write')
  await file.write(bytes, position)
  await file.sync()
  await file.close()
}

/** All outcomes of a scenario over many seeds. */
async function endings(
  scenario: (disk: ForgetfulDisk) => Promise<void>,
  look: (disk: ForgetfulDisk) => string,
  seeds = 300,
): Promise<Set<string>> {
  const found = new Set<string>()
  for (let seed = 1; seed <= seeds; seed++) {
    const disk = await withFolder(seed)
    await scenario(disk)
    disk.crash()
    found.add(look(disk))
  }
  return found
}

const sectorsOf = (disk: ForgetfulDisk, path: string): string => {
  const bytes = disk.contents(path)
  const sectors: string[] = []
  for (let at = 0; at < bytes.length; at += 512) {
    const values = new Set(bytes.subarray(at, at + 512))
    sectors.push(values.size === 1 ? String(bytes[at]) : '?')
  }
  return sectors.join(' ')
}

describe('content', () => {
  it('is visible at once to every reader, synced or not', async () => {
    const disk = await withFolder(1)
    const file = await disk.open('/data/a', 'create')
    await file.writeAll([utf8.encode('one '), utf8.encode('two')], 2)
    const other = await disk.open('/data/a', 'read')
    const into = new Uint8Array(20)
    expect(await other.read(into, 2)).toBe(7)
    expect(text(into.subarray(0, 7))).toBe('one two')
    expect(await other.size()).toBe(9)
    expect(await other.read(into, 9)).toBe(0)
    expect(text(await disk.readFile('/data/a'))).toBe('\0\0one two')
  })

  it('survives any crash once file and folder are synced', async () => {
    const found = await endings(
      async (disk) => {
        await write(disk, '/data/a', utf8.encode('kept'))
        await disk.syncDirectory('/data')
      },
      (disk) => text(disk.contents('/data/a')),
    )
    expect([...found]).toEqual(['kept'])
  })

  it('is kept, dropped or torn at a sector if the file was not synced', async () => {
    const found = await endings(
      async (disk) => {
        await write(disk, '/data/a', filled(1024, 1))
        await disk.syncDirectory('/data')
        const file = await disk.open('/data/a', 'write')
        await file.write(filled(1024, 2), 0)
        await file.write(filled(512, 3), 512)
      },
      (disk) => sectorsOf(disk, '/data/a'),
    )
    expect([...found].sort()).toEqual(['1 1', '1 2', '1 3', '2 1', '2 2', '2 3'])
  })

  it('never tears inside a sector', async () => {
    const found = await endings(
      async (disk) => {
        await write(disk, '/data/a', filled(512, 1))
        await disk.syncDirectory('/data')
        const file = await disk.open('/data/a', 'write')
        await file.write(filled(256, 2), 0)
        await file.write(filled(256, 2), 256)
      },
      (disk) => [...new Set(disk.contents('/data/a'))].join(' '),
    )
    // The middle one is the sector between the two writes.
    expect([...found].sort()).toEqual(['1', '2', '2 1'])
  })

  it('may have grown without its sectors, which then hold zeros or garbage', async () => {
    const found = await endings(
      async (disk) => {
        await write(disk, '/data/a', filled(512, 1))
        await disk.syncDirectory('/data')
        const file = await disk.open('/data/a', 'write')
        await file.write(filled(1024, 2), 512)
      },
      (disk) => `${disk.contents('/data/a').length === 1536 ? '' : 'short '}${sectorsOf(disk, '/data/a')}`,
      600,
    )
    for (const ending of ['short 1', '1 2 2', '1 0 2', '1 2 0', '1 0 0', '1 ? ?', 'short 1 2'])
      expect(found).toContain(ending)
    expect([...found].filter((ending) => !/^(short )?1( |$)/.test(ending))).toEqual([])
  })

  it('may return if it was truncated and the truncation was not synced', async () => {
    const found = await endings(
      async (disk) => {
        await write(disk, '/data/a', filled(1024, 1))
        await disk.syncDirectory('/data')
        const file = await disk.open('/data/a', 'write')
        await file.truncate(512)
        await file.truncate(1024)
      },
      (disk) => sectorsOf(disk, '/data/a'),
    )
    expect(found).toContain('1 1')
    expect(found).toContain('1 0')
  })

  it('is guaranteed by a sync only up to the writes before the call', async () => {
    const found = await endings(
      async (disk) => {
        const file = await disk.open('/data/a', 'create')
        await disk.syncDirectory('/data')
        await file.write(filled(512, 1), 0)
        const syncing = file.sync()
        await file.write(filled(512, 2), 512)
        await syncing
      },
      (disk) => sectorsOf(disk, '/data/a'),
    )
    for (const ending of ['1', '1 2']) expect(found).toContain(ending)
    for (const ending of found) expect(ending).toMatch(/^1/)
  })

  it('is lost or kept per sector after a failed sync, even if the next sync succeeds', async () => {
    const found = await endings(
      async (disk) => {
        await write(disk, '/data/a', filled(1024, 1))
        await disk.syncDirectory('/data')
        const file = await disk.open('/data/a', 'write')
        await file.write(filled(1024, 2), 0)
        disk.failNext('sync', 'EIO')
        await expect(file.sync()).rejects.toMatchObject({ code: 'EIO' })
        await file.sync()
        await file.write(filled(512, 3), 1024)
        await file.sync()
      },
      (disk) => sectorsOf(disk, '/data/a'),
    )
    expect([...found].sort()).toEqual(['1 1 3', '1 2 3', '2 1 3', '2 2 3'])
  })
})

describe('names', () => {
  it('disappear with their content if the folder was not synced', async () => {
    const found = await endings(
      (disk) => write(disk, '/data/a', utf8.encode('x')),
      (disk) => disk.names('/data').join(),
    )
    expect([...found].sort()).toEqual(['', 'a'])
  })

  it('return if they were removed without a sync of the folder', async () => {
    const found = await endings(
      async (disk) => {
        await write(disk, '/data/a', utf8.encode('x'))
        await disk.syncDirectory('/data')
        await disk.remove('/data/a')
      },
      (disk) => disk.names('/data').join(),
    )
    expect([...found].sort()).toEqual(['', 'a'])
  })

  it('change atomically by a rename', async () => {
    const found = await endings(
      async (disk) => {
        await write(disk, '/data/a', utf8.encode('old'))
        await write(disk, '/data/b', utf8.encode('new'))
        await disk.syncDirectory('/data')
        await disk.rename('/data/b', '/data/a')
      },
      (disk) =>
        disk
          .names('/data')
          .map((name) => `${name}=${text(disk.contents(`/data/${name}`))}`)
          .join(),
    )
    expect([...found].sort()).toEqual(['a=new', 'a=old,b=new'])
  })

  it('change independently of each other', async () => {
    const found = await endings(
      async (disk) => {
        for (const name of ['a', 'b', 'c']) await write(disk, `/data/${name}`, utf8.encode('x'))
      },
      (disk) => disk.names('/data').join(''),
    )
    expect([...found].sort()).toEqual(['', 'a', 'ab', 'abc', 'ac', 'b', 'bc', 'c'])
  })

  it('keep the order of changes to one of them', async () => {
    const found = await endings(
      async (disk) => {
        await write(disk, '/data/a', utf8.encode('one'))
        await disk.syncDirectory('/data')
        await disk.rename('/data/a', '/data/b')
        await write(disk, '/data/a', utf8.encode('two'))
      },
      (disk) =>
        disk
          .names('/data')
          .map((name) => `${name}=${text(disk.contents(`/data/${name}`))}`)
          .join(),
    )
    expect([...found].sort()).toEqual(['a=one', 'a=two,b=one', 'b=one'])
  })

  it('of a folder that was not synced into its parent disappear with its contents', async () => {
    const found = await endings(
      async (disk) => {
        await disk.makeDirectory('/data/deep/er')
        await write(disk, '/data/deep/er/a', utf8.encode('x'))
        await disk.syncDirectory('/data/deep/er')
        await disk.syncDirectory('/data/deep')
      },
      (disk) => disk.names('/data/deep/er').join(),
    )
    expect([...found].sort()).toEqual(['', 'a'])
  })
})

describe('power', () => {
  it('lost makes handles and calls of the old life fail', async () => {
    const disk = await withFolder(3)
    const file = await disk.open('/data/a', 'create')
    const late = file.write(utf8.encode('late'), 0)
    disk.crash()
    await expect(late).rejects.toMatchObject({ code: 'ECRASHED' })
    await expect(file.write(utf8.encode('x'), 0)).rejects.toMatchObject({ code: 'EBADF' })
    await expect(file.sync()).rejects.toMatchObject({ code: 'EBADF' })
  })

  it('lost after some calls fails every call until the crash is handled', async () => {
    const disk = await withFolder(4)
    disk.powerOffAfter(2)
    const file = await disk.open('/data/a', 'create')
    await file.write(utf8.encode('x'), 0)
    await expect(file.sync()).rejects.toMatchObject({ code: 'ECRASHED' })
    await expect(disk.list('/data')).rejects.toMatchObject({ code: 'ECRASHED' })
    expect(disk.isDown).toBe(true)
    disk.crash()
    expect(await disk.list('/')).toEqual(['data'])
  })

  it('passed to a successor leaves the old disk unusable', async () => {
    const disk = await withFolder(5)
    await write(disk, '/data/a', utf8.encode('x'))
    await disk.syncDirectory('/data')
    const next = disk.succeed('crash')
    await expect(disk.remove('/data/a')).rejects.toMatchObject({ code: 'ECRASHED' })
    expect(text(await next.readFile('/data/a'))).toBe('x')
  })

  it('kept while the process is killed loses nothing, and makes nothing durable', async () => {
    const endings = new Set<string>()
    for (let seed = 1; seed < 50; seed++) {
      const disk = await withFolder(seed)
      const file = await disk.open('/data/a', 'create')
      await disk.syncDirectory('/data')
      await file.write(utf8.encode('x'), 0)
      const next = disk.succeed('kill')
      await expect(file.sync()).rejects.toMatchObject({ code: 'ECRASHED' })
      expect(text(await next.readFile('/data/a'))).toBe('x')
      next.crash()
      endings.add(text(next.contents('/data/a')))
    }
    expect(endings).toEqual(new Set(['', 'x', '\0']))
  })

  it('lost at the same call with the same seed leaves the same disk', async () => {
    const run = async (): Promise<string> => {
      const disk = await withFolder(6)
      disk.powerOffAfter(7)
      try {
        for (let i = 0; ; i++) await write(disk, `/data/${i}`, filled(2000, i + 1))
      } catch {
        disk.crash()
      }
      return disk
        .names('/data')
        .map((name) => `${name}: ${sectorsOf(disk, `/data/${name}`)}`)
        .join('\n')
    }
    expect(await run()).toBe(await run())
  })
})

describe('faults', () => {
  it('affect matching calls after a number of others, a number of times', async () => {
    const disk = await withFolder(7)
    disk.failNext('open', 'EMFILE', { match: /\.seg$/, skip: 1, times: 2 })
    await disk.open('/data/other', 'create')
    await disk.open('/data/1.seg', 'create')
    await expect(disk.open('/data/2.seg', 'create')).rejects.toMatchObject({ code: 'EMFILE' })
    await expect(disk.open('/data/2.seg', 'create')).rejects.toMatchObject({ code: 'EMFILE' })
    await disk.open('/data/2.seg', 'create')
    disk.failNext('rename', new Error('my own'))
    await expect(disk.rename('/data/1.seg', '/data/3.seg')).rejects.toThrow('my own')
    expect(await disk.list('/data')).toEqual(['1.seg', '2.seg', 'other'])
  })

  it('of a write may leave a part of it', async () => {
    const sizes = new Set<number>()
    for (let seed = 1; seed < 60; seed++) {
      const disk = await withFolder(seed)
      const file = await disk.open('/data/a', 'create')
      disk.failNext('write', 'EIO')
      await expect(file.write(filled(4, 1), 0)).rejects.toMatchObject({ code: 'EIO' })
      sizes.add(await file.size())
    }
    expect([...sizes].toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4])
  })

  it('of a full disk follow a short write, and end when something is removed', async () => {
    const disk = await withFolder(8)
    await write(disk, '/data/old', filled(100, 1))
    const file = await disk.open('/data/a', 'create')
    disk.fullAfter(10)
    expect(await disk.free('/data')).toBe(10)
    await expect(file.write(filled(30, 2), 0)).rejects.toMatchObject({ code: 'ENOSPC' })
    expect(await file.size()).toBe(10)
    await file.write(filled(5, 3), 5)
    await expect(disk.open('/data/b', 'create')).rejects.toMatchObject({ code: 'ENOSPC' })
    await disk.remove('/data/old')
    await file.write(filled(30, 2), 10)
    expect(await disk.free('/data')).toBe(70)
  })

  it('of a read-only disk reject every change and no read', async () => {
    const disk = await withFolder(9)
    await write(disk, '/data/a', utf8.encode('x'))
    const file = await disk.open('/data/a', 'write')
    disk.readOnly('EACCES')
    const refused = { code: 'EACCES' }
    await expect(file.write(utf8.encode('y'), 0)).rejects.toMatchObject(refused)
    await expect(file.truncate(0)).rejects.toMatchObject(refused)
    await expect(disk.open('/data/b', 'create')).rejects.toMatchObject(refused)
    await expect(disk.open('/data/a', 'write')).rejects.toMatchObject(refused)
    await expect(disk.rename('/data/a', '/data/b')).rejects.toMatchObject(refused)
    await expect(disk.remove('/data/a')).rejects.toMatchObject(refused)
    await expect(disk.makeDirectory('/data/c')).rejects.toMatchObject(refused)
    await disk.makeDirectory('/data')
    expect(text(await disk.readFile('/data/a'))).toBe('x')
    disk.readOnly(false)
    await disk.remove('/data/a')
  })

  it('can be delays', async () => {
    const disk = await withFolder(10)
    const file = await disk.open('/data/a', 'create')
    const release = disk.slow('sync', '/data/a')
    let done = false
    const syncing = file.sync().then(() => {
      done = true
    })
    await file.write(utf8.encode('x'), 0)
    await new Promise((resolve) => setImmediate(resolve))
    expect(done).toBe(false)
    release()
    await syncing
    expect(done).toBe(true)
  })
})

describe('changes made by the test', () => {
  it('are durable at once: flipped bits, torn tails, added and removed files', async () => {
    const disk = await withFolder(11)
    disk.put('/data/a', Uint8Array.of(0, 0, 0))
    disk.put('/data/b', Uint8Array.of(1))
    disk.flipBit('/data/a', 9)
    disk.crash()
    expect(disk.contents('/data/a')).toEqual(Uint8Array.of(0, 2, 0))
    disk.tear('/data/a', 2)
    disk.take('/data/b')
    disk.crash()
    expect(disk.contents('/data/a')).toEqual(Uint8Array.of(0, 2))
    expect(disk.names('/data')).toEqual(['a'])
  })
})

describe('errors', () => {
  it('are those of a real file system', async () => {
    const disk = await withFolder(12)
    await disk.open('/data/a', 'create')
    await expect(disk.open('/data/a', 'create')).rejects.toMatchObject({ code: 'EEXIST' })
    await expect(disk.open('/data/b', 'read')).rejects.toMatchObject({ code: 'ENOENT' })
    await expect(disk.open('/none/b', 'create')).rejects.toMatchObject({ code: 'ENOENT' })
    await expect(disk.readFile('/data/b')).rejects.toMatchObject({ code: 'ENOENT' })
    await expect(disk.rename('/data/b', '/data/c')).rejects.toMatchObject({ code: 'ENOENT' })
    await expect(disk.list('/data/a')).rejects.toMatchObject({ code: 'ENOTDIR' })
    await expect(disk.syncDirectory('/none')).rejects.toMatchObject({ code: 'ENOENT' })
    await disk.remove('/data/b')
    expect(await disk.list('/none')).toEqual([])
    expect(await disk.stat('/none')).toBeUndefined()
    expect(await disk.stat('/data')).toMatchObject({ directory: true })
    const reader = await disk.open('/data/a', 'read')
    await expect(reader.write(Uint8Array.of(1), 0)).rejects.toMatchObject({ code: 'EBADF' })
  })
})
