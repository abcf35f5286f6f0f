import { expect, test } from 'vitest'
import { makeTree } from '../kit/tree.ts'
import { excessive, lineLength, longLines } from './line-length.ts'

const words = 'word '.repeat(24).trimEnd()

test('a line of 120 columns fits, and a longer one is found with its number', async () => {
  const root = await makeTree({ 'a.ts': `// ${words.slice(2)}\n`, 'b/c.md': `\n${words}xx\n| ${words} |\n` })
  expect(await longLines(root)).toEqual([
    { file: 'b/c.md', line: 2, inTable: false },
    { file: 'b/c.md', line: 3, inTable: true },
  ])
})

test('links and data do not count', async () => {
  const root = await makeTree({
    'a.md': `See [this](https://example.com/${'x'.repeat(200)}) and https://example.com/${'x'.repeat(200)}\n`,
    'b.json': `"${words}xx"\n`,
    'fixtures/c.md': `${words}xx\n`,
    'generated/d.ts': `// ${words}\n`,
  })
  expect(await longLines(root)).toEqual([])
})

test('a tree above the limit fails', async () => {
  const root = await makeTree({ 'a.md': `${words}xx\n`.repeat(10_000) })
  expect(await lineLength(root)).toEqual([
    { file: 'tools/checks/line-length.ts', message: expect.stringMatching(/^10000 lines are longer/) },
  ])
})

test('only lines of a kind above its limit are listed', () => {
  const line = (file: string, inTable: boolean) => ({ file, line: 1, inTable })
  const long = [line('a.ts', false), line('b.md', true), line('docs/reference/c.md', true)]
  expect(excessive(long, { lines: 0, tableRows: 1 })).toEqual([line('a.ts', false)])
  expect(excessive(long, { lines: 1, tableRows: 0 })).toEqual([line('b.md', true)])
})
