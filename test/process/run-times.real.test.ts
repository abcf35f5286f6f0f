import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { startWeir } from '../kit/weir-process.ts'

interface Answer {
  readonly exact: boolean
  readonly stopped?: readonly { readonly from: string; readonly to: string }[]
}

it('after a kill and after a stop, answers state when Weir did not run', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'weir-runs-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const stops: (readonly [number, number])[] = []
  for (const end of ['kill', 'stop', 'kill'] as const) {
    const weir = await startWeir({ folder })
    const began = Date.now()
    const answer = (await (await fetch(`${weir.url}/api/v1/series?from=now-5m&to=now`)).json()) as Answer
    expect(answer.exact).toBe(true)
    expect(answer.stopped ?? []).toHaveLength(stops.length)
    for (const [index, { from, to }] of (answer.stopped ?? []).entries()) {
      const [ended = 0, next = began] = [stops[index]?.[0], stops[index + 1]?.[1]]
      // Of a killed run, the last time on disk is up to ten seconds old.
      expect(Date.parse(from)).toBeLessThanOrEqual(ended + 1)
      expect(Date.parse(from)).toBeGreaterThan(ended - 11_000)
      expect(Date.parse(to)).toBeGreaterThanOrEqual(ended)
      expect(Date.parse(to)).toBeLessThanOrEqual(next)
    }
    await weir[end]()
    stops.push([Date.now(), began])
  }
})
