import { expect, test } from 'vitest'
import { completed, costEvent, focusColumns, insightCosts, invoiceCosts } from '../../codecs/focus/index.ts'
import { toEventBatch, type WeirEvent } from '../../model/events.ts'
import { RecordingControl } from '../testing/recording-control.ts'
import { start } from '../testing/kit.ts'
import { startStored, type StoredApi } from '../testing/stored.ts'

const collected = Date.parse('2026-11-25T10:00:00Z')

type Cost = Readonly<{
  amount: string
  day: string
  account?: string
  currency?: string
  resource?: string
  team?: string
}>

function cost({ amount, day, account = 'a', currency = 'USD', resource = 'r1', team = 'web' }: Cost): WeirEvent {
  const row = {
    BilledCost: amount,
    BillingCurrency: currency,
    BillingAccountId: account,
    BillingAccountName: `name of ${account}`,
    ChargePeriodStart: `${day}T00:00:00Z`,
    ProviderName: 'AWS',
    ServiceName: `service of ${resource}`,
    ResourceId: resource,
    Tags: JSON.stringify({ team, 'cost center': '"7"' }),
  }
  return costEvent(completed(row, { source: 'focus', collected, estimated: false }))
}

const costs = [
  cost({ amount: '0.10', day: '2026-10-01' }),
  cost({ amount: '0.20', day: '2026-10-02' }),
  cost({ amount: '7', day: '2026-10-02', resource: 'r2', team: 'db' }),
  cost({ amount: '9', day: '2026-10-02', account: 'b', currency: 'CHF', resource: 'r3' }),
  cost({ amount: '1', day: '2026-11-03' }),
]

async function started(events: readonly WeirEvent[] = costs): Promise<StoredApi> {
  const api = await startStored({
    auth: {
      tokens: [
        { name: 'eyes', token: 'viewer', role: 'viewer' },
        { name: 'shop', token: 'shop', role: 'viewer', namespaces: ['shop'] },
      ],
    },
  })
  await api.addBatch(toEventBatch(events), collected)
  return api
}

const viewer = { authorization: 'Bearer viewer' }
const span = { from: '2026-10', to: '2026-12' }

test('case C26: sums are exact, by currency, and groups and the rest add up', async () => {
  const { get } = await started()
  const { body } = await get('spend', { ...span, by: 'resource', limit: '1', step: 'month' }, viewer)
  expect(body).toEqual({
    span: { from: '2026-10-01', to: '2026-12-01' },
    by: 'resource',
    currencies: [
      {
        currency: 'CHF',
        cost: '9',
        estimated: '0',
        groups: [{ value: 'r3', name: null, cost: '9', estimated: '0' }],
        others: { groups: 0, cost: '0', estimated: '0' },
        buckets: [{ start: '2026-10', cost: '9', estimated: '0', costs: ['9'] }],
      },
      {
        currency: 'USD',
        cost: '8.3',
        estimated: '0',
        groups: [{ value: 'r2', name: null, cost: '7', estimated: '0' }],
        others: { groups: 1, cost: '1.3', estimated: '0' },
        buckets: [
          { start: '2026-10', cost: '7.3', estimated: '0', costs: ['7', '0.3'] },
          { start: '2026-11', cost: '1', estimated: '0', costs: ['0', '1'] },
        ],
      },
    ],
  })
})

