import { expect, test } from 'vitest'
import { SourceRates, StoreLag } from './progress.ts'

test('a rate is of the last two samples, and 0 before the second', () => {
  const rates = new SourceRates()
  rates.update([{ name: 'flows', accepted: 100 }], 1000)
  expect([rates.of('flows'), rates.of('others'), rates.has('flows'), rates.has('others')]).toEqual([0, 0, true, false])
  rates.update([{ name: 'flows', accepted: 400 }], 3000)
  expect(rates.of('flows')).toBe(150)
  expect(rates.sources()).toEqual(['flows'])
})

test('silence begins with the last sample that has new rows, and is unknown before the first', () => {
  const rates = new SourceRates()
  rates.update([{ name: 'feed', accepted: 0 }], 1000)
  expect(rates.silence('feed', 1500)).toBeUndefined()
  rates.update([{ name: 'feed', accepted: 6 }], 2000)
  rates.update([{ name: 'feed', accepted: 6 }], 3000)
  expect([rates.silence('feed', 3500), rates.silence('others', 3500)]).toEqual([1500, undefined])
})

test('rows of an earlier run only: silence is counted from the start', () => {
  const rates = new SourceRates()
  rates.update([{ name: 'feed', accepted: 5 }], 1000)
  rates.update([{ name: 'feed', accepted: 5 }], 2000)
  expect([rates.silence('feed', 3500), rates.of('feed')]).toEqual([2500, 0])
})

test('the lag is the age of the oldest journal end that the store lacks, and 0 when it lacks none', () => {
  const lag = new StoreLag()
  for (const [sequence, now] of [
    [10, 1000],
    [10, 2000],
    [20, 3000],
  ] as const)
    lag.moved(sequence, now)
  expect(lag.of(5, 20, 4000)).toBe(3000)
  expect(lag.of(10, 20, 4000)).toBe(1000)
  expect(lag.of(20, 20, 4000)).toBe(0)
})
