import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdir, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { bundleIsCurrent, sourcesState, stateFile } from '../../bin/sources.mjs'
import { ROOT, runCommand } from '../kit/command.ts'
import { makeTree } from '../kit/tree.ts'

/** Makes Node report an older version; its children report the true one. */
const OLD_NODE = [
  '--import',
  `data:text/javascript,${encodeURIComponent(
    "Object.defineProperty(process, 'versions', { value: { " + "...process.versions, node: '20.1.0' } })",
  )}`,
]

async function checkout(main: string, options: { installed: boolean; emitted?: boolean }): Promise<string> {
  const root = await makeTree({
    'package.json': '{"type":"module"}',
    [options.emitted === true ? 'dist/main.js' : 'src/main.ts']: main,
  })
  await cp(join(ROOT, 'bin'), join(root, 'bin'), { recursive: true })
  if (options.installed) await symlink(join(ROOT, 'node_modules'), join(root, 'node_modules'))
  return root
}

const run = (root: string, before: readonly string[], ...args: string[]): ReturnType<typeof runCommand> =>
  runCommand(process.execPath, [...before, join(root, 'bin/weir.mjs'), ...args], { cwd: root, limit: 30_000 })

const REPORT =
  `const args: string[] = process.argv.slice(2); console.log(process.versions.node.split('.')[0], ` +
  '...args); process.exitCode = 7'

test('a supported Node runs the TypeScript of the checkout and keeps arguments and exit code', async () => {
  const root = await checkout(REPORT, { installed: false })
  expect(await run(root, [], 'run', '--data', 'x y')).toMatchObject({
    code: 7,
    stdout: '24 run --data x y\n',
    stderr: '',
  })
})

test.runIf(process.platform === 'linux')('commands that keep running have a small new space', async () => {
  const root = await checkout(`console.log(process.execArgv.join(), process.env.MALLOC_ARENA_MAX)`, {
    installed: false,
  })
  for (const command of ['run', 'insights-remote', 'kollect'])
    expect((await run(root, [], command)).stdout).toBe('--max-semi-space-size=4 2\n')
  expect((await run(root, [], 'query')).stdout).not.toContain('semi-space')
})

test('a package without sources runs its emitted JavaScript', async () => {
  const root = await checkout(`console.log('emitted')`, { installed: false, emitted: true })
  expect(await run(root, [])).toMatchObject({ code: 0, stdout: 'emitted\n' })
})

test('a checkout runs its bundle until a source is edited, gets an older time, or is removed', async () => {
  const root = await checkout(`console.log('sources')`, { installed: false })
  const write = (path: string, text: string): Promise<void> => writeFile(join(root, path), text)
  await mkdir(join(root, 'dist'))
  await Promise.all([
    write('dist/main.js', `console.log('bundle')`),
    write('src/other.ts', ''),
    write('package-lock.json', '{}'),
  ])
  const bundled = (): Promise<void> => writeFile(stateFile(root), sourcesState(root))
  expect(bundleIsCurrent(root)).toBe(false)
  await bundled()
  expect((await run(root, [])).output).toBe('bundle\n')
  await write('src/other.test.ts', 'a test is no source')
  expect(bundleIsCurrent(root)).toBe(true)
  await write('src/other.ts', 'export const edited = true')
  expect((await run(root, [])).output).toBe('sources\n')
  await bundled()
  await utimes(join(root, 'src/other.ts'), 1, 1)
  expect(bundleIsCurrent(root)).toBe(false)
  await bundled()
  await rm(join(root, 'src/other.ts'))
  expect(bundleIsCurrent(root)).toBe(false)
  await bundled()
  await write('package-lock.json', '{ "packages": {} }')
  expect(bundleIsCurrent(root)).toBe(false)
})

test('an older Node hands over to the one that npm installed', async () => {
  const root = await checkout(REPORT, { installed: true })
  expect(await run(root, OLD_NODE, 'run')).toMatchObject({ code: 7, stdout: '24 run\n', stderr: '' })
})

test('an older Node without an installed one prints the remedy', async () => {
  const root = await checkout(REPORT, { installed: false })
  const result = await run(root, OLD_NODE)
  expect(result.code).toBe(1)
  expect(result.stderr).toMatch(/needs Node 24 or newer.*npm ci.*npm start/)
})

test('the package, started by an older Node, prints the required Node and names no checkout', async () => {
  const root = await checkout(REPORT, { installed: false, emitted: true })
  const result = await run(root, OLD_NODE)
  expect(result).toMatchObject({
    code: 1,
    stderr:
      'weir needs Node 24 or newer, and this is ' +
      process.version +
      '. Install Node 24 or newer, then start weir again.\n',
  })
})

test.runIf(process.platform === 'linux')(
  'weir run begins with few arenas of memory and keeps flags and variables; other commands do not change',
  async () => {
    const root = await checkout(
      `console.log(process.env['MALLOC_ARENA_MAX'] ?? 'as it was', process.execArgv.join(' '))`,
      { installed: false },
    )
    const { MALLOC_ARENA_MAX: _, ...env } = process.env
    const started = (
      before: readonly string[],
      command: string,
      more: NodeJS.ProcessEnv = {},
    ): ReturnType<typeof runCommand> =>
      runCommand(process.execPath, [...before, join(root, 'bin/weir.mjs'), command], {
        cwd: root,
        limit: 30_000,
        env: { ...env, ...more },
      })
    expect(await started(['--trace-warnings'], 'run')).toMatchObject({
      code: 0,
      stdout: '2 --max-semi-space-size=4 --trace-warnings\n',
      stderr: '',
    })
    expect(await started(['--max-semi-space-size=16'], 'run', { MALLOC_ARENA_MAX: '5' })).toMatchObject({
      stdout: '5 --max-semi-space-size=16\n',
    })
    expect(await started([], 'check')).toMatchObject({ stdout: 'as it was \n' })
  },
)

test('signals reach the program through the hand-over, and its exit code is returned', async () => {
  const root = await checkout(
    `process.removeAllListeners('SIGTERM').on('SIGTERM', () => { console.log('drained'); process.exit(3) }); ` +
      `setInterval(() => {}, 1000); console.log('up')`,
    { installed: true },
  )
  const child = spawn(process.execPath, [...OLD_NODE, join(root, 'bin/weir.mjs')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    if (output === '') child.kill('SIGTERM')
    output += text
  })
  const [code] = (await once(child, 'close')) as [number]
  expect({ code, output }).toEqual({ code: 3, output: 'up\ndrained\n' })
})

test.each(['SIGTERM', 'SIGINT'] as const)('%s ends a command while it computes', async (signal) => {
  const endless = `import { writeSync } from 'node:fs'; writeSync(1, 'up'); for (;;);`
  const root = await checkout(endless, { installed: false })
  const child = spawn(process.execPath, [join(root, 'bin/weir.mjs'), 'validate'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  child.stdout.once('data', () => child.kill(signal))
  expect(await once(child, 'close')).toEqual([null, signal])
})
