import { expect, test } from 'vitest'
import { parseSource } from '../kit/sources.ts'
import { makeTree } from '../kit/tree.ts'
import { bindingNames, pronounsIn } from './binding-names.ts'

test.each([
  ['const found = a()', 'found'],
  ['for (const one of a) b(one)', 'one'],
  ['function known() {}', 'known'],
  ['const a = (b: string, other = 1) => b', 'other'],
  ['a.map(({ b, own }) => b)', 'own'],
  ['const { a: { place }, ...some } = b', 'place'],
  ['const [[each]] = a', 'each'],
  ['try { a() } catch (it) { b(it) }', 'it'],
])('%s binds a pronoun', (text, name) => {
  const bindings = pronounsIn(parseSource('a.ts', `\n${text}`))
  expect(bindings).toContainEqual({ file: 'a.ts', line: 2, name })
})

test.each([
  ['const foundRow = a.found'],
  ['const a = { found: 1, known }'],
  ['const { known: cached } = a'],
  ['type A = (each: string) => void'],
  ["import { other } from 'a'"],
  ['interface A { place: string }'],
])('%s binds none', (text) => {
  expect(pronounsIn(parseSource('a.ts', text))).toEqual([])
})

test('a tree with more of them than the limit fails, and tests do not count', async () => {
  const text = 'a.map((each) => each.b)\n'.repeat(2000)
  expect(await bindingNames(await makeTree({ 'src/a.test.ts': text, 'src/b.ts': '\n'.repeat(2000) }))).toEqual([])
  expect(await bindingNames(await makeTree({ 'src/a.ts': text }))).toEqual([
    { file: 'tools/checks/binding-names.ts', message: expect.stringMatching(/^1000\.00 of 1,000 lines/) },
  ])
})
