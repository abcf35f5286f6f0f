import fc from 'fast-check'
import { expect, test } from 'vitest'
import { goText } from './go-text.ts'

test('the same object yields the same text for any key order', () => {
  const turned = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(turned)
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(
      Object.entries(value)
        .toReversed()
        .map(([key, each]) => [key, turned(each)]),
    )
  }
  fc.assert(
    fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
      const text = goText(value)
      expect(goText(turned(value))).toBe(text)
      expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)))
    }),
  )
})

test('keys are in byte order', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.oneof(fc.string({ unit: 'grapheme' }), fc.nat(200).map(String)), { maxLength: 8 }),
      (keys) => {
        const bytes = keys.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
        const found = [
          ...goText(Object.fromEntries(keys.map((key) => [key, 0]))).matchAll(/("(?:\\.|[^"\\])*"):0/g),
        ].map(([, key]) => JSON.parse(key ?? '') as string)
        expect(found).toEqual(bytes)
      },
    ),
  )
})

test('signs that a page could take for its own are escaped, and the text ends its line', () => {
  expect(goText({ b: '<a href="x">&\u2028\u2029', a: [1, null] })).toBe(
    '{"a":[1,null],"b":"\\u003ca href=\\"x\\"\\u003e\\u0026\\u2028\\u2029"}\n',
  )
})
