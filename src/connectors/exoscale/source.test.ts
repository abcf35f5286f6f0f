import { expect, onTestFinished, test } from 'vitest'
import { ExoscaleServer } from '../../../test/kit/exoscale.ts'
import { fillExoscale, instance, uuid, volume } from '../../../test/kit/exoscale-resources.ts'
import { proves } from '../../../test/kit/proof.ts'
import { QueryScene } from '../../../test/kit/query-scene.ts'
import { cloudTypes, type CloudChange } from '../../model/cloud.ts'
import type { MetricName, Labels } from '../../telemetry/ports.ts'
import { configFrom, type WrittenConfigOf } from '../../schema/index.ts'
import { exoscaleSchema } from './config.ts'
import { openExoscale } from './source.ts'

proves('source', { system: 'exoscale', server: 'server of its API', standIn: true })

const start = Date.parse('2026-11-21T11:05:00.000Z')
const [gva, fra] = ['ch-gva-2', 'de-fra-1'] as const
type Written = Partial<WrittenConfigOf<typeof exoscaleSchema>>

class Scene extends QueryScene {
  readonly server: ExoscaleServer

  constructor(server: ExoscaleServer) {
    super('exoscale', start)
    this.server = server
    server.now = () => this.now
  }

  /** Starts Weir, and stops it when the condition holds. The metrics are read before the end, which clears them. */
  async run(until: () => unknown, written: Written = {}): Promise<void> {
    const endpoint = this.server.zones[0]?.endpoint ?? ''
    const config = configFrom(exoscaleSchema, { ...this.server.key, endpoint, legacy_names: true, ...written })
    const source = await openExoscale(config, this.context())
    const abort = new AbortController()
    const done = source.run(abort.signal)
    await expect.poll(until, { interval: 2, timeout: 20_000 }).toBe(true)
    abort.abort()
    await done
  }

  get bodies(): readonly (CloudChange & { kind: string })[] {
    return this.events
      .filter(({ type }) => type !== cloudTypes.baseline)
      .map(({ type, data }) => ({
        ...(JSON.parse(new TextDecoder().decode(data)) as CloudChange),
        kind: type.slice('weir.cloud.'.length),
      }))
  }

  of(type: string): readonly (CloudChange & { kind: string })[] {
    return this.bodies.filter((one) => one.type === type)
  }

  cloud(name: MetricName, labels: Labels): number {
    return this.metrics.value(name, { provider: 'exoscale', account: this.server.organization, ...labels })
  }

  requests(path: RegExp): number {
    return this.server.received.filter((one) => path.test(one.path)).length
  }

  /** Whether a path was read this often since. */
  rounds(path: RegExp, count: number): () => boolean {
    const before = this.requests(path)
    return () => this.requests(path) >= before + count
  }
}

async function scene(): Promise<Scene> {
  const server = await new ExoscaleServer().start(gva, fra)
  onTestFinished(() => server.stop())
  fillExoscale(server, gva)
  server.answers.set(`${fra} /instance`, { instances: [instance(7)] })
  return new Scene(server)
}

test('case C2: resources of all zones are observed under one baseline for each list, and none is created', async () => {
  const it = await scene()
  await it.run(() => it.events.filter(({ type }) => type === cloudTypes.baseline).length === 27)
  expect(it.of('instance').map(({ id, region, kind }) => ({ id, region, kind }))).toEqual(
    expect.arrayContaining([
      { id: uuid(2, 1), region: gva, kind: 'observed' },
      { id: uuid(2, 7), region: fra, kind: 'observed' },
    ]),
  )
  expect(new Set(it.bodies.map(({ kind }) => kind))).toEqual(new Set(['observed']))
  expect(it.events.find(({ ref }) => ref?.includes(uuid(2, 1)))).toMatchObject({
    key: `exoscale/${it.server.organization}/${gva}/instance/${uuid(2, 1)}`,
    ref: `exoscale:${it.server.organization}/${gva}/instance/${uuid(2, 1)}`,
    family: 'resource',
  })
  expect(it.of('instance').find(({ id }) => id === uuid(2, 1))).toMatchObject({
    size: 'standard.medium',
    cpuCores: 2,
    addresses: ['203.0.113.1'],
    tags: { team: 'shop' },
  })
  expect(JSON.stringify(it.bodies)).not.toContain('DKIM')
})

test('relations: volume, node pool, service and record have the ids of the resources that they belong to', async () => {
  const it = await scene()
  await it.run(
    () =>
      it.of('dns_record').length === 3 &&
      it.of('lb_service').length > 0 &&
      it.of('volume').length === 2 &&
      it.of('node_pool').length === 3,
  )
  expect(it.of('volume').map(({ attachedTo }) => attachedTo)).toEqual([[uuid(2, 1)], []])
  expect(it.of('node_pool')[0]).toMatchObject({ parent: uuid(4, 1), attachedTo: [uuid(6, 10)] })
  expect(it.of('lb_service')[0]).toMatchObject({ parent: uuid(8, 1), attachedTo: [uuid(6, 1)] })
  expect(it.of('dns_record')[0]).toMatchObject({ parent: uuid(16, 1), addresses: ['198.51.100.7'] })
})

