import { expect, test } from 'vitest'
import { retryAfterMs } from './retry-after.ts'

const now = Date.parse('2026-11-23T12:00:00Z')

test.each([
  ['seconds', '7', 7000],
  ['a fraction of seconds', ' 0.5 ', 500],
  ['a date', 'Mon, 23 Nov 2026 12:01:00 GMT', 60_000],
  ['a date in the past', 'Mon, 23 Nov 2026 11:00:00 GMT', 0],
  ['longer than the limit', '99999999', 600_000],
  ['a date beyond the limit', 'Tue, 24 Nov 2026 12:00:00 GMT', 600_000],
  ['no header', undefined, undefined],
  ['an empty header', ' ', undefined],
  ['something else', 'soon', undefined],
])('Retry-After: %s', (_, value, expected) => {
  expect(retryAfterMs(value, now, 600_000)).toBe(expected)
})
