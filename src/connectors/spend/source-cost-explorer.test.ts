import { expect, onTestFinished, test } from 'vitest'
import { auth } from '../../../test/kit/aws-server.ts'
import { CostServer, type DayCost } from '../../../test/kit/cost-explorer.ts'
import { proves } from '../../../test/kit/proof.ts'
import { QueryScene } from '../../../test/kit/query-scene.ts'
import { configFrom, type WrittenConfigOf } from '../../schema/index.ts'
import { spendSchema } from './config.ts'
import { openSpend, source } from './source.ts'

proves('source', { system: 'aws-cost-explorer', server: 'server of its API', standIn: true })

const start = Date.parse('2026-11-24T11:05:00.000Z')
const hour = 3_600_000
type Explorer = NonNullable<WrittenConfigOf<typeof spendSchema>['cost_explorer']>

class Scene extends QueryScene {
  readonly server: CostServer

  constructor(server: CostServer) {
    super('costs', start)
    this.server = server
  }

  config(written: Explorer = {}): ReturnType<typeof configFrom<typeof spendSchema>> {
    return configFrom(spendSchema, { cost_explorer: { endpoint: this.server.url, auth, ...written } })
  }

  /** Starts the source and stops it when it waits. Returns the rows of the run and its health. */
  async run(written: Explorer = {}): Promise<Readonly<{ rows: readonly string[]; why: string | undefined }>> {
    const first = this.events.length
    const opened = await openSpend(this.config(written), this.context())
    const abort = new AbortController()
    const before = this.slept.length
    const done = opened.run(abort.signal)
    await expect.poll(() => this.slept.length, { interval: 2, timeout: 60_000 }).toBeGreaterThanOrEqual(before + 2)
    const { why } = (opened as unknown as { health(): { why?: string } | undefined }).health() ?? {}
    abort.abort()
    await done
    const rows = this.events.slice(first).map(({ data }) => {
      const row = JSON.parse(new TextDecoder().decode(data as Uint8Array)) as Record<string, string>
      return row['x_Removed'] === 'true'
        ? `removed ${row['ChargePeriodStart']?.slice(0, 10)}`
        : `${row['ChargePeriodStart']?.slice(0, 10)} ${row['ServiceName']} ${row['RegionId']} ${row['BilledCost']}`
    })
    return { rows, why }
  }

  get paid(): number {
    return this.metrics.value('cloud_api_request_charges_usd_total', { provider: 'aws', account: this.server.account })
  }

  get spans(): readonly string[] {
    return this.server.queries.map(({ TimePeriod: { Start, End } }) => `${Start} ${End}`)
  }
}

async function scene(): Promise<Scene> {
  const server = await new CostServer().start()
  onTestFinished(() => server.stop())
  return new Scene(server)
}

const cost = (day: string, amount: string, service = 'EC2', more: Partial<DayCost> = {}): DayCost => ({
  day,
  keys: [service, 'eu-central-1'],
  amount,
  ...more,
})

test('case C22: two pages are two paid requests, and a used budget blocks the next until the next day', async () => {
  const it = await scene()
  it.server.pageSize = 2
  it.server.costs = [cost('2026-11-22', '1.5'), cost('2026-11-23', '2'), cost('2026-11-23', '1E-7', 'S3')]
  const budget: Explorer = { requests_per_day: 3 }
  const { rows, why } = await it.run(budget)
  expect(rows).toEqual([
    '2026-11-22 EC2 eu-central-1 1.5',
    '2026-11-23 EC2 eu-central-1 2',
    '2026-11-23 S3 eu-central-1 0.0000001',
  ])
  expect(why).toBeUndefined()
  expect(it.server.queries).toHaveLength(2)
  expect(it.paid).toBeCloseTo(0.02)
  expect(it.metrics.value('weir_spend_paid_requests', { source: 'costs' })).toBe(2)
  expect(it.metrics.value('weir_spend_reads_total', { source: 'costs', outcome: 'accepted' })).toBe(1)
  expect(it.server.queries[1]).toMatchObject({
    Granularity: 'DAILY',
    Metrics: ['UnblendedCost', 'AmortizedCost'],
    GroupBy: [
      { Type: 'DIMENSION', Key: 'SERVICE' },
      { Type: 'DIMENSION', Key: 'REGION' },
    ],
    NextPageToken: '2',
  })
  // After a restart the budget permits the first page only.
  it.now += 8 * hour
  const blocked = await it.run(budget)
  expect(it.server.queries).toHaveLength(3)
  expect(blocked.why).toMatch(/budget of today is used \(3 requests, 0.03 USD\).*after 2026-11-25T00:00:00.000Z/)
  expect(it.metrics.value('weir_spend_paid_limit_requests', { source: 'costs' })).toBe(3)
  const probe = await source.probe?.(it.config(budget), { ...it.context(), state: '/data/costs' }, it.signal)
  expect(probe).toMatchObject({ is: 'warn', message: expect.stringContaining('3 of 3 requests') as string })
  await it.run(budget)
  expect(it.server.queries).toHaveLength(3)
  it.now = Date.parse('2026-11-25T00:00:01Z')
  expect((await it.run(budget)).why).toBeUndefined()
  expect(it.server.queries).toHaveLength(5)
  expect(it.paid).toBeCloseTo(0.05)
})

