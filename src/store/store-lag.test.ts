import { expect, test } from 'vitest'
import { testContext } from '../../test/conformance/batches.ts'
import { fakeHost } from '../../test/kit/fake-host.ts'
import { StoreLag } from './store-lag.ts'

test('a store that is behind is reported once a minute with seconds and rows, until it has caught up', async () => {
  const host = fakeHost(1)
  const { log, lines } = testContext()
  const lag = new StoreLag(host, log)
  const applied = (ageMs: number): void => lag.applied(host.clock.now() - ageMs, 74_130)
  applied(29_000)
  expect(lines).toEqual([])
  applied(74_000)
  applied(80_000)
  expect(lines).toEqual([expect.stringMatching(/^warn The store is behind .*\{"seconds":74,"rows":74130\}$/)])
  await host.advance(60_000)
  applied(100_000)
  expect(lines).toHaveLength(2)
  applied(20_000)
  expect(lines).toHaveLength(2)
  applied(2000)
  applied(2000)
  expect(lines.slice(2)).toEqual([expect.stringMatching(/^info The store has caught up/)])
})
