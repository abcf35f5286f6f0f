import { expect, test } from 'vitest'
import { documentPaths } from './document-paths.ts'
import { makeTree } from '../kit/tree.ts'

async function judge(files: Record<string, string>): Promise<string[]> {
  const problems = await documentPaths(await makeTree({ 'bench/runs/damage.ts': '', 'src/a.test.ts': '', ...files }))
  return problems.map(({ file, line, message }) => `${file}:${line ?? 0} ${message}`)
}

test('documents that name what exists have no problems', async () => {
  expect(
    await judge({
      'README.md': 'See [the guide](docs/a.md#part), <https://weir.example> and `src/a.test.ts`.\n',
      'docs/a.md':
        '# Part\n\n[Home](../README.md), [part](#part), `npm run acceptance -- damage`, `npm run acceptance -- NAME`\n',
      'docs/guarantees.md': '| | Promise | Tests |\n|---|---|---|\n| 1 | It starts. | [a](../src/a.test.ts) |\n',
    }),
  ).toEqual([])
})

test('a missing file, a missing link and a missing acceptance test are found, with their line', async () => {
  expect(
    await judge({
      'docs/a.md': '\n`src/b.ts`\n[b](../src/b.test.ts)\n`npm run acceptance -- gone`\n[c]: ../src/c.test.ts\n',
    }),
  ).toEqual([
    'docs/a.md:2 src/b.ts does not exist',
    'docs/a.md:3 src/b.test.ts does not exist',
    'docs/a.md:4 acceptance test gone is in none of bench/runs, test/attacks',
    'docs/a.md:5 src/c.test.ts does not exist',
  ])
})

test('a TypeScript file that the Node of the user would run is found', async () => {
  expect(
    await judge({
      'README.md': '```sh\nnode tools/a.ts --b\nnpm run ts tools/a.ts\nnpm run ts -- a.ts --b\nnode a.mjs\n```\n',
    }),
  ).toEqual(['README.md:2 `node FILE.ts` needs a new Node: write `npm run ts FILE.ts` or a script of package.json'])
})

test('a link to a missing heading is found', async () => {
  expect(await judge({ 'docs/a.md': '# A\n\n[b](b.md#gone)\n', 'docs/b.md': '# B\n' })).toEqual([
    'docs/a.md:3 docs/b.md has no heading #gone',
  ])
})

test('a promise without a test is found', async () => {
  const [found, ...others] = await judge({
    'docs/guarantees.md': '| | Promise | Tests |\n|---|---|---|\n| 1 | It starts. | [guide](guide.md) |\n',
    'docs/guide.md': '',
  })
  expect(found).toMatch(/^docs\/guarantees\.md:3 this promise has no test/)
  expect(others).toEqual([])
})
