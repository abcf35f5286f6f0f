import { readFileSync, readdirSync } from 'node:fs'
import { expect, test } from 'vitest'
import { blocksOf, inlineOf } from './markdown.ts'

test('inline marks become parts', () => {
  expect(inlineOf('A `code`, **strong** and *em* [link](x.md#a) ![no](y.webp)')).toEqual([
    { is: 'text', text: 'A ' },
    { is: 'code', text: 'code' },
    { is: 'text', text: ', ' },
    { is: 'strong', text: 'strong' },
    { is: 'text', text: ' and ' },
    { is: 'emphasis', text: 'em' },
    { is: 'text', text: ' ' },
    { is: 'link', text: 'link', to: 'x.md#a' },
    { is: 'text', text: ' ' },
  ])
})

test('blocks: headings with anchors, lists over several lines, tables with escaped bars, code', () => {
  const text =
    '# A B\n\nOne\ntwo.\n\n- a\n  b\n- c\n\n| x | y |\n|---|---|\n| `p` | q \\| r |\n\n```yaml\n- a\n```\n> q'
  expect(blocksOf(text).map((block) => ({ ...block, text: undefined }))).toEqual([
    { is: 'heading', level: 1, id: 'a-b' },
    { is: 'paragraph' },
    { is: 'list', ordered: false, items: [inlineOf('a b'), inlineOf('c')] },
    { is: 'table', head: [inlineOf('x'), inlineOf('y')], rows: [[inlineOf('`p`'), inlineOf('q | r')]] },
    { is: 'code' },
    { is: 'quote' },
  ])
})

test('every guide is read as a whole: all of its words are in blocks', () => {
  const folder = new URL('../../../../docs/guide/', import.meta.url)
  const wordsOf = (text: string): string[] => text.match(/[\p{L}\p{N}]{3,}/gu) ?? []
  for (const file of readdirSync(folder)) {
    const text = readFileSync(new URL(file, folder), 'utf8')
    const shown = new Set(wordsOf(JSON.stringify(blocksOf(text))))
    const plain = text.replaceAll(/!\[[^\]]*\]\([^)]*\)|<!--[^]*?-->|^\s*```\w*/gm, '')
    const missing = wordsOf(plain).filter((word) => !shown.has(word) && !JSON.stringify(blocksOf(text)).includes(word))
    expect([file, missing]).toEqual([file, []])
  }
})

test('HTML is text, and a long text without ends of marks is read at once', () => {
  expect(inlineOf('<img src=x onerror=alert(1)>')).toEqual([{ is: 'text', text: '<img src=x onerror=alert(1)>' }])
  const long = '['.repeat(65_536)
  expect(inlineOf(long)).toEqual([{ is: 'text', text: long }])
})
