import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { CostData } from '../../model/cloud.ts'
import type { WeirEvent } from '../../model/events.ts'
import {
  addDecimals,
  balanceChange,
  completed,
  costEvent,
  CostLines,
  CsvReader,
  decimalText,
  focusColumns,
  insightCosts,
  invoiceCosts,
  mappingFor,
  otcPrices,
  percentChange,
  product,
  quotient,
  rowKey,
  summaryCosts,
  timeText,
} from './index.ts'

const utf8 = new TextEncoder()
const collected = Date.parse('2026-11-25T10:00:00Z')
const origin = { source: 'focus', collected, estimated: false }

const plain: Readonly<Record<string, string>> = {
  BilledCost: '1.2E-7',
  BillingCurrency: 'USD',
  BillingAccountId: '111',
  ChargePeriodStart: '2026-10-03 00:00:00',
  ChargePeriodEnd: '2026-10-04',
  ProviderName: 'AWS',
  ServiceName: 'EC2',
  ResourceName: 'N/A',
  Tags: '{"team":"web"}',
}

function rowOf(values: Readonly<Record<string, string>>): CostData {
  const header = Object.keys(values)
  const lines = new CostLines(header, mappingFor(header, { columns: {}, constants: {} }), origin)
  const line = lines.read(Object.values(values))
  const { data } = lines.event(line, line.key, lines.hash(line, line.key))
  return JSON.parse(new TextDecoder().decode(data)) as CostData
}

test('decimals stay exact, and other texts are rejected', () => {
  expect(['-12.34', '1.2E-7', '007.50', '.5', '1e3', '-0.0'].map(decimalText)).toEqual([
    '-12.34',
    '0.00000012',
    '7.5',
    '0.5',
    '1000',
    '0',
  ])
  expect(['', 'abc', '1,5', '.', '0x10', 'NaN'].map(decimalText)).toEqual(Array(6).fill(undefined))
  expect(product('0.051175', '744')).toBe('38.0742')
  expect(quotient('10', { by: 3, digits: 2 })).toBe('3.33')
  expect(quotient('-10', { times: 2, by: 3, digits: 2 })).toBe('-6.67')
  expect(['12.5', '7.5', '10', '10.005'].map((now) => percentChange(now, '10'))).toEqual(['25', '-25', '0', '0.1'])
  expect([percentChange('1', '0'), percentChange('-5', '-10')]).toEqual([null, '50'])
})

test('times are UTC, and days that do not exist are rejected', () => {
  expect(timeText('2026-10-03T02:00:00+02:00')).toBe('2026-10-03T00:00:00Z')
  expect(timeText('2026-10-03 00:00:00.000 UTC')).toBe('2026-10-03T00:00:00Z')
  expect(timeText('2026-02-30')).toBeUndefined()
  expect(timeText('yesterday')).toBeUndefined()
})

test('every mandatory column is present, and required ones are not null', () => {
  const row = rowOf(plain)
  for (const { name, mandatory, required } of focusColumns) {
    if (mandatory === true) expect(row).toHaveProperty(name)
    if (required === true) expect(row[name], name).toEqual(expect.any(String))
  }
  expect(row).toMatchObject({
    BilledCost: '0.00000012',
    ListCost: '0.00000012',
    BillingPeriodStart: '2026-10-01T00:00:00Z',
    BillingPeriodEnd: '2026-11-01T00:00:00Z',
    PublisherName: 'AWS',
    ChargeClass: null,
    x_Estimated: 'false',
  })
  expect(row).not.toHaveProperty('ResourceName')
  expect(costEvent(row)).toMatchObject({ family: 'cost', key: row['x_RowKey'], time: Date.parse('2026-10-03') })
})

test('rows without a cost, with another currency form or a reversed period are rejected with the column', () => {
  expect(() => rowOf({ ...plain, BilledCost: '' })).toThrow('BilledCost is missing.')
  expect(() => rowOf({ ...plain, BilledCost: 'abc' })).toThrow('BilledCost is `abc`, not a decimal.')
  expect(() => rowOf({ ...plain, BillingCurrency: 'US$' })).toThrow('BillingCurrency is `US$`')
  expect(() => rowOf({ ...plain, BilledCost: '1234567890123456789.5' })).toThrow('BilledCost has 19 digits')
  expect(() => rowOf({ ...plain, ListCost: '-1e300' })).toThrow('ListCost has 301 digits')
  expect(() => rowOf({ ...plain, ChargePeriodEnd: '2026-10-03' })).toThrow('not after')
})

