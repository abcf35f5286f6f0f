import { join } from 'node:path'
import type { AcceptanceContext, AcceptanceRun } from '../harness.ts'
import { startApi, type RunningApi } from '../../src/api/index.ts'
import { RecordingControl } from '../../src/api/testing/recording-control.ts'
import { addDecimals } from '../../src/codecs/focus/index.ts'
import { recordingLog } from '../../src/store/testing/frames.ts'
import { measure } from '../../test/kit/query-api.ts'
import { storeInventory, type StoredInventory } from './inventory-views/resources.ts'

const [limitMs, requests] = [500, 20] as const

interface Facets {
  readonly total: number
  readonly costs: readonly { readonly currency: string; readonly per_hour: string }[]
  readonly facets: Readonly<Record<string, readonly { readonly value: string; readonly resources: number }[]>>
}

export default {
  name: 'inventory-views',
  issue: '28.5',
  title: '50,000 resources, 30 days: every view of the inventory p95 below 500 ms, numbers and prices equal the files.',
  async run(context) {
    const stored = await storeInventory(join(context.folder, 'inventory'), context.seed, {
      accounts: context.size(20, 4),
      resources: context.size(50_000, 300),
      days: context.size(30, 5),
    })
    context.figure('events', stored.events)
    context.figure('stored', Math.round(stored.store.status().bytes / stored.events), 'bytes per event')
    context.figure('time to store them', Math.round(stored.seconds), 's')
    const control = new RecordingControl()
    control.readsFrom(stored.store)
    const api = await startApi({
      listen: { host: '127.0.0.1', port: 0 },
      auth: { tokens: [] },
      httpAuth: 'api',
      log: recordingLog(),
      host: stored.host,
      version: '0.0.0-bench',
      control,
    })
    try {
      await measureFacets(context, api, stored)
      for (const [what, parameters] of views) await measureList(context, api, stored, what, parameters)
      await measureOne(context, api, stored)
    } finally {
      await api.close()
      await stored.store.close()
    }
  },
} satisfies AcceptanceRun

async function measureFacets(context: AcceptanceContext, api: RunningApi, stored: StoredInventory): Promise<void> {
  const days = [0, 1, 2, 4]
  const { p95, answers } = await measure<Facets>(
    context,
    api,
    { what: 'facets', path: 'inventory/facets', requests: context.size(requests, 4) },
    (time) => ({ at: stored.noon(days[time % days.length]!) }),
  )
  let wrong = 0
  for (const [time, { total, costs, facets }] of answers.entries()) {
    const daysAgo = days[time % days.length]!
    const prices = await stored.prices(daysAgo)
    if (costs.some(({ currency, per_hour: sum }) => sum !== addDecimals([prices.get(currency) ?? '']))) wrong++
    for (const column of ['account', 'region', 'type', 'state']) {
      const wanted = await stored.sums(daysAgo, column)
      const found = new Map(facets[column]?.map(({ value, resources }) => [value, resources]))
      if ([...wanted].some(([value, number]) => found.get(value) !== number) || found.size !== wanted.size) wrong++
      if (total !== [...wanted.values()].reduce((sum, number) => sum + number, 0)) wrong++
    }
  }
  context.expect(wrong === 0, `facets: numbers and prices equal the sums over the files (${wrong} wrong)`)
  context.expectSpeed(p95 < limitMs, `facets: p95 within ${limitMs} ms`)
}

const views = [
  ['list', {}],
  ['list with a text', { text: 'team-7' }],
  ['list with a filter', { filter: 'type = instance and tag = "team=team-6" and not state = running' }],
  ['stopped instances', { finding: 'stopped' }],
] as const

async function measureList(
  context: AcceptanceContext,
  api: RunningApi,
  stored: StoredInventory,
  what: string,
  parameters: Readonly<Record<string, string>>,
): Promise<void> {
  const { p95, answers } = await measure<{ total: number; resources: readonly { ref: string }[] }>(
    context,
    api,
    { what, path: 'inventory', requests: context.size(requests, 4) },
    () => parameters,
  )
  const [{ total, resources } = { total: 0, resources: [] }] = answers
  context.expect(total > 0 && resources.length > 0, `${what}: has resources (${total})`)
  if (what === 'list') {
    const wanted = [...(await stored.sums(0, 'type')).values()].reduce((sum, number) => sum + number, 0)
    context.expect(total === wanted, `${what}: total equals the files (${total} of ${wanted})`)
  }
  context.expectSpeed(p95 < limitMs, `${what}: p95 within ${limitMs} ms`)
}

async function measureOne(context: AcceptanceContext, api: RunningApi, stored: StoredInventory): Promise<void> {
  const { p95, answers } = await measure<{ now: object | null; relations: readonly object[] }>(
    context,
    api,
    { what: 'one resource', path: 'inventory/one', requests: context.size(requests, 4) },
    (time) => ({ ref: stored.refOf(time * 12) }),
  )
  context.expect(
    answers.every(({ now, relations }) => now !== null && relations.length > 0),
    'one resource: state and relations are complete',
  )
  context.expectSpeed(p95 < limitMs, `one resource: p95 within ${limitMs} ms`)
}
