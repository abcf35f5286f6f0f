import { expect, test } from 'vitest'
import { realTimers } from '../../host/real.ts'
import { Turns } from './turns.ts'

test('of many that wait, one goes on in each turn of the event loop, and who is in a hurry goes first', async () => {
  const turns = new Turns(realTimers)
  const seen: string[] = []
  const work = async (name: string, pieces: number, hurry = false): Promise<void> => {
    for (let piece = 0; piece < pieces; piece++) {
      await turns.next(hurry)
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
  // Nobody had two turns while others waited.
  expect(
    seen
      .filter((name) => name !== 'now')
      .slice(0, 3)
      .toSorted(),
  ).toEqual(['a', 'b', 'c'])
})
