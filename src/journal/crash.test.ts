import { describe, expect, it } from 'vitest'
import { open, read, unit } from '../../test/kit/damaged-journal.ts'
import { fakeHost, type FakeHost } from '../../test/kit/fake-host.ts'
import { WeirError } from '../model/errors.ts'
import { segmentName, type SegmentWriter } from './index.ts'

// Minimal cases from failures of the model test.
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

  it('the folder itself exists: its name is synced before the first append', async () => {
    for (let seed = 1; seed <= 20; seed++) {
      const host = await machine(seed)
      const journal = await open({ host, directory })
      await journal.append(unit('a'))
      expect((await read({ host: host.crash(), directory })).names).toEqual(['a'])
    }
  })

  it('a start relies only on data that it has synced: the cache may contain more of a killed process', async () => {
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
      // A source with the cursor `b` will not send b again.
      expect((await read({ host: second.crash(), directory })).names).toEqual(
        resumed === 'b' ? ['a', 'b', 'c'] : ['a', 'c'],
      )
    }
  })

  it('the cursor of a frame with a torn body is ignored', async () => {
    const host = await machine()
    const journal = await open({ host, directory })
    for (const name of ['a', 'b']) await journal.append(unit(name))
    await journal.close()
    host.disk.tear(path, host.disk.contents(path).length - 20)
    expect(cursorOf(await open({ host, directory }))).toBe('a')
  })

  it('the cursor of a frame without a body is ignored', async () => {
    const host = await machine()
    const journal = await open({ host, directory })
    await journal.append(unit('a'))
    await journal.append(unit('b', 3000))
    await journal.close()
    host.disk.edit(path, (bytes) => bytes.fill(0, bytes.length - 2000, bytes.length - 1000))
    expect(cursorOf(await open({ host, directory }))).toBe('a')
  })

  it('a large unit without its first part counts as unreadable', async () => {
    const host = await machine()
    const journal = await open({ host, directory })
    for (const [name, bytes] of [
      ['a', 200],
      ['large', 600_000],
      ['b', 200],
    ] as const)
      await journal.append(unit(name, bytes))
    await journal.close()
    host.disk.flipBit(path, 8 * 10_000)
    expect(await read({ host, directory })).toMatchObject({ names: ['a', 'b'], lost: 2 })
  })

  it('the cursor of a refused unit that could not be truncated is not carried into the next segment', async () => {
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

  it('an old segment under the newest name does not restore old totals', async () => {
    const host = await machine()
    const journal = await open({ host, directory }, { segmentBytes: 600 })
    for (const name of ['a', 'b', 'c', 'd', 'e']) await journal.append(unit(name))
    await journal.close()
    host.disk.put(`${directory}/${segmentName(500)}`, host.disk.contents(path))
    const again = await open({ host, directory })
    expect(again.totals().get('http')?.accepted).toBe(10)
    expect(cursorOf(again)).toBe('e')
  })

  it('the cursor of a large unit with a missing earlier part is ignored', async () => {
    const host = await machine()
    const journal = await open({ host, directory })
    await journal.append(unit('a'))
    await journal.append(unit('large', 600_000))
    await journal.close()
    host.disk.edit(path, (bytes) => bytes.fill(0, 10_000, 20_000))
    expect(cursorOf(await open({ host, directory }))).toBe('a')
  })
})
