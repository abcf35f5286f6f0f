// Issue 56, item 2: the process waited 15 s for a thread that had ended, and the last line named another part.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { ROOT } from '../../tools/kit/command.ts'
import { startWeir } from '../kit/weir-process.ts'

/** Its source runs in the thread `watch`. */
const watched = { poll: { type: 'http-poll', url: 'http://127.0.0.1:9/' } }

test.each([
  ['store', 'uncaught', 'The store thread ended: nobody catches this'],
  ['ingest', 'memory', 'The ingest thread ended: Worker terminated due to reaching memory limit'],
  ['ingest', 'exit', 'The ingest thread ended: exit code 3'],
  ['ingest', 'rejection', 'The ingest thread ended: nobody handles this'],
  ['watch', 'exit', 'The watch thread ended: exit code 3'],
  ['main', 'uncaught', 'The main thread failed: Error: nobody catches this'],
])('when the thread %s ends by %s, the process ends with the reason as the last line', async (thread, how, reason) => {
  const folder = await mkdtemp(join(tmpdir(), 'weir-thread-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const file = join(folder, 'end')
  await using weir = await startWeir({
    folder,
    config: { log: { format: 'json' }, ...(thread === 'watch' ? { sources: watched } : {}) },
    env: { END_THREAD: thread, END_HOW: how, END_FILE: file },
    nodeArgs: ['--max-old-space-size=160', '--import', join(ROOT, 'test/kit/end-thread.ts')],
  })
  await weir.events([{ specversion: '1.0', id: '1', source: '/s', type: 't' }])
  await writeFile(file, '')
  expect(await weir.exited()).toEqual({ code: 1, signal: null })
  const last = JSON.parse(weir.log.trimEnd().split('\n').at(-1) ?? '') as Record<string, string>
  expect(last['message']).toContain(reason)
  expect(weir.log).not.toContain('did not stop')
  await rm(file)
  await weir.start()
  expect((await weir.ledger()).sources.find(({ name }) => name === 'http')?.accepted).toBe(1)
})

// The native code of DuckDB aborts the process if V8 ends the thread below it, before any line can be written.
test.each(['memory of the store', 'SIGABRT', 'SIGKILL'] as const)(
  'after an end by %s the next start logs it, and every accepted row is stored once',
  async (how) => {
    const folder = await mkdtemp(join(tmpdir(), 'weir-thread-'))
    onTestFinished(() => rm(folder, { recursive: true, force: true }))
    const file = join(folder, 'end')
    await using weir = await startWeir({
      folder,
      config: { log: { format: 'json' } },
      env: { END_THREAD: 'store', END_HOW: 'memory', END_FILE: file },
      nodeArgs: ['--max-old-space-size=160', '--import', join(ROOT, 'test/kit/end-thread.ts')],
    })
    await weir.events([{ specversion: '1.0', id: '1', source: '/s', type: 't' }])
    await expect.poll(() => readFile(join(weir.data, 'runs.json'), 'utf8').catch(() => '')).toContain('"open"')
    if (how === 'memory of the store') await writeFile(file, '')
    else weir.signal(how)
    const { code, signal } = await weir.exited()
    expect(code === 1 || signal === 'SIGABRT' || signal === how).toBe(true)
    await rm(file, { force: true })
    await weir.start()
    const report = weir.lastLog.split('\n').find((line) => line.includes('The previous run ended without a stop'))
    expect(JSON.parse(report ?? '{}')).toMatchObject({
      level: 'warn',
      memory_mib: expect.any(Number) as number,
      memory_limit_mib: expect.any(Number) as number,
    })
    await expect.poll(() => weir.sql('SELECT id FROM events')).toEqual([{ id: '1' }])
    await weir.stop()
    await weir.start()
    expect(weir.lastLog).not.toContain('ended without a stop')
  },
)
