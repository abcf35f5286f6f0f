import { expect, test } from 'vitest'
import { SeededRandom } from '../../../test/kit/random.ts'
import { seeds } from '../../../test/kit/seeds.ts'
import { completed, costEvent } from '../../codecs/focus/index.ts'
import { toEventBatch } from '../../model/events.ts'
import { readPriceList } from '../../topics/transfers/price-list.ts'
import type { TransferRule } from '../../topics/transfers/rules.ts'
import { transferGroups, type Transfers } from '../../topics/transfers/schema.ts'
import { basisPoints, batchOf, moneySql, worldOf } from '../../topics/transfers/testing/world.ts'
import { startStored, type StoredApi } from '../testing/stored.ts'

const list = readPriceList(
  `
name: Test
date: 2026-11-01
provider: aws
currency: EUR
zone_region: '^(.*)-[a-z]$'
prices:
  - { kind: cross_zone, price: '0.02' }
  - { kind: cross_region, price: '0.031' }
  - { kind: egress, price: '0.09' }
  - { kind: ingress, price: '0' }
  - { kind: load_balancer, price: '0.0085' }
  - { kind: nat, price: '0.045' }
invoice:
  - { kind: egress, pattern: DataTransfer-Out }
  - { kind: cross_zone, pattern: Regional-Bytes }
`,
  'prices.yaml',
)

const now = Date.parse('2026-11-25T10:00:00Z')
const span = { from: '2026-11-24T00:00:00Z', to: '2026-11-26T00:00:00Z' }
const usual: TransferRule = { list, clusters: [], nat: false, inbound: false }

const auth = {
  tokens: [
    { name: 'root', token: 'admin' },
    { name: 'shop', token: 'shop', role: 'viewer', namespaces: ['shop'] },
    { name: 'peers', token: 'peers', role: 'viewer', namespaces: ['shop'], peers: 'shown' },
    { name: 'none', token: 'none', role: 'viewer', namespaces: [] },
  ],
} as const

function started(...rules: readonly TransferRule[]): Promise<StoredApi> {
  return startStored({ auth, transferSettings: () => Promise.resolve({ rules, team: 'team' }) })
}

async function read(
  { get }: StoredApi,
  parameters: Readonly<Record<string, string>> = {},
  token = 'admin',
): Promise<Transfers> {
  const { status, body } = await get('transfers', { ...span, ...parameters }, { authorization: `Bearer ${token}` })
  expect(status, JSON.stringify(body)).toBe(200)
  return body as unknown as Transfers
}

async function sql({ store }: StoredApi, text: string): Promise<Record<string, string>[]> {
  const pieces: Uint8Array[] = []
  for await (const piece of await store.reader.query(text, 'json', new AbortController().signal)) pieces.push(piece)
  return JSON.parse(Buffer.concat(pieces).toString('utf8')) as Record<string, string>[]
}

const hundredths = (cost: string): bigint => {
  const [whole = '0', fraction = ''] = cost.split('.')
  const digits = fraction.padEnd(9, '0')
  return (BigInt(whole) * 10n ** 9n + BigInt(digits) + 50_000n) / 100_000n
}

test('acceptance 4: the cost of each pair equals a sum of SQL over the addresses, in random worlds', async () => {
  for (const seed of seeds(3, 40)) {
    const api = await started(usual)
    const world = worldOf(new SeededRandom(seed), 700)
    await api.addBatch(batchOf(world, now), now)
    const { currencies } = await read(api, { limit: '1000' })
    const [euros] = currencies
    const expected = await sql(api, moneySql(world, list, 'from_label, to_label'))
    const pairs = new Map(expected.map((row) => [`${row['from_label']} → ${row['to_label']}`, row]))
    expect(euros?.groups.length, `seed ${seed}`).toBe(pairs.size)
    for (const { from, to, cost, bytes } of euros?.groups ?? []) {
      const row = pairs.get(`${from} → ${to}`) as { units: string; unit: string; bytes: string }
      expect([hundredths(cost), String(bytes)], `seed ${seed}: ${from} → ${to}`).toEqual([basisPoints(row), row.bytes])
    }
    const [whole] = (await sql(api, moneySql(world, list, `'all' AS all_rows`))) as { units: string; unit: string }[]
    expect(hundredths(euros?.cost ?? ''), `seed ${seed}`).toBe(basisPoints(whole!))
  }
})

