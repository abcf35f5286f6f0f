import { describe, expect, test } from 'vitest'
import { normal, SeededRandom } from '../../../test/kit/random.ts'
import { drawnSize } from '../../../test/kit/seeds.ts'
import { metricLevels } from './metric-levels.ts'

const length = 240

type Series = Readonly<{ scale: number; trend: number; step: number; at: number }>

/** Normal values around a line, with a step. */
function series(random: SeededRandom, { scale, trend, step, at }: Series): number[] {
  return Array.from({ length }, (_, index) => scale * (normal(random) + trend * index + (index >= at ? step : 0)))
}

describe('levels of a metric', () => {
  test('steps are found within a bucket, for any unit, sign and trend', () => {
    const random = new SeededRandom(1)
    let near = 0
    const draws = drawnSize(100, 1000)
    for (let draw = 0; draw < draws; draw++) {
      const at = random.integer(30, length - 30)
      const scale = random.pick([1e-9, 1, -1, 1e12])
      const step = random.pick([-6, 6, 10])
      const levels = metricLevels(series(random, { scale, trend: random.pick([0, 0, 0.01, -0.02]), step, at }))
      if (levels.some((level) => Math.abs(level.at - at) <= 1 && level.after > level.before === step * scale > 0))
        near++
    }
    expect(near / draws).toBeGreaterThan(0.95)
  })

  test('few series without a step have one', () => {
    const random = new SeededRandom(2)
    let changed = 0
    const draws = drawnSize(100, 1000)
    for (let draw = 0; draw < draws; draw++)
      if (metricLevels(series(random, { scale: 1, trend: random.pick([0, 0.02]), step: 0, at: length })).length > 0)
        changed++
    expect(changed / draws).toBeLessThan(0.1)
  })

  test('values without a change, few values and none have no level', () => {
    for (const values of [[], [1], Array.from({ length: 50 }, () => 7), Array.from({ length: 50 }, (_, at) => 3 * at)])
      expect(metricLevels(values)).toEqual([])
  })
})