test('days, whole months and single rows give the same sums, with and without filters', async () => {
  const { get } = await started()
  const sums = async (parameters: Readonly<Record<string, string>>): Promise<unknown> => {
    const { body } = await get('spend', { currency: 'USD', ...parameters }, viewer)
    return (body['currencies'] as { groups: { value: string; cost: string }[] }[]).flatMap(({ groups }) =>
      groups.map(({ value, cost: sum }) => `${value} ${sum}`),
    )
  }
  expect(await sums({ ...span, by: 'account' })).toEqual(['a 8.3'])
  expect(await sums({ ...span, by: 'account', resource: 'r1' })).toEqual(['a 1.3'])
  expect(await sums({ from: '2026-10-02', to: '2026-11-04', by: 'account', resource: 'r1,r2' })).toEqual(['a 8.2'])
  expect(await sums({ from: '2026-10-02', to: '2026-10-03', by: 'tag:team' })).toEqual(['db 7', 'web 0.2'])
  expect(await sums({ ...span, by: 'tag:team' })).toEqual(['db 7', 'web 1.3'])
  expect(await sums({ ...span, by: 'tag:cost center' })).toEqual(['"7" 8.3'])
})

test('case C23: the total of a month with a closed invoice is that of the invoice', async () => {
  const day = (amount: string, start: string): object => ({
    usage_team_urn: 'team',
    start_date: start,
    total_amount: amount,
    sku: 's',
  })
  const estimates = insightCosts([day('1.00', '2026-10-03'), day('1.50', '2026-10-04'), day('4', '2026-11-01')], {
    collected,
  })
  const invoice = invoiceCosts([{ product: 'Droplets', amount: '2.61', resource_id: '5' }], {
    account: 'team',
    invoice: 'i-1',
    period: '2026-10',
    isPreview: false,
    collected,
  })
  const { get } = await started([...estimates.rows, ...invoice.rows].map(costEvent))
  const { body } = await get('spend', { ...span, by: 'account', step: 'month' }, viewer)
  expect(body['currencies']).toMatchObject([
    {
      cost: '6.61',
      estimated: '4',
      buckets: [
        { start: '2026-10', cost: '2.61', estimated: '0' },
        { start: '2026-11', cost: '4', estimated: '4' },
      ],
    },
  ])
})

test('case C25: the export has every mandatory column of FOCUS, and only own columns with the prefix', async () => {
  const { url } = await started()
  const answer = await fetch(`${url}/api/v1/spend/export?from=2026-10&to=2026-12&account=b`, { headers: viewer })
  const [header = '', ...rows] = (await answer.text()).trim().split('\n')
  const names = header.trim().split(',')
  for (const { name, mandatory } of focusColumns) if (mandatory === true) expect(names).toContain(name)
  expect(names.filter((name) => !focusColumns.some((column) => column.name === name))).toEqual(
    names.filter((name) => name.startsWith('x_')),
  )
  expect(rows).toHaveLength(1)
  expect(rows[0]).toMatch(/^9,9,9,9,CHF,b,.*2026-10-02T00:00:00Z,2026-10-03T00:00:00Z,Usage/)
})

const tagged = (amount: string, tags: object, currency = 'USD'): WeirEvent => {
  const row = {
    BilledCost: amount,
    BillingCurrency: currency,
    BillingAccountId: 'a',
    ChargePeriodStart: '2026-10-05T00:00:00Z',
    ProviderName: 'AWS',
    ServiceName: 'Compute',
    ResourceId: `r-${amount}`,
    Tags: JSON.stringify(tags),
  }
  return costEvent(completed(row, { source: 'focus', collected, estimated: false }))
}

const taggedCosts = [
  tagged('8', { team: 'web', env: 'prod', 'aws:eks:workload-name': 'api', 'aws:eks:namespace': 'shop' }),
  tagged('4', { Owner: 'db', env: 'test', workload: 'database', namespace: 'shop' }),
  tagged('2', { team: 'web', env: '', 'a "quoted\\ key': 'x' }),
  tagged('1', {}),
  tagged('5', {}, 'CHF'),
]

