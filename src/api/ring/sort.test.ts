import { expect, test } from 'vitest'
import { SeededRandom } from '../../../test/kit/random.ts'
import { realTimers } from '../../host/real.ts'
import { sortInSlices } from './sort.ts'
import { SliceScheduler } from './slice-scheduler.ts'

test('sorts any number of items stably', async () => {
  const random = new SeededRandom(1)
  for (const count of [0, 1, 4096, 4097, 20_000]) {
    const items = Array.from({ length: count }, (_, at) => ({ key: random.integer(0, 50), at }))
    const sorted = await sortInSlices(items, (a, b) => a.key - b.key, new SliceScheduler(realTimers))
    expect(sorted).toEqual([...items].sort((a, b) => a.key - b.key || a.at - b.at))
  }
})
