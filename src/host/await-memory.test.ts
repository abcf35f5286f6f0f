import { expect, test } from 'vitest'
import { fakeHost } from '../../test/kit/fake-host.ts'
import { awaitMemory } from './await-memory.ts'

const mebibyte = 1 << 20

test('large data waits for memory in the order of the calls, and small data beside it', async () => {
  const host = fakeHost(1)
  host.memory.capacity = 40 * mebibyte
  const first = await awaitMemory(host, 20 * mebibyte)
  const order: string[] = []
  const second = awaitMemory(host, 20 * mebibyte).then((lease) => (order.push('second'), lease))
  const third = awaitMemory(host, 8 * mebibyte).then((lease) => (order.push('third'), lease))
  const small = await awaitMemory(host, mebibyte)
  await host.advance(1000)
  expect(order).toEqual([])
  small.release()
  first.release()
  await host.advance(1000)
  await Promise.all([second, third].map((each) => each.then((lease) => lease.release())))
  expect(order).toEqual(['second', 'third'])
  expect(host.memory.used).toBe(0)
})

test('one that is aborted while it waits lets the next one proceed', async () => {
  const host = fakeHost(1)
  host.memory.capacity = 40 * mebibyte
  const first = await awaitMemory(host, 20 * mebibyte)
  const abort = new AbortController()
  const aborted = awaitMemory(host, 20 * mebibyte, abort.signal)
  const failed = aborted.catch((error: unknown) => error)
  const next = awaitMemory(host, 20 * mebibyte)
  await host.advance(100)
  abort.abort()
  await host.advance(100)
  expect(await failed).toBeInstanceOf(Error)
  first.release()
  await host.advance(100)
  ;(await next).release()
  expect(host.memory.used).toBe(0)
})