test('keys of tags are listed with the costs that have a value, in every order of the rows', async () => {
  for (const rows of [taggedCosts, taggedCosts.toReversed()]) {
    const { get } = await started(rows)
    for (const days of [span, { from: '2026-10-02', to: '2026-10-09' }]) {
      const { body } = await get('spend/tags', days, viewer)
      expect(body['currencies']).toEqual([
        { currency: 'CHF', cost: '5', tags: [], others: 0 },
        {
          currency: 'USD',
          cost: '15',
          tags: [
            { name: 'env', cost: '12', values: 2 },
            { name: 'team', cost: '10', values: 1 },
            { name: 'aws:eks:namespace', cost: '8', values: 1 },
            { name: 'aws:eks:workload-name', cost: '8', values: 1 },
            { name: 'Owner', cost: '4', values: 1 },
            { name: 'namespace', cost: '4', values: 1 },
            { name: 'workload', cost: '4', values: 1 },
            { name: 'a "quoted\\ key', cost: '2', values: 1 },
          ],
          others: 0,
        },
      ])
    }
    const { body } = await get('spend/tags', { ...span, currency: 'USD', limit: '2', tag: 'env=prod' }, viewer)
    expect(body['currencies']).toMatchObject([{ cost: '8', tags: [{ name: 'aws:eks:namespace' }, {}], others: 2 }])
  }
})

test('tags filter and group: values of a tag are alternatives, an empty one means without', async () => {
  const { get } = await started(taggedCosts)
  const sums = async (parameters: Readonly<Record<string, string>>): Promise<unknown> => {
    const { body } = await get('spend', { ...span, currency: 'USD', ...parameters }, viewer)
    return (body['currencies'] as { groups: { value: string | null; cost: string }[] }[]).flatMap(({ groups }) =>
      groups.map(({ value, cost: sum }) => `${value ?? '–'} ${sum}`),
    )
  }
  expect(await sums({ tag: 'env=prod,env=test' })).toEqual(['AWS 12'])
  expect(await sums({ tag: 'env=test,team=web' })).toEqual([])
  expect(await sums({ tag: 'env=,team=web' })).toEqual(['AWS 2'])
  expect(await sums({ tag: 'a "quoted\\\\ key=x' })).toEqual(['AWS 2'])
  expect(await sums({ by: 'team' })).toEqual(['web 10', 'db 4', '– 1'])
  expect(await sums({ by: 'workload' })).toEqual(['api 8', 'database 4', '– 3'])
  expect(await sums({ by: 'namespace', team: 'web' })).toEqual(['shop 8', '– 2'])
  expect(await sums({ by: 'account', workload: 'api,database' })).toEqual(['a 12'])
  expect(await sums({ by: 'team', from: '2026-10-05', to: '2026-10-06', step: 'day' })).toEqual([
    'web 10',
    'db 4',
    '– 1',
  ])
  expect((await get('spend', { ...span, tag: '=prod' }, viewer)).body['detail']).toContain('must be NAME=VALUE')
  const exported = await get('spend/movers', { ...span, by: 'team', tag: 'team=web', currency: 'USD' }, viewer)
  expect(exported.body['currencies']).toMatchObject([{ cost: '10', rises: [{ value: 'web', cost: '10' }] }])
  expect((await get('spend/tags', {}, { authorization: 'Bearer shop' })).status).toBe(403)
})

test('wrong parameters, limited viewers and a store in ClickHouse get the reason', async () => {
  const { get } = await started()
  for (const [parameters, detail] of [
    [{ by: 'colour' }, '`by` is colour'],
    [{ from: '2026-02-30' }, 'not a day'],
    [{ from: '2026-11', to: '2026-10' }, 'must be before'],
  ] as const)
    expect(await get('spend', parameters, viewer)).toMatchObject({
      status: 400,
      body: { detail: expect.stringContaining(detail) as string },
    })
  expect((await get('spend', {}, { authorization: 'Bearer shop' })).status).toBe(403)
  const control = new RecordingControl()
  const none = (): never => {
    throw new Error('No query is expected.')
  }
  control.store = { dialect: 'clickhouse', query: none, edges: none }
  const { api } = await start({ control })
  for (const path of ['spend', 'spend/tags']) expect((await fetch(`${api.url}/api/v1/${path}`)).status).toBe(503)
})
