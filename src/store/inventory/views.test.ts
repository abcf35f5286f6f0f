import { expect, test } from 'vitest'
import { cloudTypes, type CloudResource } from '../../model/cloud.ts'
import type { WeirEvent } from '../../model/events.ts'
import type { Store } from '../index.ts'
import { cloudBaseline, cloudEvent } from '../testing/cloud-events.ts'
import { FrameMaker } from '../testing/frames.ts'
import { resourceEvent } from '../testing/resource-events.ts'
import { queryRows } from '../testing/query-rows.ts'
import { temporaryStores } from '../testing/temporary.ts'

const stores = temporaryStores()
const start = Date.parse('2026-11-20T10:00:00Z')
const hour = 3_600_000

const volume: Partial<CloudResource> = { type: 'volume', id: 'v1', attachedTo: ['i1'], diskBytes: 10 * 2 ** 30 }

async function at(events: readonly WeirEvent[], moment: number, columns = 'id, state, finding') {
  const { reader } = await stores.filled([...events])
  const iso = new Date(moment).toISOString()
  return queryRows(
    reader,
    `SELECT ${columns} FROM inventory WHERE valid_from <= TIMESTAMPTZ '${iso}'
      AND (valid_to IS NULL OR valid_to > TIMESTAMPTZ '${iso}') ORDER BY type, id`,
  )
}

test('it has the columns of a resource, in base units', async () => {
  const event = cloudEvent({
    type: 'instance',
    id: 'i1',
    name: 'web',
    parent: 'pool',
    tags: { team: 'shop' },
    rawState: 'running',
    size: 'standard.medium',
    cpuCores: 2,
    memoryBytes: 4 * 2 ** 30,
    createdAt: '2026-11-01T00:00:00Z',
    costPerHour: { amount: '0.05', currency: 'CHF', source: 'api' },
    addresses: ['198.51.100.7'],
    attributes: { zone: 'a' },
    time: start,
  })
  const [row = {}] = await at([event], start)
  expect(row).toEqual({ id: 'i1', state: 'running', finding: null })
  const [whole = {}] = await at([event], start, '*')
  const { data, ...columns } = whole
  expect(data).toMatchObject({ id: 'i1', size: 'standard.medium' })
  expect(columns).toEqual({
    provider: 'exoscale',
    account: 'org',
    region: 'ch-gva-2',
    type: 'instance',
    id: 'i1',
    name: 'web',
    parent: 'pool',
    state: 'running',
    raw_state: 'running',
    size: 'standard.medium',
    cpu_cores: 2,
    gpus: null,
    memory_bytes: 4 * 2 ** 30,
    disk_bytes: null,
    nodes: null,
    created: '2026-11-01T00:00:00.000Z',
    cost_per_hour: 0.05,
    currency: 'CHF',
    attached_to: [],
    addresses: ['198.51.100.7'],
    tags: { team: 'shop' },
    attributes: { zone: 'a' },
    finding: null,
    first_seen: '2026-11-20T10:00:00.000Z',
    last_change: '2026-11-20T10:00:00.000Z',
    valid_from: '2026-11-20T10:00:00.000Z',
    valid_to: null,
    ref: 'exoscale:org/ch-gva-2/instance/i1',
  })
})

test('a row is valid from its event until the next of its key, and a deletion ends it', async () => {
  const events = [
    cloudEvent({ ...volume, time: start }),
    cloudEvent({ ...volume, attachedTo: [], time: start + hour, event: cloudTypes.changed }),
    cloudEvent({ ...volume, attachedTo: [], time: start + 2 * hour, event: cloudTypes.observed }),
    cloudEvent({ ...volume, time: start + 3 * hour, event: cloudTypes.deleted }),
  ]
  expect(await at(events, start - 1)).toEqual([])
  expect(await at(events, start)).toEqual([{ id: 'v1', state: 'running', finding: null }])
  expect(await at(events, start + hour)).toEqual([{ id: 'v1', state: 'running', finding: 'detached' }])
  expect(await at(events, start + 2 * hour, 'last_change')).toEqual([{ last_change: '2026-11-20T11:00:00.000Z' }])
  expect(await at(events, start + 3 * hour)).toEqual([])
})

test('a new baseline ends the rows of its collector that it does not contain, and no others', async () => {
  const events = [
    cloudBaseline({ collector: 'volumes', time: start }),
    cloudEvent({ ...volume, time: start, event: cloudTypes.observed }),
    cloudEvent({ ...volume, id: 'v2', time: start, event: cloudTypes.observed }),
    cloudEvent({ type: 'ip_address', id: 'a', attachedTo: [], collector: 'addresses', time: start }),
    cloudBaseline({ collector: 'volumes', time: start + hour }),
    cloudEvent({ ...volume, time: start + hour, event: cloudTypes.observed }),
  ]
  const ids = async (moment: number): Promise<unknown> => (await at(events, moment)).map(({ id }) => id)
  expect(await ids(start)).toEqual(['a', 'v1', 'v2'])
  expect(await ids(start + hour)).toEqual(['a', 'v1'])
})

