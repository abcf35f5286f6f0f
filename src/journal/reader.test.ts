import { afterEach, describe, expect, test } from 'vitest'
import { disks, open, unit, type Folder } from '../../test/kit/damaged-journal.ts'
import { nowhere, type Position } from '../model/positions.ts'
import { openReader, type SegmentWriter } from './index.ts'
import { Walk } from './walk.ts'

const large = 20_000

const ended: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const end of ended.splice(0).reverse()) await end()
})

type Read = () => Promise<string[]>

/** Both read names of units up to the durable end; unreadable ranges are thrown. */
const readers = {
  'a reader of frames'({ host, directory }: Folder, { tail }: SegmentWriter, after: Position): Read {
    const reader = openReader({ host, directory, after, tail, onUnreadable: fail })
    ended.push(() => reader.close())
    return async () => (await reader.ready(1 << 20)).flatMap(({ header }) => (header.count > 0 ? [header.stream] : []))
  },
  'a reader of headers'({ host, directory }: Folder, { tail }: SegmentWriter, after: Position): Read {
    const walk = new Walk({ disk: host.disk, directory, after, onUnreadable: fail, headersOnly: true })
    ended.push(() => walk.close())
    return async () => {
      const names: string[] = []
      for (;;) {
        const walked = await walk.next(tail.durable())
        if (walked === undefined) return names
        const { header } = walked.decoded
        if (header.count > 0) names.push(header.stream)
      }
    }
  },
}

function fail(range: unknown): never {
  throw new Error(`unreadable: ${JSON.stringify(range)}`)
}

describe.each(Object.keys(disks))('on %s', (disk) => {
  async function started(): Promise<{ folder: Folder; journal: SegmentWriter }> {
    const folder = await (disks[disk] as () => Promise<Folder>)()
    ended.push(() => folder.end())
    const journal = await open(folder)
    ended.push(() => journal.close())
    return { folder, journal }
  }

  /** The state between the extension of the newest segment and the write of its frames. */
  async function extend({ host, directory, names, get }: Folder): Promise<void> {
    const [name = ''] = (await names()).slice(-1)
    const { length } = await get(name)
    const file = await host.disk.open(`${directory}/${name}`, 'write')
    await file.write(new Uint8Array(1), length + large)
    await file.close()
  }

  describe.each(Object.entries(readers))('%s', (_, openedBy) => {
    test('reads a write that began before it entered the segment', async () => {
      const { folder, journal } = await started()
      await journal.append(unit('a'))
      const readMore = openedBy(folder, journal, nowhere)
      expect(await readMore()).toEqual(['a'])
      await journal.checkpoint()
      await extend(folder)
      expect(await readMore()).toEqual([])
      await journal.append(unit('b', large))
      await journal.append(unit('c'))
      expect(await readMore()).toEqual(['b', 'c'])
    })

    test('reads a write that began before it resumed within the segment', async () => {
      const { folder, journal } = await started()
      const { position } = await journal.append(unit('a'))
      await extend(folder)
      const readMore = openedBy(folder, journal, { ...position, sequence: position.sequence - 1, row: 0 })
      expect(await readMore()).toEqual(['a'])
      await journal.append(unit('b', large))
      await journal.append(unit('c'))
      expect(await readMore()).toEqual(['b', 'c'])
    })
  })
})
