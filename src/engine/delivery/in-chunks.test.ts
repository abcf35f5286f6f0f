import fc from 'fast-check'
import { expect, test } from 'vitest'
import { realHost } from '../../host/index.ts'
import { deliverInChunks } from './in-chunks.ts'
import type { Attempt } from './in-order.ts'

const { clock } = realHost()
const options = { limits: { rows: 3, bytes: 1000 }, budgetMs: 60_000, clock, signal: new AbortController().signal }
interface Row {
  readonly index: number
  readonly key: string | undefined
}
const rows = (...keys: (string | undefined)[]): Row[] => keys.map((key, index) => ({ index, key }))
const encode = ({ index }: Row): Uint8Array => Uint8Array.of(index)

test('each row is delivered or named once, and no key passes one of its failed rows', async () => {
  const outcome = fc.constantFrom('good', 'good', 'good', 'good', 'busy', 'poison', 'unwritable')
  const script = fc.array(fc.record({ key: fc.constantFrom(undefined, 'a', 'b'), outcome }), { maxLength: 30 })
  await fc.assert(
    fc.asyncProperty(script, fc.integer({ min: 1, max: 7 }), async (plan, size) => {
      const delivered: number[] = []
      const attempt = (chunk: readonly Uint8Array[]): Promise<Attempt> => {
        const indexes = chunk.map((bytes) => bytes[0] as number)
        expect(indexes.length).toBeLessThanOrEqual(size)
        const all = indexes.map((index) => plan[index]?.outcome)
        if (all.includes('busy')) return Promise.resolve({ is: 'retry', reason: 'busy' })
        if (all.includes('poison')) return Promise.resolve({ is: 'reject', reason: 'poison' })
        delivered.push(...indexes)
        return Promise.resolve(undefined)
      }
      const failures = await deliverInChunks(
        rows(...plan.map(({ key }) => key)),
        { ...options, limits: { rows: size, bytes: 1000 } },
        (row) => (plan[row.index]?.outcome === 'unwritable' ? { is: 'reject', reason: 'unwritable' } : encode(row)),
        attempt,
      )
      expect([...delivered, ...failures.map(({ index }) => index)].sort((a, b) => a - b)).toEqual(
        plan.map((_, index) => index),
      )
      for (const { index, is } of failures) {
        if (is === 'reject') expect(['poison', 'unwritable']).toContain(plan[index]?.outcome)
        if (is === 'retry' && !plan.some(({ outcome: one }) => one === 'busy')) expect(plan[index]?.key).toBeDefined()
      }
      for (const key of ['a', 'b']) {
        const ofKey = delivered.filter((index) => plan[index]?.key === key)
        expect(ofKey).toEqual(ofKey.toSorted((x, y) => x - y))
        const failed = failures.map(({ index }) => index).filter((index) => plan[index]?.key === key)
        expect(Math.max(-1, ...ofKey)).toBeLessThan(Math.min(Number.POSITIVE_INFINITY, ...failed))
      }
    }),
  )
})

test('a chunk is full by rows or by bytes, and a single larger row goes alone', async () => {
  const sizes: number[][] = []
  await deliverInChunks(
    rows(undefined, undefined, undefined, undefined, undefined),
    { ...options, limits: { rows: 3, bytes: 10 } },
    ({ index }) => new Uint8Array(index === 1 ? 50 : 4),
    (chunk) => {
      sizes.push(chunk.map(({ length }) => length))
      return Promise.resolve(undefined)
    },
  )
  expect(sizes).toEqual([[4], [50], [4, 4], [4]])
})

test('stops after an outage and passes the requested delay on', async () => {
  let tried = 0
  const failures = await deliverInChunks(rows(undefined, undefined, undefined, undefined), options, encode, () => {
    tried++
    return Promise.resolve({ is: 'retry', reason: 'HTTP 503', afterMs: 9, away: true })
  })
  expect(tried).toBe(1)
  expect(failures[3]).toEqual({ index: 3, is: 'retry', reason: 'not sent: HTTP 503', afterMs: 9 })
})
