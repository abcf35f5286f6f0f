import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { SeededRandom } from '../../../test/kit/random.ts'
import { isJson } from './json-text.ts'

function parses(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

const whole = [
  'null',
  ' true ',
  '"a\\u0041\\n/"',
  '-0',
  '0.5e+3',
  '1E9',
  '[]',
  '[ ]',
  '{}',
  '{ }',
  '[1,[2,{"a":[]}],"x"]',
  '{"a":1,"b":{"c":[null,false]}}\n',
  '"\\ud83d\\ude00"',
  '"ä😀"',
  '\t[1 , 2]\r\n',
  '"\\"\\\\"',
  JSON.stringify({ spec: { containers: [{ name: 'a', args: ['--x="1"'], n: -1.25e-7 }] }, empty: {} }),
]

it('valid JSON is accepted, and a text broken in one place agrees with JSON.parse', () => {
  const random = new SeededRandom(1)
  for (const text of whole) {
    expect(isJson(Buffer.from(text)), text).toBe(true)
    for (let tries = 0; tries < 400; tries++) {
      const at = random.integer(0, text.length)
      const broken =
        text.slice(0, at) +
        random.pick([
          '',
          ' ',
          ',',
          ':',
          '"',
          '\\',
          '[',
          ']',
          '{',
          '}',
          '0',
          '1',
          '-',
          '.',
          'e',
          'E',
          '+',
          't',
          'u',
          '\u0000',
          '\n',
        ]) +
        text.slice(at + random.integer(0, 2))
      if (!broken.isWellFormed() || /\\u[dD][89a-fA-F]/.test(broken)) continue
      expect(isJson(Buffer.from(broken)), JSON.stringify(broken)).toBe(parses(broken))
    }
  }
})

it('lone surrogates, truncated texts and other bytes are refused', () => {
  for (const text of [
    '',
    ' ',
    '"',
    '"a',
    '"\\',
    '"\\u12',
    '"\\ud800"',
    '"\\udc00"',
    '"\\ud800\\u0041"',
    '[',
    '{',
    '{"a"',
    '{"a":',
    '{"a":1',
    '[1',
    '[1,',
    '-',
    '1.',
    '1e',
    'tru',
    'NaN',
    'Infinity',
    '[1,]',
    '{"a":1,}',
    '{a:1}',
    "'a'",
    '1 2',
    '01',
    '+1',
    '\ufeff1',
  ])
    expect(isJson(Buffer.from(text)), text).toBe(false)
})

it('large and deeply nested texts are checked', () => {
  expect(isJson(readFileSync(new URL('../../../package-lock.json', import.meta.url)))).toBe(true)
  expect(isJson(Buffer.from('['.repeat(200_000) + ']'.repeat(200_000)))).toBe(true)
  expect(isJson(Buffer.from('['.repeat(200_000) + ']'.repeat(199_999)))).toBe(false)
})
