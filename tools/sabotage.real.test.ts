import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ROOT, runCommand } from './kit/command.ts'
import { sabotage, type Breakage } from './kit/sabotage.ts'
import { makeTree } from './kit/tree.ts'

const files = {
  'package.json': '{"type":"module"}',
  'src/sum.ts': 'export function sum(a: number, b: number): number {\n  return a + b;\n}\nexport const unused = 1;\n',
  'src/sum.test.ts': `import { describe, expect, test } from 'vitest';
import { sum } from './sum.ts';
describe('sum', () => {
  test('adds (two) numbers', () => { expect(sum(2, 3)).toBe(5); });
  test('is red', () => { expect(sum(2, 3)).toBe(6); });
});
`,
}
const minus: Breakage = {
  name: 'minus',
  file: 'src/sum.ts',
  find: 'a + b',
  replace: 'a - b',
  test: 'src/sum.test.ts > sum > adds (two) numbers',
}
const breakages: readonly (Breakage & { message?: RegExp })[] = [
  minus,
  { ...minus, name: 'stays green', find: 'unused = 1', replace: 'unused = 2', message: /stays green/ },
  { ...minus, name: 'does not load', replace: 'a +', message: /did not run/ },
  { ...minus, name: 'matches twice', find: 'number', message: /occurs 3 times/ },
  { ...minus, name: 'matches never', find: 'a * b', message: /occurs 0 times/ },
  { ...minus, name: 'no such test', test: 'src/sum.test.ts > sum > adds', message: /no such test/ },
  { ...minus, name: 'red anyway', test: 'src/sum.test.ts > sum > is red', message: /fails without the breakage/ },
  { ...minus, name: 'again', replace: 'a * b' },
]

async function project(more: Record<string, string> = {}): Promise<string> {
  const root = await makeTree({ ...files, ...more })
  expect((await runCommand('git', ['init', '-q'], { cwd: root, limit: 10_000 })).code).toBe(0)
  return root
}

test('a breakage counts only when its own green test turns red, and the work tree is unchanged', async () => {
  const root = await project()
  const outcomes = await sabotage(root, breakages, () => {})
  for (const [index, breakage] of breakages.entries()) {
    const outcome = outcomes[index]
    if (breakage.message === undefined) expect(outcome).toMatchObject({ name: breakage.name, red: true })
    else
      expect(outcome).toMatchObject({ name: breakage.name, red: false, why: expect.stringMatching(breakage.message) })
  }
  expect(await readFile(join(root, 'src/sum.ts'), 'utf8')).toBe(files['src/sum.ts'])
})

test('the command prints a table and fails when one breakage was not noticed', async () => {
  const root = await project({ 'tools/sabotage.json': JSON.stringify(breakages.slice(0, 2)) })
  const result = await runCommand(process.execPath, [join(ROOT, 'tools/sabotage.ts'), '--root', root], {
    limit: 120_000,
  })
  expect(result.output).toMatch(
    /minus .* red, noticed\nstays green .* NOT SHOWN: the test stays green\nsabotage: 1 passed, 1 failed/,
  )
  expect(result.code).toBe(1)
})
