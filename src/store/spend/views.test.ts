import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { completed, costEvent } from '../../codecs/focus/index.ts'
import type { WeirEvent } from '../../model/events.ts'
import type { Store } from '../index.ts'
import { FrameMaker } from '../testing/frames.ts'
import { queryRows } from '../testing/query-rows.ts'
import { temporaryStores } from '../testing/temporary.ts'

const stores = temporaryStores()

interface Cost {
  readonly amount: string
  readonly day?: string
  readonly account?: string
  readonly subAccount?: string
  readonly resource?: string
  readonly source?: string
  readonly invoice?: string
  readonly currency?: string
  readonly estimated?: boolean
}

function cost({
  amount,
  day = '2026-10-03',
  account = 'a',
  resource = 'r',
  source = 'focus',
  ...rest
}: Cost): WeirEvent {
  const row = completed(
    {
      BilledCost: amount,
      BillingCurrency: rest.currency ?? 'USD',
      BillingAccountId: account,
      ...(rest.subAccount === undefined ? {} : { SubAccountId: rest.subAccount }),
      ChargePeriodStart: `${day}T00:00:00Z`,
      ProviderName: 'AWS',
      ServiceName: 'EC2',
      ResourceId: resource,
      Tags: '{"team":"web"}',
      InvoiceId: rest.invoice ?? null,
    },
    { source, collected: 0, estimated: rest.estimated ?? false },
  )
  return costEvent(row)
}

const sums = (table: string): string =>
  `SELECT account, currency, sum(billed)::VARCHAR AS billed FROM ${table} GROUP BY ALL ORDER BY ALL`

/** Of the view and of both tables, which must be equal. */
async function allSums({ reader }: Store): Promise<unknown> {
  const rows = await queryRows(reader, sums('spend'))
  for (const table of ['spend_days', 'spend_months']) expect(await queryRows(reader, sums(table)), table).toEqual(rows)
  return rows
}

class Writing {
  readonly #make: FrameMaker
  readonly store: Store

  constructor(store: Store, make: FrameMaker) {
    this.store = store
    this.#make = make
    while (make.last < (store.projection.position()['0']?.sequence ?? 0)) make.lose('focus', 0)
  }

