import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { generalText } from './general.ts'

type Text = Readonly<{ name: string; text: string }>

/** Synonyms that find commands and pages; recipes, statements and commands are code. */
const exempt = /[wW]ords$|^pageWords|^recipes|^sqlExamples|\.(?:recipe|placeholder|softflowd|\w+Command)$/

/** Texts of a page or part are beside it. */
const files = readdirSync(new URL('..', import.meta.url), { recursive: true, encoding: 'utf8' }).filter((file) =>
  /^text\/[a-z-]+\.ts$|^(?:pages|parts)\/.*\/text\.ts$/.test(file),
)
const modules = await Promise.all(
  files.map(async (file) => (await import(/* @vite-ignore */ `../${file}`)) as Readonly<Record<string, unknown>>),
)
const catalog = Object.fromEntries(
  modules.flatMap((exports) => Object.entries(exports).filter(([name]) => name.endsWith('Text'))),
) as Readonly<Record<string, Readonly<Record<string, unknown>>>>
const texts = modules.flatMap((exports) => Object.entries(exports).flatMap(([name, value]) => textsOf(name, value)))

/** Also the texts of lists and nested tables; each parameter is `7`. */
function textsOf(name: string, value: unknown): Text[] {
  if (exempt.test(name)) return []
  if (typeof value === 'string') return [{ name, text: value }]
  if (typeof value === 'function')
    return textsOf(name, (value as (...values: string[]) => string)(...Array<string>(value.length).fill('7')))
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, entry]) => textsOf(`${name}.${key}`, entry))
}

test('every sentence has at most 25 words', () => {
  const long = texts.filter(({ text }) => text.split(/(?<=[.!?])\s/).some((part) => part.split(/\s+/).length > 25))
  expect(long).toEqual([])
})

test('a text with parameters uses all of them', () => {
  const marks = ['①', '②', '③', '④', '⑤']
  for (const entries of Object.values(catalog))
    for (const [key, text] of Object.entries(entries)) {
      if (typeof text !== 'function') continue
      const given = marks.slice(0, text.length)
      const written = (text as (...values: string[]) => string)(...given)
      for (const mark of key === 'last' ? given.slice(0, 1) : given) expect(written, key).toContain(mark)
    }
})

test('one remaining group has no plural', () => {
  expect([1, '1', 2, '1,000'].map(generalText.remaining)).toEqual(['1 other', '1 other', '2 others', '1,000 others'])
})

test('the catalog has the texts of pages, of parts and of the frame', () => {
  expect(Object.keys(catalog)).toEqual(expect.arrayContaining(['insightsText', 'topologyText', 'appText']))
})

test('every text is used', () => {
  const source = new URL('..', import.meta.url)
  const code = readdirSync(source, { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.tsx?$/.test(file) && !file.endsWith('.test.ts'))
    .map((file) => readFileSync(new URL(file, source), 'utf8'))
    .join('\n')
  const used = new Set(Array.from(code.matchAll(/\b\w+Text\.\w+\b/g), ([name]) => name))
  const unused = Object.entries(catalog).flatMap(([area, entries]) =>
    code.includes(`${area}[`) ? [] : Object.keys(entries).filter((key) => !used.has(`${area}.${key}`)),
  )
  expect(unused).toEqual([])
})

/** The words of the table in the glossary, each with the term that replaces it. */
function secondNames(): readonly Readonly<{ word: RegExp; term: string }>[] {
  const glossary = readFileSync(new URL('../../../docs/glossary.md', import.meta.url), 'utf8')
  const section = /^## Texts of the console$(.*?)^## /ms.exec(glossary)?.[1] ?? ''
  return Array.from(section.matchAll(/^\| (?!Term |-)([^|]+) \| [^|]+ \| ([^|]+) \|$/gm)).flatMap(
    ([, term = '', words = '']) =>
      words.split(', ').map((word) => ({
        word: new RegExp(String.raw`\b${word}(?:s|d|ing)?\b`, /[A-Z]/.test(word) ? '' : 'i'),
        term,
      })),
  )
}

test('no term has a second name', () => {
  const names = secondNames()
  expect(names.length).toBeGreaterThan(35)
  const found = texts.flatMap(({ name, text }) =>
    names
      .filter(({ word }) => word.test(text.replaceAll(/\/api\/\S+|`[^`]*`/g, '')))
      .map(({ word, term }) => `${name}: “${text}” has ${String(word)}; use “${term}”`),
  )
  expect(found).toEqual([])
})