test('findings are unattached volumes, unused addresses, stopped instances and old snapshots', async () => {
  const created = new Date(start - 91 * 24 * hour).toISOString()
  const rows = await at(
    [
      cloudEvent({ type: 'ip_address', id: 'a1', attachedTo: [], time: start }),
      cloudEvent({ type: 'ip_address', id: 'a2', attachedTo: ['i1'], time: start }),
      cloudEvent({ type: 'instance', id: 'i1', state: 'stopped', time: start }),
      cloudEvent({ type: 'snapshot', id: 's1', createdAt: created, time: start }),
      cloudEvent({ type: 'volume', id: 'v1', time: start }),
      cloudEvent({ type: 'volume', id: 'v2', attachedTo: [], time: start }),
    ],
    start,
    'id, finding',
  )
  expect(rows).toEqual([
    { id: 'i1', finding: 'stopped' },
    { id: 'a1', finding: 'unused' },
    { id: 'a2', finding: null },
    { id: 's1', finding: 'old_snapshot' },
    { id: 'v1', finding: null },
    { id: 'v2', finding: 'detached' },
  ])
})

test('load balancers without targets and untagged resources are findings, the first of the table wins', async () => {
  const tags = { team: 'shop' }
  const rows = await at(
    [
      cloudEvent({ type: 'load_balancer', id: 'lb1', attachedTo: [], tags, time: start }),
      cloudEvent({ type: 'load_balancer', id: 'lb2', attachedTo: ['i1'], tags, time: start }),
      cloudEvent({ type: 'load_balancer', id: 'lb3', tags, time: start }),
      cloudEvent({ type: 'instance', id: 'i1', time: start }),
      cloudEvent({ type: 'instance', id: 'i2', state: 'stopped', time: start }),
      cloudEvent({ type: 'instance', id: 'i3', tags, missingTags: ['env'], time: start }),
      cloudEvent({ type: 'instance', id: 'i4', tags, time: start }),
      // The list has no tags.
      cloudEvent({ type: 'snapshot', id: 's1', time: start }),
      // An account without tags.
      cloudEvent({ type: 'instance', id: 'o1', account: 'other', time: start }),
      cloudEvent({ type: 'instance', id: 'o2', account: 'other', missingTags: ['env'], time: start }),
    ],
    start,
    'id, finding',
  )
  expect(Object.fromEntries(rows.map(({ id, finding }) => [id, finding]))).toEqual({
    lb1: 'no_targets',
    lb2: null,
    lb3: null,
    i1: 'untagged',
    i2: 'stopped',
    i3: 'untagged',
    i4: null,
    s1: null,
    o1: null,
    o2: 'untagged',
  })
})

test('objects of Kubernetes are not in it, and its rows are not in `resources`', async () => {
  const { reader } = await stores.filled([cloudEvent({ ...volume, time: start })])
  expect(await queryRows(reader, 'SELECT count(*)::INTEGER AS n FROM resources')).toEqual([{ n: 0 }])
})

test('states of one commit are those of many, of late events and of merged files', async () => {
  const at = (hours: number, id: string, more: Partial<CloudResource> & { event?: string } = {}): WeirEvent =>
    cloudEvent({ ...volume, id, time: start + hours * hour, event: cloudTypes.observed, ...more })
  const commits = [
    [cloudBaseline({ collector: 'volumes', time: start }), at(0, 'v1'), at(0, 'v2'), at(0, 'v3')],
    [at(24, 'v1'), at(24, 'v2', { size: 'l', event: cloudTypes.changed }), at(24, 'v3', { event: cloudTypes.deleted })],
    [at(48, 'v1'), at(12, 'v2', { size: 'm', event: cloudTypes.changed }), at(48, 'v3', { event: cloudTypes.created })],
    [resourceEvent({ kind: 'Node', name: 'n1', time: start, data: {} })],
    [cloudBaseline({ collector: 'volumes', time: start + 72 * hour }), at(72, 'v1'), at(36, 'v1'), at(72, 'v3')],
  ]
  const statesIn = ({ reader }: Store): Promise<unknown> =>
    queryRows(
      reader,
      `SELECT id, size, first_seen, last_change, valid_from, valid_to, data->>'$.detectedAt' AS detected FROM inventory
        ORDER BY id, valid_from`,
    )
  const wanted = await statesIn(await stores.filled(commits.flat()))
  const store = await stores.open()
  const make = new FrameMaker()
  for (const events of commits) {
    await store.projection.apply([make.events(events)])
    await store.projection.commit()
    await statesIn(store)
  }
  expect(await statesIn(store)).toEqual(wanted)
  while (await store.maintain());
  expect(await statesIn(store)).toEqual(wanted)
  const hours = (row: Readonly<Record<string, unknown>>): string =>
    [row['valid_from'], row['valid_to']]
      .map((time) => (typeof time === 'string' ? (Date.parse(time) - start) / hour : 'now'))
      .join('-')
  expect((wanted as Record<string, unknown>[]).map((row) => `${String(row['id'])} ${hours(row)}`)).toEqual([
    'v1 0-now',
    'v2 0-12',
    'v2 12-24',
    'v2 24-72',
    'v3 0-24',
    'v3 48-now',
  ])
})
