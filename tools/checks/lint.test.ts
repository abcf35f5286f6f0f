import { cp, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ROOT } from '../kit/command.ts'
import { makeTree } from '../kit/tree.ts'
import { lint } from './lint.ts'

// The real configuration on a small tree: a linter that silently stopped working would let everything pass.
async function findings(files: Record<string, string>): Promise<string[]> {
  const root = await makeTree(files)
  for (const file of ['.oxlintrc.json', 'tsconfig.json', 'package.json']) await cp(join(ROOT, file), join(root, file))
  await symlink(join(ROOT, 'node_modules'), join(root, 'node_modules'))
  return (await lint(root)).map((problem) => `${problem.line ?? 0} ${problem.message}`)
}

const async = 'async function f(): Promise<void> { await Promise.resolve(); }\n'

test.for([
  ['a promise without await', `${async}f();`, /2 .*no-floating-promises/],
  ['the same behind void', `${async}void f();`, /2 .*no-floating-promises/],
  [
    'an async callback with an unused promise',
    `${async}[1].forEach(async () => { await f(); });`,
    /2 .*no-misused-promises/,
  ],
  ['a promise as a condition', `${async}if (f()) throw new Error('x');`, /2 .*no-misused-promises/],
  ['any', 'export const a: any = 1;', /1 .*no-explicit-any/],
  [
    'a switch that forgets a case',
    `export function g(x: 'a' | 'b'): void { switch (x) { case 'a': g(x); } }`,
    /1 .*switch-exhaustiveness-check/,
  ],
] as const)('lint finds %s', async ([, text, message]) => {
  expect(await findings({ 'src/a.ts': `${text}\nexport const last = 1;\n` })).toEqual([expect.stringMatching(message)])
})

test('lint finds a test that asserts nothing and one that is alone', async () => {
  const head = `import { expect, test } from 'vitest';\n`
  const found = await findings({
    'src/a.test.ts': `${head}test('a', () => {});\ntest.only('c', () => { expect(1).toBe(1); });\n`,
  })
  expect(found.toSorted()).toEqual([
    expect.stringMatching(/2 .*expect-expect/),
    expect.stringMatching(/3 .*no-focused-tests/),
  ])
})

test('good code has no findings', async () => {
  expect(
    await findings({ 'src/a.ts': `${async}await f();\nf().catch((error: unknown) => { console.error(error); });\n` }),
  ).toEqual([])
})
