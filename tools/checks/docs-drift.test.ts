import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { docsDrift, writeDocs } from './docs-drift.ts'
import { generatedFiles } from '../docs/generate-docs.ts'
import { makeTree } from '../kit/tree.ts'

const files = [
  { path: 'docs/a.md', generate: async () => 'one\ntwo\n' },
  { path: 'docs/deep/b.md', generate: async () => 'b\n' },
]

test('a file that differs and a file that is missing are named, with the first line that differs', async () => {
  const root = await makeTree({ 'docs/a.md': 'one\n2\n' })
  expect(await docsDrift(root, files)).toEqual([
    { file: 'docs/a.md', line: 2, message: expect.stringContaining('npm run docs') },
    { file: 'docs/deep/b.md', message: expect.stringContaining('is missing') },
  ])
})

test('writing brings the files up to date and touches no other', async () => {
  const root = await makeTree({ 'docs/a.md': 'one\ntwo\n' })
  expect(await writeDocs(root, files)).toEqual(['docs/deep/b.md'])
  expect(await readFile(join(root, 'docs/deep/b.md'), 'utf8')).toBe('b\n')
  expect(await docsDrift(root, files)).toEqual([])
})

test('every registered generator gives the same bytes twice', async () => {
  for (const file of generatedFiles) expect(await file.generate()).toBe(await file.generate())
})
