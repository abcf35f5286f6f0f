import { expect, test } from 'vitest'
import { endOfRows } from './onset.ts'

const second = 1_000_000n

test.each([
  ['rows after the range are context', 120n, 120n],
  ['the last seconds without rows may not be stored yet', 97n, 97n],
  ['a silence of a minute is a fall', 40n, 100n],
  ['without rows, the range ends where it was requested', 0n, 100n],
] as const)('%s', (_, last, end) => {
  expect(endOfRows({ last: last * second, to: 100n * second, bucket: second })).toBe(end * second)
})
