import { expect, test } from 'vitest'
import { makeTree } from '../kit/tree.ts'
import { exceptionsIn, plainWords, wordingOf } from './plain-words.ts'
import rules from './plain-words.json' with { type: 'json' }

/** An unusual wording, from the list so that this file has none. */
const wording = rules.wordings[2]?.pattern.match(/[a-z]{3,}/)?.[0] ?? ''
const name = rules.names[0] ?? ''

const count = (path: string, text: string, exceptions: readonly string[] = []): number =>
  wordingOf([{ path, text }], exceptions).findings.length

test('wordings are counted in comments, in strings of more than three words and in documents', () => {
  expect(wording).toMatch(/^[a-z]+$/)
  expect(count('a.ts', `// It ${wording}.`)).toBe(1)
  expect(count('a.ts', `/**\n * It ${wording}.\n */`)).toBe(1)
  expect(count('a.ts', `const a = 1 // It ${wording}.`)).toBe(1)
  expect(count('a.ts', `fail('the source ${wording} too often')`)).toBe(1)
  expect(count('a.md', `It ${wording}, and ${wording}.`)).toBe(2)
})

test('code, short strings and code blocks of documents are not prose', () => {
  expect(count('a.ts', `const ${wording} = 1`)).toBe(0)
  expect(count('a.ts', `pick('${wording}', 'b')`)).toBe(0)
  expect(count('a.md', `\`\`\`\n${wording}\n\`\`\``)).toBe(0)
})

test('a finding has its line and the terms to use', () => {
  expect(wordingOf([{ path: 'a.ts', text: `const a = 1\n// It ${wording}.` }]).findings).toEqual([
    { file: 'a.ts', line: 2, text: `It ${wording}.`, instead: rules.wordings[2]?.instead },
  ])
})

test('names are counted by their parts, in code only', () => {
  const part = `${name[0]?.toUpperCase()}${name.slice(1)}`
  expect(wordingOf([{ path: 'a.ts', text: `const on${part} = ${name}\non${part}()` }]).names).toEqual(
    new Map([
      [`on${part}`, 2],
      [name, 1],
    ]),
  )
  expect(wordingOf([{ path: 'a.md', text: name }]).names.size).toBe(0)
})

test('exceptions of the glossary are not counted', () => {
  const glossary =
    `# Glossary\n\n## Exceptions\n\n| Wording | Reason |\n|---|---|\n| \`${wording}\` | a field ` +
    `|\n\n## More\n\n| \`b\` | c |\n`
  expect(exceptionsIn(glossary)).toEqual([wording])
  expect(exceptionsIn('# Glossary\n')).toEqual([])
  expect(count('a.md', `It ${wording}.`, [wording])).toBe(0)
  expect(wordingOf([{ path: 'a.ts', text: name }], [name]).names.size).toBe(0)
})

test('a tree above the limit fails and names its files', async () => {
  const root = await makeTree({
    'a.md': `It ${wording}.\n`.repeat(6000),
    'b.ts': `${name}\n`.repeat(100_000),
    'fixtures/c.md': wording,
  })
  expect(await plainWords(root)).toEqual([
    { file: 'tools/checks/plain-words.ts', message: expect.stringMatching(/^500\.00 .* Most: a\.md 6000\./) },
    { file: 'tools/checks/plain-words.ts', message: expect.stringMatching(/^100000 uses/) },
  ])
})

test('more than ten exceptions fail', async () => {
  const rows = Array.from({ length: 11 }, (_, index) => `| \`name${index}\` | reason |\n`).join('')
  const root = await makeTree({ 'docs/glossary.md': `## Exceptions\n\n${rows}` })
  expect(await plainWords(root)).toEqual([{ file: 'docs/glossary.md', message: '11 exceptions; at most 10' }])
})