test.each([
  ['camel case', (name: string) => name[0]!.toLowerCase() + name.slice(1)],
  ['lower case', (name: string) => name.toLowerCase()],
  ['words with underscores', (name: string) => name.replaceAll(/(?<=[a-z])(?=[A-Z])/g, '_').toLowerCase()],
])('columns in %s are those of FOCUS', (_, written) => {
  const given = Object.fromEntries(Object.entries(plain).map(([name, value]) => [written(name), value]))
  expect(rowOf(given)).toEqual(rowOf(plain))
})

test('a column in the case of FOCUS has priority over one in another case', () => {
  expect(rowOf({ billedcost: '1', ...plain })['BilledCost']).toBe('0.00000012')
})

test('a currency has any case, and unreadable tags cost only the tags', () => {
  expect(rowOf({ ...plain, BillingCurrency: 'chf' })).toMatchObject({ BillingCurrency: 'CHF' })
  const tagsOf = (Tags: string) => rowOf({ ...plain, Tags })['Tags']
  expect(tagsOf('[{"Key":"a","Value":"b"},{"key":"c","value":null}]')).toBe('{"a":"b","c":null}')
  expect(tagsOf('"team": "ops","version": "Kubernetes:1.18"')).toBe('{"team":"ops","version":"Kubernetes:1.18"}')
  for (const text of ['team=web', '["a"]', '3', '{"a":']) {
    const row = rowOf({ ...plain, Tags: text })
    expect(row).toMatchObject({ BilledCost: '0.00000012' })
    expect(row).not.toHaveProperty('Tags')
  }
})

test('sums of decimals are exact to 18 places', () => {
  expect(addDecimals(['0.000000000000000001', '20.52022672899', '-1'])).toBe('19.520226728990000001')
})

test('names of FOCUS 1.3 and of AWS reports map to columns of 1.2', () => {
  const { ProviderName: _, ...others } = plain
  expect(rowOf({ ...others, ServiceProviderName: 'Azure' })).toMatchObject({ ProviderName: 'Azure' })
  const report = {
    'lineItem/UnblendedCost': '3.10',
    'lineItem/CurrencyCode': 'USD',
    'bill/PayerAccountId': '111',
    'lineItem/UsageStartDate': '2026-10-03T00:00:00Z',
    'lineItem/UsageEndDate': '2026-10-03T01:00:00Z',
    'lineItem/LineItemType': 'Tax',
    'lineItem/ProductCode': 'AmazonEC2',
  }
  const expected = { BilledCost: '3.1', ChargeCategory: 'Tax', ServiceName: 'AmazonEC2', ProviderName: 'AWS' }
  expect(rowOf(report)).toMatchObject(expected)
  const parquet = Object.fromEntries(
    Object.entries(report).map(([name, value]) => [
      name
        .replace('lineItem/', 'line_item_')
        .replace('bill/', 'bill_')
        .replaceAll(/([a-z])([A-Z])/g, '$1_$2')
        .toLowerCase(),
      value,
    ]),
  )
  expect(rowOf(parquet)).toMatchObject(expected)
})

test('the key depends on its columns only, and repeated rows of a file have their own', () => {
  const row = rowOf(plain)
  expect(rowOf({ ...plain, BilledCost: '5' })['x_RowKey']).toBe(row['x_RowKey'])
  expect(rowOf({ ...plain, ServiceName: 'S3' })['x_RowKey']).not.toBe(row['x_RowKey'])
  expect(rowKey(row)).toBe(row['x_RowKey'])
  expect(rowKey(row, 1)).not.toBe(rowKey(row))
})

const textIn = ({ data }: WeirEvent): string => new TextDecoder().decode(data)

