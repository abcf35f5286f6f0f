import fc from 'fast-check'
import { expect, test } from 'vitest'
import { realHost } from '../../host/index.ts'
import { deliverInOrder, type Attempt } from './in-order.ts'

const { clock } = realHost()
const options = { window: 4, budgetMs: 60_000, clock, signal: new AbortController().signal }
const row = (index: number, key?: string): { index: number; key: string | undefined } => ({ index, key })

const outcomes = fc.constantFrom<Attempt | 'throw'>(
  undefined,
  undefined,
  undefined,
  { is: 'retry', reason: 'busy' },
  { is: 'reject', reason: 'poison' },
  'throw',
)

test('each row is delivered or named once, and no key is delivered past a row of it that failed', async () => {
  const row_ = fc.record({ key: fc.constantFrom(undefined, 'a', 'b'), outcome: outcomes, ticks: fc.nat(4) })
  await fc.assert(
    fc.asyncProperty(fc.array(row_, { maxLength: 40 }), fc.integer({ min: 1, max: 6 }), async (script, window) => {
      const delivered: number[] = []
      let under = 0
      let most = 0
      const busyKeys = new Set<string>()
      const failures = await deliverInOrder(
        script.map(({ key }, index) => row(index, key)),
        { ...options, window },
        async ({ index, key }) => {
          most = Math.max(most, ++under)
          if (key !== undefined) {
            expect(busyKeys.has(key)).toBe(false)
            busyKeys.add(key)
          }
          for (let i = 0; i < (script[index]?.ticks ?? 0); i++) await Promise.resolve()
          under--
          if (key !== undefined) busyKeys.delete(key)
          const outcome = script[index]?.outcome
          if (outcome === 'throw') throw new Error('broken')
          if (outcome === undefined) delivered.push(index)
          return outcome
        },
      )
      expect(most).toBeLessThanOrEqual(window)
      expect([...delivered, ...failures.map((failure) => failure.index)].sort((a, b) => a - b)).toEqual(
        script.map((_, index) => index),
      )
      for (const key of ['a', 'b']) {
        const ofKey = delivered.filter((index) => script[index]?.key === key)
        expect(ofKey).toEqual(ofKey.toSorted((a, b) => a - b))
        const failed = failures.filter(({ index }) => script[index]?.key === key).map(({ index }) => index)
        expect(Math.max(-1, ...ofKey)).toBeLessThan(Math.min(Number.POSITIVE_INFINITY, ...failed))
      }
      for (const [index, { key, outcome }] of script.entries()) {
        if (key === undefined && outcome === undefined) expect(delivered).toContain(index)
      }
    }),
  )
})

test('stops after an outage and passes the requested delay on', async () => {
  let tried = 0
  const failures = await deliverInOrder([row(0), row(1), row(2)], { ...options, window: 1 }, () => {
    tried++
    return Promise.resolve({ is: 'retry', reason: 'HTTP 429', afterMs: 5000, away: true })
  })
  expect(tried).toBe(1)
  expect(failures).toEqual([
    { index: 0, is: 'retry', reason: 'HTTP 429', afterMs: 5000 },
    { index: 1, is: 'retry', reason: 'not sent: HTTP 429', afterMs: 5000 },
    { index: 2, is: 'retry', reason: 'not sent: HTTP 429', afterMs: 5000 },
  ])
})

test('after the budget or an abort the remaining rows stay for the next attempt', async () => {
  let now = 0
  const abort = new AbortController()
  const slow = { now: () => now, monotonic: () => now }
  const late = await deliverInOrder([row(0), row(1)], { ...options, window: 1, budgetMs: 10, clock: slow }, () => {
    now += 11
    return Promise.resolve(undefined)
  })
  expect(late).toEqual([
    { index: 1, is: 'retry', reason: expect.stringContaining('the time limit of this batch') as string },
  ])
  abort.abort()
  const stopped = await deliverInOrder([row(0)], { ...options, signal: abort.signal }, () =>
    Promise.reject(new Error('never called')),
  )
  expect(stopped).toEqual([{ index: 0, is: 'retry', reason: 'not sent: the sink is stopping' }])
})
