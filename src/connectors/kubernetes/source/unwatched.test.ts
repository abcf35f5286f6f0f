import { expect, test } from 'vitest'
import { testContext } from '../../../../test/conformance/batches.ts'
import { realHost } from '../../../host/index.ts'
import type { ReaderState } from '../client/types.ts'
import { reportUnwatched } from './unwatched.ts'

test('a kind that is not watched for a minute is counted, and reported once until it is watched again', async () => {
  const states: ReaderState[] = [
    ...Array<ReaderState>(9).fill('waiting'),
    'watching',
    ...Array<ReaderState>(6).fill('forbidden'),
  ]
  const [warnings, counts, stop] = [[] as string[], [] as number[], new AbortController()]
  let look = 0
  const real = realHost()
  const base = testContext()
  const context = {
    ...base,
    host: {
      ...real,
      clock: { ...real.clock, monotonic: () => look * 15_000 },
      timers: {
        ...real.timers,
        sleep: () => {
          if (++look === states.length) stop.abort()
          return Promise.resolve()
        },
      },
    },
    log: { ...base.log, warn: (message: string) => void warnings.push(message) },
    metrics: { ...base.metrics, set: (_: string, value: number) => void counts.push(value) },
  } as unknown as Parameters<typeof reportUnwatched>[1]
  const type = { group: '', version: 'v1', resource: 'pods', kind: 'Pod', namespaced: true }
  const reader = { status: () => ({ state: states[look] ?? 'waiting', lists: 0, watches: 0, unreadable: 0 }) }
  await reportUnwatched(() => new Map([['/pods', { type, reader }]]), context, stop.signal)
  expect(counts).toEqual([0, 0, 0, 0, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 1, 1])
  expect(warnings).toHaveLength(2)
})
