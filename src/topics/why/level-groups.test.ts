import { expect, test } from 'vitest'
import { trafficLevels } from './level-groups.ts'

const length = 240

test('a pair that loses its traffic is a fall, also while a larger one returns to its usual level', () => {
  const noise = (at: number) => 1 + 0.1 * Math.sin(7 * at)
  const lost = (at: number) => (at >= 120 && at < 130 ? 1 : 60)
  const burst = (at: number) => (at >= 105 && at < 120 ? 800 : 100)
  const series = [lost, burst].map((valueAt, key) => {
    const values = Array.from({ length }, (_, at) => Math.round(valueAt(at) * noise(at)))
    return { key, values, flows: values, unit: 1, isSum: false }
  })
  const levels = trafficLevels(series).map(({ at, kind, keys }) => [at, kind, keys.length])
  expect(levels).toEqual([
    [105, 'rise', 1],
    [120, 'fall', 2],
    [130, 'recovery', 1],
  ])
})
