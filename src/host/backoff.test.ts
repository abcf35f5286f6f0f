import { expect, test } from 'vitest'
import { backoffMs } from './backoff.ts'

const limits = { firstMs: 100, maxMs: 1000 }

test('delays double up to the limit', () => {
  expect([0, 1, 2, 3, 4, 2000].map((retry) => backoffMs(limits, retry, 1))).toEqual([100, 200, 400, 800, 1000, 1000])
})

test('jitter shortens a delay by at most its share', () => {
  expect(backoffMs(limits, 1, 0)).toBe(100)
  expect(backoffMs({ ...limits, jitter: 1 }, 1, 0)).toBe(0)
  expect(backoffMs({ ...limits, jitter: 1 }, 1, 0.5)).toBe(100)
})
