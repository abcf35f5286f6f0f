import { readFileSync, readdirSync } from 'node:fs'
import { expect, test } from 'vitest'
import { docAnchor } from '../../parts/doc-anchor.ts'
import { blocksOf, docOfLink, inlineOf } from './markdown.ts'

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

test('links between documents stay in the console', () => {
  expect(docOfLink('../explain/query.md#names', 'guide/console')).toEqual({ page: 'explain/query', hash: 'names' })
  expect(docOfLink('kubernetes.md', 'guide/console')).toEqual({ page: 'guide/kubernetes', hash: '' })
  expect(docOfLink('#keys', 'guide/console')).toEqual({ page: 'guide/console', hash: 'keys' })
  expect(docOfLink('https://example.com/a.md', 'guide/console')).toBeUndefined()
  expect(docOfLink('../../examples/', 'guide/console')).toBeUndefined()
  expect(docAnchor('Zones, layer and cluster of flows')).toBe('zones-layer-and-cluster-of-flows')
})