test('groups and others add up to the sums, whatever the limit and group', async () => {
  const api = await started(usual)
  await api.addBatch(batchOf(worldOf(new SeededRandom(77), 400), now), now)
  const whole = await read(api, { limit: '1000' })
  for (const by of ['pair', 'workload', 'namespace', 'team', 'zones'])
    for (const limit of ['1', '7', '1000']) {
      const { currencies } = await read(api, { by, limit })
      const [euros] = currencies
      const { groups, others, cost, bytes } = euros!
      const units = (decimal: string) => hundredths(decimal)
      expect([cost, bytes]).toEqual([whole.currencies[0]?.cost, whole.currencies[0]?.bytes])
      const total = [...groups, others].reduce((sum, part) => sum + BigInt(part.bytes), 0n)
      expect(total, `${by} ${limit}`).toBe(BigInt(bytes))
      const money = [...groups, others].map((part) => Number(part.cost)).reduce((sum, part) => sum + part, 0)
      expect(units(money.toFixed(9)), `${by} ${limit}`).toBe(units(cost))
    }
})

test('flows without zones or prices are counted by reason, and every flow is counted once', async () => {
  const api = await started({
    ...usual,
    list: { ...list, prices: list.prices.filter(({ kind }) => kind !== 'egress') },
  })
  const world = worldOf(new SeededRandom(5), 500)
  await api.addBatch(batchOf(world, now), now)
  const { unpriced, currencies } = await read(api)
  const reasons = new Map(unpriced.map(({ reason, flows }) => [reason, flows]))
  expect([...reasons.keys()].toSorted()).toEqual(
    ['destination_zone_unknown', 'no_price', 'outside', 'private_peer', 'service', 'source_zone_unknown'].concat(
      reasons.has('zones_unknown') ? ['zones_unknown'] : [],
    ),
  )
  const once = world.flows.filter(({ direction, to }) => direction !== 1 || to.owner === '')
  const inside = (end: { readonly place: string }) => end.place === 'inside'
  const outward = once.filter(({ from, to }) => inside(from) && to.place === 'outside')
  expect(unpriced.find(({ reason }) => reason === 'no_price')).toMatchObject({
    kind: 'egress',
    list: 'Test',
    region: null,
    flows: outward.length,
  })
  const apart = once.filter(({ from, to }) => !inside(from) && !inside(to))
  expect(reasons.get('outside')).toBe(apart.length)
  const bytes = once.reduce((sum, flow) => sum + BigInt(flow.bytes) * BigInt(Math.max(1, flow.sampling)), 0n)
  expect(BigInt(currencies[0]?.bytes ?? 0)).toBe(bytes)
})

test('limited users see money of their flows only, and no rows of invoices', async () => {
  const api = await started(usual)
  const world = worldOf(new SeededRandom(9), 500)
  await api.addBatch(batchOf(world, now), now)
  const limits = [
    ['shop', `coalesce(from_ns, 'shop') = 'shop' AND coalesce(to_ns, 'shop') = 'shop'`],
    ['peers', 'true'],
  ] as const
  for (const [token, others] of limits) {
    const { currencies, invoice } = await read(api, { limit: '1000' }, token)
    const groups = moneySql(world, list, `(from_ns = 'shop' OR to_ns = 'shop') AND ${others} AS visible`)
    const rows = (await sql(api, groups)) as unknown as { visible: boolean | null; units: string; unit: string }[]
    const visible = rows.find((row) => row.visible === true)!
    expect(hundredths(currencies[0]?.cost ?? ''), token).toBe(basisPoints(visible))
    expect(invoice).toMatchObject({ span: null, lines: [] })
    if (token === 'shop') expect(JSON.stringify(currencies)).not.toMatch(/vault|monitoring/)
  }
  expect(await read(api, {}, 'none')).toMatchObject({ currencies: [], unpriced: [], prices: [] })
})

