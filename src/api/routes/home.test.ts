import { expect, test } from 'vitest'
import { kubernetesTypes } from '../../model/kubernetes.ts'
import { toEventBatch, type WeirEvent } from '../../model/events.ts'
import { realHost } from '../../host/index.ts'
import { changeEvent, identity } from '../../store/testing/cluster.ts'
import { event } from '../../store/testing/frames.ts'
import { namespacedFlows, own } from '../testing/namespaces.ts'
import { startStored, type StoredApi } from '../testing/stored.ts'

type Row = Readonly<Record<string, unknown>>
type Frame = Readonly<{ columns: readonly { name: string }[]; rows: readonly (readonly unknown[])[] }>
type Home = Readonly<{
  traffic: Frame & { step: number }
  talkers: Frame & { total: Row; others: Row }
  changes: readonly Row[] | null
  warnings: readonly Row[] | null
  watches: boolean
}>

const auth = {
  tokens: [
    { name: 'root', token: 'admin' },
    { name: 'shop', token: 'shop', role: 'viewer', namespaces: ['shop'] },
  ],
} as const

let made = 0
const warning = (pod: string, ago: number, more: Row = {}): WeirEvent =>
  event(`w${++made}`, {
    family: 'k8s-event',
    type: kubernetesTypes.event,
    ref: `k8s:c1//Pod/${pod}`,
    time: Date.now() - ago,
    json: { type: 'Warning', reason: 'BackOff', message: `restarting, ${ago} ms ago`, count: 3, ...more },
  })
const ago = (ms: number): string => new Date(Date.now() - ms).toISOString()

async function started(): Promise<StoredApi> {
  const api = await startStored({ auth })
  const now = realHost().clock.now()
  await api.addBatch(namespacedFlows(now - 60_000), now - 60_000)
  await api.addBatch(
    toEventBatch([
      changeEvent(identity('Deployment/shop/web'), ago(3_600_000), { operation: 'updated' }),
      changeEvent(identity('Pod/shop/web-1'), ago(1000), { operation: 'updated', noise: ['status'] }),
      changeEvent(identity('ConfigMap/vault/key'), ago(2000), { operation: 'created' }),
      changeEvent(identity('ConfigMap/shop/old'), ago(8 * 86_400_000), { operation: 'created' }),
      warning('shop/web-1', 1000, { count: 7 }),
      warning('shop/web-1', 2000),
      warning('shop/web-1', 3000, { reason: 'Unhealthy' }),
      warning('shop/web-2', 4000, { type: 'Normal' }),
      warning('vault/key-0', 5000),
      warning('shop/web-3', 3 * 3_600_000),
    ]),
    now,
  )
  return api
}

const home = async (api: StoredApi, token: string, parameters: Record<string, string> = {}): Promise<Home> => {
  const { status, body } = await api.get('home', parameters, { authorization: `Bearer ${token}` })
  expect(status, JSON.stringify(body)).toBe(200)
  return body as never
}
const names = (rows: readonly Row[] | null): unknown[] | undefined => rows?.map(({ name }) => name)

test('it has the sums of the other routes, changes without noise, and warnings by object and reason', async () => {
  const api = await started()
  const all = await home(api, 'admin')
  const flows = await api.get(
    'flows',
    { group: 'src_endpoint,dst_endpoint', limit: '8' },
    { authorization: 'Bearer admin' },
  )
  expect([all.talkers.rows, all.talkers.total]).toEqual([flows.body['rows'], flows.body['total']])
  expect(all.traffic.step).toBe(60)
  expect(names(all.changes)).toEqual(['key', 'web'])
  expect(all.warnings).toEqual([
    expect.objectContaining({ ref: 'k8s:c1//Pod/shop/web-1', reason: 'BackOff', events: 7 }),
    expect.objectContaining({ ref: 'k8s:c1//Pod/shop/web-1', reason: 'Unhealthy', events: 3 }),
    expect.objectContaining({ ref: 'k8s:c1//Pod/vault/key-0' }),
  ])
  expect((await home(api, 'admin', { last: '4h', limit: '50' })).warnings).toHaveLength(4)
  expect((await home(api, 'admin', { last: '1d' })).traffic.step).toBe(720)
})

test('a limited viewer has the overview of its namespaces', async () => {
  const api = await started()
  const { talkers, traffic, changes, warnings } = await home(api, 'shop')
  const bytes = traffic.columns.findIndex(({ name }) => name === 'bytes')
  expect(traffic.rows.reduce((sum, row) => sum + Number(row[bytes]), 0)).toBe(own)
  expect(Number(talkers.total['bytes'])).toBe(own)
  expect(names(changes)).toEqual(['web'])
  expect(warnings?.map(({ reason }) => reason)).toEqual(['BackOff', 'Unhealthy'])
  expect(JSON.stringify([talkers, changes, warnings])).not.toContain('vault')
})

test('without a store it has the traffic of the live memory, and no changes', async () => {
  const api = await startStored({ auth })
  api.control.store = undefined
  api.control.publish(namespacedFlows(realHost().clock.now()))
  const all = await home(api, 'admin')
  expect([all.changes, all.warnings, all.watches]).toEqual([null, null, false])
  expect(Number(all.talkers.total['bytes'])).toBeGreaterThan(own)
})

test('a time that is too long or malformed is rejected', async () => {
  const api = await startStored({})
  for (const last of ['1w', '-1h', '1', '9999d']) expect((await api.get('home', { last })).status).toBe(400)
})
