import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Fence } from '../host/fence.ts'
import { FolderClaim } from '../host/folder-claim.ts'
import { realHost } from '../host/index.ts'
import { nowhere } from '../model/positions.ts'
import { checkJournal, openJournal, openReader, type SegmentWriter, type Unit } from './index.ts'

const host = realHost()
let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weir-fenced-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

async function start(epoch: number): Promise<{ journal: SegmentWriter; fence: Fence }> {
  const fence = new Fence(FolderClaim.take(join(folder, 'lock'), { epoch }).claim)
  return { journal: await openJournal({ host, directory: join(folder, 'journal'), epoch, fence }), fence }
}

function unit(text: string): Unit {
  return {
    source: 's',
    stream: 's',
    kind: 'events',
    count: 1,
    raw: Buffer.from(text),
    received: 0,
    timeMin: 0,
    timeMax: 0,
  }
}

async function bodies(journal: SegmentWriter): Promise<string[]> {
  const reader = openReader({ host, directory: join(folder, 'journal'), after: nowhere, tail: journal.tail })
  const read: string[] = []
  for (let frames = await reader.ready(1 << 20); frames.length > 0; frames = await reader.ready(1 << 20)) {
    for (const frame of frames) if (frame.header.source === 's') read.push(Buffer.from(frame.body()).toString())
  }
  await reader.close()
  return read
}

describe('a writer after another process took its folder', () => {
  test('refuses appends, and its later writes hide nothing of the other', async () => {
    const first = await start(1)
    for (const text of ['a', 'b', 'c']) await first.journal.append(unit(text))
    const second = await start(2)
    for (const text of ['lost 1', 'lost 2', 'lost 3', 'lost 4'])
      await expect(first.journal.append(unit(text))).rejects.toMatchObject({ code: 'WEIR_DATA_FENCED' })
    expect(await first.fence.broken).toMatchObject({ code: 'WEIR_DATA_FENCED' })
    for (const text of ['d', 'e']) await second.journal.append(unit(text))
    expect(await bodies(second.journal)).toEqual(['a', 'b', 'c', 'd', 'e'])
    await second.journal.close()
    const third = await start(3)
    await third.journal.append(unit('f'))
    expect(await bodies(third.journal)).toEqual(['a', 'b', 'c', 'd', 'e', 'f'])
    expect(third.journal.totals().get('s')?.accepted).toBe(6)
    expect((await checkJournal({ host, directory: join(folder, 'journal') })).unreadable).toEqual([])
    await third.journal.close()
    await first.journal.close()
  })

  test('is detected by a foreign segment, and removes nothing more', async () => {
    const { journal, fence } = await start(1)
    await journal.append(unit('a'))
    await writeFile(join(folder, 'journal/0000000000009999.seg'), '')
    await journal.release(1)
    expect(journal.problem).toContain('it created 0000000000009999.seg')
    expect((await fence.broken).message).toContain('it created 0000000000009999.seg')
    await expect(journal.append(unit('b'))).rejects.toMatchObject({ code: 'WEIR_DATA_FENCED' })
    await journal.close()
  })
})
