import { expect, test } from 'vitest'
import { startWeir } from '../../test/kit/weir-process.ts'
import { incident } from '../topics/incidents/testing/incident.ts'
import { temporaryFolder, weir } from './testing/command.ts'

test('incidents and their history survive `kill -9`; commands list, show and export them', async () => {
  await using server = await startWeir({ folder: await temporaryFolder() })
  const put = async (change: object) => {
    const answer = await fetch(`${server.url}/api/v1/incidents/orders`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...incident, ...change }),
    })
    expect(answer.status).toBe(200)
  }
  await put({})
  await put({ before: 1, state: 'mitigated' })
  await server.kill()
  await server.start()
  const run = async (...args: string[]) => weir(['incidents', ...args, '--url', server.url])
  expect((await run()).out).toMatch(/orders +mitigated .*Orders cannot reach/)
  expect((await run('list', '--state', 'open')).out).toContain('There are no incidents.')
  const { out } = await run('show', 'orders')
  expect(out).toContain('mitigated, 2026-11-20 14:00:00 to 2026-11-20 14:10:00 UTC')
  expect(out).toMatch(/^> +2026-11-20 14:02:00 +0\.910 +NetworkPolicy shop\/deny-all, created +alice$/m)
  expect((await run('export', 'orders', '-o', 'md')).out).toContain(`# ${incident.title}\n\nMitigated.`)
  const exported = await run('export', 'orders', '--base', 'https://weir.example')
  expect(JSON.parse(exported.out)).toMatchObject({ url: 'https://weir.example/incidents?v=1&sel=orders' })
  const versions = async () => {
    const history = JSON.parse((await run('history', 'orders', '-o', 'json')).out) as {
      missing: number
      versions: { version: number; action: string }[]
    }
    return [history.missing, ...history.versions.map(({ version, action }) => `${version} ${action}`)]
  }
  await expect.poll(versions, { timeout: 60_000 }).toEqual([0, '2 changed', '1 created'])
  const [row] = await server.sql<{ n: number }>(
    "SELECT count(DISTINCT id)::INT AS n FROM events WHERE source = '/weir/incidents/orders'",
  )
  expect(row?.n).toBe(2)
  expect((await weir(['ids', 'incidents', '--url', server.url])).out).toBe('orders\n')
  expect(await run('show', 'none')).toMatchObject({
    code: 1,
    err: expect.stringContaining('There is no incident none'),
  })
})
