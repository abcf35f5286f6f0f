import { expect, test } from 'vitest'
import { daysBefore, daysOf, usualSpan } from './days.ts'

const now = Date.parse('2026-03-25T10:00:00Z')

test.each([
  ['month', '2026-03-01', '2026-03-26', '2026-02-01', '2026-02-26'],
  ['last-month', '2026-02-01', '2026-03-01', '2026-01-01', '2026-02-01'],
  ['days', '2026-02-24', '2026-03-26', '2026-01-25', '2026-02-24'],
  ['quarter', '2025-12-01', '2026-03-01', '2025-09-01', '2025-12-01'],
  ['year', '2025-03-01', '2026-03-01', '2024-03-01', '2025-03-01'],
] as const)('the period before %s has the same days or months', (span, from, to, before, until) => {
  const days = daysOf(span, now)
  expect(days).toEqual({ from, to })
  expect(daysBefore(days)).toEqual({ from: before, to: until })
})

test('the period before a month that is longer than the one before ends with it', () => {
  expect(daysBefore(daysOf('month', Date.parse('2026-03-31T10:00:00Z')))).toEqual({
    from: '2026-02-01',
    to: '2026-03-01',
  })
})

test.each([
  ['2026-12-01T00:00:00Z', 'days'],
  ['2026-12-03T23:59:59Z', 'days'],
  ['2026-12-04T00:00:00Z', 'month'],
  ['2026-12-31T23:59:59Z', 'month'],
] as const)('the usual time range on %s is %s', (now, span) => {
  expect(usualSpan(Date.parse(now))).toBe(span)
})
