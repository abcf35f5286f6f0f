import { expect, test } from 'vitest'
import { fakeHost } from '../../../test/kit/fake-host.ts'
import type { EventBatch } from '../../model/batches.ts'
import { eventAt, toEventBatch } from '../../model/events.ts'
import { PushGroups } from './push-groups.ts'

const batch = (...ids: readonly string[]): EventBatch =>
  toEventBatch(ids.map((id) => ({ id, source: '/s', type: 't', encoding: 'none' as const })))
const idsOf = (of: EventBatch) => Array.from({ length: of.count }, (_, row) => eventAt(of, row).id)

/** Appends wait for `sync`. */
function groups() {
  const host = fakeHost(1)
  const appends: { ids: string[]; sync: (seen?: readonly number[]) => void; fail: (error: Error) => void }[] = []
  const all = new PushGroups(host, (of) => {
    const { promise, resolve, reject } = Promise.withResolvers<{
      accepted: number
      duplicates: number
      seen: readonly number[]
    }>()
    const ids = idsOf(of)
    const sync = (seen: readonly number[] = []) =>
      resolve({ accepted: ids.length - seen.length, duplicates: seen.length, seen })
    appends.push({ ids, sync, fail: reject })
    return promise
  })
  return { host, appends, all }
}

test('requests of up to 20 ms share a unit, and each gets its counts', async () => {
  const { host, appends, all } = groups()
  const first = all.take(batch('a', 'b'))
  await host.advance(5)
  const second = all.take(batch('c', 'd'))
  const third = all.take(batch('e'))
  expect(appends).toEqual([])
  await host.advance(15)
  expect(appends.map(({ ids }) => ids)).toEqual([['a', 'b', 'c', 'd', 'e']])
  appends[0]?.sync([1, 3, 4])
  expect(await Promise.all([first, second, third])).toEqual([
    { accepted: 1, duplicates: 1 },
    { accepted: 1, duplicates: 1 },
    { accepted: 0, duplicates: 1 },
  ])
})

test('rows of a failed unit fail in each of its requests, and the next ones are appended', async () => {
  const { host, appends, all } = groups()
  const outcomes = Promise.allSettled([all.take(batch('a')), all.take(batch('b'))])
  await host.advance(20)
  appends[0]?.fail(new Error('no sync'))
  expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  void all.take(batch('a'))
  await host.advance(20)
  expect(appends[1]?.ids).toEqual(['a'])
})

test('eight requests do not wait, and those during a sync share the next unit', async () => {
  const { host, appends, all } = groups()
  for (const id of 'abcdefgh') void all.take(batch(id))
  await host.settle()
  expect(appends.map(({ ids }) => ids.join(''))).toEqual(['abcdefgh'])
  for (const id of 'ijklmnopq') void all.take(batch(id))
  await host.advance(50)
  expect(appends).toHaveLength(1)
  appends[0]?.sync()
  await host.settle()
  expect(appends.map(({ ids }) => ids.join(''))).toEqual(['abcdefgh', 'ijklmnopq'])
})

test('a large request is a unit by itself, after the requests before it', async () => {
  const { host, appends, all } = groups()
  void all.take(batch('a'))
  const large = all.take(batch(...Array.from({ length: 65 }, (_, i) => `b${i}`)))
  void all.take(batch('c'))
  await host.settle()
  expect(appends.map(({ ids }) => [ids.length, ids[0]])).toEqual([
    [1, 'a'],
    [65, 'b0'],
  ])
  appends[1]?.sync([3])
  expect(await large).toEqual({ accepted: 64, duplicates: 1 })
})

test.each([1, 3])('%s clients that wait for their answers are seldom delayed', async (clients) => {
  const { host, appends, all } = groups()
  const delays: number[] = []
  for (let round = 0; round < 100; round++) {
    const began = host.clock.monotonic()
    const posts = Array.from({ length: clients }, (_, i) => all.take(batch(`${round}-${i}`)))
    await host.settle()
    if (appends.length === round) await host.advance(20)
    delays.push(host.clock.monotonic() - began)
    await host.advance(3)
    appends[round]?.sync()
    await Promise.all(posts)
  }
  expect(delays.filter((ms) => ms > 0).length).toBeLessThan(8)
  expect(delays.slice(0, 3)).toEqual([20, 20, 0])
})

test('requests every 5 ms are gathered again after a time without others', async () => {
  const { host, appends, all } = groups()
  const post = async (ms: number) => {
    void all.take(batch('x'))
    await host.advance(ms)
    for (const { sync } of appends) sync()
  }
  for (let i = 0; i < 20; i++) await post(100)
  const before = appends.length
  for (let i = 0; i < 300; i++) await post(5)
  expect(before).toBe(20)
  expect(appends.length - before).toBeLessThan(130)
})
