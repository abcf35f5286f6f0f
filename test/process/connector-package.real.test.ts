// A connector in a separate npm package, made and installed as a user does.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { ROOT, runCommand } from '../../tools/kit/command.ts'
import { freePorts } from '../kit/free-port.ts'
import { sharedArchive, sharedTarball } from '../kit/shared-build.ts'
import { prepareWeir, startWeir } from '../kit/weir-process.ts'

const limit = 900_000
const install = ['install', '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund']
let folder: string
let program: string
let connector: string
let tarball: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weir-connector-package-'))
  // A program elsewhere, with its dependencies.
  program = join((await sharedArchive()).archive, 'lib/weir/bin/weir.mjs')
  await done(process.execPath, [program, 'create', '--connector', 'acme', '--package'], folder)
  connector = join(folder, 'weir-connector-acme')
  await done('npm', [...install, '--save-dev', await sharedTarball()], connector)
  await done('npm', ['run', 'check'], connector)
  await done('npm', ['run', 'build'], connector)
  await done('npm', ['pack', '--ignore-scripts', '--pack-destination', connector], connector)
  tarball = join(connector, (await readdir(connector)).find((name) => name.endsWith('.tgz')) ?? 'none')
}, limit)
afterAll(() => rm(folder, { recursive: true, force: true }))

async function done(file: string, args: readonly string[], cwd: string): Promise<string> {
  const result = await runCommand(file, args, { cwd, limit })
  if (result.code !== 0) throw new Error(`${file} ${args.join(' ')} failed:\n${result.output}`)
  return result.output
}

/** A folder of a configuration with the package, and nothing else of npm. */
async function home(name: string): Promise<string> {
  const path = join(folder, name)
  await mkdir(path)
  await done('npm', [...install, tarball], path)
  return path
}

/** Runs a command of the checkout, or of the installed package. */
const weir = (cwd: string, ...args: string[]): ReturnType<typeof runCommand> =>
  runCommand(process.execPath, [join(ROOT, 'bin/weir.mjs'), ...args], { cwd, limit })

test('the scaffold passes the exported conformance suites in node:test', { timeout: limit }, async () => {
  const output = await done('npm', ['test'], connector)
  expect(output).toContain('it delivers everything once, in order per key, without faults')
  expect(output).toContain('it acknowledges nothing before its frame is synced')
  expect(output).toMatch(/fail 0/)
  expect(Number(/pass (\d+)/.exec(output)?.[1])).toBeGreaterThan(17)
})

test('a broken sink fails the exported suites', { timeout: limit }, async () => {
  const copy = join(folder, 'broken')
  await cp(connector, copy, { recursive: true, filter: (path) => !path.endsWith('/node_modules') })
  await symlink(join(connector, 'node_modules'), join(copy, 'node_modules'))
  const file = join(copy, 'src/sink.ts')
  const text = await readFile(file, 'utf8')
  expect(text).toContain("{ is: 'retry', reason, away: true }")
  await writeFile(file, text.replace("{ is: 'retry', reason, away: true }", 'undefined'))
  const { code, output } = await runCommand('npm', ['test'], { cwd: copy, limit })
  expect(code).not.toBe(0)
  expect(output).toContain('✖ it reports only retries while it is refused')
})

