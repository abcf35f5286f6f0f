import { expect, test } from 'vitest'
import type { FilterRule } from '../alerts/index.ts'
import { ruleOf } from '../alerts/testing/rule.ts'
import { incident } from '../api/testing/incidents.ts'
import { startStored } from '../api/testing/stored.ts'
import { realHost } from '../host/index.ts'
import { toEventBatch } from '../model/events.ts'
import { causeOfAlert } from './alert-causes.ts'

const host = realHost()
const { signal } = new AbortController()

/** The cause of an alert that became active so many ms after the fall of a seeded incident. */
async function causeIn(seed: number, { after, window = 300_000, changes = true, measure = 'bytes/s' }: CauseOptions) {
  const now = host.clock.now()
  const { events, flows, filter, culprit, actor, onset } = incident(seed, now)
  const api = await startStored()
  if (changes) await api.addBatch(toEventBatch(events), now)
  await api.addBatch(flows, now)
  const rule = ruleOf('low', { on: 'flows', filter, measure, condition: '< 1', window }) as FilterRule
  const alert = { rule, labels: { alertname: 'low' }, active: onset + after, at: now }
  const parts = { host, store: () => api.store.reader, manifest: async () => undefined }
  return { cause: await causeOfAlert(alert, parts, signal), culprit, actor }
}

type CauseOptions = Readonly<{ after: number; window?: number; changes?: boolean; measure?: string }>

test('an alert about a fall of traffic has the change that preceded, and its actor', async () => {
  for (const [seed, after, window] of [
    [2, 30_000, 300_000],
    [3, 150_000, 300_000],
    // Flows that are reported late fill a short window for longer.
    [5, 110_000, 15_000],
  ] as const) {
    const { cause, culprit, actor } = await causeIn(seed, { after, window })
    const { kind, namespace, name } = cause?.object ?? { kind: '', namespace: null, name: '' }
    expect([`${kind}/${namespace === null ? '' : `${namespace}/`}${name}`, cause?.actor]).toEqual([culprit, actor])
    expect(cause?.text).toMatch(
      new RegExp(`^${kind} .*${name}: \\w+ by ${actor}, \\d+ (?:s|min) (?:before|after) the change`),
    )
  }
})

test('without a change that explains it, and for values that are no sum, an alert has no cause', async () => {
  expect((await causeIn(2, { after: 30_000, changes: false })).cause).toBeUndefined()
  expect((await causeIn(2, { after: 30_000, measure: 'p99(rtt)' })).cause).toBeUndefined()
})
