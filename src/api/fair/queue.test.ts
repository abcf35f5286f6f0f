import { expect, test } from 'vitest'
import { FairQueue } from './queue.ts'

const never = new AbortController().signal
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** Enters the queue and logs the user that continues; `end` finishes the oldest running query. */
function watched(queue: FairQueue): {
  enter: (user: string, signal?: AbortSignal) => Promise<void>
  end: () => Promise<void>
  went: string[]
} {
  const went: string[] = []
  const leaving: (() => void)[] = []
  return {
    went,
    async enter(user, signal = never) {
      const leave = await queue.enter(user, signal)
      went.push(user)
      leaving.push(leave)
    },
    async end() {
      leaving.shift()?.()
      await turn()
    },
  }
}

test('a user with many queries waits for its own, others are next', async () => {
  const { enter, end, went } = watched(new FairQueue({ atOnce: 2, waitingPerUser: 10, waiting: 100 }))
  const all = [enter('a'), enter('a'), enter('a'), enter('a'), enter('a'), enter('b'), enter('c'), enter('b')]
  await turn()
  expect(went.join('')).toBe('aa')
  for (let ended = 0; ended < 6; ended++) await end()
  expect(went.join('')).toBe('aabacbaa')
  await Promise.all(all)
})

test('a full queue rejects with a hint; other users may still enter', async () => {
  const { enter, end, went } = watched(new FairQueue({ atOnce: 1, waitingPerUser: 2, waiting: 3 }))
  const all = [enter('a'), enter('a'), enter('a')]
  await expect(enter('a')).rejects.toMatchObject({
    code: 'WEIR_API_LIMIT',
    message: expect.stringContaining('2 waiting queries of one user'),
  })
  all.push(enter('b'))
  await expect(enter('c')).rejects.toMatchObject({
    code: 'WEIR_API_LIMIT',
    message: expect.stringContaining('3 waiting queries'),
  })
  for (let ended = 0; ended < 4; ended++) await end()
  await Promise.all(all)
  expect(went.toSorted().join('')).toBe('aaab')
  await enter('c')
})

test('a disconnected client leaves the queue', async () => {
  const { enter, end, went } = watched(new FairQueue({ atOnce: 1, waitingPerUser: 2, waiting: 3 }))
  await enter('a')
  const disconnected = new AbortController()
  const left = enter('b', disconnected.signal)
  const other = enter('b')
  disconnected.abort(new Error('gone'))
  await expect(left).rejects.toThrow('gone')
  await end()
  await other
  expect(went.join('')).toBe('ab')
})
