import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { ROOT, runCommand } from '../../tools/kit/command.ts'
import { freePorts } from '../kit/free-port.ts'
import { startWeir } from '../kit/weir-process.ts'

const weirCommand = (
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): ReturnType<typeof runCommand> =>
  runCommand(join(ROOT, 'node_modules/.bin/node'), ['src/main.ts', ...args], {
    cwd: ROOT,
    limit: 30_000,
    env: { ...process.env, ...env },
  })

async function temporary(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'weir-commands-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

test('events, flows, audit, status and reload read a running server', async () => {
  const folder = await temporary()
  const [nobody = 0] = await freePorts(1)
  await using weir = await startWeir({
    folder,
    config: { sinks: { hook: { type: 'http', url: `http://127.0.0.1:${nobody}/` } } },
  })
  const run = (...args: string[]): ReturnType<typeof runCommand> => weirCommand([...args, '--url', weir.url])
  const post = (id: string, type: string): Promise<Response> =>
    fetch(`${weir.url}/events`, {
      method: 'POST',
      headers: { 'content-type': 'application/cloudevents+json' },
      body: JSON.stringify({ specversion: '1.0', id, source: '/test', type, data: { id } }),
    })
  for (const [id, type] of [
    ['1', 'com.a_b'],
    ['2', 'com.axb'],
    ['3', 'org.other'],
  ] as const)
    expect((await post(id, type)).status).toBe(200)

  const status = await run('status')
  expect(status.stdout).toMatch(/^server .* ready.*^sink +hook +http +retrying/ms)
  // A sink that fails for ten seconds makes the server not ready; a slow machine needs as long for a command.
  expect(status.code).toBe(/^server .* not ready/m.test(status.stdout) ? 1 : 0)

  const ids = async (...args: string[]): Promise<unknown[]> =>
    (JSON.parse((await run('events', '-o', 'json', ...args)).stdout) as { readonly id: string }[])
      .map(({ id }) => id)
      .toSorted()
  expect(await ids()).toEqual(['1', '2', '3'])
  expect(await ids('--type', 'com.*')).toEqual(['1', '2'])
  // `_` stands for itself, and a quote ends no text.
  expect(await ids('--type', 'com.a_b')).toEqual(['1'])
  expect(await ids('--source', "/test' OR 1=1 --")).toEqual([])
  expect((await run('events', '-o', 'csv')).stdout.split('\r\n')).toHaveLength(5)
  expect(await run('flows')).toMatchObject({ code: 0, stdout: '', stderr: 'No matching flows.\n' })
  expect(await run('audit', '-o', 'json')).toMatchObject({ code: 0, stdout: '[]\n' })
  expect(await run('events', '--from', 'yesterday')).toMatchObject({ code: 2 })

  expect(await run('reload')).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('Nothing changed') as string,
  })
  await writeFile(join(folder, 'weir.yaml'), 'lsten: x\n')
  expect(await run('reload')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('did you mean `listen`?') as string,
  })
  await weir.stop()
  expect(await run('status')).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringContaining('No response from') as string,
  })
})

test('config prints what files and variables give together, and no secret', async () => {
  const folder = await temporary()
  await writeFile(
    join(folder, 'a.yaml'),
    'log: {level: warn, format: json}\nauth: {tokens: [{name: a, token: written-out-secret-1}, {name: b, ' +
      'token: "${TOKEN_B}"}]}\n',
  )
  await writeFile(join(folder, 'b.yaml'), 'log: {level: "${LEVEL:-error}"}\n')
  const printed = await weirCommand(['config', '--config', folder, '-o', 'json'], {
    WEIR_LISTEN: '127.0.0.1:9000',
    TOKEN_B: 'value-of-token-b',
  })
  expect(printed.code, printed.output).toBe(0)
  expect(JSON.parse(printed.stdout)).toMatchObject({
    listen: '127.0.0.1:9000',
    log: { level: 'error', format: 'json' },
    auth: { tokens: [{ token: '***' }, { token: 'env:TOKEN_B' }] },
  })
  expect(printed.output).not.toMatch(/written-out-secret|value-of-token-b/)
})
