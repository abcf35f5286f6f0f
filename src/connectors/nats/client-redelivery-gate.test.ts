import type { JsMsg } from '@nats-io/jetstream'
import { expect, test } from 'vitest'
import { fakeHost } from '../../../test/kit/fake-host.ts'
import { RedeliveryGate, type DeliveredState } from './client-redelivery-gate.ts'

function before(given: DeliveredState) {
  const host = fakeHost(1)
  const handed: number[] = []
  const held = new RedeliveryGate(given, host.timers, ({ seq }) => {
    handed.push(seq)
  })
  return {
    host,
    handed,
    held,
    add: (...all: number[]) => {
      for (const seq of all) held.add({ seq } as JsMsg)
    },
  }
}

test('newer messages follow redelivered ones, each counted once', () => {
  const { handed, add } = before({ newest: 5, open: 3, maxWaitMs: 1000 })
  add(6, 2, 7, 2, 3)
  expect(handed).toEqual([2, 2, 3])
  add(5, 8)
  expect(handed).toEqual([2, 2, 3, 5, 6, 7, 8])
})

test('lost messages are awaited for a limited time, and without unacknowledged ones nothing is delayed', async () => {
  const lost = before({ newest: 5, open: 2, maxWaitMs: 1000 })
  lost.add(4, 6)
  await lost.host.advance(999)
  expect(lost.handed).toEqual([4])
  await lost.host.advance(1)
  lost.add(7)
  expect(lost.handed).toEqual([4, 6, 7])
  const none = before({ newest: 5, open: 0, maxWaitMs: 1000 })
  none.add(6)
  expect(none.handed).toEqual([6])
})

test('delayed messages are released when the reader closes', async () => {
  const { host, handed, held, add } = before({ newest: 5, open: 1, maxWaitMs: 1000 })
  add(6, 7)
  expect(held.drop().map(({ seq }) => seq)).toEqual([6, 7])
  await host.advance(1000)
  expect(handed).toEqual([])
})
