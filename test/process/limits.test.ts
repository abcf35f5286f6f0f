import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { startWeir } from '../kit/weir-process.ts'

it('a query that never ends is ended, with the reason, and others are answered', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'weir-query-limit-'))
  await using weir = await startWeir({ folder, config: { sql: { timeout: '1s' } } })
  const endless =
    'SELECT count(*) FROM range(100000000) a, range(100000000) b, range(1000) c WHERE a.range + b.range + c.range = -1'
  const answer = await fetch(`${weir.url}/api/v1/sql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ sql: endless }),
  })
  expect(answer.status).toBe(504)
  expect(await answer.text()).toContain('WEIR_SQL_TIMEOUT')
  expect(await weir.sql('SELECT 1 AS one')).toEqual([{ one: 1 }])
  await rm(folder, { recursive: true, force: true })
})

it('live streams keep to configured limits, and to the documented defaults', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'weir-live-limit-'))
  await using weir = await startWeir({ folder, config: { live: { views: 1, rows: 20 } } })
  const view = (id: string): object => ({ id, kind: 'stat', q: { stream: 'flows' } })
  const put = async (views: readonly object[]): Promise<number> => {
    const answer = await fetch(`${weir.url}/api/v1/live/a-session`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ views }),
    })
    await answer.body?.cancel()
    return answer.status
  }
  expect([await put([view('a')]), await put([view('a'), view('b')])]).toEqual([200, 429])
  const leave = new AbortController()
  const answer = await fetch(`${weir.url}/api/v1/live`, { signal: leave.signal })
  const first = await answer.body?.getReader().read()
  leave.abort()
  expect(new TextDecoder().decode(first?.value)).toContain(
    '"limits":{"views":1,"rowsPerTick":20,"tickMs":250,"streamsPerUser":4}',
  )
  await rm(folder, { recursive: true, force: true })
})
