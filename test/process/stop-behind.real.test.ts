// Issue 56, m15: under overload the store was 74 s behind, and the stop took longer than its limit.
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { ROOT } from '../../tools/kit/command.ts'
import { startWeir } from '../kit/weir-process.ts'

test('a stop does not wait for a store that is behind, and the next start stores every accepted row once', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'weir-stop-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const file = join(folder, 'block')
  await using weir = await startWeir({
    folder,
    config: { log: { format: 'json' } },
    env: { END_THREAD: 'store', END_HOW: 'block', END_FILE: file },
    nodeArgs: ['--import', join(ROOT, 'test/kit/end-thread.ts')],
  })
  await writeFile(file, '')
  await expect.poll(() => existsSync(`${file}-blocked`)).toBe(true)
  const events = Array.from({ length: 200 }, (_, id) => ({ specversion: '1.0', id: `${id}`, source: '/s', type: 't' }))
  expect(await weir.events(events)).toMatchObject({ accepted: 200 })
  expect(await weir.stop()).toEqual({ code: 0, signal: null })
  expect(weir.log).toContain('The store did not close in time.')
  expect(weir.log).not.toContain('did not stop within')
  await rm(file)
  await weir.start()
  expect(weir.lastLog).not.toContain('ended without a stop')
  const [row] = await weir.sql<{ n: number; ids: number }>(
    'SELECT count(*) AS n, count(DISTINCT id) AS ids FROM events',
  )
  expect([Number(row?.n), Number(row?.ids)]).toEqual([200, 200])
})
