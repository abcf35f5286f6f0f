import fc from 'fast-check'
import { expect, test } from 'vitest'
import { checkJson, depthLimit } from './json.ts'

const accepts = (text: string): boolean => {
  try {
    checkJson(Buffer.from(text))
    return true
  } catch {
    return false
  }
}

const parses = (text: string): boolean => {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

test('what JSON.stringify writes is JSON', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.constantFrom(0, 1, '\t'), (value, space) => {
      expect(accepts(JSON.stringify(value, null, space))).toBe(true)
    }),
  )
})

test('damaged JSON is JSON exactly when the platform still parses it', () => {
  const damage = fc.constantFrom(
    '"',
    '\\',
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    ' ',
    '0',
    '-',
    '.',
    'e',
    '+',
    't',
    'null',
    '\u0001',
    '\\u12',
    '\\u00e9',
    '01',
    '1e5',
  )
  fc.assert(
    fc.property(fc.jsonValue(), damage, fc.nat(), fc.nat(3), (value, insert, place, cut) => {
      const text = JSON.stringify(value)
      const at = place % (text.length + 1)
      const damaged = text.slice(0, at) + insert + text.slice(at + cut)
      expect([damaged, accepts(damaged)]).toEqual([damaged, parses(damaged)])
    }),
    { numRuns: 3000 },
  )
})

test('any few tokens are JSON exactly when the platform parses them', () => {
  const token = fc.constantFrom(
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"a"',
    '""',
    '1',
    '-0',
    '0.5',
    '1E+2',
    'true',
    'false',
    'null',
    ' ',
    '\n',
    '-',
    '.',
    'nul',
  )
  fc.assert(
    fc.property(
      fc.array(token, { maxLength: 9 }).map((tokens) => tokens.join('')),
      (text) => {
        expect([text, accepts(text)]).toEqual([text, parses(text)])
      },
    ),
    { numRuns: 5000 },
  )
})

test('every cut of a JSON text is refused and none reads beyond its end', () => {
  const text = '{"a":[1.5e-3,"\\u00e9\\n",true,null,{"b":{}}],"c":-0}'
  for (let end = 0; end < text.length; end++) expect(accepts(text.slice(0, end))).toBe(false)
  expect(accepts(text)).toBe(true)
})

test(`${depthLimit} levels are taken and one more is refused, whatever they are made of`, () => {
  for (const [open, close] of [
    ['[', ']'],
    ['{"a":', '}'],
  ] as const) {
    const nested = (levels: number): string => open.repeat(levels) + '1' + close.repeat(levels)
    expect(accepts(nested(depthLimit))).toBe(true)
    expect(() => {
      checkJson(Buffer.from(nested(depthLimit + 1)))
    }).toThrow('deeper than 64 levels')
  }
  expect(() => {
    checkJson(Buffer.from('['.repeat(1_000_000)))
  }).toThrow('deeper')
})
