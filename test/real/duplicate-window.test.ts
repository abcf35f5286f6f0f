import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startWeir } from '../kit/weir-process.ts'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weir-duplicates-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const batch = (name: string, count: number): object[] =>
  Array.from({ length: count }, (_, i) => ({
    specversion: '1.0',
    id: `${name}-${i}`,
    source: '/test',
    type: 'test',
    data: { text: randomBytes(600).toString('base64') },
  }))

describe('the duplicate window', () => {
  // Found by reading: segments were released past what the window's last snapshot reflects, and a start after a kill
  // could not read them into the window any more.
  it('recognises after a kill all pushes since its last snapshot, however small the journal is kept', async () => {
    await using weir = await startWeir({ folder, config: { journal: { segment: '64KiB', keep: '0B' } } })
    const first = batch('first', 100)
    await weir.events(first)
    // The store is at its last but one commit: after two later commits nothing else needs the first segment.
    for (let i = 0; i < 2; i++) {
      await weir.events(batch(`later${i}`, 100))
      await weir.caughtUp(20_000)
      await sleep(1100)
    }
    await weir.kill()
    await weir.start()
    expect(await weir.events(first)).toEqual({ accepted: 0, duplicates: 100 })
  })
})
