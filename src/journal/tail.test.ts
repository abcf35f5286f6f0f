import { getEventListeners } from 'node:events'
import { describe, expect, test } from 'vitest'
import { LocalTail, SharedTail } from './tail.ts'

const at = (sequence: number): { segment: string; offset: number; sequence: number; row: number } => ({
  segment: '000000000001.wj',
  offset: 10 * sequence,
  sequence,
  row: 2 * sequence,
})

describe.for([
  ['of one thread', () => new LocalTail()],
  ['across threads', () => new SharedTail()],
] as const)('a tail %s', ([, make]) => {
  test('wakes waiters for new frames, and leaves no listener on a reused signal', async () => {
    const tail = make()
    const { signal } = new AbortController()
    for (let sequence = 1; sequence <= 50; sequence++) {
      const moved = tail.moved(sequence - 1, signal)
      tail.publish(at(sequence))
      await moved
      expect(tail.durable().sequence).toBe(sequence)
      await tail.moved(sequence - 1, signal)
    }
    expect(getEventListeners(signal, 'abort')).toEqual([])
  })

  test('stops waiting when the signal aborts', async () => {
    const tail = make()
    const controller = new AbortController()
    const moved = tail.moved(0, controller.signal)
    controller.abort()
    await moved
    expect(tail.durable().sequence).toBe(0)
    await tail.moved(0, controller.signal)
    expect(getEventListeners(controller.signal, 'abort')).toEqual([])
  })
})