  async add(...events: WeirEvent[]): Promise<void> {
    await this.store.projection.apply([this.#make.events(events)])
    await this.store.projection.commit()
  }
}

test('a later row replaces the earlier one of its key, in the view and in the sums', async () => {
  const { store, ...writing } = await begin()
  await writing.add(cost({ amount: '1.10' }), cost({ amount: '0.000000000100000000', resource: 'q' }))
  expect(await allSums(store)).toEqual([{ account: 'a', currency: 'USD', billed: '1.100000000100000000' }])
  await writing.add(cost({ amount: '2.20' }), cost({ amount: '5', day: '2026-11-01', currency: 'CHF' }))
  expect(await allSums(store)).toEqual([
    { account: 'a', currency: 'CHF', billed: '5.000000000000000000' },
    { account: 'a', currency: 'USD', billed: '2.200000000100000000' },
  ])
})

test('case C23: rows of an invoice replace the estimates of its account and month, and no others', async () => {
  const { store, ...writing } = await begin()
  await writing.add(
    cost({ amount: '1', source: 'insights', estimated: true }),
    cost({ amount: '2', source: 'insights', estimated: true, day: '2026-10-04' }),
    cost({ amount: '4', source: 'insights', estimated: true, day: '2026-11-04' }),
    cost({ amount: '8', source: 'insights', estimated: true, account: 'b' }),
  )
  expect(await allSums(store)).toMatchObject([{ billed: '7.000000000000000000' }, { billed: '8.000000000000000000' }])
  await writing.add(cost({ amount: '2.95', source: 'invoice', invoice: 'i-1', day: '2026-10-01' }))
  expect(await allSums(store)).toMatchObject([
    { account: 'a', billed: '6.950000000000000000' },
    { account: 'b', billed: '8.000000000000000000' },
  ])
})

test('Cost Explorer and a report of one account are never added: the report counts on its days', async () => {
  const { store, ...writing } = await begin()
  const sum = { source: 'cost-explorer', estimated: true, resource: 'sum' }
  await writing.add(
    cost({ ...sum, amount: '10' }),
    cost({ ...sum, amount: '20', day: '2026-10-04' }),
    cost({ ...sum, amount: '40', account: 'b' }),
    cost({ ...sum, amount: '80', account: 'c', subAccount: 'c1' }),
    cost({ ...sum, amount: '160', account: 'c', subAccount: 'c2' }),
  )
  expect(await allSums(store)).toMatchObject([
    { billed: '30.000000000000000000' },
    { billed: '40.000000000000000000' },
    { billed: '240.000000000000000000' },
  ])
  await writing.add(
    cost({ amount: '1' }),
    cost({ amount: '2', resource: 'q' }),
    // A report of one sub-account does not cover the other.
    cost({ amount: '3', account: 'c', subAccount: 'c1' }),
  )
  expect(await allSums(store)).toMatchObject([
    { account: 'a', billed: '23.000000000000000000' },
    { account: 'b', billed: '40.000000000000000000' },
    { account: 'c', billed: '163.000000000000000000' },
  ])
  // Sums that were read by the account that the report has as a sub-account.
  await writing.add(cost({ amount: '5', account: 'payer', subAccount: 'b' }))
  expect(await allSums(store)).toMatchObject([
    { account: 'a' },
    { account: 'c' },
    { account: 'payer', billed: '5.000000000000000000' },
  ])
  await writing.add(cost({ amount: '7', day: '2026-10-09', invoice: 'i' }))
  expect(await allSums(store)).toMatchObject([{ account: 'a', billed: '10.000000000000000000' }, {}, {}])
})

test('a removed row has no cost, and merged files keep the sums', async () => {
  const { store, ...writing } = await begin()
  const row = cost({ amount: '3' })
  await writing.add(row, cost({ amount: '1', resource: 'q' }))
  await writing.add({
    ...row,
    id: 'removed',
    data: new TextEncoder().encode(JSON.stringify({ x_Removed: 'true', ChargePeriodStart: '2026-10-03T00:00:00Z' })),
  })
  expect(await allSums(store)).toMatchObject([{ billed: '1.000000000000000000' }])
  while (await store.maintain());
  expect(await allSums(store)).toMatchObject([{ billed: '1.000000000000000000' }])
})

test('files of an earlier version have costs in bodies only: they count as before, beside later files', async () => {
  await cp(join(import.meta.dirname, '../fixtures/costs-in-bodies/store'), stores.directory, { recursive: true })
  const { store, ...writing } = await begin(new FrameMaker(9))
  expect(await allSums(store)).toEqual([
    { account: 'a', currency: 'CHF', billed: '7.000000000000000000' },
    { account: 'a', currency: 'USD', billed: '123456791.700000000100000000' },
  ])
  await writing.add(cost({ amount: '3.20' }), cost({ amount: '0.3', resource: 's', day: '2026-11-02' }))
  const later = [
    { account: 'a', currency: 'CHF', billed: '7.000000000000000000' },
    { account: 'a', currency: 'USD', billed: '123456793.000000000100000000' },
  ]
  expect(await allSums(store)).toEqual(later)
  while (await store.maintain());
  await stores.close()
  expect(await allSums(await stores.open())).toEqual(later)
})

test('values of a body are read as JSON has them, however long or unusual', async () => {
  const { store, ...writing } = await begin()
  const row = cost({ amount: '0.00000000005' })
  const body = JSON.parse(new TextDecoder().decode(row.data)) as object
  const with_ = (id: string, more: object): WeirEvent => ({
    ...row,
    id,
    key: id,
    data: new TextEncoder().encode(JSON.stringify({ ...body, ...more })),
  })
  const tags = JSON.stringify({ team: 'ä"\\'.repeat(2000) })
  await writing.add(
    with_('long', { Tags: tags, BilledCost: '99999999999999999.5' }),
    with_('number', { BilledCost: 2.5, ResourceId: null, ServiceName: 'a "b" \n\u0001 \u{1f30a}' }),
    with_('none', { BilledCost: 'many' }),
    { ...row, id: 'broken', key: 'broken', data: new TextEncoder().encode('{"BilledCost":"1"') },
  )
  expect(
    await queryRows(store.reader, 'SELECT billed::VARCHAR AS billed, resource, service, tags FROM spend ORDER BY 1, 2'),
  ).toEqual([
    { billed: '2.500000000000000000', resource: null, service: 'a "b" \n\u0001 \u{1f30a}', tags: '{"team":"web"}' },
    { billed: '99999999999999999.500000000000000000', resource: 'r', service: 'EC2', tags },
    { billed: null, resource: 'r', service: 'EC2', tags: '{"team":"web"}' },
    { billed: null, resource: null, service: null, tags: null },
  ])
})

test('a store without costs has empty sums', async () => {
  const { store } = await begin()
  expect(await allSums(store)).toEqual([])
})

async function begin(make = new FrameMaker()): Promise<Pick<Writing, 'store' | 'add'>> {
  const writing = new Writing(await stores.open(), make)
  return { store: writing.store, add: (...events) => writing.add(...events) }
}
