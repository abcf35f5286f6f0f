import { expect, test } from 'vitest'
import { readThresholds, thresholdText } from './thresholds.ts'

test('thresholds are read in ascending order, and written as they are read', () => {
  const read = readThresholds(' 0.95 bad, -1 good,0.8  warning')
  expect(read).toEqual([
    { at: -1, tone: 'good' },
    { at: 0.8, tone: 'warning' },
    { at: 0.95, tone: 'bad' },
  ])
  expect(readThresholds(thresholdText(read ?? []))).toEqual(read)
  expect(readThresholds('  ')).toEqual([])
})

test.each(['0.8', 'x bad', '1 red', '1 bad,', '1 bad 2', 'Infinity bad'])('refuses %j', (text) => {
  expect(readThresholds(text)).toBeUndefined()
})
