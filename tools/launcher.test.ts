import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdir, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { ROOT, runCommand } from './kit/command.ts'
import { makeTree } from './kit/tree.ts'

/** Makes the Node that runs it say that it is an older one; a child that it starts says the truth. */
const OLD_NODE = [
  '--import',
  `data:text/javascript,${encodeURIComponent("Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.1.0' } })")}`,
]

async function checkout(main: string, options: { installed: boolean; emitted?: boolean }): Promise<string> {
  const root = await makeTree({
    'package.json': '{"type":"module"}',
    [options.emitted === true ? 'dist/main.js' : 'src/main.ts']: main,
  })
  await mkdir(join(root, 'bin'))
  await cp(join(ROOT, 'bin/weir.mjs'), join(root, 'bin/weir.mjs'))
  if (options.installed) await symlink(join(ROOT, 'node_modules'), join(root, 'node_modules'))
  return root
}

const run = (root: string, before: readonly string[], ...args: string[]): ReturnType<typeof runCommand> =>
  runCommand(process.execPath, [...before, join(root, 'bin/weir.mjs'), ...args], { cwd: root, limit: 30_000 })

const REPORT = `const args: string[] = process.argv.slice(2); console.log(process.versions.node.split('.')[0], ...args); process.exitCode = 7`

test('a supported Node runs the TypeScript of the checkout and keeps arguments and exit code', async () => {
  const root = await checkout(REPORT, { installed: false })
  expect(await run(root, [], 'run', '--data', 'x y')).toMatchObject({ code: 7, stdout: '24 run --data x y\n', stderr: '' })
})

test('a package without sources runs its emitted JavaScript', async () => {
  const root = await checkout(`console.log('emitted')`, { installed: false, emitted: true })
  expect(await run(root, [])).toMatchObject({ code: 0, stdout: 'emitted\n' })
})

test('an older Node hands over to the one that npm installed', async () => {
  const root = await checkout(REPORT, { installed: true })
  expect(await run(root, OLD_NODE, 'run')).toMatchObject({ code: 7, stdout: '24 run\n', stderr: '' })
})

test('an older Node without an installed one says what to do', async () => {
  const root = await checkout(REPORT, { installed: false })
  const result = await run(root, OLD_NODE)
  expect(result.code).toBe(1)
  expect(result.stderr).toMatch(/needs Node 24 or newer.*npm ci.*npm start/)
})

test.runIf(process.platform === 'linux')('weir run begins with few arenas of memory and keeps flags and variables that it was given; other commands begin as they are', async () => {
  const root = await checkout(`console.log(process.env['MALLOC_ARENA_MAX'] ?? 'as it was', process.execArgv.join(' '))`, { installed: false })
  const { MALLOC_ARENA_MAX: _, ...env } = process.env
  const started = (before: readonly string[], command: string, more: NodeJS.ProcessEnv = {}): ReturnType<typeof runCommand> =>
    runCommand(process.execPath, [...before, join(root, 'bin/weir.mjs'), command], { cwd: root, limit: 30_000, env: { ...env, ...more } })
  expect(await started(['--trace-warnings'], 'run')).toMatchObject({ code: 0, stdout: '2 --max-semi-space-size=4 --trace-warnings\n', stderr: '' })
  expect(await started(['--max-semi-space-size=16'], 'run', { MALLOC_ARENA_MAX: '5' })).toMatchObject({ stdout: '5 --max-semi-space-size=16\n' })
  expect(await started([], 'check')).toMatchObject({ stdout: 'as it was \n' })
})

test('signals reach the program through the hand-over, and its exit code comes back', async () => {
  const root = await checkout(
    `process.on('SIGTERM', () => { console.log('drained'); process.exit(3) }); setInterval(() => {}, 1000); console.log('up')`,
    { installed: true },
  )
  const child = spawn(process.execPath, [...OLD_NODE, join(root, 'bin/weir.mjs')], { stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    if (output === '') child.kill('SIGTERM')
    output += text
  })
  const [code] = (await once(child, 'close')) as [number]
  expect({ code, output }).toEqual({ code: 3, output: 'up\ndrained\n' })
})
