import { expect, test } from 'vitest'
import { completed, costEvent } from '../../codecs/focus/index.ts'
import { cloudTypes } from '../../model/cloud.ts'
import { toEventBatch, type WeirEvent } from '../../model/events.ts'
import { cloudEvent } from '../../store/testing/cloud-events.ts'
import { flowBatch } from '../../store/testing/frames.ts'
import { queryRows } from '../../store/testing/query-rows.ts'
import { resourceEvent } from '../../store/testing/resource-events.ts'
import { startStored, type StoredApi } from '../testing/stored.ts'

const start = Date.parse('2026-11-20T10:00:00Z')
const hour = 3_600_000
const iso = (moment: number): string => new Date(moment).toISOString()
const viewer = { authorization: 'Bearer viewer' }

async function started(events: readonly WeirEvent[]): Promise<StoredApi> {
  const api = await startStored({
    auth: {
      tokens: [
        { name: 'eyes', token: 'viewer', role: 'viewer' },
        { name: 'shop', token: 'shop', role: 'viewer', namespaces: ['shop'] },
      ],
    },
  })
  await api.addBatch(toEventBatch(events), start)
  return api
}

const resources = [
  cloudEvent({ id: 'i1', name: 'web', tags: { team: 'shop' }, cpuCores: 4, time: start }),
  cloudEvent({ id: 'i2', name: 'old', state: 'stopped', time: start }),
  cloudEvent({ id: 'i2', name: 'old', time: start + hour, event: cloudTypes.deleted }),
  cloudEvent({ type: 'volume', id: 'v1', attachedTo: [], account: 'b', time: start }),
  cloudEvent({
    type: 'ip_address',
    id: 'a1',
    provider: 'aws',
    addresses: ['198.51.100.7'],
    attachedTo: [],
    time: start,
  }),
]

test('lists are of a time, filtered, and in pages of one time', async () => {
  const { get } = await started(resources)
  const ids = async (query: Readonly<Record<string, string>>): Promise<unknown> => {
    const { body } = await get('inventory', { at: iso(start), ...query }, viewer)
    return (body['resources'] as { id: string }[]).map(({ id }) => id)
  }
  expect(await ids({})).toEqual(['a1', 'v1', 'i2', 'i1'])
  expect(await ids({ at: iso(start + hour) })).toEqual(['a1', 'v1', 'i1'])
  expect(await ids({ at: iso(start - 1) })).toEqual([])
  expect(await ids({ account: 'b' })).toEqual(['v1'])
  expect(await ids({ provider: 'exoscale', type: 'instance', state: 'running' })).toEqual(['i1'])
  expect(await ids({ finding: 'detached,unused' })).toEqual(['a1', 'v1'])
  expect(await ids({ text: 'SHOP' })).toEqual(['i1'])
  expect(await ids({ filter: 'kind = instance and tag = "team=shop" and cpu_cores > 2' })).toEqual(['i1'])
  expect(await ids({ filter: 'exists(finding) and not type = volume' })).toEqual(['a1', 'i2'])
  expect(await ids({ filter: 'address = 198.51.100.7' })).toEqual(['a1'])

  const first = await get('inventory', { limit: '3', at: iso(start) }, viewer)
  expect(first.body).toMatchObject({ at: iso(start), total: 4 })
  const next = { limit: '3', cursor: String(first.body['next']) }
  expect(await get('inventory', next, viewer)).toMatchObject({
    body: { at: iso(start), next: null, resources: [{ id: 'i1', name: 'web', tags: { team: 'shop' }, cpu_cores: 4 }] },
  })
  expect((await get('inventory', { ...next, type: 'volume' }, viewer)).status).toBe(400)
})