test('case C4: while one zone fails, the series of the other stay, and nothing is deleted', async () => {
  const it = await scene()
  it.server.fail(gva, { status: 500, body: { message: 'broken' } }, { times: 1e6, path: /\/instance$/ })
  let values: readonly number[] = []
  await it.run(() => {
    const up = (region: string) => it.cloud('cloud_collector_up', { region, collector: 'instances' })
    const labels = { region: gva, collector: 'instances', reason: 'server' }
    values = [
      up(fra),
      up(gva),
      it.cloud('cloud_resource_up', { region: fra, type: 'instance', id: uuid(2, 7) }),
      Math.min(1, it.cloud('cloud_collector_errors_total', labels)),
    ]
    return values[0] === 1 && values[3] === 1
  })
  expect(values).toEqual([1, 0, 1, 1])
  expect(it.bodies.filter(({ kind }) => kind === 'deleted')).toEqual([])
  expect(it.lines.join()).toContain('HTTP 500, broken')
})

test('case C5: a denied list is counted as forbidden, read once in each interval, and affects no other', async () => {
  const it = await scene()
  it.server.fail(gva, { status: 403, body: { error: 'denied' } }, { times: 1e6, path: /api-key/ })
  await it.run(it.rounds(/ssh-key$/, 5))
  const labels = { region: 'global', collector: 'api-keys', reason: 'forbidden' }
  expect(it.cloud('cloud_collector_errors_total', labels)).toBeGreaterThan(0)
  expect(it.slept.filter((ms) => ms > 0 && ms < 100_000)).toEqual([])
  expect(it.of('ssh_key')).toHaveLength(1)
})

test('case C6: a rate limit delays the next request, and the last balance stays', async () => {
  const it = await scene()
  const balance = () => it.cloud('cloud_account_balance', { currency: 'CHF' })
  const limited = () =>
    it.cloud('cloud_collector_errors_total', { region: 'global', collector: 'balance', reason: 'rate_limited' })
  let shown = 0
  await it.run(
    () => {
      if (balance() !== 97.25) return false
      if (limited() === 0)
        it.server.fail(gva, { status: 429, body: { error: 'slow', retry_after: 7 } }, { path: /live-balance/ })
      else shown = balance()
      return limited() > 0
    },
    { every_balance: '1s', every: '1d', every_slow: '1d' },
  )
  expect(shown).toBe(97.25)
  expect(Math.max(...it.slept.filter((ms) => ms < 10_000))).toBeGreaterThanOrEqual(7000)
})

test('case C10: fifty instances of three types need three requests for types', async () => {
  const it = await scene()
  it.server.answers.set(`${gva} /instance`, { instances: Array.from({ length: 50 }, (_, at) => instance(at)) })
  await it.run(it.rounds(/\/instance$/, 8))
  expect(it.requests(/instance-type/)).toBe(3)
})

test('case C7, C8: the names of exoscale-exporter have correct values, without duplicates', async () => {
  const it = await scene()
  const legacy = (name: MetricName, labels?: Labels) => it.metrics.value(name, labels)
  let values: readonly number[] = []
  await it.run(() => {
    values = [
      legacy('exoscale_instance_pool_size', { id: uuid(6, 1), name: 'workers' }),
      legacy('exoscale_sks_cluster_size'),
      legacy('exoscale_security_group_rule_count'),
      legacy('exoscale_snapshot_count'),
      legacy('exoscale_instances_count'),
      legacy('exoscale_private_network', { name: 'inside', vni: '7' }),
      it.cloud('cloud_resource_nodes', { region: gva, type: 'instance_pool', id: uuid(6, 1) }),
    ]
    return values.every((value) => value > 0) && values[4] === 3
  })
  expect(values).toEqual([5, 9, 3, 1, 3, 1, 5])
})

test('after a restart nothing is repeated, and a missing volume is deleted once, after two lists', async () => {
  const it = await scene()
  await it.run(() => it.of('volume').length === 2 && it.of('instance').length === 3)
  const before = it.of('volume').length
  it.server.answers.set(`${gva} /block-storage`, {
    'block-storage-volumes': [volume(1, { instance: { id: uuid(2, 1) } })],
  })
  await it.run(() => it.of('volume').length > before)
  await it.run(it.rounds(/block-storage$/, 6))
  expect(it.of('volume').slice(before)).toMatchObject([{ kind: 'deleted', id: uuid(3, 2), state: 'deleted' }])
  expect(it.of('instance').map(({ kind }) => kind)).toEqual(['observed', 'observed', 'observed'])
})

test('a truncated list and an item without an id delete nothing', async () => {
  const it = await scene()
  await it.run(() => it.of('volume').length === 2)
  it.server.answers.set(`${gva} /block-storage`, { 'block-storage-volumes': [{ name: 'no id' }] })
  await it.run(it.rounds(/block-storage$/, 6))
  it.server.answers.set(`${gva} /block-storage`, { message: 'no list' })
  await it.run(it.rounds(/block-storage$/, 6))
  expect(it.of('volume').map(({ kind }) => kind)).toEqual(['observed', 'observed'])
})
