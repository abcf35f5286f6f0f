// Installs the package as a user does, and runs it without the checkout.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { freePorts } from '../test/kit/free-port.ts'
import { askInstalled, expectFound, installedMissing, publicFolder } from '../test/kit/installed-commands.ts'
import { sharedTarball } from '../test/kit/shared-build.ts'
import { localBin, ROOT, runCommand, type CommandResult } from '../tools/kit/command.ts'

const installLimitMs = 600_000
const MB = 1024 * 1024
let folder: string
let tarball: string
let installed: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weir-package-'))
  tarball = await sharedTarball()
  // Not among the packages of the checkout, and nothing of it in the environment.
  await done(
    'npm',
    ['install', '--global', '--ignore-scripts', '--prefer-offline', '--prefix', join(folder, 'prefix'), tarball],
    folder,
  )
  installed = join(folder, 'prefix/lib/node_modules/weir-collector')
}, installLimitMs)
afterAll(() => rm(folder, { recursive: true, force: true }))

async function done(file: string, args: readonly string[], cwd: string): Promise<CommandResult> {
  const result = await runCommand(file, args, { cwd, limit: installLimitMs })
  if (result.code !== 0) throw new Error(`${file} ${args.join(' ')} failed:\n${result.output}`)
  return result
}

const weir = (...args: string[]): Promise<CommandResult> =>
  runCommand(join(folder, 'prefix/bin/weir'), args, { cwd: folder, limit: 60_000 })

test('the tarball has at most 6 MB, and everything that is installed at most 420 MB', async () => {
  expect((await stat(tarball)).size).toBeLessThan(6 * MB)
  const { stdout } = await done('du', ['-sm', join(folder, 'prefix')], folder)
  expect(Number(stdout.split('\t')[0])).toBeLessThan(420)
})

test('the package holds no TypeScript but types, no Node, and a licence of each library that is bundled', async () => {
  const files = await readdir(installed, { recursive: true }).then((names) =>
    names.filter((name) => !name.startsWith('node_modules')),
  )
  expect(files.filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'))).toEqual([])
  expect(
    (await readdir(join(installed, 'node_modules'))).filter((name) => /^node-(?:bin-)?(?:linux|darwin|win)/.test(name)),
  ).toEqual([])
  const notices = await readFile(join(installed, 'THIRD-PARTY-NOTICES.md'), 'utf8')
  for (const name of ['fastify', 'zod', 'react', 'uplot', 'd3-sankey'])
    expect(notices).toMatch(new RegExp(`^## ${name} [\\d.]+ \\(`, 'm'))
})

// npm obeys it for packages of a registry, and `npm ci` in the unpacked package does, which is how the image is built.
test('the package locks its dependencies, each in the version of the lock file of the checkout', async () => {
  type Lock = Readonly<Record<string, { readonly version?: string; readonly resolved?: string }>>
  const packages = async (file: string): Promise<Lock> =>
    (JSON.parse(await readFile(file, 'utf8')) as { packages: Lock }).packages
  const [lock, locked] = await Promise.all([
    packages(join(ROOT, 'package-lock.json')),
    packages(join(installed, 'npm-shrinkwrap.json')),
  ])
  const dependencies = Object.entries(locked).filter(([path]) => path !== '')
  expect(dependencies.length).toBeGreaterThan(200)
  expect(
    dependencies.filter(([path, { version, resolved }]) => lock[path]?.version !== version || resolved !== undefined),
  ).toEqual([])
})

test('weir on PATH prints its help, its version, the help of kollect, and completion', async () => {
  const { version } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as { version: string }
  expect(await weir('--version')).toMatchObject({ code: 0, stdout: `${version}\n`, stderr: '' })
  expect(await weir('--help')).toMatchObject({ code: 0, stdout: expect.stringContaining('Usage: weir') as string })
  expect(await weir('kollect', '--help')).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('kollect') as string,
  })
  expect(await weir('completion', 'bash')).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('bash completion of weir') as string,
  })
})

test('every module of the package loads, and with it every dependency that it names', async () => {
  const script = `
    import { readdirSync, readFileSync } from 'node:fs'
    for (const name of readdirSync('chunks')) {
      const text = readFileSync('chunks/' + name, 'utf8')
      for (const [, named] of text.matchAll(/import\\("([^".][^"]*)"\\)/g)) await import(named)
      await import(process.cwd() + '/chunks/' + name)
    }
    console.log('all')
    process.exit()`
  const result = await runCommand(process.execPath, ['--input-type=module', '--eval', script], {
    cwd: join(installed, 'dist'),
    limit: 120_000,
  })
  expect(result.stdout, result.output).toBe('all\n')
})

