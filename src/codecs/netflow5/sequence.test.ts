import { expect, test } from 'vitest'
import { FlowSequence, type Losses } from './sequence.ts'

const boot = 1_699_999_400_000

function follow(...seen: (readonly [first: number, flows: number, boot?: number])[]): Losses {
  const totals = { missing: 0, late: 0, restarts: 0 }
  const sequence = new FlowSequence()
  for (const [first, flows, at = boot] of seen) sequence.follow({ first, flows, engine: 0, boot: at }, totals)
  return totals
}

test('a sequence without holes loses nothing, wherever it begins', () => {
  expect(follow([1000, 30], [1030, 29], [1059, 1], [1060, 30])).toEqual({ missing: 0, late: 0, restarts: 0 })
})

test('a hole is counted in flows', () => {
  expect(follow([0, 30], [60, 30], [95, 30])).toEqual({ missing: 35, late: 0, restarts: 0 })
})

test('the counter wraps without loss, and a hole across the wrap is counted', () => {
  expect(follow([4_294_967_295, 1], [0, 30])).toEqual({ missing: 0, late: 0, restarts: 0 })
  expect(follow([4_294_967_290, 1], [4, 30])).toEqual({ missing: 9, late: 0, restarts: 0 })
})

test('a datagram that was overtaken is late, not lost', () => {
  expect(follow([0, 30], [60, 30], [30, 30], [90, 30])).toEqual({ missing: 30, late: 30, restarts: 0 })
})

test('a doubled datagram makes up for nothing', () => {
  expect(follow([0, 30], [0, 30], [30, 30])).toEqual({ missing: 0, late: 0, restarts: 0 })
})

test('a large jump back is a restart and loses nothing', () => {
  expect(follow([500_000, 30], [0, 30], [30, 30])).toEqual({ missing: 0, late: 0, restarts: 1 })
})

test('a small jump with a new boot time is a restart in either direction', () => {
  expect(follow([60, 30], [0, 30, boot + 60_000], [30, 5, boot + 60_000])).toEqual({ missing: 0, late: 0, restarts: 1 })
  expect(follow([0, 5], [40, 30, boot + 60_000])).toEqual({ missing: 0, late: 0, restarts: 1 })
})

test('a boot time that jumps because the uptime wrapped hides no loss', () => {
  expect(follow([0, 30], [60, 30, boot + 2 ** 32])).toEqual({ missing: 30, late: 0, restarts: 0 })
})
