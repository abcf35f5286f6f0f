import { readdirSync } from 'node:fs'
import { expect, test } from 'vitest'
import * as catalog from './index.ts'

const texts = Object.entries(catalog).flatMap(([area, entries]) =>
  Object.entries(entries as Readonly<Record<string, string | ((...values: string[]) => string)>>).map(
    ([key, text]) => ({
      name: `${area}.${key}`,
      text: typeof text === 'string' ? text : text(...Array<string>(text.length).fill('7')),
    }),
  ),
)

test('every sentence has at most 25 words', () => {
  const long = texts
    .filter(({ name }) => name !== 'changesText.recipe')
    .filter(({ text }) => text.split(/(?<=[.!?])\s/).some((sentence) => sentence.split(/\s+/).length > 25))
  expect(long).toEqual([])
})

test('a text with parameters uses all of them', () => {
  const marks = ['①', '②', '③', '④', '⑤']
  for (const entries of Object.values(catalog))
    for (const [key, text] of Object.entries(entries as Readonly<Record<string, unknown>>)) {
      if (typeof text !== 'function') continue
      const given = marks.slice(0, text.length)
      const written = (text as (...values: string[]) => string)(...given)
      for (const mark of key === 'last' ? given.slice(0, 1) : given) expect(written, key).toContain(mark)
    }
})

test('the index has every area', () => {
  const files = readdirSync(new URL('.', import.meta.url)).filter((file) =>
    /^(?!index|nouns|audit-recipes)[a-z-]+\.ts$/.test(file),
  )
  expect(Object.keys(catalog)).toHaveLength(files.length)
})