test('facets count the resources that the other facets select, and prices of currencies are apart', async () => {
  const price = (amount: string, currency: string) => ({ amount, currency, source: 'api' }) as const
  const { get } = await started([
    cloudEvent({ id: 'i1', costPerHour: price('0.1', 'CHF'), time: start }),
    cloudEvent({ id: 'i2', costPerHour: price('0.2', 'CHF'), state: 'stopped', time: start }),
    cloudEvent({ type: 'volume', id: 'v1', attachedTo: [], costPerHour: price('0.001', 'USD'), time: start }),
    cloudEvent({ type: 'volume', id: 'v2', account: 'b', time: start }),
  ])
  const facets = async (query: Readonly<Record<string, string>>): Promise<unknown> =>
    (await get('inventory/facets', { at: iso(start), ...query }, viewer)).body
  expect(await facets({})).toEqual({
    at: iso(start),
    total: 4,
    costs: [
      { currency: 'CHF', per_hour: '0.3' },
      { currency: 'USD', per_hour: '0.001' },
    ],
    facets: {
      provider: [{ value: 'exoscale', resources: 4 }],
      account: [
        { value: 'org', resources: 3 },
        { value: 'b', resources: 1 },
      ],
      region: [{ value: 'ch-gva-2', resources: 4 }],
      type: [
        { value: 'instance', resources: 2 },
        { value: 'volume', resources: 2 },
      ],
      state: [
        { value: 'running', resources: 3 },
        { value: 'stopped', resources: 1 },
      ],
      finding: [
        { value: 'detached', resources: 1 },
        { value: 'stopped', resources: 1 },
      ],
    },
  })
  expect(await facets({ type: 'volume', account: 'org', filter: 'not name = v3' })).toMatchObject({
    total: 1,
    costs: [{ currency: 'USD' }],
    facets: {
      type: [
        { value: 'instance', resources: 2 },
        { value: 'volume', resources: 1 },
      ],
      account: [
        { value: 'b', resources: 1 },
        { value: 'org', resources: 1 },
      ],
      state: [{ value: 'running', resources: 1 }],
    },
  })
})

test('a viewer of namespaces sees no resource, and wrong parameters get the reason', async () => {
  const { get } = await started(resources)
  for (const path of ['inventory', 'inventory/facets', 'inventory/one'])
    expect((await get(path, { ref: 'x:y' }, { authorization: 'Bearer shop' })).status).toBe(403)
  expect(await get('inventory', { filter: 'colour = red' }, viewer)).toMatchObject({ status: 400 })
  expect(await get('inventory', { at: 'soon' }, viewer)).toMatchObject({ status: 400 })
  expect(await get('inventory/one', { ref: 'aws:org/x/instance/none' }, viewer)).toMatchObject({ status: 404 })
})

const trace = (id: string, time: number, action: string, outcome = 'success'): WeirEvent => ({
  id,
  source: '/cloud',
  type: action,
  family: 'audit',
  subject: 'i-1',
  time,
  key: '',
  ref: 'aws:1/ec2/instance/i-1',
  datacontenttype: 'application/json',
  encoding: 'json',
  data: new TextEncoder().encode(
    JSON.stringify({
      audit: {
        actor: { kind: 'user', id: 'u', name: id },
        action,
        service: 'ec2',
        severity: outcome === 'failure' ? 'warning' : 'normal',
        resource: { type: 'instance', id: 'i-1' },
      },
    }),
  ),
})

const cost = (amount: string, resource: string, day: string): WeirEvent =>
  costEvent(
    completed(
      {
        BilledCost: amount,
        BillingCurrency: 'USD',
        BillingAccountId: '1',
        ChargePeriodStart: `${day}T00:00:00Z`,
        ProviderName: 'AWS',
        ServiceName: 'AmazonEC2',
        ResourceId: resource,
      },
      { source: 'cur', collected: start, estimated: false },
    ),
  )

const instance = { provider: 'aws', account: '1', region: 'eu-central-1', id: 'i-1', name: 'worker' } as const

