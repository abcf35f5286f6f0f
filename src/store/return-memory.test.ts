import { expect, test } from 'vitest'
import { fakeHost } from '../../test/kit/fake-host.ts'
import { openMemoryReturn, returnMemoryAfterGrowth } from './return-memory.ts'

const host = fakeHost(1)

test('memory that fragments of live buffers surround returns to the system', async () => {
  const all = Array.from({ length: 4000 }, () => new Uint8Array(50_000).fill(1))
  for (const [at, { buffer }] of all.entries()) if (at % 20 > 0) buffer.transfer(0)
  const before = process.memoryUsage.rss()
  const memory = await openMemoryReturn()
  await memory.run()
  memory.close()
  expect(before - process.memoryUsage.rss()).toBeGreaterThan(process.platform === 'linux' ? 100e6 : -Infinity)
  expect(all.length).toBe(4000)
})

test('memory is returned after growth: seldom, and often while it is short', async () => {
  const state = { bytes: 100e6, short: false }
  let runs = 0
  returnMemoryAfterGrowth(host.timers, { resident: () => state.bytes, isMemoryShort: () => state.short }, async () => {
    runs++
    state.bytes = 100e6
    if (runs === 2) throw new Error('closed')
  })
  state.bytes = 120e6
  await host.advance(10_000)
  expect(runs).toBe(0)
  state.bytes = 140e6
  await host.advance(9000)
  expect(runs).toBe(0)
  await host.advance(1000)
  expect(runs).toBe(1)
  state.short = true
  state.bytes = 120e6
  await host.advance(500)
  expect(runs).toBe(2)
  state.bytes = 120e6
  await host.advance(500)
  expect(runs).toBe(3)
})
