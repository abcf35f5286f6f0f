import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { Lanes, runFiles } from './all.ts'
import { heldBy, longRuns } from './ci.ts'
import { runAcceptance, type AcceptanceRun } from './harness.ts'
import { ROOT, runCommand } from '../tools/kit/command.ts'
import { findCounts } from '../tools/kit/counts.ts'
import { makeTree } from '../tools/kit/tree.ts'

const acceptance = (run: AcceptanceRun['run']): AcceptanceRun => ({
  name: 'one',
  issue: '0.1',
  title: 'It shows.',
  run,
})

async function verdict(run: AcceptanceRun['run']): Promise<{ verdict: string; lines: string[] }> {
  const lines: string[] = []
  const result = await runAcceptance(acceptance(run), { seed: 5, scale: 'ci' }, (line) => lines.push(line))
  return { verdict: result.verdict, lines }
}

test('a run with true expectations is met and prints seed, machine, figures and verdict', async () => {
  const { verdict: printed, lines } = await verdict(async (context) => {
    context.figure('throughput', 1234.5, 'MB/s')
    context.expect(context.size(false, true), 'the small size is taken in CI')
    await Promise.resolve()
  })
  expect(printed).toBe('met')
  expect(lines.join('\n')).toMatch(
    /seed 5, scale ci\n.*machine \d+ cores .*Node v24.*\n.*throughput: 1,235 MB\/s\n.*yes the small size.*\n.*verdict: met at the scale of CI/,
  )
})

test.for([
  [
    'one expectation fails',
    async (context) => {
      context.expect(true, 'a')
      context.expect(false, 'b')
      await Promise.resolve()
    },
  ],
  ['it throws', () => Promise.reject(new Error('broken'))],
  ['it expects nothing', () => Promise.resolve()],
] satisfies [string, AcceptanceRun['run']][])('a run is not met when %s', async ([, run]) => {
  expect((await verdict(run)).verdict).toBe('not met')
})

test('a run that throws prints the cause of its error', async () => {
  const cause = Object.assign(new Error('Headers Timeout Error'), { code: 'UND_ERR_HEADERS_TIMEOUT' })
  const { lines } = await verdict(() => Promise.reject(new TypeError('fetch failed', { cause })))
  expect(lines.join('\n')).toMatch(/fetch failed[^]*Headers Timeout Error[^]*UND_ERR_HEADERS_TIMEOUT/)
})

const source = (name: string, body: string): string => `export const name = '${name}';
export const issue = '0.1';
export const title = 'About ${name}.';
export async function run(context) { ${body} }
`

async function cli(root: string, ...args: string[]): Promise<{ code: number; output: string }> {
  return runCommand(process.execPath, [join(ROOT, 'bench/run.ts'), '--root', root, ...args], { limit: 60_000 })
}

test('without a name the runs are listed, and an unknown name lists them', async () => {
  const root = await makeTree({ 'bench/runs/good.ts': source('good', '') })
  expect((await cli(root)).output).toBe('good  issue 0.1  About good.\n')
  expect(await cli(root, 'bad')).toMatchObject({ code: 2, output: expect.stringContaining('There are: good') })
})

test('--write keeps the result, and a second run on the same machine replaces it', async () => {
  const root = await makeTree({
    'bench/runs/good.ts': source('good', `context.figure('n', 7, 'events'); context.expect(true, 'so it is');`),
  })
  await cli(root, 'good', '--write')
  expect((await cli(root, 'good', '--write', '--seed', '9')).code).toBe(0)
  const kept = JSON.parse(await readFile(join(root, 'bench/results/good.json'), 'utf8')) as unknown[]
  expect(kept).toEqual([
    expect.objectContaining({ verdict: 'met', seed: 9, figures: [{ name: 'n', value: 7, unit: 'events' }] }),
  ])
})

