import { DuckDBInstance } from '@duckdb/node-api'
import { RE2JS } from 're2js'
import { expect, test } from 'vitest'
import { SeededRandom } from '../../test/kit/random.ts'
import { regexProblem } from './regex.ts'
import { foundSql, text } from './sql-text.ts'
import { randomPatterns, subjects } from './testing/patterns.ts'

test('DuckDB and re2js accept every accepted expression, and find it in the same texts', async () => {
  const random = new SeededRandom(11)
  const connection = await (await DuckDBInstance.create(':memory:')).connect()
  await connection.run(
    `CREATE TABLE t AS SELECT * FROM (VALUES
      ${subjects.map((subject, index) => `(${index}, ${text(subject)})`).join(', ')}) v(i, s)`,
  )
  const patterns = randomPatterns(random, 1500)
  for (const pattern of patterns) {
    const expression = RE2JS.compile(pattern)
    const answer = await connection.runAndReadAll(`SELECT s FROM t WHERE ${foundSql('s', pattern)} ORDER BY i`)
    expect({ pattern, found: answer.getRows().map(([found]) => found) }).toEqual({
      pattern,
      found: subjects.filter((subject) => expression.test(subject)),
    })
  }
  expect(patterns.length).toBeGreaterThan(500)
  connection.closeSync()
})

test('expressions that engines interpret differently, or that are too large, are refused with a reason', () => {
  const refused: Record<string, RegExp> = {
    '\\p{L}': /Unicode/,
    '(?<n>a)': /named groups/,
    '(?P<n>a)': /named group/,
    '(?=a)': /Look-around/,
    '(a)\\1': /Back references/,
    '\\C': /\\C has no meaning/,
    '(a': /not closed/,
    'a)': /no \( before/,
    '[a': /not closed/,
    '[z-a]': /lower character/,
    '[a-\\n]': /lower character/,
    'a**': /follows a repetition/,
    '*a': /nothing to repeat/,
    'a{2,1}': /smaller number first/,
    'a{1001}': /0 to 1000/,
    '((a{100}){5}){3}': /more than 1000 copies/,
    '(?:[ab]{300}c){3}': /repeats too much/,
    '\\': /backslash/,
    '(?i)Ꟛ': /Unicode/,
    '(?i)[à-ɤ]': /Unicode/,
    '\\x{d800}': /not a character/,
  }
  for (const [pattern, reason] of Object.entries(refused))
    expect({ pattern, problem: regexProblem(pattern) }).toEqual({ pattern, problem: expect.stringMatching(reason) })
  expect(regexProblem('x'.repeat(1001))).toMatch(/1000 characters/)
  for (const pattern of [
    'Ꟛ',
    '(?i)äß日本',
    '(a+)+$',
    'a{1000}',
    '((a{10}){10}){10}',
    '[[:alpha:]-]',
    '(?i:x)y',
    'a{,5}',
    '',
  ])
    expect({ pattern, problem: regexProblem(pattern) }).toEqual({ pattern, problem: undefined })
})

test('matching takes time proportional to the text, for any expression', () => {
  for (const pattern of ['(a+)+$', '(a|aa)+$', '(.*a){20}b', '(a*)*b']) {
    expect(regexProblem(pattern)).toBeUndefined()
    expect(RE2JS.compile(pattern).test(`${'a'.repeat(100_000)}!`)).toBe(false)
  }
})
