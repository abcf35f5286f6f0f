import { expect, test } from 'vitest'
import { whyText } from './why.ts'

const answer = {
  onset: '2026-12-01T10:00:00Z',
  detected: false,
  by: 'bytes',
  before: 0,
  after: 0,
  window: { from: '2026-12-01T09:30:00Z', to: '2026-12-01T10:00:00Z' },
  candidates: [],
  others: 0,
  excluded: { noise: 0, controllers: 0, unrelated: 0 },
} as const

test.each([
  ['5 s', 5, false],
  ['20 s', 20, false],
  ['30 s', 30, true],
] as const)('buckets of %s', (_, step, isNoted) => {
  expect(whyText({ ...answer, step }).includes(`less than ${3 * step} s are found in shorter`)).toBe(isNoted)
})
