import { expect, it } from 'vitest'
import { fakeHost } from '../../../test/kit/fake-host.ts'
import type { Extent, IsolatedResult, StoreReader } from '../../engine/control.ts'
import { runStatingLoss } from './lost-files.ts'
import { pieces } from '../../api/testing/recording-control.ts'

const from = Date.UTC(2026, 0, 1)
const extent: Extent = { occurred: { from, to: from + 1000 }, received: { from, to: from + 1000 } }
const text = 'flows 2026-01-01T00:00:00.000Z/2026-01-01T00:00:01.000Z'
type Lost = Record<string, readonly Extent[]>

/** `lost`: of each look, the last one from then on. */
async function answer(...lost: readonly Lost[]): Promise<{ runs: number; lost: string | undefined }> {
  const host = fakeHost(1)
  let [looks, runs] = [0, 0]
  const store = {
    sums: () => Promise.resolve({ lost: lost[Math.min(looks++, lost.length - 1)] }),
  } as unknown as StoreReader
  const running = runStatingLoss(store, { timers: host.timers, signal: new AbortController().signal }, () => {
    runs++
    return Promise.resolve(pieces('[]') as IsolatedResult)
  })
  await host.advance(6000)
  return { runs, lost: (await running).lost }
}

it('a result during which a file was lost is repeated after the journal returned its rows', async () => {
  const lost = { flows: [extent] }
  expect(await answer({})).toEqual({ runs: 1, lost: undefined })
  expect(await answer({}, lost, lost, {})).toEqual({ runs: 2, lost: undefined })
})

it('what the journal no longer has is stated as lost, and an earlier loss repeats nothing', async () => {
  expect(await answer({}, { flows: [extent] })).toEqual({ runs: 2, lost: text })
  expect(await answer({ flows: [extent], flows_1m: [] })).toEqual({ runs: 1, lost: text })
})

it('many lost times become one', async () => {
  const many = Array.from({ length: 50 }, (_, at) => {
    const span = { from: from + at * 10_000, to: from + at * 10_000 + 5 }
    return { occurred: span, received: span }
  })
  expect((await answer({ audit: many, flows: [extent, extent] })).lost).toBe(
    `audit 2026-01-01T00:00:00.000Z/2026-01-01T00:08:10.005Z, ${text}`,
  )
})
