import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { CtsServer } from '../../../test/kit/cts.ts'
import { weirCommand } from '../../../test/kit/weir-command.ts'
import { startWeir } from '../../../test/kit/weir-process.ts'

test('repeated kills and late traces lose and duplicate nothing', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'weir-cts-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const server = await new CtsServer().start()
  onTestFinished(() => server.stop())
  const projects = [server.project('eu-de_prod'), server.project('eu-de_shop'), server.project('eu-nl_prod')]
  const [refused] = projects
  server.fail(
    new RegExp(`${refused?.id ?? ''}/traces$`),
    { status: 403, body: '{"error_code":"CTS.0013","error_msg":"No permission."}' },
    Infinity,
  )
  const [access = '', secret = ''] = [...server.keys][0] ?? []
  await writeFile(join(folder, 'sk'), secret, { mode: 0o600 })
  const sources = {
    cts: {
      type: 'otc-cts',
      iam: `${server.url}/v3`,
      auth: { type: 'keys', access_key: access, secret_key: `file:${join(folder, 'sk')}` },
      projects: projects.map(({ name }) => ({ name })),
      every: '1s',
      look_back: '5m',
    },
  }
  await using weir = await startWeir({ folder, config: { sources } })
  const wanted: string[] = []
  const put = (count: number): void => {
    for (const [at, project] of projects.entries()) {
      const now = Date.now()
      const traces = Array.from({ length: count }, (_, number) => ({
        trace_id: `${at}-${wanted.length}-${number}`,
        time: now - number * 100,
        service_type: 'ECS',
        resource_type: 'ecs',
        resource_id: 'r',
        trace_name: 'stop',
        trace_rating: 'normal',
        user: { id: 'u', name: 'jdoe' },
      }))
      for (const [number, trace] of traces.entries())
        server.put(project, [trace], { visible: number % 3 === 0 ? now + 1500 : 0 })
      if (at > 0) wanted.push(...traces.map(({ trace_id: id }) => id))
    }
  }
  const stored = async (): Promise<number> =>
    Number((await weir.sql("SELECT count(*) AS n FROM events WHERE family = 'audit'"))[0]?.['n'])
  for (let round = 0; round < 2; round++) {
    put(300)
    const requests = server.received.length
    await expect
      .poll(() => server.received.length, { timeout: 60_000, interval: 5 })
      .toBeGreaterThan(requests + round * 5)
    await weir.kill()
    await weir.start()
  }
  put(50)
  await expect.poll(stored, { timeout: 60_000 }).toBe(wanted.length)
  expect(weir.log).toMatch(/CTS ReadOnlyAccess/)
  // After access is granted, the look-back window covers the denied period.
  server.mend()
  await expect.poll(stored, { timeout: 60_000 }).toBe((wanted.length / 2) * 3)
  const { stdout } = await weirCommand('doctor', '--live', '--config', join(folder, 'weir.yaml'))
  expect(stdout).toContain('eu-nl_prod grants read access to the traces of system')
  await weir.kill()
  await weir.start()
  // Each project was requested twice.
  const before = server.requests(/traces$/).length
  await expect
    .poll(() => server.requests(/traces$/).length, { timeout: 60_000 })
    .toBeGreaterThan(before + 2 * projects.length)
  const [counts] = await weir.sql(
    'SELECT count(*) AS n, count(DISTINCT id) AS ids, count(DISTINCT json_extract_string(data, ' +
      "'$.audit.actor.name')) AS actors FROM events WHERE family = 'audit'",
  )
  expect([Number(counts?.['n']), Number(counts?.['ids']), Number(counts?.['actors'])]).toEqual([
    (wanted.length / 2) * 3,
    (wanted.length / 2) * 3,
    1,
  ])
})

test('a stop during a request ends Weir immediately, and the next start resumes', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'weir-cts-end-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
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
  await using weir = await startWeir({ folder, config: { sources: { cts } } })
  const put = (of: string): void =>
    server.put(
      project,
      Array.from({ length: 450 }, (_, at) => ({
        trace_id: `${of}${at}`,
        time: Date.now() - 1000 - at,
        trace_name: 'stop',
      })),
    )
  const stored = async (): Promise<unknown> =>
    (await weir.sql("SELECT count(*)::INT AS n, count(DISTINCT id)::INT AS ids FROM events WHERE family = 'audit'"))[0]
  put('a')
  await expect.poll(stored, { timeout: 60_000 }).toEqual({ n: 450, ids: 450 })
  // The second page never arrives.
  server.fail(/traces$/, 'none')
  server.fail(/traces$/, 'silent', Infinity)
  put('b')
  const requestsBefore = server.requests(/traces$/).length
  await expect
    .poll(() => server.requests(/traces$/).length, { timeout: 60_000, interval: 5 })
    .toBeGreaterThan(requestsBefore + 1)
  expect((await weir.stop()).code).toBe(0)
  server.mend()
  await weir.start()
  await expect.poll(stored, { timeout: 60_000 }).toEqual({ n: 900, ids: 900 })
})
