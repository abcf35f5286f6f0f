import fc from 'fast-check'
import { expect, test } from 'vitest'
import { wellFormedJson } from './json-escapes.ts'

test.each([
  [String.raw`{"a":"\ud800"}`, String.raw`{"a":"\ufffd"}`],
  [String.raw`{"\uDC00":"\uD83D\uDE00"}`, String.raw`{"\ufffd":"\uD83D\uDE00"}`],
  [String.raw`["\ud83d\ud83d\ude00\ude00"]`, String.raw`["\ufffd\ud83d\ude00\ufffd"]`],
  [String.raw`["\\ud800","\\\ud800"]`, String.raw`["\\ud800","\\\ufffd"]`],
  [String.raw`{"a":"\u00e9\u0000"}`, String.raw`{"a":"\u00e9\u0000"}`],
])('halves of pairs are replaced, and nothing else: %s', (json, expected) => {
  expect(wellFormedJson(json)).toBe(expected)
})

test('the result has the values made well-formed', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('\ud800', '\udfff', '\u{1F600}', '\\', '"', 'u', 'd', '8', '0') }),
      (text) => {
        expect(JSON.parse(wellFormedJson(JSON.stringify({ [text]: text })))).toEqual({
          [text.toWellFormed()]: text.toWellFormed(),
        })
      },
    ),
  )
})
