import { Worker } from 'node:worker_threads'
import { expect, test } from 'vitest'
import { isErrorCode } from '../model/errors.ts'
import { defaultBudget, MemoryBudget } from './memory-budget.ts'

const mib = 2 ** 20

function budget(size: number): MemoryBudget {
  const memory = new MemoryBudget()
  memory.capacity = size
  return memory
}

test('leases share the capacity, and released memory is free for others', () => {
  const memory = budget(8 * mib)
  const first = memory.reserve(4 * mib)
  const second = memory.reserve(2 * mib)
  expect(() => second.grow(2 * mib)).toThrow('in use by other requests')
  expect(memory.used).toBe(6 * mib)
  first.release()
  first.release()
  second.grow(2 * mib)
  expect([memory.used, memory.peak, second.bytes]).toEqual([4 * mib, 6 * mib, 4 * mib])
  second.release()
  expect([memory.used, memory.refused]).toEqual([0, { busy: 1, too_large: 0 }])
})

test('a lease that exceeds the budget alone is refused for good', () => {
  const memory = budget(8 * mib)
  expect(() => memory.reserve(8 * mib)).toThrow(
    expect.objectContaining({ code: 'WEIR_MEMORY_TOO_LARGE', retry: false }),
  )
  const lease = memory.reserve(mib)
  expect(() => lease.grow(7 * mib)).toThrow('which is the limit for one request')
  expect(memory.refused).toEqual({ busy: 0, too_large: 2 })
  expect(isErrorCode('WEIR_MEMORY_BUSY')).toBe(true)
})

test('small leases find memory while large ones use all that they may', () => {
  const memory = budget(8 * mib)
  memory.reserve(7 * mib)
  expect(() => memory.reserve(2 * mib)).toThrow(expect.objectContaining({ code: 'WEIR_MEMORY_BUSY', retry: true }))
  const small = memory.reserve(mib)
  expect(() => small.grow(mib)).toThrow('in use')
})

test('memory is returned when the work fails', async () => {
  const memory = budget(8 * mib)
  await expect(memory.use(mib, () => Promise.reject(new Error('unreadable')))).rejects.toThrow('unreadable')
  expect(memory.used).toBe(0)
})

test('another thread sees the same budget', async () => {
  const memory = budget(8 * mib)
  const code = 'Atomics.add(require("worker_threads").workerData, 1, 2048)'
  const worker = new Worker(code, { eval: true, workerData: new Int32Array(memory.shared) })
  await new Promise((resolve) => worker.once('exit', resolve))
  expect(memory.used).toBe(2 * mib)
  expect(() => memory.reserve(6 * mib)).toThrow('in use')
})

test('the default is a sixteenth of the memory within bounds', () => {
  expect([128, 1024, 2048, 65536].map((size) => defaultBudget(size * mib) / mib)).toEqual([32, 64, 128, 256])
})
