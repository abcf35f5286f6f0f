import { expect, it } from 'vitest'
import { resolvedRange } from './resolved-range.ts'

const now = Date.parse('2026-11-20T10:07:31.123Z')
const of = (from: string, to = 'now'): unknown => Object.values(resolvedRange({ from, to }, now))

it('a short range that ends now has exact times', () => {
  expect(of('now-15m')).toEqual(['2026-11-20T09:52:31.123Z', '2026-11-20T10:07:31.123Z'])
})

it('a long range that ends now has whole buckets of the stored sums', () => {
  expect(of('now-3h')).toEqual(['2026-11-20T07:07:00.000Z', '2026-11-20T10:08:00.000Z'])
  expect(of('now-1d')).toEqual(['2026-11-19T10:05:00.000Z', '2026-11-20T10:10:00.000Z'])
  expect(of('now-2w')).toEqual(['2026-11-06T10:00:00.000Z', '2026-11-20T11:00:00.000Z'])
})

it('an absolute range stays as it is', () => {
  expect(of('2026-11-20T01:00:00Z', '2026-11-20T09:00:07Z')).toEqual(['2026-11-20T01:00:00Z', '2026-11-20T09:00:07Z'])
})
