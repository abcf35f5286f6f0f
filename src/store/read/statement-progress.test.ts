import { expect, test } from 'vitest'
import { realHost } from '../../host/index.ts'
import { openDuck } from '../duck.ts'
import type { StatementProgress } from '../../engine/control.ts'
import { reportProgress } from './statement-progress.ts'

test('a running statement reports a growing number of rows, also with a locked configuration', async () => {
  const instance = await openDuck({ threads: '1' })
  const judging = await instance.connect()
  await judging.run('SET GLOBAL lock_configuration = true')
  await judging.run('CREATE TABLE numbers AS SELECT range AS n FROM range(6000000)')
  const connection = await instance.connect()
  const seen: StatementProgress[] = []
  const files = [
    { stream: 'flows', rows: 900 },
    { stream: 'flows_1m', rows: 100 },
    { stream: 'endpoints', rows: 5000 },
  ] as const
  const stop = await reportProgress(connection, realHost().timers, { files, onProgress: (each) => seen.push(each) })
  // Ends long before its 60 s.
  const running = connection.run('SELECT max(md5(repeat(n::VARCHAR, 300))) FROM numbers')
  await expect.poll(() => seen.filter(({ done }) => done > 0).length, { timeout: 60_000 }).toBeGreaterThan(1)
  connection.interrupt()
  await expect(running).rejects.toThrow(/interrupt/i)
  stop()
  expect(seen.every(({ unit, total }) => unit === 'rows' && total === 1000)).toBe(true)
  const done = seen.map((each) => each.done)
  expect(done).toEqual(done.toSorted((a, b) => a - b))
})
