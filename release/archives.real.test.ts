// The folder that becomes an archive: its own Node runs it, without another on the machine.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdtemp, readFile, rm, stat, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { freePorts } from '../test/kit/free-port.ts'
import { askInstalled, expectFound, installedMissing, publicFolder } from '../test/kit/installed-commands.ts'
import { sharedArchive } from '../test/kit/shared-build.ts'
import { runCommand } from '../tools/kit/command.ts'
import { done, pack } from './archives.ts'

let folder: string
let archive: string
let time: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weir-archive-'))
  ;({ archive, time } = await sharedArchive())
}, 600_000)
afterAll(() => rm(folder, { recursive: true, force: true }))

test('every module of the archive loads with its own Node and dependencies', async () => {
  const script = `
    import { readdirSync, readFileSync } from 'node:fs'
    for (const name of readdirSync('chunks')) {
      const text = readFileSync('chunks/' + name, 'utf8')
      for (const [, named] of text.matchAll(/import\\("([^".][^"]*)"\\)/g)) await import(named)
      await import(process.cwd() + '/chunks/' + name)
    }
    console.log('all')
    process.exit()`
  const lib = join(archive, 'lib/weir')
  const result = await runCommand(join(lib, 'node'), ['--input-type=module', '--eval', script], {
    cwd: join(lib, 'dist'),
    limit: 120_000,
  })
  expect(result.stdout, result.output).toBe('all\n')
})

test('through a link, without Node on PATH, it takes an event and answers a query', async () => {
  await symlink(join(archive, 'bin/weir'), join(folder, 'weir-link'))
  const [api = 0, ops = 0, netflow = 0] = await freePorts(3)
  const addresses = Object.entries({ listen: api, ops, netflow }).flatMap(([name, port]) => [
    `--${name}`,
    `127.0.0.1:${port}`,
  ])
  const child = spawn(
    join(folder, 'weir-link'),
    ['run', '--data', join(folder, 'data'), '--ipfix-tcp', 'off', '--sflow', 'off', ...addresses],
    { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'], env: { PATH: '/usr/bin:/bin' } },
  )
  onTestFinished(() => void child.kill('SIGKILL'))
  let log = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (log += text))
  const exited = once(child, 'exit')
  while (!log.includes('weir is ready') && child.exitCode === null) await sleep(20)
  expect(log).toContain('weir is ready')
  const url = `http://127.0.0.1:${api}`
  const sent = await fetch(`${url}/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/cloudevents+json' },
    body: JSON.stringify({ specversion: '1.0', id: '1', source: '/test', type: 'com.example.archived' }),
  })
  expect(await sent.json()).toEqual({ accepted: 1, duplicates: 0 })
  let found = ''
  while (!found.includes('com.example.archived')) {
    const queried = await runCommand(
      join(archive, 'bin/weir'),
      ['query', '--url', url, 'SELECT type FROM events', '-o', 'csv'],
      { cwd: folder, limit: 60_000 },
    )
    expect(queried.code, queried.output).toBe(0)
    found = queried.stdout
  }
  child.kill('SIGTERM')
  expect(await exited).toEqual([0, null])
}, 120_000)

test('its commands find the server in its folder, as root and as another user, from any folder', async (context) => {
  const reason = await installedMissing()
  if (reason !== undefined) return context.skip(reason)
  const home = await publicFolder()
  // A copy that every user can read, which has no data yet.
  await done('cp', ['-a', archive, join(home, 'weir')], folder)
  const weir = join(home, 'weir')
  const found = await askInstalled({
    server: `cd ${weir} && exec bin/weir run`,
    weir: `cd / && exec ${weir}/bin/weir`,
    as: { root: 'env', other: 'setpriv --reuid=nobody --regid=nogroup --clear-groups env' },
  })
  expectFound(found)
  expect(found.before.other['status']?.output).toContain(`${weir}/weir-data: does not exist`)
  // Only its owner can read the folder: others find the server by its address.
  expect(found.running.root['doctor']?.output).toContain(`${weir}/weir-data`)
  for (const path of ['man/man1/weir.1', 'zsh/site-functions/_weir', 'fish/vendor_completions.d/weir.fish'])
    expect((await stat(join(archive, 'share', path))).size, path).toBeGreaterThan(1000)
  const help = await runCommand(join(archive, 'bin/weir'), ['help', 'topics'], { limit: 60_000 })
  expect(help.stdout, help.output).toContain('guide')
}, 600_000)

test('the list of components names Node and has no random number; packing twice gives equal bytes', async () => {
  const sbom = JSON.parse(await readFile(join(archive, 'sbom.cdx.json'), 'utf8')) as {
    readonly serialNumber?: string
    readonly metadata: { readonly timestamp: string }
    readonly components: readonly { readonly name: string }[]
  }
  expect(sbom.serialNumber).toBeUndefined()
  expect(sbom.metadata.timestamp).toBe(time)
  expect(sbom.components.map(({ name }) => name)).toEqual(expect.arrayContaining(['node', '@duckdb/node-api']))
  await cp(join(archive, 'bin'), join(folder, 'weir/bin'), { recursive: true })
  const bytes = []
  for (let run = 0; run < 2; run++) bytes.push(await readFile(join(folder, await pack(folder, 'weir/bin', time))))
  expect(bytes[0]!.equals(bytes[1]!)).toBe(true)
  expect((await stat(join(archive, 'bin/weir'))).mode & 0o111).toBe(0o111)
})
