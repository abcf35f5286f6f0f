import { join } from 'node:path'
import type { AcceptanceContext, AcceptanceRun } from '../harness.ts'
import { addDecimals } from '../../src/codecs/focus/index.ts'
import { startApi, type RunningApi } from '../../src/api/index.ts'
import { RecordingControl } from '../../src/api/testing/recording-control.ts'
import { recordingLog } from '../../src/store/testing/frames.ts'
import { measure } from '../../test/kit/query-api.ts'
import { memoryOf } from '../../test/kit/proc.ts'
import { keptYear, type Year } from './spend-year/costs.ts'

const [limitMs, requests] = [500, 20] as const

interface Answer {
  readonly currencies: readonly {
    readonly currency: string
    readonly cost: string
    readonly groups: readonly { readonly value: string; readonly cost: string }[]
  }[]
}

export default {
  name: 'spend-year',
  issue: '28.5',
  title: 'A year of costs of 20 accounts and 50,000 resources: every view p95 below 500 ms, totals equal to the cent.',
  async run(context) {
    const year = await keptYear(context.data ?? join(context.folder, 'spend'), context.seed, {
      accounts: context.size(20, 4),
      resources: context.size(50_000, 60),
      days: context.size(365, 70),
    })
    context.figure('rows', year.rows)
    context.figure('rows with those read twice', year.stored)
    context.figure('stored', Math.round(year.store.status().bytes / year.stored), 'bytes per row')
    context.figure('time to store them', Math.round(year.seconds), 's')
    context.figure('processor time to store a row', Math.round((1e6 * year.cpuSeconds) / year.stored), 'µs')
    const control = new RecordingControl()
    control.readsFrom(year.store)
    const api = await startApi({
      listen: { host: '127.0.0.1', port: 0 },
      auth: { tokens: [] },
      httpAuth: 'api',
      log: recordingLog(),
      host: year.host,
      version: '0.0.0-bench',
      control,
    })
    const [before, began] = [memoryOf(process.pid).own, process.cpuUsage()]
    let peak = before
    const watching = setInterval(() => (peak = Math.max(peak, memoryOf(process.pid).own)), 25)
    try {
      const answers: (readonly Answer[])[] = []
      for (const view of views) {
        answers.push(await measureView(context, api, year, view))
        if (answers.length > 1) continue
        const { user, system } = process.cpuUsage(began)
        context.figure('processor time of the first view', Math.round((user + system) / 1e6), 's')
      }
      clearInterval(watching)
      context.figure('memory before the queries', Math.round(before / 1e6), 'MB')
      context.figure('memory, peak of the queries', Math.round(peak / 1e6), 'MB')
      for (const [at, view] of views.entries()) await compare(context, year, view, answers[at]!)
    } finally {
      clearInterval(watching)
      await api.close()
      await year.store.close()
    }
  },
} satisfies AcceptanceRun

type View = Readonly<{
  what: string
  parameters: Readonly<Record<string, string>>
  /** Column of the files. */
  by: string
}>

const views: readonly View[] = [
  { what: 'by account and day', parameters: { by: 'account', step: 'day' }, by: 'BillingAccountId' },
  { what: 'by service and month', parameters: { by: 'service', step: 'month' }, by: 'ServiceName' },
  { what: 'by region', parameters: { by: 'region' }, by: 'RegionId' },
  { what: 'by resource', parameters: { by: 'resource', limit: '1000' }, by: 'ResourceId' },
  { what: 'by tag', parameters: { by: 'tag:team' }, by: `Tags->>'team'` },
]

async function measureView(
  context: AcceptanceContext,
  api: RunningApi,
  { from, to }: Year,
  { what, parameters }: View,
): Promise<readonly Answer[]> {
  const { p95, cpuMs, answers } = await measure<Answer>(
    context,
    api,
    { what, path: 'spend', requests: context.size(requests, 4) },
    () => ({ ...parameters, from, to }),
  )
  context.figure(`${what}: warm, processor time`, Math.round(cpuMs), 'ms')
  context.expectSpeed(p95 < limitMs, `${what}: p95 within ${limitMs} ms`)
  return answers
}

/** After the measurements: the sums over the files need memory, too. */
async function compare(context: AcceptanceContext, year: Year, { what, by }: View, answers: readonly Answer[]) {
  const wanted = await year.sums(by)
  const wrong = answers.filter(
    ({ currencies }) =>
      currencies.length !== wanted.totals.size ||
      currencies.some(
        ({ currency, cost, groups }) =>
          !isEqual(cost, wanted.totals.get(currency)) ||
          groups.some((group) => !isEqual(group.cost, wanted.groups.get(`${currency} ${group.value}`))),
      ),
  )
  context.expect(wrong.length === 0, `${what}: totals equal the sums over the files (${wrong.length} wrong)`)
}

function isEqual(decimal: string, wanted: string | undefined): boolean {
  return wanted !== undefined && addDecimals([decimal]) === addDecimals([wanted])
}
