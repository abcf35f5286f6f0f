import { expect, test } from 'vitest'
import { fakeHost } from '../../test/kit/fake-host.ts'
import { realThread } from '../host/thread.ts'
import { collections as plans, collectWhenIdle, type CollectionPlan } from './memory.ts'

function watched(
  state: { used: number; load: number; short?: boolean; heap?: number; after?: number },
  plan?: CollectionPlan,
): {
  readonly state: typeof state
  readonly collections: () => number
  readonly thorough: () => number
  readonly pass: () => Promise<void>
} {
  const host = fakeHost(1)
  let collections = 0
  let thorough = 0
  collectWhenIdle(
    host,
    {
      used: () => state.used,
      memory: () => ({ heap: state.heap ?? 40e6, buffers: 0 }),
      load: () => state.load,
      isMemoryShort: () => state.short === true,
      collectGarbage: (how) => {
        collections++
        if (how === 'thorough') thorough++
        state.used = state.after ?? 40e6
        state.heap = 40e6
      },
    },
    plan,
  )
  return { state, collections: () => collections, thorough: () => thorough, pass: () => host.advance(10_000) }
}

test('an idle thread releases its garbage above a threshold', async () => {
  const { state, collections, pass } = watched({ used: 40e6, load: 0.01 })
  state.used = 43e6
  await pass()
  expect(collections()).toBe(0)
  state.used = 45e6
  await pass()
  expect(collections()).toBe(1)
  await pass()
  expect(collections()).toBe(1)
})

test('memory freed after a collection counts as garbage when it is allocated again', async () => {
  const { state, collections, pass } = watched({ used: 70e6, load: 0.01 })
  state.used = 40e6
  await pass()
  state.used = 50e6
  await pass()
  expect(collections()).toBe(1)
})

test('a busy thread is not paused', async () => {
  const { state, collections, pass } = watched({ used: 40e6, load: 0.5 })
  state.used = 100e6
  await pass()
  expect(collections()).toBe(0)
  state.load = 0.1
  await pass()
  expect(collections()).toBe(1)
})

test('a busy thread returns garbage while the memory of its container is short', async () => {
  const { state, collections, pass } = watched({ used: 40e6, load: 0.9, short: true })
  state.used = 45e6
  await pass()
  expect(collections()).toBe(0)
  state.used = 50e6
  await pass()
  expect(collections()).toBe(1)
})

test('pages of a large heap are returned by a full collection, once, while memory is short', async () => {
  const { state, thorough, pass } = watched({ used: 40e6, load: 0.9, short: true })
  state.used = state.heap = 50e6
  await pass()
  expect(thorough()).toBe(0)
  state.used = state.heap = 90e6
  await pass()
  await pass()
  expect(thorough()).toBe(1)
})

test('buffers in use during a collection are returned later, and fruitless repetitions become rare', async () => {
  const { state, collections, pass } = watched({ used: 40e6, load: 0.9, short: true })
  state.after = 140e6
  state.used = 150e6
  await pass()
  expect(collections()).toBeGreaterThan(1)
  state.after = 40e6
  for (let at = 0; at < 7; at++) await pass()
  expect(state.used).toBe(40e6)
  const before = collections()
  for (let at = 0; at < 100; at++) await pass()
  expect(collections()).toBe(before)
  state.after = 140e6
  state.used = 150e6
  for (let at = 0; at < 64; at++) await pass()
  expect(collections() - before).toBeLessThan(20)
})

test('a quiet thread gets a full collection after a minute and then every ten minutes', async () => {
  const { state, thorough, pass } = watched({ used: 40e6, load: 0.01 })
  for (let at = 0; at < 66; at++) await pass()
  expect(thorough()).toBe(2)
  state.load = 0.2
  for (let at = 0; at < 60; at++) await pass()
  expect(thorough()).toBe(2)
})

test('a thread with a small steady load is paused once a minute, and fully only when it is quiet', async () => {
  const { state, collections, thorough, pass } = watched({ used: 40e6, load: 0.05 }, plans.steady)
  for (let at = 0; at < 60; at++) {
    state.used = 60e6
    await pass()
  }
  expect([collections(), thorough()]).toEqual([10, 0])
})

test('a collection frees unreferenced memory', () => {
  const thread = realThread()
  thread.collectGarbage('thorough')
  const isFreed = () => {
    // In the heap: V8 frees the memory of buffers in another thread, some time later.
    let garbage: number[] | undefined = Array.from<number>({ length: 6e6 }).fill(0.5)
    const before = thread.used()
    expect(garbage).toHaveLength(6e6)
    garbage = undefined
    thread.collectGarbage('quick')
    return thread.used() < before - 40e6
  }
  // V8 can collect between both calls, and move the array to the old objects, which a quick collection leaves.
  expect([isFreed(), isFreed(), isFreed()]).toContain(true)
})