test('weir run takes an event, answers a query, serves the console and stops, from any folder', async () => {
  const [api = 0, ops = 0, netflow = 0] = await freePorts(3)
  const data = join(folder, 'data')
  const child = spawn(
    join(folder, 'prefix/bin/weir'),
    [
      'run',
      '--data',
      data,
      '--listen',
      `127.0.0.1:${api}`,
      '--ops',
      `127.0.0.1:${ops}`,
      '--netflow',
      `127.0.0.1:${netflow}`,
      '--ipfix-tcp',
      'off',
      '--sflow',
      'off',
    ],
    { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] },
  )
  onTestFinished(() => void child.kill('SIGKILL'))
  let log = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (log += text))
  const exited = once(child, 'exit')
  while (!log.includes('weir is ready') && child.exitCode === null) await sleep(20)
  expect(log).toContain('weir is ready')

  const url = `http://127.0.0.1:${api}`
  const event = { specversion: '1.0', id: '1', source: '/test', type: 'com.example.packaged' }
  const posted = await fetch(`${url}/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/cloudevents+json' },
    body: JSON.stringify(event),
  })
  expect(await posted.json()).toMatchObject({ accepted: 1 })
  let answer = ''
  while (!answer.includes('packaged') && child.exitCode === null) {
    answer = (await weir('query', '-o', 'json', '--data', data, 'SELECT type FROM events')).stdout
    await sleep(100)
  }
  expect(JSON.parse(answer)).toEqual([{ type: 'com.example.packaged' }])

  const page = await (await fetch(url, { headers: { accept: 'text/html' } })).text()
  const asset = /src="(\/assets\/[^"]+\.js)"/.exec(page)?.[1] ?? '/none'
  expect((await fetch(url + asset)).status).toBe(200)
  const doctor = await weir('doctor', '--data', data)
  expect(doctor.output).toMatch(/node +Node \d+/)

  child.kill('SIGTERM')
  expect(await exited).toEqual([0, null])
})

test('installed globally, its commands find the server, as root and as another user', async (context) => {
  const reason = await installedMissing()
  if (reason !== undefined) return context.skip(reason)
  const home = await publicFolder()
  await done('cp', ['-a', join(folder, 'prefix'), join(home, 'prefix')], folder)
  await mkdir(join(home, 'node/bin'), { recursive: true })
  await done('cp', [process.execPath, join(home, 'node/bin/node')], folder)
  const path = `PATH=${home}/prefix/bin:${home}/node/bin:$PATH`
  const found = await askInstalled({
    server: `mkdir -p ${home}/service && cd ${home}/service && ${path} exec weir run`,
    weir: `cd / && ${path} exec weir`,
    as: { root: 'env', other: 'setpriv --reuid=nobody --regid=nogroup --clear-groups env' },
  })
  expectFound(found)
  expect(found.before.root['status']?.output).toContain('/var/lib/weir: does not exist')
}, 600_000)

test('a program imports the client of kollect with its types', async () => {
  const consumer = join(folder, 'prefix/lib/consumer')
  await mkdir(consumer)
  await writeFile(
    join(consumer, 'index.mts'),
    `
    import { consumeKollect, decodeEnvelope, type Consumed, type Delivery } from 'weir-collector/kollect'
    async function* none(): AsyncGenerator<Delivery> {}
    const onDeleted = (cluster: string, uid: string) => console.log(cluster, uid)
    const consumed: Consumed = await consumeKollect(none(), { onDeleted })
    // @ts-expect-error There are types: a number is no bytes.
    const wrong = (): unknown => decodeEnvelope(1)
    console.log(typeof wrong, consumed.handled)
  `,
  )
  await done(
    localBin('tsc'),
    [
      '--strict',
      '--skipLibCheck',
      'false',
      '--module',
      'nodenext',
      '--target',
      'es2024',
      '--lib',
      'es2024,dom',
      '--types',
      '',
      'index.mts',
    ],
    consumer,
  )
  expect((await done(process.execPath, ['index.mjs'], consumer)).stdout).toBe('function 0\n')
})
