import { expect, test } from 'vitest'
import { pollOnSchedule } from './schedule.ts'

async function waits(
  polls: readonly { readonly takes: number; readonly requires?: number; readonly random?: number }[],
) {
  const slept: number[] = []
  const next: number[] = []
  const abort = new AbortController()
  let [now, at] = [0, 0]
  await pollOnSchedule(
    {
      host: {
        clock: { now: () => now, monotonic: () => now },
        random: { next: () => polls[at - 1]?.random ?? 0, bytes: (length) => new Uint8Array(length) },
        timers: {
          after: () => ({ cancel: () => undefined }),
          every: () => ({ cancel: () => undefined }),
          yield: () => Promise.resolve(),
          tick: () => Promise.resolve(),
          sleep: (ms) => {
            slept.push(ms)
            expect(next.at(-1)).toBe(now + Math.max(0, ms))
            now += Math.max(0, ms)
            if (at === polls.length) abort.abort()
            return Promise.resolve()
          },
        },
      },
      every: 60_000,
      scheduled: (time) => void next.push(time),
    },
    () => {
      const { takes, requires = 0 } = polls[at++] ?? { takes: 0 }
      now += takes
      return Promise.resolve(requires)
    },
    abort.signal,
  )
  return slept
}

test('intervals count from start to start, and a longer poll is followed at once', async () => {
  expect(await waits([{ takes: 1000 }, { takes: 59_999 }, { takes: 60_000 }, { takes: 90_000 }])).toEqual([
    59_000, 1, 0, 0,
  ])
})

test('jitter shortens an interval by at most a tenth', async () => {
  expect(
    await waits([
      { takes: 1000, random: 0.5 },
      { takes: 1000, random: 1 },
    ]),
  ).toEqual([56_000, 53_000])
})

test('a longer wait that the API requires is exact to the millisecond', async () => {
  expect(
    await waits([
      { takes: 1000, requires: 70_000, random: 0.5 },
      { takes: 1000, requires: 1000 },
    ]),
  ).toEqual([70_000, 59_000])
})
