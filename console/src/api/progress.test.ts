import { afterEach, expect, test, vi } from 'vitest'
import { progressOf, withProgress } from './progress.ts'

afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

test('the progress of several queries is their sum, and the time of the last one', () => {
  const reading = { state: 'reading', total: 100 } as const
  expect(
    progressOf([
      { ...reading, query_id: 'a', done: 10, remaining_ms: 900 },
      { ...reading, query_id: 'b', done: 50, remaining_ms: 3000 },
      { query_id: 'c', state: 'waiting' },
    ]),
  ).toEqual({ state: 'reading', done: 60, total: 200, remainingMs: 3000 })
  expect(progressOf([{ query_id: 'c', state: 'waiting' }])).toEqual({ state: 'waiting' })
  expect(progressOf([])).toBeUndefined()
})

test('the server is queried for progress after two seconds, each second, until the last request ends', async () => {
  vi.useFakeTimers()
  const fetched = vi.fn<() => Promise<Response>>(async () => Response.json({ queries: [] }))
  vi.stubGlobal('fetch', fetched)
  const answer = Promise.withResolvers<string>()
  const ids: string[] = []
  const request = withProgress((id) => {
    ids.push(id)
    return answer.promise
  })
  await vi.advanceTimersByTimeAsync(1900)
  expect(fetched).not.toHaveBeenCalled()
  await vi.advanceTimersByTimeAsync(2200)
  expect(fetched).toHaveBeenCalledTimes(3)
  answer.resolve('rows')
  expect(await request).toBe('rows')
  await vi.advanceTimersByTimeAsync(5000)
  expect(fetched).toHaveBeenCalledTimes(3)
  expect(ids[0]).toMatch(/^[\w-]{1,64}$/)
})
