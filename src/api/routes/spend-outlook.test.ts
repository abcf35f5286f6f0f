import { expect, test } from 'vitest'
import { addDecimals, completed, costEvent, difference, quotient } from '../../codecs/focus/index.ts'
import { realHost } from '../../host/index.ts'
import { cloudTypes } from '../../model/cloud.ts'
import { toEventBatch, type WeirEvent } from '../../model/events.ts'
import { cloudEvent } from '../../store/testing/cloud-events.ts'
import { queryRows } from '../../store/testing/query-rows.ts'
import { startStored, type StoredApi } from '../testing/stored.ts'
import type { Budget } from '../../topics/spend/index.ts'

const now = Date.parse('2026-11-11T10:00:00Z')

type Cost = Readonly<{
  amount: string
  day: string
  account?: string
  currency?: string
  resource?: string | undefined
  service?: string
  category?: string
  tags?: object
  estimated?: boolean
}>

function cost({
  amount,
  day,
  account = 'a',
  currency = 'EUR',
  resource,
  service = 'Compute',
  ...more
}: Cost): WeirEvent {
  const { category = 'Usage', tags = {}, estimated = false } = more
  const row = {
    BilledCost: amount,
    BillingCurrency: currency,
    BillingAccountId: account,
    BillingAccountName: `name of ${account}`,
    ChargePeriodStart: `${day}T00:00:00Z`,
    ChargeCategory: category,
    ProviderName: 'exoscale',
    ServiceName: service,
    ...(resource === undefined ? {} : { ResourceId: resource }),
    Tags: JSON.stringify(tags),
  }
  return costEvent(completed(row, { source: 'focus', collected: now, estimated }))
}

async function started(events: readonly WeirEvent[], budgets: readonly Budget[] = []): Promise<StoredApi> {
  const real = realHost()
  const api = await startStored({
    host: { ...real, clock: { ...real.clock, now: () => now } },
    budgets: () => budgets,
  })
  await api.addBatch(toEventBatch(events), now)
  return api
}

const two = (day: number): string => String(day).padStart(2, '0')
const days = (first: number, last: number, of: (day: string) => Cost): readonly WeirEvent[] =>
  Array.from({ length: last - first + 1 }, (_, at) => cost(of(`2026-11-${two(first + at)}`)))

const text = async (api: StoredApi, sql: string): Promise<string> =>
  addDecimals([String((await queryRows(api.store.reader, `SELECT (${sql})::VARCHAR AS n`))[0]?.['n'])])

test('the forecast is the average final day times the days of the month, and charges that do not recur', async () => {
  const api = await started([
    ...days(1, 8, (day) => ({ amount: '10.01', day })),
    ...days(9, 10, (day) => ({ amount: '4', day, estimated: true })),
    cost({ amount: '50', day: '2026-11-02', category: 'Purchase' }),
  ])
  const { body } = await api.get('spend/forecast')
  const usage = await text(
    api,
    `SELECT sum(billed) FROM spend WHERE charge_category = 'Usage' AND NOT estimated AND day < '2026-11-09'`,
  )
  const once = await text(api, `SELECT sum(billed) FROM spend WHERE charge_category <> 'Usage'`)
  expect(body).toMatchObject({
    month: '2026-11',
    currencies: [
      {
        currency: 'EUR',
        cost: await text(api, 'SELECT sum(billed) FROM spend'),
        rate: '10.01',
        forecast: addDecimals([quotient(usage, { times: 30, by: 8, digits: 2 }), once]),
        basis: 'final',
        finalDays: 8,
        openDays: ['2026-11-09', '2026-11-10', '2026-11-11'],
      },
    ],
  })
  expect(addDecimals([usage])).toBe('80.08')
})

test('each account has its own final days, and a currency is the sum of its accounts', async () => {
  const api = await started([
    ...days(1, 10, (day) => ({ amount: '1', day })),
    // The bill of this account arrives late: the 9th and 10th are open, and the 6th had no cost.
    ...days(1, 5, (day) => ({ amount: '2', day, account: 'b' })),
    ...days(7, 8, (day) => ({ amount: '2', day, account: 'b' })),
    // All days of this month are estimates.
    ...days(1, 10, (day) => ({ amount: '3', day, account: 'c', currency: 'USD', estimated: true })),
  ])
  const { body } = await api.get('spend/forecast')
  expect(body['currencies']).toMatchObject([
    {
      currency: 'EUR',
      forecast: '82.5',
      basis: 'final',
      finalDays: 8,
      accounts: [
        { account: 'a', finalDays: 10, rate: '1', forecast: '30', openDays: ['2026-11-11'] },
        { account: 'b', finalDays: 8, rate: '1.75', forecast: '52.5' },
      ],
    },
    { currency: 'USD', forecast: '90', basis: 'estimates', finalDays: 0 },
  ])
})

test('a budget is kept, expected to be exceeded, or exceeded, and a part of an account has none', async () => {
  const budgets: readonly Budget[] = [
    { currency: 'EUR', amount: '60', account: null },
    { currency: 'EUR', amount: '30.00', account: 'a' },
    { currency: 'EUR', amount: '29.99', account: 'b' },
    { currency: 'CHF', amount: '1', account: null },
  ]
  const api = await started(
    [...days(1, 10, (day) => ({ amount: '1', day })), ...days(1, 10, (day) => ({ amount: '3', day, account: 'b' }))],
    budgets,
  )
  const states = async (query: Readonly<Record<string, string>>): Promise<unknown> => {
    const { body } = await api.get('spend/forecast', query)
    return (body['currencies'] as { budgets: { account: string | null; state: string }[] }[]).flatMap((each) =>
      each.budgets.map(({ account, state }) => `${account ?? 'all'} ${state}`),
    )
  }
  expect(await states({})).toEqual(['all expected', 'a kept', 'b exceeded'])
  expect(await states({ account: 'a' })).toEqual(['a kept'])
  expect(await states({ service: 'Compute' })).toEqual([])
})

