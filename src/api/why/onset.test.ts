import { describe, expect, test } from 'vitest'
import { SeededRandom } from '../../../test/kit/random.ts'
import { onsetOf } from './onset.ts'

/** Noisy series of `length` buckets around a level of 100, multiplied by `share` from bucket `at` to `until`. */
function series(seed: number, share: number, at: number, until = 120): number[] {
  const random = new SeededRandom(seed)
  return Array.from({ length: 120 }, (_, index) => {
    return (60 + 80 * random.next()) * (index >= at && index < until ? share : 1)
  })
}
const steady = Array.from({ length: 9 }, (_, index) => series(100 + index, 1, 0))

describe('the start of a change of traffic', () => {
  test('is the bucket of a lasting drop, a rise and a short dip', () => {
    for (const [share, until] of [
      [0.05, 120],
      [3, 120],
      [0, 76],
    ] as const)
      expect(onsetOf([...steady, series(1, share, 66, until)], 50)?.at, `× ${share} until ${until}`).toBeCloseTo(
        66,
        -0.5,
      )
  })

  test('is found although the sum of all hardly changes', () => {
    const [falls, rises] = [series(1, 0.1, 70), series(2, 1.9, 70)]
    expect(onsetOf([...steady, falls, rises], 50)?.at).toBeCloseTo(70, -0.5)
  })

  test('is that of the drop, and not of the recovery', () => {
    expect(onsetOf([...steady, series(1, 0, 60, 90)], 50)?.at).toBeCloseTo(60, -0.5)
  })

  test('is undefined for steady and for empty traffic', () => {
    expect(onsetOf(steady, 50)).toBeUndefined()
    expect(onsetOf([], 1)).toBeUndefined()
    expect(onsetOf([new Array<number>(120).fill(0)], 1)).toBeUndefined()
  })
})