test('rows of files are events as rows of other sources, for random values', () => {
  const text = fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom('"', '\\', '\n', '\u0001', 'ä', '\u{1f30a}') }))
  const cost = fc.integer({ min: -1e6, max: 1e6 }).map((cents) => decimalText(`${cents}e-2`)!)
  const day = fc.integer({ min: 0, max: 400 }).map((at) => new Date(Date.UTC(2026, 0, 1 + at)).toISOString())
  const usable = (value: string): boolean => !['', 'null', 'NULL', 'N/A', 'n/a', '\\N'].includes(value)
  const values = fc.record(
    {
      BilledCost: cost,
      EffectiveCost: cost,
      BillingCurrency: fc.constantFrom('USD', 'CHF'),
      BillingAccountId: text.filter(usable),
      ChargePeriodStart: day.map((at) => timeText(at)!),
      ProviderName: text.filter(usable),
      ServiceName: text.filter(usable),
      ChargeCategory: fc.constantFrom('Usage', 'Tax', 'RIFee', 'Other'),
      ChargeDescription: text.filter(usable),
      ResourceId: text.filter(usable),
      SkuId: text.filter(usable),
      Tags: fc.dictionary(text, text).map((tags) => JSON.stringify(tags)),
    },
    { requiredKeys: ['BilledCost', 'BillingCurrency', 'BillingAccountId', 'ChargePeriodStart', 'ProviderName'] },
  )
  fc.assert(
    fc.property(values, fc.option(text), (given, file) => {
      const from = file === null ? origin : { ...origin, file }
      const all: Readonly<Record<string, string>> = { ...given }
      const lines = new CostLines(Object.keys(all), mappingFor(Object.keys(all), { columns: {}, constants: {} }), from)
      const line = lines.read(Object.values(all))
      const event = lines.event(line, line.key, lines.hash(line, line.key))
      const expected = costEvent(completed(all, from))
      expect({ ...event, data: textIn(event) }).toEqual({ ...expected, data: textIn(expected) })
    }),
  )
})

test('CSV records have the line on which they begin, however the bytes are cut', () => {
  const text = 'a,b\r\n"x ""1""\nline","é"\n\n,""\nlast,1'
  const bytes = utf8.encode(text)
  for (let size = 1; size <= bytes.length; size++) {
    const reader = new CsvReader()
    const records = []
    for (let at = 0; at < bytes.length; at += size) records.push(...reader.push(bytes.subarray(at, at + size)))
    records.push(...reader.end())
    expect(records).toEqual([
      { line: 1, values: ['a', 'b'] },
      { line: 2, values: ['x "1"\nline', 'é'] },
      { line: 5, values: ['', ''] },
      { line: 6, values: ['last', '1'] },
    ])
  }
  const open = new CsvReader()
  expect(() => [...open.push(utf8.encode('a\n"b')), ...open.end()]).toThrow('line 2 has no end')
})

test('case C24: falls of a balance are spend, and rises are top-ups', () => {
  const balances = ['100', '97', '150', '149']
  const changes = balances.slice(1).map((after, index) => balanceChange(balances[index]!, after))
  expect(changes).toEqual([{ spent: '3' }, { toppedUp: '53' }, { spent: '1' }])
  expect(balanceChange('1.10', '1.1')).toBeUndefined()
})

test('case C27: filtered and unfiltered price answers give the same prices', () => {
  const item = {
    id: 'x',
    region: 'eu-de',
    priceAmount: '0.051175 EUR',
    productName: 's3.large.2',
    serviceName: 'ecs',
    opiFlavour: 's3.large.2',
    osUnit: 'Windows',
  }
  const price = {
    id: 'x',
    service: 'ecs',
    region: 'eu-de',
    product: 's3.large.2',
    flavor: 's3.large.2',
    system: 'Windows',
    amount: '0.051175',
    currency: 'EUR',
  }
  expect(otcPrices({ response: { result: [item, { ...item, priceAmount: 'free' }] } })).toEqual({
    prices: [price],
    rejected: 1,
  })
  expect(otcPrices({ response: { result: { ecs: [item] } } })).toEqual({ prices: [price], rejected: 0 })
})

test('case C16: amounts of DigitalOcean that are no decimals are rejected, and none becomes -1', () => {
  const items = ['-12.34', '', 'abc'].map((amount) => ({ product: 'Droplets', amount, resource_id: '5' }))
  const invoice = { account: 'a', invoice: 'i-1', period: '2026-10', isPreview: false, collected }
  const { rows, rejected } = invoiceCosts(items, invoice)
  expect(rows.map(({ BilledCost }) => BilledCost)).toEqual(['-12.34'])
  expect(rejected).toEqual(['The amount `` is not a decimal.', 'The amount `abc` is not a decimal.'])
  expect(rows[0]).toMatchObject({ InvoiceId: 'i-1', x_Estimated: 'false', ResourceId: '5' })
  expect(summaryCosts({ taxes: { name: 'VAT', amount: '1.50' }, overages: { amount: '9' } }, invoice).rows).toEqual([
    expect.objectContaining({ ChargeCategory: 'Tax', BilledCost: '1.5', ServiceName: 'VAT' }),
  ])
  const day = { usage_team_urn: 'do:team:1', start_date: '2026-10-03', total_amount: '0.42', region: 'fra1', sku: 's' }
  expect(insightCosts([day], { collected }).rows[0]).toMatchObject({
    x_Estimated: 'true',
    RegionId: 'fra1',
    ChargePeriodEnd: '2026-10-04T00:00:00Z',
  })
})