test(
  'its source and sink run by name: every event passes both, and a reload keeps them',
  { timeout: limit },
  async () => {
    const path = await home('run')
    expect((await readdir(join(path, 'node_modules'))).filter((name) => !name.startsWith('.'))).toEqual([
      'weir-connector-acme',
    ])
    const received: string[] = []
    const server = createServer((request, response) => {
      let body = ''
      request.setEncoding('utf8').on('data', (text: string) => (body += text))
      request.on('end', () => {
        received.push(...body.trim().split('\n'))
        response.end()
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => {
      server.close()
      server.closeAllConnections()
    })
    const [port = 0, second = 0] = await freePorts(2)
    const config = {
      connectors: ['weir-connector-acme'],
      sources: { lines: { type: 'acme', listen: `127.0.0.1:${port}` } },
      sinks: {
        out: {
          type: 'acme',
          from: ['lines', 'more'],
          url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
        },
      },
    }
    const more = { ...config.sources, more: { type: 'acme', listen: `127.0.0.1:${second}` } }
    await using running = await startWeir({ folder: path, config: { ...config, sources: more } })
    const post = async (to: number, number: number): Promise<number> =>
      (await fetch(`http://127.0.0.1:${to}`, { method: 'POST', body: `{"number":${number}}\n` })).status
    for (let number = 0; number < 200; number++) expect(await post(number % 2 === 0 ? port : second, number)).toBe(200)
    expect(await post(port, Number.NaN)).toBe(400)
    await running.caughtUp(limit)
    const numbers = received.map((line) => (JSON.parse(line) as { data: { number: number } }).data.number)
    expect(numbers.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 200 }, (_, number) => number))
    await expect.poll(() => running.metric('acme_lines_total', 'outcome="malformed"'), { timeout: 60_000 }).toBe(1)

    // Every wrong package of a reload is reported, and the running configuration stays.
    running.configure({ ...config, sources: more, connectors: ['weir-connector-acme', 'weir-connector-none'] })
    running.signal('SIGHUP')
    await expect.poll(() => running.lastLog, { timeout: 60_000 }).toContain('`weir-connector-none` is not installed')
    running.configure({ ...config, sources: more, connectors: [] })
    running.signal('SIGHUP')
    await expect.poll(() => running.lastLog, { timeout: 60_000 }).toContain('unknown type `acme`')
    expect(await post(second, 200)).toBe(200)
    await running.caughtUp(limit)
    expect(received).toHaveLength(201)
  },
)

test('a reload adds a package that was installed after the start', { timeout: limit }, async () => {
  const path = join(folder, 'later')
  await mkdir(path)
  const [port = 0] = await freePorts(1)
  await using running = await prepareWeir({ folder: path, root: ROOT })
  await running.start()
  running.configure({
    connectors: ['weir-connector-acme'],
    sources: { lines: { type: 'acme', listen: `127.0.0.1:${port}` } },
  })
  running.signal('SIGHUP')
  await expect.poll(() => running.lastLog, { timeout: 60_000 }).toContain('`weir-connector-acme` is not installed')
  await done('npm', [...install, tarball], path)
  running.signal('SIGHUP')
  await expect.poll(() => running.lastLog, { timeout: 60_000 }).toContain('the configuration was reloaded')
  expect((await fetch(`http://127.0.0.1:${port}`, { method: 'POST', body: '{"number":1}\n' })).status).toBe(200)
  await expect.poll(() => running.metric('acme_lines_total', 'outcome="taken"'), { timeout: 60_000 }).toBe(1)
})

test(
  'the installed program runs the package, too: check, doctor, create, schema, completion',
  { timeout: limit },
  async () => {
    const path = await home('commands')
    await writeFile(
      join(path, 'weir.yaml'),
      'connectors: [weir-connector-acme]\nsinks: { out: { type: acme, url: "http://127.0.0.1:9/" } }\n',
    )
    await writeFile(
      join(path, 'wrong.yaml'),
      'connectors: [weir-connector-acme]\nsinks: { out: { type: acme, urll: "http://127.0.0.1:9/" } }\n',
    )
    const installed = (...args: string[]): ReturnType<typeof runCommand> =>
      runCommand(process.execPath, [program, ...args], { cwd: path, limit })
    for (const command of [installed, (...args: string[]) => weir(path, ...args)]) {
      const valid = await command('check', '--config', 'weir.yaml')
      expect(valid.code, valid.output).toBe(0)
      expect(valid.output).toContain('acme: http://127.0.0.1:9,')
      const wrong = await command('check', '--config', 'wrong.yaml')
      expect(wrong.code).toBe(2)
      expect(wrong.output).toMatch(/sinks\.out\.urll: unknown field[^]*did you mean `url`/)
      expect((await command('create', 'sink/acme', '--config', 'weir.yaml')).output).toContain(
        '# Maximum events in one',
      )
      expect((await command('schema', 'source/acme', '--config', 'weir.yaml')).output).toContain('"max_body"')
      expect((await command('completion', 'bash', '--config', 'weir.yaml')).output).toContain('sink/acme')
      expect((await command('doctor', '--config', 'weir.yaml')).output).toMatch(/configuration +weir\.yaml is valid/)
      expect((await command('check', '--config', 'weir.yaml', '--live')).output).toMatch(/sink out.*127\.0\.0\.1:9/)
    }
  },
)
