import { expect, test } from 'vitest'
import { duration, perSecond, size, volume } from './format.ts'

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [999.6, '1.00 kB'],
  [1000, '1.00 kB'],
  [9994, '9.99 kB'],
  [9996, '10.0 kB'],
  [13_950, '14.0 kB'],
  [99_940, '99.9 kB'],
  [99_960, '100 kB'],
  [999_499, '999 kB'],
  [999_500, '1.00 MB'],
  [1.5e9, '1.50 GB'],
  [999.9e15, '1000 PB'],
])('a volume has three significant digits after rounding: %d is %s', (bytes, text) => {
  expect(volume(bytes)).toBe(text)
})

test.each([
  [1000, '1000 B'],
  [1023 * 1024, '1023 KiB'],
  [1023.7 * 1024, '1.00 MiB'],
  [99.97 * 1024, '100 KiB'],
])('a size uses powers of 1024: %d is %s', (bytes, text) => {
  expect(size(bytes)).toBe(text)
})

test.each([
  [0.9996, '1.0 ms'],
  [9.96, '10 ms'],
  [999.6, '1.0 s'],
  [59_960, '1 min'],
  [3_580_000, '1.0 h'],
])('a duration of %d ms is %s', (ms, text) => {
  expect(duration(ms)).toBe(text)
})

test('a rate below ten has one decimal, after rounding', () => {
  expect([9.94, 9.96, 12.4].map(perSecond)).toEqual(['9.9/s', '10/s', '12/s'])
})
