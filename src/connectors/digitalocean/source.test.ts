import { expect, onTestFinished, test } from 'vitest'
import { DigitaloceanServer } from '../../../test/kit/digitalocean.ts'
import { proves } from '../../../test/kit/proof.ts'
import { QueryScene } from '../../../test/kit/query-scene.ts'
import { cloudTypes, type CloudChange } from '../../model/cloud.ts'
import { configFrom, type WrittenConfigOf } from '../../schema/index.ts'
import type { Labels, MetricName } from '../../telemetry/ports.ts'
import { digitaloceanSchema } from './config.ts'
import { mapBalance } from './map.ts'
import { openDigitalocean } from './source.ts'

proves('source', { system: 'digitalocean', server: 'server of its API', standIn: true })

const start = Date.parse('2026-11-21T11:05:00.000Z')
type Written = Partial<WrittenConfigOf<typeof digitaloceanSchema>>

class Scene extends QueryScene {
  readonly server: DigitaloceanServer

  constructor(server: DigitaloceanServer) {
    super('digitalocean', start)
    this.server = server
  }

  /** Starts Weir, and stops it when the condition holds. */
  async run(until: () => unknown, written: Written = {}): Promise<void> {
    const config = configFrom(digitaloceanSchema, { token: this.server.token, endpoint: this.server.url, ...written })
    const source = await openDigitalocean(config, this.context())
    const abort = new AbortController()
    const done = source.run(abort.signal)
    await expect.poll(until, { interval: 2, timeout: 20_000 }).toBe(true)
    abort.abort()
    await done
  }

  of(type: string): readonly CloudChange[] {
    return this.events
      .filter((event) => event.type !== cloudTypes.baseline)
      .map(({ data }) => JSON.parse(new TextDecoder().decode(data)) as CloudChange)
      .filter((one) => one.type === type)
  }

  kinds(type: string): readonly string[] {
    return this.events
      .filter(({ extensions }) => extensions?.['resourcetype'] === type)
      .map((event) => event.type.slice('weir.cloud.'.length))
  }

  cloud(name: MetricName, labels: Labels): number {
    return this.metrics.value(name, { provider: 'digitalocean', account: this.server.team, ...labels })
  }

  errors(collector: string, reason: string): number {
    return this.cloud('cloud_collector_errors_total', { region: 'global', collector, reason })
  }

  requests(part: string): number {
    return this.server.received.filter((path) => path.includes(part)).length
  }

  /** Whether a path was read this often since. */
  rounds(part: string, count: number): () => boolean {
    const before = this.requests(part)
    return () => this.requests(part) >= before + count
  }
}

async function scene(): Promise<Scene> {
  const server = await new DigitaloceanServer().start()
  onTestFinished(() => server.stop())
  return new Scene(server)
}

const droplet = (id: number): object => ({
  id,
  name: `web-${id}`,
  status: 'active',
  memory: 2048,
  vcpus: 2,
  disk: 50,
  size_slug: 's-2vcpu-2gb',
  size: { price_hourly: 0.01786 },
  region: { slug: 'fra1' },
  tags: ['env:prod', 'web'],
  networks: { v4: [{ ip_address: '203.0.113.5', type: 'public' }] },
})
const volume = (id: string, droplets: readonly number[] = []): object => ({
  id,
  name: id,
  size_gigabytes: 100,
  region: { slug: 'fra1' },
  droplet_ids: droplets,
})

test('case C14: 401 droplets need three requests, and a link to another host is not followed', async () => {
  const it = await scene()
  it.server.items.set(
    '/v2/droplets',
    Array.from({ length: 401 }, (_, at) => droplet(at + 1)),
  )
  await it.run(() => it.of('instance').length === 401, { every: '1d' })
  expect(it.requests('/v2/droplets')).toBe(3)
  expect(it.of('instance')[0]).toMatchObject({
    region: 'fra1',
    id: '1',
    memoryBytes: 2 ** 31,
    diskBytes: 50 * 2 ** 30,
    tags: { env: 'prod', web: 'true' },
    costPerHour: { amount: '0.01786', currency: 'USD', source: 'api' },
    addresses: ['203.0.113.5'],
  })
  it.server.linkHost = 'http://127.0.0.1:1'
  await it.run(() => it.errors('droplets', 'decode') > 0)
  expect(it.lines.join()).toContain('another host')
})

test('case C18: a second page that fails makes no snapshot, and deletes nothing', async () => {
  const it = await scene()
  const volumes = Array.from({ length: 201 }, (_, at) => volume(`v-${at}`, [1]))
  it.server.items.set('/v2/volumes', volumes)
  await it.run(() => it.of('volume').length === 201)
  it.server.faults.set('/v2/volumes?page=2', { status: 500, body: { id: 'server_error', message: 'broken' } })
  await it.run(it.rounds('/v2/volumes?page=2', 5))
  it.server.faults.clear()
  expect(new Set(it.kinds('volume'))).toEqual(new Set(['observed']))
  it.server.items.set('/v2/volumes', volumes.slice(0, 200))
  await it.run(() => it.kinds('volume').includes('deleted'))
  expect(it.kinds('volume').filter((kind) => kind === 'deleted')).toHaveLength(1)
})

test.each([
  ['retry-after', { 'retry-after': '29' }, 29_000],
  ['ratelimit-reset', { 'ratelimit-remaining': '0', 'ratelimit-reset': String(start / 1000 + 40) }, 40_000],
])('case C15: a rate limit with %s delays the next request', async (_name, headers, ms) => {
  const it = await scene()
  it.server.faults.set('/v2/droplets', { status: 429, headers, body: { id: 'too_many_requests', message: 'slow' } })
  await it.run(() => it.errors('droplets', 'rate_limited') > 0 && it.slept.some((slept) => slept >= ms - 1000), {
    every: '10s',
    every_slow: '10s',
    every_balance: '10s',
  })
  expect(it.slept.some((slept) => slept >= ms - 1000 && slept <= ms)).toBe(true)
  // No request before the end of the limit: the clock of the test stands.
  expect(it.requests('/v2/droplets')).toBe(1)
})

test('case C16: amounts: a negative one, an empty one and another text', () => {
  const shown = (account_balance: string): readonly unknown[] => {
    const { samples = [], undecodable, complete } = mapBalance({ account_balance, month_to_date_usage: '' })
    return [samples.map(({ value }) => value), undecodable, complete]
  }
  expect(['-12.34', '', 'abc'].map(shown)).toEqual([
    [[-12.34], 0, true],
    [[], 0, true],
    [[], 1, false],
  ])
})

test('case C17: passwords of databases reach no event, and a volume without a droplet is detached', async () => {
  const it = await scene()
  const secret = { password: 'hidden', uri: 'postgres://u:hidden@db' }
  it.server.items.set('/v2/databases', [
    { id: 'db', name: 'db', engine: 'pg', status: 'online', region: 'fra1', connection: secret, users: [secret] },
  ])
  it.server.items.set('/v2/volumes', [volume('a', [7]), volume('b')])
  let detached = 0
  await it.run(() => {
    detached = it.cloud('cloud_orphaned_resources', { region: 'fra1', type: 'volume', reason: 'detached' })
    return it.of('database').length === 1 && detached > 0
  })
  expect(detached).toBe(1)
  expect(it.of('volume').map(({ attachedTo }) => attachedTo)).toEqual([['7'], []])
  expect(JSON.stringify([it.events.map(({ data }) => new TextDecoder().decode(data)), it.lines])).not.toContain(
    'hidden',
  )
})