test('--all counts met runs as passed, hanging and unlisted skipped ones as failed', async () => {
  const root = await makeTree({
    'package.json': '{"type":"module"}',
    'test/skips.json': JSON.stringify([{ name: 'acceptance agreed', reason: 'not here' }]),
    'bench/runs/good.ts': source('good', `context.expect(true, 'yes');`),
    'bench/runs/agreed.ts': source('agreed', `context.skip('no server');`),
    'bench/runs/unlisted.ts': source('unlisted', `context.skip('no server');`),
  })
  const result = await cli(root, '--all', '--scale', 'ci')
  expect(result.code).toBe(1)
  expect(findCounts(result.output)).toEqual({ passed: 1, failed: 1, skipped: 1 })
  const hanging = await makeTree({
    'package.json': '{"type":"module"}',
    'bench/runs/hangs.ts': source('hangs', `setInterval(() => {}, 1000); await new Promise(() => {});`),
  })
  const { output } = await cli(hanging, '--all', '--scale', 'ci', '--limit', '4')
  expect(findCounts(output)).toEqual({ passed: 0, failed: 1, skipped: 0 })
  expect(output).toMatch(/^hangs: not met: stopped after 4 s/m)
  expect(output).toMatch(/^failed: hangs: not met: stopped after 4 s, after: /m)
})

test('beside others the longest runs start first', async () => {
  const source = (name: string) => `import { appendFileSync } from 'node:fs'
    export const [name, issue, title] = ['${name}', '0.1', 'x']
    export async function run(context) {
      appendFileSync(new URL('../order', import.meta.url), name + ' ')
      context.expect(true, 'yes')
    }`
  const names = ['damage', 'kill-nine', 'push-bounds', 'two-writers']
  const root = await makeTree({
    'package.json': '{"type":"module"}',
    ...Object.fromEntries(names.map((name) => [`bench/runs/${name}.ts`, source(name)])),
  })
  const { code, output } = await cli(root, '--all', '--scale', 'ci', '--at-once', '2')
  expect(code).toBe(0)
  // The last two overlap.
  expect((await readFile(join(root, 'bench/order'), 'utf8')).trim().split(' ').slice(2)).toContain('kill-nine')
  expect(output).toMatch(/^longest acceptance runs, seconds from start to end:\n {2}\d+ s: \d+ to \d+, /m)
})

test('a run that another test holds is not executed at the scale of CI, and the test exists', async () => {
  const root = await makeTree({
    'package.json': '{"type":"module"}',
    'bench/runs/two-writers.ts': source('two-writers', `context.expect(true, 'yes');`),
  })
  expect(findCounts((await cli(root, '--all', '--scale', 'ci')).output)).toEqual({ passed: 0, failed: 0, skipped: 0 })
  expect(findCounts((await cli(root, '--all')).output)).toEqual({ passed: 1, failed: 0, skipped: 0 })
  for (const path of Object.values(heldBy).flat()) expect(existsSync(join(ROOT, path)), path).toBe(true)
  const names = [...(await runFiles(ROOT)).keys()]
  expect([...Object.keys(heldBy), ...Object.keys(longRuns)].filter((name) => !names.includes(name))).toEqual([])
})

test('lanes that are added while runs are executed take some of them', async () => {
  const lanes = new Lanes(1)
  let [active, most] = [0, 0]
  const act = async (): Promise<void> => {
    active++
    await setImmediate()
    if (lanes.count === 1) lanes.grow(2)
    most = Math.max(most, active)
    await setImmediate()
    active--
  }
  await lanes.each([1, 2, 3, 4, 5], act)
  expect({ active, most, lanes: lanes.count }).toEqual({ active: 0, most: 3, lanes: 3 })
})

test('beside others a failed run is repeated once; met then, it is unsteady and not failed', async () => {
  const marker = `const { writeFile, readFile } = await import('node:fs/promises');
    const file = new URL('../ran', import.meta.url);
    const again = await readFile(file).then(() => true, () => false);
    await writeFile(file, '');`
  const root = await makeTree({
    'package.json': '{"type":"module"}',
    'bench/runs/bad.ts': source('bad', `context.expect(false, 'never');`),
    'bench/runs/second.ts': source('second', `${marker} context.expect(again, 'the second time');`),
  })
  const result = await cli(root, '--all', '--scale', 'ci', '--at-once', '2')
  expect(findCounts(result.output)).toEqual({ passed: 1, failed: 1, skipped: 0 })
  expect(result.output).toMatch(/^unsteady: met when run again: second: NO +the second time$/m)
  expect(result.output).toMatch(/^failed: bad: NO +never$/m)
})