/** A node of EKS, its instance and volume, two days of costs, audit events, and flows of the node. */
async function cluster(): Promise<StoredApi> {
  const api = await started([
    resourceEvent({ kind: 'Node', name: 'n1', time: start, data: { providerId: 'aws:///eu-central-1a/i-1' } }),
    cloudEvent({ ...instance, time: start }),
    cloudEvent({ ...instance, size: 'm5.large', time: start + hour, event: cloudTypes.changed }),
    cloudEvent({ ...instance, type: 'volume', id: 'vol-1', attachedTo: ['i-1'], time: start }),
    trace('alice', start - 60_000, 'RunInstances'),
    trace('bob', start + hour + 120_000, 'ModifyInstanceAttribute', 'failure'),
    trace('carol', start + hour - 300_000, 'ModifyInstanceAttribute'),
    cost('1.10', 'arn:aws:ec2:eu-central-1:1:instance/i-1', '2026-11-19'),
    cost('0.20', 'i-1', '2026-11-20'),
    cost('9', 'i-11', '2026-11-20'),
  ])
  const flows = flowBatch(
    [
      { src: '10.0.0.1', dst: '10.0.0.2', bytes: 100 },
      { src: '10.0.0.2', dst: '10.0.0.1', bytes: 7 },
    ],
    start + 2 * hour,
  )
  const codes = (...of: number[]) => ({ kind: 'dict', codes: Uint32Array.from(of) }) as const
  await api.addBatch(
    {
      ...flows,
      dictionary: ['', 'netflow5', 'c1', 'n1', 'n2'],
      columns: { ...flows.columns, cluster: codes(2, 2), src_node: codes(3, 4), dst_node: codes(4, 3) },
    },
    start + 2 * hour,
  )
  return api
}

test('one resource has its changes with their actors, relations, costs and traffic', async () => {
  const { get } = await cluster()
  const ref = 'aws:1/eu-central-1/instance/i-1'
  const { body } = await get('inventory/one', { ref, at: iso(start + 2 * hour) }, viewer)
  expect(body).toMatchObject({
    ref,
    now: { id: 'i-1', size: 'm5.large', data: { size: 'm5.large' } },
    changes: [
      { operation: 'changed', audit: 'carol' },
      { operation: 'created', audit: 'alice', state: 'running' },
    ],
    relations: [
      { relation: 'attached-to', from: 'aws:1/eu-central-1/volume/vol-1', to: ref },
      { relation: 'hosted-on', from: 'k8s:c1//Node//n1', to: ref },
    ],
    audit: [{ id: 'bob' }, { id: 'carol' }, { id: 'alice' }],
    costs: [{ currency: 'USD', billed: '1.300000000000000000' }],
    traffic: { node: 'n1', sent: '100', received: '7' },
  })
})

test('a node has its instance among its relations', async () => {
  const { get } = await cluster()
  const { body } = await get('resources/one', { ref: 'k8s:c1//Node//n1', at: iso(start + 2 * hour) }, viewer)
  expect(body['relations']).toMatchObject([
    { relation: 'hosted-on', to: 'aws:1/eu-central-1/instance/i-1' },
    { relation: 'provided-by', to: 'aws:///eu-central-1a/i-1' },
  ])
})

test('node, instance, costs and traffic are one query', async () => {
  const { store } = await cluster()
  const rows = await queryRows(
    store.reader,
    `SELECT n.name AS node, i.id AS instance, c.billed::VARCHAR AS billed, f.bytes::INTEGER AS bytes
      FROM resources n
      JOIN relations r ON r.from_ref = n.ref AND r.relation = 'hosted-on' AND r.valid_to IS NULL
      JOIN inventory i ON i.ref = r.to_ref AND i.valid_to IS NULL
      LEFT JOIN (SELECT regexp_extract(resource, '[^/:]+$') AS id, sum(billed) AS billed FROM spend GROUP BY 1) c
        ON c.id = i.id
      LEFT JOIN (SELECT src_node, sum(bytes_est) AS bytes FROM flows GROUP BY 1) f ON f.src_node = n.name
      WHERE n.kind = 'Node' AND n.valid_to IS NULL`,
  )
  expect(rows).toEqual([{ node: 'n1', instance: 'i-1', billed: '1.300000000000000000', bytes: 100 }])
})
