import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startWeir } from './weir-process.ts'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weir-process-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

describe('a Weir process', () => {
  it('keeps its ports and data after a kill, and exits with 0 when stopped', async () => {
    await using weir = await startWeir({
      folder,
      config: { sinks: { out: { type: 'file', path: join(folder, 'out.jsonl') } } },
    })
    const first = weir.pid
    expect(await weir.events([{ specversion: '1.0', id: 'a', source: '/test', type: 'test' }])).toEqual({
      accepted: 1,
      duplicates: 0,
    })
    expect((await weir.kill()).signal).toBe('SIGKILL')
    await weir.start()
    expect(weir.pid).not.toBe(first)
    const ledger = await weir.caughtUp(20_000)
    expect(ledger).toMatchObject({
      balanced: true,
      sinks: [
        { name: 'store', delivered: 1 },
        { name: 'out', delivered: 1 },
      ],
    })
    expect(await weir.sql('SELECT id FROM events')).toEqual([{ id: 'a' }])
    expect(weir.memory().own).toBeGreaterThan(0)
    expect(weir.threads().map((thread) => thread.name)).toContain('MainThread')
    expect((await weir.stop()).code).toBe(0)
  })

  it('reports why it did not become ready', async () => {
    await expect(startWeir({ folder, config: { journal: { segmnt: '1MiB' } } })).rejects.toThrow(
      /ended \(exit 2\).*segment/s,
    )
  })
})