test('a forecast is at least the costs, none without a final day, and the costs of a past month', async () => {
  const api = await started([
    cost({ amount: '1', day: '2026-11-11' }),
    cost({ amount: '31', day: '2026-10-01' }),
    cost({ amount: '5', day: '2026-12-01' }),
  ])
  expect((await api.get('spend/forecast')).body).toMatchObject({
    currencies: [{ cost: '1', rate: '0', forecast: '1', finalDays: 8 }],
  })
  expect((await api.get('spend/forecast', { month: '2026-12' })).body).toMatchObject({
    currencies: [{ cost: '5', rate: null, forecast: null, basis: null, finalDays: 0 }],
  })
  expect((await api.get('spend/forecast', { month: '2026-10' })).body).toMatchObject({
    currencies: [{ cost: '31', forecast: '31', finalDays: 31, openDays: [] }],
  })
  expect((await api.get('spend/forecast', { month: '2026-13' })).status).toBe(400)
})

test('movers are exact, by currency, and equal sums over the rows', async () => {
  const api = await started([
    cost({ amount: '10.10', day: '2026-11-02', service: 'Compute' }),
    cost({ amount: '10.05', day: '2026-10-02', service: 'Compute' }),
    cost({ amount: '0.01', day: '2026-11-03', service: 'New' }),
    cost({ amount: '5', day: '2026-10-03', service: 'Gone' }),
    cost({ amount: '7', day: '2026-10-20', service: 'Later in October' }),
    cost({ amount: '2', day: '2026-11-03', service: 'Same' }),
    cost({ amount: '2', day: '2026-10-03', service: 'Same' }),
    cost({ amount: '9', day: '2026-11-03', service: 'Compute', currency: 'CHF' }),
  ])
  const { body } = await api.get('spend/movers')
  expect(body).toMatchObject({
    span: { from: '2026-11-01', to: '2026-11-12' },
    before: { from: '2026-10-01', to: '2026-10-12' },
    currencies: [
      { currency: 'CHF', cost: '9', before: '0', change: '9', percent: null, rises: [{ value: 'Compute' }], falls: [] },
      {
        currency: 'EUR',
        cost: '12.11',
        before: '17.05',
        change: '-4.94',
        percent: '-29',
        rises: [
          { value: 'Compute', cost: '10.1', before: '10.05', change: '0.05', percent: '0.5' },
          { value: 'New', cost: '0.01', before: '0', change: '0.01', percent: null },
        ],
        falls: [{ value: 'Gone', cost: '0', before: '5', change: '-5', percent: '-100' }],
      },
    ],
  })
  const period = (from: string, to: string): string =>
    `SELECT sum(billed) FROM spend WHERE currency = 'EUR' AND day >= '${from}' AND day < '${to}'`
  const [cents, earlier] = [
    await text(api, period('2026-11-01', '2026-11-12')),
    await text(api, period('2026-10-01', '2026-10-12')),
  ]
  expect((body['currencies'] as { change: string }[])[1]?.change).toBe(difference(cents, earlier))

  const months = { from: '2026-11', to: '2026-12', by: 'resource', limit: '1' }
  expect((await api.get('spend/movers', months)).body).toMatchObject({
    before: { from: '2026-10-01', to: '2026-11-01' },
    currencies: [{ currency: 'CHF' }, { currency: 'EUR', before: '24.05', falls: [{ value: null, change: '-11.94' }] }],
  })
  const days2 = { from: '2026-11-03', to: '2026-11-04', before_from: '2026-11-02', before_to: '2026-11-03' }
  expect((await api.get('spend/movers', { ...days2, currency: 'EUR' })).body).toMatchObject({
    currencies: [{ cost: '2.01', before: '10.1', change: '-8.09' }],
  })
})

test('costs are idle by findings, shared without resource and namespace, else allocated', async () => {
  const at = (day: string): number => Date.parse(`2026-11-${day}T12:00:00Z`)
  const volume = { type: 'volume', id: 'v1' } as const
  const api = await started([
    cloudEvent({ ...volume, attachedTo: ['i1'], time: at('01') }),
    cloudEvent({ ...volume, attachedTo: [], time: at('03'), event: cloudTypes.changed }),
    cloudEvent({ ...volume, attachedTo: ['i1'], time: at('05'), event: cloudTypes.changed }),
    ...days(1, 6, (day) => ({ amount: '1.01', day, resource: 'v1' })),
    cost({ amount: '4', day: '2026-11-02', resource: 'i1' }),
    cost({ amount: '8', day: '2026-11-02', service: 'Support' }),
    cost({ amount: '16', day: '2026-11-02', tags: { namespace: 'shop' } }),
    cost({ amount: '32', day: '2026-11-04', resource: 'v1', currency: 'CHF', account: 'b' }),
  ])
  const { body } = await api.get('spend', { by: 'allocation' })
  expect(body['currencies']).toMatchObject([
    { currency: 'CHF', groups: [{ value: 'idle', cost: '32' }] },
    {
      currency: 'EUR',
      cost: await text(api, `SELECT sum(billed) FROM spend WHERE currency = 'EUR'`),
      groups: [
        { value: 'allocated', cost: '24.04' },
        { value: 'shared', cost: '8' },
        { value: 'idle', cost: '2.02' },
      ],
    },
  ])
})
