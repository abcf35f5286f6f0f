import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import { CtsServer } from '../kit/cts.ts'
import { startWeir } from '../kit/weir-process.ts'
import { nats as program } from './install/nats.ts'
import { startNats } from './kit/nats.ts'
import { need } from './kit/need.ts'

beforeEach((context) => need(context, program))

test('of two collectors on one journal one reads traces, and the other continues without repeats', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'weir-cts-shared-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  await using nats = await startNats({ jetstream: true, dir: folder })
  const server = await new CtsServer().start()
  onTestFinished(() => server.stop())
  const project = server.project('eu-de_prod')
  const auth = { type: 'password', user: server.user.name, domain: server.domain.name, password: server.user.password }
  const cts = {
    type: 'otc-cts',
    iam: `${server.url}/v3`,
    auth,
    projects: [{ name: 'eu-de_prod' }],
    every: '1s',
    look_back: '5m',
  }
  const start = (name: string, role: string) =>
    startWeir({
      folder: join(folder, name),
      config: {
        roles: [role],
        instance: name,
        journal: { on: { type: 'nats', url: nats.url, partitions: 2 } },
        sources: { cts, netflow: { listen: 'off' } },
      },
    })
  await using one = await start('one', 'all')
  let at = 0
  const put = (count: number): void =>
    server.put(
      project,
      Array.from({ length: count }, () => ({ trace_id: `t${++at}`, time: Date.now() - 500, trace_name: 'x' })),
    )
  put(300)
  const stored = async (): Promise<unknown> =>
    (await one.sql("SELECT count(*)::INT AS n, count(DISTINCT id)::INT AS ids FROM events WHERE family = 'audit'"))[0]
  await expect.poll(stored, { timeout: 60_000 }).toEqual({ n: 300, ids: 300 })
  await using two = await start('two', 'collector')
  put(200)
  await expect.poll(stored, { timeout: 60_000 }).toEqual({ n: 500, ids: 500 })
  expect(two.log).not.toContain('This instance reads traces now')
  // Another replica reads now; the first continues its other work.
  one.configure({ roles: ['api'], instance: 'one', journal: { on: { type: 'nats', url: nats.url, partitions: 2 } } })
  await one.kill()
  put(200)
  await one.start()
  await expect.poll(stored, { timeout: 60_000 }).toEqual({ n: 700, ids: 700 })
  expect(two.log).toMatch(/This instance reads traces now/)
})
