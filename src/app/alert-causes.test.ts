import { expect, test } from 'vitest'
import type { FilterRule, WrittenRule } from '../alerts/index.ts'
import { ruleOf } from '../alerts/testing/rule.ts'
import { incident } from '../api/testing/incidents.ts'
import { startStored } from '../api/testing/stored.ts'
import { realHost } from '../host/index.ts'
import type { FlowBatch } from '../model/batches.ts'
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

test('without a change that explains it, and for values without a change, an alert has no cause', async () => {
  expect((await causeIn(2, { after: 30_000, changes: false })).cause).toBeUndefined()
  expect((await causeIn(2, { after: 30_000, measure: 'p99(rtt)' })).cause).toBeUndefined()
})

/** Round-trip times of flows of the workload: from the fall on ten times as long. */
function withTimes(flows: FlowBatch, owner: string, onset: number): FlowBatch {
  const { dictionary, columns } = flows
  const codes = (['src_owner_name', 'dst_owner_name'] as const).map((name) => columns[name])
  const { time_end: ends } = columns
  const values = Array.from({ length: flows.count }, (_, row) => {
    const isOwn = codes.some((column) => column?.kind === 'dict' && dictionary[column.codes[row] ?? 0] === owner)
    const isLater = ends?.kind === 'time' && (ends.values[row] ?? 0) >= onset
    return BigInt((isOwn && isLater ? 40_000_000 : 4_000_000) + 1000 * (row % 700))
  })
  const rtt = { kind: 'u64', words: new Uint32Array(BigUint64Array.from(values).buffer) } as const
  return { ...flows, columns: { ...columns, rtt } }
}

/** A rollout of a workload of which the flows remain. */
async function slowed(rule: Partial<WrittenRule>, labels: Readonly<Record<string, string>> = {}) {
  const now = host.clock.now()
  const { events, flows, culprit, actor, onset } = incident(2, now)
  const [, , owner = ''] = culprit.split('/')
  const api = await startStored()
  await api.addBatch(toEventBatch(events), now)
  await api.addBatch(withTimes(flows, owner, onset), now)
  const alert = {
    rule: ruleOf('slow', rule),
    labels: { alertname: 'slow', ...labels },
    active: onset + 60_000,
    at: now,
  }
  const parts = { host, store: () => api.store.reader, manifest: async () => undefined }
  return { cause: await causeOfAlert(alert, parts, signal), culprit, actor, owner, parts, alert }
}

test('an alert on a percentile has the change that preceded its rise, and a link to it', async () => {
  const { cause, culprit, actor } = await slowed({ on: 'flows', measure: 'p99(rtt)', condition: '> 20ms' })
  const { kind = '', namespace, name } = cause?.object ?? {}
  expect([`${kind}/${namespace}/${name}`, cause?.actor, cause?.shown]).toEqual([culprit, actor, 'changes'])
  expect(cause?.text).toMatch(new RegExp(`^${kind} .* by ${actor}, \\d+ s before the change of p99\\(rtt\\)`))
})

test('an alert on a statement has the change of the workload that its labels name', async () => {
  const rule = { on: 'flows', sql: 'SELECT 1 AS value', condition: '> 0', every: 30_000 } as const
  const { cause, culprit, actor, owner, parts, alert } = await slowed(rule)
  expect(cause).toBeUndefined()
  const [, namespace = ''] = culprit.split('/')
  for (const labels of [
    { namespace, deployment: owner },
    { dst_namespace: namespace, dst_owner_name: owner },
  ]) {
    const named = await causeOfAlert({ ...alert, labels }, parts, signal)
    expect([named?.object.name, named?.actor, named?.shown, named?.verdict]).toEqual([
      culprit.split('/')[2],
      actor,
      'changes',
      'uncertain',
    ])
  }
  expect(await causeOfAlert({ ...alert, labels: { namespace, deployment: 'absent' } }, parts, signal)).toBeUndefined()
})
