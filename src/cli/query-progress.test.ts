import { expect, test } from 'vitest'
import { progressText } from './query-progress.ts'

test('the line states the rows read, and the time left once it is known', () => {
  expect(progressText({ state: 'waiting' })).toBe('Waiting for other queries')
  expect(progressText({ state: 'verifying', done: 3, total: 24 })).toBe('Verifying 3 of 24 files')
  const read = { state: 'reading', done: 1_500_000, total: 20_000_000 } as const
  expect(progressText(read)).toBe('Reading 1,500,000 of 20,000,000 rows')
  expect(progressText({ ...read, remaining_ms: 4200 })).toBe('Reading 1,500,000 of 20,000,000 rows, about 4 s left')
  // Of viewers limited to namespaces.
  expect(progressText({ state: 'reading', remaining_ms: 100 })).toBe('Reading, about 1 s left')
})
