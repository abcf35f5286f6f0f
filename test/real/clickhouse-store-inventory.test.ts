// Inventories of clouds over ClickHouse, compared with the embedded store.
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { cloudTypes } from '../../src/model/cloud.ts'
import { cloudBaseline, cloudEvent } from '../../src/store/testing/cloud-events.ts'
import { startOfDay } from '../../src/store/testing/frames.ts'
import { resourceEvent } from '../../src/store/testing/resource-events.ts'
import { installChdb } from './install/chdb.ts'
import { bothApis } from './kit/both-apis.ts'
import { startChdb, type ChdbServer } from './kit/chdb.ts'

let server: ChdbServer

beforeAll(async () => {
  if ((await installChdb()).path !== undefined) server = await startChdb()
}, 180_000)

beforeEach(async (context) => {
  const found = await installChdb()
  if (found.path === undefined) context.skip(found.reason)
})

afterAll(async () => {
  await server?.[Symbol.asyncDispose]()
})

const minute = 60_000
const old = new Date(startOfDay - 91 * 86_400_000).toISOString()
const detached = [{ path: 'attachedTo', from: ['i1'], to: [] }]
const volume = { type: 'volume', id: 'v1', diskBytes: 10, attachedTo: ['i1'] } as const

const events = [
  resourceEvent({ kind: 'Node', name: 'n1', time: startOfDay, data: { providerId: 'exoscale://i1' } }),
  resourceEvent({
    kind: 'Service',
    name: 'web',
    namespace: 'shop',
    time: startOfDay,
    data: { addresses: [{ ip: '198.51.100.9', as: 'load-balancer' }] },
  }),
  cloudBaseline({ collector: 'volumes', time: startOfDay }),
  cloudEvent({ ...volume, time: startOfDay, event: cloudTypes.observed }),
  cloudEvent({ ...volume, id: 'v2', time: startOfDay, event: cloudTypes.observed }),
  cloudEvent({
    ...volume,
    attachedTo: [],
    changes: detached,
    time: startOfDay + minute,
    event: cloudTypes.changed,
  }),
  cloudBaseline({ collector: 'volumes', time: startOfDay + 2 * minute }),
  cloudEvent({ ...volume, time: startOfDay + 2 * minute, event: cloudTypes.observed }),
  cloudEvent({
    id: 'i1',
    name: "it's",
    parent: 'pool',
    tags: { team: 'shop', odd: 'a"\\b' },
    cpuCores: 2.5,
    createdAt: '2026-11-01T00:00:00Z',
    costPerHour: { amount: '0.05', currency: 'CHF', source: 'api' },
    attributes: { zone: 'a', ttl: 3 },
    time: startOfDay,
  }),
  cloudEvent({ type: 'node_pool', id: 'pool', time: startOfDay }),
  cloudEvent({ type: 'load_balancer', id: 'lb', addresses: ['198.51.100.9'], time: startOfDay }),
  cloudEvent({ type: 'dns_record', id: 'r', addresses: ['198.51.100.9'], time: startOfDay }),
  cloudEvent({ type: 'ip_address', id: 'a1', attachedTo: [], time: startOfDay }),
  cloudEvent({ type: 'load_balancer', id: 'lb2', attachedTo: [], time: startOfDay }),
  cloudEvent({ type: 'instance', id: 'i3', tags: { team: 'shop' }, missingTags: ['env'], time: startOfDay }),
  cloudEvent({ type: 'snapshot', id: 's1', createdAt: old, time: startOfDay }),
  cloudEvent({ type: 'instance', id: 'i2', state: 'stopped', time: startOfDay }),
  cloudEvent({ type: 'instance', id: 'i2', time: startOfDay + minute, event: cloudTypes.deleted }),
]

it('views, pages and relations of inventories are those of the embedded store', async () => {
  const apis = await bothApis(server.url)
  await apis.addEvents(events, startOfDay)
  await apis.expectSameView('SELECT * FROM inventory')
  await apis.expectSameView(
    "SELECT * FROM relations WHERE relation IN ('attached-to', 'part-of', 'resolves-to', 'serves', 'hosted-on')",
  )
  for (const moment of [0, 60]) {
    const at = new Date(startOfDay + moment * minute).toISOString()
    for (const query of [
      {},
      { finding: 'detached,unused,no_targets,stopped,old_snapshot,untagged' },
      { text: 'SHOP' },
      { filter: 'tag = "team=shop" and cpu_cores > 2 and created < "2026-11-02"' },
      { filter: 'type = volume and attached = i1' },
      { filter: 'exists(address) or not exists(finding)' },
    ] as const)
      await apis.expectSame('inventory', { ...query, at })
    expect((await apis.pages('inventory', 'resources', { limit: '2', at })).length).toBeGreaterThan(6)
  }
  const times = {
    from: new Date(startOfDay + 1000).toISOString(),
    to: new Date(startOfDay + 60 * minute).toISOString(),
  }
  await apis.expectSame('inventory/diff', times)
  await apis.expectSame('inventory/diff', { ...times, filter: 'type = volume' })
  const refs = ['exoscale:org/ch-gva-2/instance/i1', 'exoscale:org/ch-gva-2/volume/v1']
  for (const ref of refs) {
    const [embedded, outside] = await Promise.all(apis.urls.map((url) => resourceOf(url, ref)))
    expect(embedded).toMatchObject({ costs: [] })
    if (ref.endsWith('v1')) expect(embedded).toMatchObject({ changes: [{ operation: 'changed', changes: detached }] })
    expect(outside).toEqual({ ...embedded, costs: null })
  }
}, 240_000)

/** The store in ClickHouse has no sums of costs. */
async function resourceOf(url: string, ref: string): Promise<object> {
  const query = new URLSearchParams({ ref, at: new Date(startOfDay + 60 * minute).toISOString() })
  return (await (await fetch(`${url}/api/v1/inventory/one?${query.toString()}`)).json()) as object
}