test('clusters have their own lists; flows of others have no money', async () => {
  const dollars = { ...list, name: 'Dollars', currency: 'USD', unit: 'GB' as const }
  const api = await started({ ...usual, clusters: ['a'] }, { ...usual, list: dollars, clusters: ['b'] })
  const world = worldOf(new SeededRandom(4), 200)
  for (const cluster of ['a', 'b', 'c']) await api.addBatch(batchOf(world, now, cluster), now)
  const { currencies, unpriced } = await read(api, { limit: '1000' })
  const [whole] = (await sql(api, moneySql(world, list, `'all' AS all_rows`))) as { units: string; unit: string }[]
  const of = (currency: string) => currencies.find((sums) => sums.currency === currency)?.cost ?? ''
  const third = { units: String(BigInt(whole!.units.split('.')[0]!) / 3n), unit: whole!.unit }
  expect(hundredths(of('EUR'))).toBe(basisPoints(third))
  expect(hundredths(of('USD'))).toBe(basisPoints({ ...third, unit: '1000000000' }))
  expect(unpriced.find(({ reason }) => reason === 'no_list')).toMatchObject({ list: null, kind: null })
})

test('a NAT gateway and a load balancer add their money by the opener of a connection', async () => {
  const world = worldOf(new SeededRandom(1), 0)
  const pod = world.ends.find(({ kind, zone, address }) => kind === 'Pod' && zone !== '' && address.includes('.'))!
  const peer = world.ends.find(({ address }) => address === '8.8.8.8')!
  const bytes = 2 ** 30
  const out = { from: pod, to: peer, bytes, sampling: 0, direction: null }
  const settings = [
    [
      { nat: false, inbound: false },
      { egress: '0.09', ingress: '0' },
    ],
    // Flows have port 443 at their destination: it was opened by the source.
    [
      { nat: true, inbound: false },
      { egress: '0.09', ingress: '0', nat: '0.045' },
    ],
    [
      { nat: true, inbound: true },
      { egress: '0.09', ingress: '0', nat: '0.045', load_balancer: '0.0085' },
    ],
  ] as const
  for (const [rule, expected] of settings) {
    const api = await started({ ...usual, ...rule })
    await api.addBatch(batchOf({ ends: world.ends, flows: [out, { ...out, from: peer, to: pod }] }, now), now)
    const { currencies } = await read(api)
    const kinds = Object.fromEntries(currencies[0]!.kinds.map(({ kind, cost }) => [kind, cost]))
    expect(kinds).toEqual(expected)
  }
})

test('whole days are compared with the lines of an invoice', async () => {
  const api = await started(usual)
  await api.addBatch(batchOf(worldOf(new SeededRandom(12), 300), now), now)
  const line = (sku: string, amount: string, day: string) =>
    costEvent(
      completed(
        {
          BilledCost: amount,
          BillingCurrency: 'EUR',
          BillingAccountId: 'a',
          ProviderName: 'AWS',
          SkuId: sku,
          ChargePeriodStart: `${day}T00:00:00Z`,
          ServiceName: 'EC2',
          ResourceId: `${sku}${day}`,
        },
        { source: 'focus', collected: now, estimated: false },
      ),
    )
  const costs = [
    line('EUC1-DataTransfer-Out-Bytes', '12.5', '2026-11-24'),
    line('EUC1-DataTransfer-Out-Bytes', '0.5', '2026-11-25'),
    line('EUC1-DataTransfer-Out-Bytes', '99', '2026-11-23'),
    line('BoxUsage:m5', '1000', '2026-11-25'),
  ]
  await api.addBatch(toEventBatch(costs), now)
  const { invoice, currencies } = await read(api)
  const egress = currencies[0]?.kinds.find(({ kind }) => kind === 'egress')?.cost ?? ''
  expect(invoice).toEqual({
    span: { from: '2026-11-24', to: '2026-11-26' },
    note: null,
    lines: [
      {
        provider: 'aws',
        currency: 'EUR',
        kind: 'egress',
        computed: egress,
        invoiced: '13',
        difference: expect.stringMatching(/^-?\d+(\.\d+)?$/) as string,
      },
    ],
  })
  expect(Number(invoice.lines[0]?.difference)).toBeCloseTo(Number(egress) - 13, 6)
  const notes = [
    [{ from: '2026-11-25T09:00:00Z' }, 'whole days'],
    [{ from: '2026-11-25T09:00:00Z', to: '2026-11-25T11:00:00Z' }, 'no whole day'],
    [{ filter: 'proto = 6' }, 'A filter'],
    [{ from: '2026-11-25T00:00:00Z', to: '2026-11-26T00:00:00Z' }, null],
  ] as const
  expect((await read(api, notes[1][0])).invoice.note).toContain(notes[1][1])
  expect((await read(api, notes[2][0])).invoice.note).toContain(notes[2][1])
  expect((await read(api, notes[3][0])).invoice.lines[0]?.invoiced).toBe('0.5')
})

