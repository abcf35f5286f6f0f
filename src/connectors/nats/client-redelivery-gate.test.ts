import type { JsMsg } from '@nats-io/jetstream'
import { expect, test } from 'vitest'
import { RedeliveryGate, type DeliveredState } from './client-redelivery-gate.ts'

/** Each message has 1 MiB, and a few of them may be held. */
function gateOf(state: DeliveredState, heldMessages = 100) {
  const emitted: number[] = []
  const dropped: number[] = []
  const gate = new RedeliveryGate(state, {
    maxBytes: heldMessages * 1.01 * 2 ** 20,
    emit: ({ seq }) => {
      emitted.push(seq)
    },
    dropped: ({ seq }) => {
      dropped.push(seq)
    },
  })
  const data = new Uint8Array(2 ** 20)
  return {
    gate,
    emitted,
    dropped,
    add: (...sequences: number[]) => {
      for (const seq of sequences) gate.add({ seq, data } as JsMsg)
    },
    held: () => [...gate.held()].map(({ seq }) => seq),
  }
}

test('unacknowledged messages are emitted by sequence when all have arrived, then newer ones', () => {
  const { gate, emitted, add } = gateOf({ newest: 12, open: 3 })
  expect(gate.missing).toBe(3)
  add(12, 13, 4, 12)
  expect([emitted, gate.missing]).toEqual([[], 1])
  add(5)
  expect([emitted, gate.missing]).toEqual([[4, 5, 12, 13], 0])
  add(15, 14)
  expect(emitted.slice(4)).toEqual([15, 14])
})

test('without unacknowledged messages nothing is held', () => {
  const { gate, emitted, add } = gateOf({ newest: 12, open: 0 })
  add(13)
  expect([emitted, gate.requestEnded()]).toEqual([[13], false])
})

test('messages that do not arrive again in an acknowledgement wait hold the others no longer', () => {
  const { gate, emitted, add } = gateOf({ newest: 5, open: 2 })
  add(4, 6)
  expect([gate.requestEnded(), gate.requestEnded(), emitted]).toEqual([false, true, []])
  add(7)
  expect([gate.requestEnded(), gate.missing, emitted]).toEqual([false, 0, [4, 6, 7]])
})

test('of messages that exceed the memory the first are held, and the others follow in order', () => {
  const { gate, emitted, dropped, add, held } = gateOf({ newest: 12, open: 9 }, 2)
  add(12, 4, 5, 6, 7, 8, 9, 10)
  expect([held(), dropped, emitted, gate.missing]).toEqual([[4, 5], [12, 6, 7, 8, 9, 10], [], 1])
  expect(gate.requestEnded()).toBe(false)
  add(11)
  expect([emitted, gate.missing, held()]).toEqual([[4, 5], 6, [11]])
  expect([gate.requestEnded(), gate.missing]).toEqual([true, 6])
  add(13, 12, 6, 14, 7)
  expect([emitted.slice(2), held()]).toEqual([
    [6, 7],
    [11, 12],
  ])
  expect(gate.requestEnded()).toBe(false)
  add(8, 9, 10)
  expect([emitted.slice(4), gate.missing]).toEqual([[8, 9, 10, 11, 12], 2])
  expect(gate.requestEnded()).toBe(false)
  add(13, 14)
  expect([emitted.slice(9), gate.missing]).toEqual([[13, 14], 0])
})

test('messages that were dropped and then removed from the stream do not hold the others', () => {
  const { gate, emitted, add } = gateOf({ newest: 5, open: 5 }, 2)
  add(5, 4, 3, 1, 2)
  expect([gate.requestEnded(), emitted]).toEqual([true, [1, 2, 3]])
  add(5)
  expect([gate.requestEnded(), emitted]).toEqual([false, [1, 2, 3]])
  expect([gate.requestEnded(), emitted, gate.missing]).toEqual([false, [1, 2, 3, 5], 0])
})

test('held messages are returned when the reader closes', () => {
  const { gate, emitted, add } = gateOf({ newest: 5, open: 1 })
  add(6, 7)
  expect([gate.drop().map(({ seq }) => seq), gate.missing, emitted]).toEqual([[6, 7], 0, []])
})
