import { expect, test } from 'vitest'
import { anchor, table, withBlock, wrapped } from './markdown.ts'

const block = { name: 'x', content: 'new\n' }

test('only what stands between the markers is replaced', () => {
  const page = '# A\n\nby hand\n\n<!-- x:begin -->\nold\n<!-- x:end -->\n\nby hand too\n'
  expect(withBlock(page, 'A', block)).toBe('# A\n\nby hand\n\n<!-- x:begin -->\nnew\n<!-- x:end -->\n\nby hand too\n')
})

test('a page without markers gets the block below its title, once', () => {
  const page = withBlock('# A\n\nby hand\n', 'A', block)
  expect(page).toBe('# A\n\n<!-- x:begin -->\nnew\n<!-- x:end -->\n\nby hand\n')
  expect(withBlock(page, 'A', block)).toBe(page)
})

test('an empty page gets a title too', () => {
  expect(withBlock('', 'A', block)).toBe('# A\n\n<!-- x:begin -->\nnew\n<!-- x:end -->\n')
})

test('a pipe in a cell does not end it', () => {
  expect(table(['a', 'b'], [['x | y', 'z']])).toBe('| a | b |\n|---|---|\n| x \\| y | z |\n')
})

test('an anchor is what a link to the heading needs', () => {
  expect(anchor('Sink `nats`')).toBe('sink-nats')
})

test('a paragraph is wrapped between words, and code and links stay whole', () => {
  const text = `${'word '.repeat(22)}\`npm run docs\` [a link](with a space) end`
  const lines = wrapped(`- ${text}`, '  ').split('\n')
  expect(lines.map((line) => line.length <= 118)).toEqual([true, true])
  expect(lines[1]).toBe('  `npm run docs` [a link](with a space) end')
})
