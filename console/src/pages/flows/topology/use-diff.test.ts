import { expect, test } from 'vitest'
import { spansOf } from './use-diff.ts'

test('the earlier span is as long as the one it is compared with', () => {
  const t = { from: '2026-11-20T10:00:00Z', to: '2026-11-20T10:30:00Z' }
  const iso = (diff: string): string[] => spansOf(t, diff).before.map((at) => new Date(at).toISOString().slice(8, 16))
  expect([iso('span'), iso('1d'), iso('2026-11-18T23:50:00Z')]).toEqual([
    ['20T09:30', '20T10:00'],
    ['19T10:00', '19T10:30'],
    ['18T23:50', '19T00:20'],
  ])
})
