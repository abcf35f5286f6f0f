import { expect, test } from 'vitest'
import { realTimers } from '../../host/real.ts'
import { SliceScheduler } from './slice-scheduler.ts'

test('resumes one waiting scan per turn of the event loop, urgent ones first', async () => {
  const scheduler = new SliceScheduler(realTimers)
  const seen: string[] = []
  const work = async (name: string, pieces: number, hurry = false): Promise<void> => {
    for (let piece = 0; piece < pieces; piece++) {
      await scheduler.next(hurry ? 'urgent' : 'usual')
      seen.push(name)
    }
  }
  const others = [work('a', 3), work('b', 3), work('c', 3)]
  await realTimers.yield()
  const before = seen.length
  await work('now', 1, true)
  expect(seen[before]).toBe('now')
  await Promise.all(others)
  expect(seen.toSorted().join('')).toBe('aaabbbcccnow')
  expect(
    seen
      .filter((name) => name !== 'now')
      .slice(0, 3)
      .toSorted(),
  ).toEqual(['a', 'b', 'c'])
})
