import { mkdtemp, readdir, rm } from 'node:fs/promises'
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
  Array.from({ length: count }, (_, i) => ({ specversion: '1.0', id: `${name}-${i}`, source: '/test', type: 'test', data: { text: crypto.randomUUID().repeat(30) } }))

describe('the duplicate window', () => {
  // Found by reading: segments were released past what the window's last snapshot reflects, and a start after a kill could not
  // read them into the window any more.
  it('knows after a kill what was pushed since its last snapshot, however small the journal is kept', async () => {
    await using weir = await startWeir({ folder, config: { journal: { segment: '64KiB', keep: '0B' } } })
    const first = batch('first', 50)
    await weir.events(first)
    for (let i = 0; i < 5; i++) await weir.events(batch(`later${i}`, 200))
    await weir.caughtUp(20_000)
    // Housekeeping comes every second; without the window nobody would need the first segments any more.
    await sleep(2500)
    await weir.kill()
    await weir.start()
    expect(await weir.events(first)).toEqual({ accepted: 0, duplicates: 50 })
    expect((await readdir(join(weir.data, 'journal'))).length).toBeGreaterThan(0)
  })
})
