import fc from 'fast-check'
import { expect, test } from 'vitest'
import { digitKind, numberText } from './json-number.ts'

const kind = (text: string) => digitKind(Buffer.from(`a${text}b`), 1, text.length + 1)
const textOf = (text: string) => numberText(Buffer.from(`a${text}b`), 1, text.length + 1)

test.each([
  ['0', 'integer'],
  ['-7', 'integer'],
  ['123456789012345678901234', 'integer'],
  ['100.25', 'decimal'],
  ['0.000001', 'decimal'],
  ['0.0000001', 'other'],
  ['1.50', 'other'],
  ['-0', 'other'],
  ['01', 'other'],
  ['1e3', 'other'],
  ['1.', 'other'],
  ['.5', 'other'],
  ['131.07000000000002', 'other'],
  ['', 'other'],
  ['-', 'other'],
])('%s is %s', (text, expected) => {
  expect(kind(text)).toBe(expected)
})

test('a decimal is the text that JavaScript writes', () => {
  fc.assert(
    fc.property(fc.integer({ max: 10 ** 9, min: -(10 ** 9) }), fc.nat(10 ** 7), (whole, part) => {
      const text = `${whole}.${part}`
      if (kind(text) === 'decimal') expect(String(Number(text))).toBe(text)
    }),
  )
})

test.each([
  ['1.50', '1.5'],
  ['-0', '0'],
  ['1e3', '1000'],
  ['131.07000000000002', '131.07000000000002'],
  ['1e400', undefined],
  ['01', undefined],
  ['x', undefined],
])('the number of %s is written as %s', (text, expected) => {
  expect(textOf(text)).toBe(expected)
})