test('a budget in USD counts as well, and requests are counted before they are answered', async () => {
  const it = await scene()
  it.server.fail({ code: 'LimitExceededException' }, { code: 'DataUnavailableException' })
  const first = await it.run({ usd_per_day: '0.02' })
  expect(first.why).toMatch(/AWS limits the requests \(of the test\)/)
  it.now += hour
  expect((await it.run({ usd_per_day: '0.02' })).why).toMatch(/AWS has no data yet/)
  it.now += hour
  expect((await it.run({ usd_per_day: '0.02' })).why).toMatch(/2 requests, 0.02 USD/)
  expect([it.server.queries.length, it.paid]).toEqual([2, 0.02])
})

test('a restart within the interval sends no request; later ones read the last three days', async () => {
  const it = await scene()
  await it.run()
  await it.run()
  it.now += 8 * hour
  await it.run()
  it.now += 5 * 24 * hour
  await it.run()
  expect(it.spans).toEqual([
    '2026-09-23 2026-11-25',
    '2026-11-21 2026-11-25',
    // Since the last reading, because the days before it were estimates then.
    '2026-11-21 2026-11-30',
  ])
})

test('the month that just closed is read once a day until no day is an estimate', async () => {
  const it = await scene()
  it.server.costs = [cost('2026-11-05', '1')]
  await it.run()
  it.now = Date.parse('2026-12-02T10:00:00Z')
  await it.run()
  it.now += 8 * hour
  await it.run()
  it.server.costs = [cost('2026-11-05', '1.25', 'EC2', { estimated: false })]
  it.now = Date.parse('2026-12-06T10:00:00Z')
  expect((await it.run()).rows).toEqual(['2026-11-05 EC2 eu-central-1 1.25'])
  it.now = Date.parse('2026-12-07T10:00:00Z')
  await it.run()
  expect(it.spans.slice(1)).toEqual([
    '2026-11-01 2026-12-03',
    '2026-11-29 2026-12-03',
    '2026-11-01 2026-12-07',
    '2026-12-03 2026-12-08',
  ])
})

test('a re-read emits changed rows, and removes those that AWS no longer has', async () => {
  const it = await scene()
  it.server.costs = [cost('2026-11-22', '1'), cost('2026-11-23', '2'), cost('2026-11-23', '3', 'S3')]
  await it.run()
  it.server.costs = [cost('2026-11-22', '1'), cost('2026-11-23', '2.5')]
  it.now += 8 * hour
  expect((await it.run()).rows).toEqual(['2026-11-23 EC2 eu-central-1 2.5', 'removed 2026-11-23'])
})

test('pages that change are read again from the first, once; a failed page removes nothing', async () => {
  const it = await scene()
  it.server.pageSize = 1
  it.server.costs = [cost('2026-11-22', '1'), cost('2026-11-23', '2')]
  it.server.fail('none', { code: 'RequestChangedException' })
  const { rows, why } = await it.run()
  expect([rows.length, why]).toEqual([3, undefined])
  expect(it.server.queries.map(({ NextPageToken: token }) => token)).toEqual([undefined, '1', undefined, '1'])
  it.now += 8 * hour
  it.server.costs = [cost('2026-11-22', '1'), cost('2026-11-23', '2')]
  it.server.fail('none', { code: 'InternalFailure', status: 500 })
  const failed = await it.run()
  expect(failed.rows).toEqual([])
  expect(failed.why).toContain('ce:GetCostAndUsage')
})

test('expired days are left out, and a denied request is repeated after the interval only', async () => {
  const it = await scene()
  it.server.fail({ code: 'BillExpirationException' }, { code: 'AccessDeniedException' })
  expect((await it.run({ backfill: '395d' })).why).toMatch(/no longer stores the first days/)
  it.now += hour
  expect((await it.run()).why).toMatch(/denies access.*allow ce:GetCostAndUsage/)
  it.now += hour
  await it.run()
  expect(it.spans[1]).toBe('2026-11-21 2026-11-25')
})

test('rows have the columns of FOCUS, and sub-accounts their names', async () => {
  const it = await scene()
  it.server.costs = [{ day: '2026-11-23', keys: ['210987654321', 'NoRegion'], amount: '2' }]
  await it.run({ group_by: ['LINKED_ACCOUNT', 'REGION'], account: '999999999999' })
  expect(JSON.parse(new TextDecoder().decode(it.events[0]?.data as Uint8Array))).toMatchObject({
    ProviderName: 'AWS',
    BillingAccountId: '999999999999',
    SubAccountId: '210987654321',
    SubAccountName: 'Shop',
    RegionId: null,
    BilledCost: '2',
    EffectiveCost: '2',
    BillingCurrency: 'USD',
    ChargePeriodStart: '2026-11-23T00:00:00Z',
    ChargePeriodEnd: '2026-11-24T00:00:00Z',
    BillingPeriodStart: '2026-11-01T00:00:00Z',
    x_Estimated: 'true',
    x_Source: 'cost-explorer',
  })
})

test('the probe sends no paid request, and the settings need a folder or Cost Explorer', async () => {
  const it = await scene()
  const found = await source.probe?.(it.config(), it.context(), it.signal)
  expect(found).toEqual({
    is: 'ok',
    message: 'AWS grants access as account 123456789012; 0 of 20 requests of today are used',
  })
  expect(it.server.queries).toEqual([])
  expect(() => configFrom(spendSchema, {})).toThrow(/a folder or Cost Explorer/)
})
