import { join } from 'node:path'
import { percentile } from '../../test/kit/percentile.ts'
import { startWeir } from '../../test/kit/weir-process.ts'
import type { AcceptanceRun } from '../harness.ts'
import { overviewPanels, type Panel } from './overview/panels.ts'
import { storeFlows } from './query-overhead/store.ts'

const days = 30
const secondsPerDay = 86_400
/** For p95 of warm requests. */
const maxMs = 1500

const panels: readonly Panel[] = [
  { what: 'series', path: 'series', parameters: {} },
  { what: 'series by protocol', path: 'series', parameters: { group: 'proto' } },
  ...overviewPanels,
]

type Response = Readonly<{ source: string; exact: boolean; rows: readonly unknown[]; since?: string }>

export default {
  name: 'query-month',
  issue: '58.3',
  title: 'Each panel of an overview of a month takes at most 1.5 s, from sums of hours and days.',
  async run(context) {
    const folder = context.data ?? context.folder
    // More than are read where sums have a known error. Sums of an hour have a limited number of groups, so that those
    // of higher rates are not larger.
    const least = context.size(30_000_000, 60_000)
    const stored = await storeFlows(join(folder, 'data'), context.seed, least, least / (days * secondsPerDay))
    context.figure('flows of 30 days', stored)
    await using weir = await startWeir({ folder })
    for (const { what, path, parameters } of panels) {
      const times: number[] = []
      let response: Response | undefined
      for (let run = 0; run <= context.size(20, 1); run++) {
        // No two ranges are equal.
        const from = String(Date.now() - days * secondsPerDay * 1000 + (run + 1) * 3_600_000)
        const began = performance.now()
        const query = new URLSearchParams({ ...parameters, from }).toString()
        response = await weir.get<Response>(`/api/v1/${path}?${query}`)
        times.push(performance.now() - began)
      }
      const [cold = 0, ...warm] = times
      const [ms, { source, exact, rows }] = [percentile(warm, 95), response!]
      const how = `${source}${exact ? '' : ', with a stated error'}`
      context.figure(what, `p95 ${Math.round(ms)} ms, first ${Math.round(cold)} ms, from ${how}`)
      context.expect(rows.length > 0 && response?.since === undefined, `${what}: rows of the whole range`)
      context.expectSpeed(ms <= maxMs, `${what}: within ${maxMs} ms`)
    }
  },
} satisfies AcceptanceRun
