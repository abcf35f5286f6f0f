import fc from 'fast-check'
import { expect, test } from 'vitest'
import { canonical } from './index.ts'

test('the same object yields the same text for any key order', () => {
  const shuffled = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(shuffled)
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(
      Object.entries(value)
        .toReversed()
        .map(([key, each]) => [key, shuffled(each)]),
    )
  }
  fc.assert(
    fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
      const text = canonical(value)
      expect(canonical(shuffled(value))).toBe(text)
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
          ...canonical(Object.fromEntries(keys.map((key) => [key, 0]))).matchAll(/("(?:\\.|[^"\\])*"):0/g),
        ].map(([, key]) => JSON.parse(key ?? '') as string)
        expect(found).toEqual(bytes)
      },
    ),
  )
})
