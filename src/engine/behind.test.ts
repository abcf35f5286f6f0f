import { expect, test } from 'vitest'
import { testContext } from '../../test/conformance/batches.ts'
import { fakeHost } from '../../test/kit/fake-host.ts'
import { Behind, sinksBehind } from './behind.ts'

const sink = (lagMs: number, more = {}) => ({ name: 'bus', state: 'running' as const, lagMs, ...more })

test('a slow sink is reported once a minute with seconds and rows, until it has caught up', async () => {
  const host = fakeHost(1)
  const { log, lines } = testContext()
  const behind = new Behind(host.clock, log)
  const pending = new Map([['bus', 74_130]])
  behind.update([sink(29_000)], pending)
  expect([behind.warnings, lines]).toEqual([[], []])
  behind.update([sink(74_000)], pending)
  behind.update([sink(75_000)], pending)
  expect(behind.warnings).toEqual(['sink bus is 75 s behind the journal: 74130 rows wait'])
  expect(lines).toEqual([expect.stringMatching(/^warn A sink is behind .*"sink":"bus","seconds":74,"rows":74130\}$/)])
  await host.advance(60_000)
  behind.update([sink(100_000)], pending)
  expect(lines).toHaveLength(2)
  behind.update([sink(20_000)], pending)
  expect([behind.warnings, lines.length]).toEqual([[], 2])
  behind.update([sink(2000)], pending)
  behind.update([sink(2000)], pending)
  expect(lines.slice(2)).toEqual([expect.stringMatching(/^info A sink has caught up/)])
})

test('the store is a warning of health, and has a separate log line', () => {
  const { log, lines } = testContext()
  const behind = new Behind(fakeHost(1).clock, log)
  behind.update([{ ...sink(74_000), name: 'store' }], new Map([['store', 5]]))
  expect(behind.warnings).toEqual(['the store is 74 s behind the journal: 5 rows wait'])
  expect(lines).toEqual([])
})

test('a sink that collects a batch, fails or is not configured is not behind', () => {
  const error = 'connection refused'
  expect(sinksBehind([sink(610_000, { waitMs: 600_000 }), sink(610_000, { error })])).toEqual([])
  expect(sinksBehind([sink(610_000, { state: 'orphaned' })])).toEqual([])
  expect(sinksBehind([sink(640_000, { waitMs: 600_000 })])).toHaveLength(1)
})