test('mistakes of requests and of price lists are errors with their place', async () => {
  const api = await startStored({ auth, transferSettings: () => Promise.reject(new Error('p.yaml:3:1: bad')) })
  const admin = { authorization: 'Bearer admin' }
  expect(await api.get('transfers', {}, admin)).toMatchObject({ status: 400, body: { code: 'WEIR_API_INVALID' } })
  const sound = await started(usual)
  for (const wrong of [{ by: 'planet' }, { limit: '0' }, { from: 'soon' }, { filter: 'a ==' }, { group: 'x' }])
    expect((await sound.get('transfers', wrong, admin)).status, JSON.stringify(wrong)).toBe(400)
  expect(() => readPriceList('name: x', 'p.yaml')).toThrow(/p\.yaml:1:1: date/)
})

test('the view in SQL has the path of each flow, beside flows and with times', async () => {
  const api = await started(usual)
  const world = worldOf(new SeededRandom(21), 400)
  await api.addBatch(batchOf(world, now), now)
  const { unpriced, currencies } = await read(api)
  const paths = await sql(
    api,
    'SELECT path, count(*) AS n, sum(bytes_est)::VARCHAR AS bytes FROM transfers WHERE counted GROUP BY ALL',
  )
  const reasons = paths.filter(({ path }) => unpriced.some(({ reason }) => reason === path))
  expect(new Map(reasons.map(({ path, n }) => [path, Number(n)]))).toEqual(
    new Map(unpriced.map(({ reason, flows }) => [reason, flows])),
  )
  const crossing = currencies[0]!.kinds.filter(({ kind }) => kind.startsWith('cross'))
  const bytes = crossing.reduce((sum, part) => sum + BigInt(part.bytes), 0n)
  expect(paths.find(({ path }) => path === 'cross_zone')?.['bytes']).toBe(String(bytes))
  const time = "TIMESTAMPTZ '2026-11-25T09:00:00Z'"
  for (const statement of [
    'SELECT count(*) AS n FROM transfers',
    'SELECT count(*) AS n FROM (SELECT * FROM transfers)',
    `SELECT count(*) AS n FROM transfers WHERE time_received >= ${time}`,
    `SELECT count(*) AS n FROM transfers t JOIN flows f USING (_pos) WHERE f.time_received >= ${time}`,
    `SELECT (SELECT count(*) FROM transfers) + 0 * (SELECT count(*) FROM flows WHERE time_received > now()) AS n`,
  ])
    expect(Number((await sql(api, statement))[0]!['n']), statement).toBe(world.flows.length)
  expect(await sql(api, `SELECT * FROM transfers WHERE time_received < ${time}`)).toEqual([])
})

test('sums of files give the responses of flows, for every group, filter and viewer', async () => {
  const api = await started({ ...usual, nat: true, inbound: true })
  const world = worldOf(new SeededRandom(9), 500)
  for (let hours = 5; hours > 0; hours--) {
    const received = now - hours * 3_600_000
    await api.addBatch(batchOf(world, received, hours % 2 === 0 ? 'prod' : ''), received)
  }
  const filters = [
    '',
    'src.ns = shop',
    'cluster = prod and not exists(dst.zone)',
    'src.addr = 10.1.0.0/28',
    'proto = 6',
  ]
  const requests = transferGroups.flatMap((by) => [
    ...filters.map((filter) => ({ by, filter, token: 'admin' })),
    ...['shop', 'peers', 'none'].map((token) => ({ by, filter: '', token })),
  ])
  const readAll = () =>
    Promise.all(requests.map(({ token, ...parameters }) => read(api, { ...parameters, limit: '1000' }, token)))
  const ofFlows = await readAll()
  while (await api.store.maintain());
  const { fileSums } = api.store.status().sums
  expect(fileSums?.['transfers']).toMatchObject({ rows: expect.any(Number) as number, without: [] })
  expect(await readAll()).toEqual(ofFlows)
})
