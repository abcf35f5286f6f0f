import { createServer } from 'node:http'
import { expect, onTestFinished, test } from 'vitest'
import type { CtsProject } from '../../../test/kit/cts.ts'
import { endAtOnce, listenHere } from '../../../test/kit/loopback.ts'
import { OtcServer } from '../../../test/kit/otc.ts'
import { proves } from '../../../test/kit/proof.ts'
import { QueryScene } from '../../../test/kit/query-scene.ts'
import { cloudTypes, type CloudChange } from '../../model/cloud.ts'
import { configFrom, type WrittenConfigOf } from '../../schema/index.ts'
import type { Labels, MetricName } from '../../telemetry/ports.ts'
import { probeProjects } from './client-probe.ts'
import { otcInventorySchema } from './config.ts'
import { openOtcInventory } from './source.ts'

proves('source', { system: 'otc-inventory', server: 'server of its API', standIn: true })

const start = Date.parse('2026-11-21T11:05:00.000Z')
const access = 'AKEXAMPLE0000000TEST'
type Written = Partial<WrittenConfigOf<typeof otcInventorySchema>>
type Seen = CloudChange & Readonly<{ kind: string }>

class Scene extends QueryScene {
  readonly server: OtcServer
  readonly de: CtsProject
  readonly nl: CtsProject

  constructor(server: OtcServer) {
    super('otc', start)
    this.server = server
    server.now = () => this.now
    this.de = server.project('eu-de')
    this.nl = server.project('eu-nl')
  }

  config(written: Written = {}): ReturnType<typeof configFrom<typeof otcInventorySchema>> {
    return configFrom(otcInventorySchema, {
      iam: `${this.server.url}/v3`,
      auth: { type: 'keys', access_key: access, secret_key: this.server.keys.get(access) ?? '' },
      ...written,
    })
  }

  /** Starts Weir, and stops it when the condition holds. */
  async run(until: () => unknown, written: Written = {}): Promise<void> {
    const source = await openOtcInventory(this.config(written), this.context())
    const abort = new AbortController()
    const done = source.run(abort.signal)
    await expect.poll(until, { interval: 2, timeout: 60_000 }).toBe(true)
    abort.abort()
    await done
  }

  get bodies(): readonly Seen[] {
    return this.events
      .filter(({ type }) => type !== cloudTypes.baseline)
      .map(({ type, data }) => ({
        ...(JSON.parse(new TextDecoder().decode(data)) as CloudChange),
        kind: type.slice('weir.cloud.'.length),
      }))
  }

  of(type: string): readonly Seen[] {
    return this.bodies.filter((one) => one.type === type)
  }

  get baselines(): number {
    return this.events.filter(({ type }) => type === cloudTypes.baseline).length
  }

  cloud(name: MetricName, labels: Labels, project = this.de): number {
    return this.metrics.value(name, { provider: 'otc', account: project.id, ...labels })
  }

  errors(collector: string, reason: string, project = this.de): number {
    return this.cloud('cloud_collector_errors_total', { region: project.name, collector, reason }, project)
  }

  requests(part: RegExp): number {
    return this.server.requests(part).length
  }

  /** Whether a path was read this often since. */
  rounds(part: RegExp, count: number): () => boolean {
    const before = this.requests(part)
    return () => this.requests(part) >= before + count
  }
}

async function scene(): Promise<Scene> {
  const server = await new OtcServer().start()
  onTestFinished(() => server.stop())
  return new Scene(server)
}

const one: Written = { projects: [{ name: 'eu-de' }] }
const uuid = (number: number): string => `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`
const server = (number: number, more: object = {}): Record<string, unknown> => ({
  id: uuid(number),
  name: `web-${number}`,
  status: 'ACTIVE',
  created: '2026-10-01T08:00:00Z',
  flavor: { id: 's3.medium.1', name: 's3.medium.1', vcpus: '1', ram: '1024', disk: '0' },
  metadata: { vpc_id: 'v', os_type: 'Linux', charging_mode: '0' },
  tags: ['team=shop', '__sys=x'],
  addresses: {
    v: [
      { addr: '10.0.0.4', 'OS-EXT-IPS:type': 'fixed', 'OS-EXT-IPS:port_id': uuid(900) },
      { addr: '203.0.113.4', 'OS-EXT-IPS:type': 'floating' },
    ],
  },
  'OS-EXT-SRV-ATTR:user_data': 'a password in user data',
  ...more,
})
const volume = (number: number, servers: readonly number[] = [1], more: object = {}): Record<string, unknown> => ({
  id: uuid(100_000 + number),
  name: `disk-${number}`,
  status: servers.length > 0 ? 'in-use' : 'available',
  size: 40,
  volume_type: 'SSD',
  created_at: '2026-10-01T08:00:00.392463',
  tags: { team: 'shop' },
  attachments: servers.map((id) => ({ server_id: uuid(id) })),
  ...more,
})
const [servers, volumes] = ['/v1/{project}/cloudservers/detail', '/v2/{project}/cloudvolumes/detail'] as const

test('case C2: resources of two regions have their region, under one baseline for each list', async () => {
  const it = await scene()
  it.server.items(it.de, servers, [server(1)])
  it.server.items(it.nl, servers, [server(2)])
  await it.run(() => it.of('instance').length === 2 && it.baselines === 16)
  expect(
    it
      .of('instance')
      .map(({ region, account, id, kind }) => [region, account, id, kind])
      .toSorted(),
  ).toEqual([
    ['eu-de', it.de.id, uuid(1), 'observed'],
    ['eu-nl', it.nl.id, uuid(2), 'observed'],
  ])
  expect(it.of('instance').find(({ region }) => region === 'eu-de')).toMatchObject({
    name: 'web-1',
    state: 'running',
    size: 's3.medium.1',
    cpuCores: 1,
    memoryBytes: 2 ** 30,
    tags: { team: 'shop' },
    addresses: ['203.0.113.4'],
    createdAt: '2026-10-01T08:00:00Z',
  })
  expect(JSON.stringify([it.bodies, it.lines])).not.toMatch(/user data|SKexample|Signature/)
})

test('case C4: a region that fails affects no other', async () => {
  const it = await scene()
  it.server.items(it.de, servers, [server(1)])
  it.server.items(it.nl, servers, [server(2)])
  it.server.fail(new RegExp(`${it.nl.id}/cloudservers`), { status: 500 }, Infinity)
  let up: readonly number[] = []
  await it.run(() => {
    const of = (project: CtsProject): number =>
      it.cloud('cloud_collector_up', { region: project.name, collector: 'servers' }, project)
    up = [of(it.de), of(it.nl)]
    return it.errors('servers', 'server', it.nl) > 2 && it.of('instance').length === 1 && up[0] === 1
  })
  expect(up).toEqual([1, 0])
  expect(it.of('instance')[0]?.region).toBe('eu-de')
})

test('case C5: a denied list is forbidden and read once in each interval, and the others are read', async () => {
  const it = await scene()
  it.server.items(it.de, volumes, [volume(1)])
  it.server.fail(/cloudservers/, { status: 403, body: '{"error_code":"Ecs.0008","error_msg":"No permission."}' }, 99)
  await it.run(() => it.errors('servers', 'forbidden') > 0 && it.of('volume').length === 1, {
    ...one,
    every: '1d',
    every_slow: '1d',
  })
  expect(it.requests(/cloudservers/)).toBe(1)
  expect(it.lines.join()).toMatch(/ECS denies read access \(HTTP 403, Ecs.0008, No permission\).*ECS ReadOnlyAccess/)
})

test('case C12: errors of the gateway, of IAM and without JSON are readable', async () => {
  const it = await scene()
  const message = async (body: string, status: number): Promise<string> => {
    it.server.mend()
    it.server.fail(/cloudservers/, { status, body })
    const found = await probeProjects(it.config(one), { id: 'otc', host: it.host }, it.signal)
    return 'message' in found ? found.message : ''
  }
  expect(await message('{"error_code":"APIGW.0308","error_msg":"Throttled."}', 429)).toMatch(
    /HTTP 429, APIGW.0308, Thr/,
  )
  expect(await message('{"error":{"code":"Ecs.0005","message":"Bad request."}}', 400)).toMatch(
    /HTTP 400, Bad request\)/,
  )
  expect(await message('<html>Sorry</html>', 502)).toMatch(/ECS is unavailable \(HTTP 502\)/)
  const wrong = it.config({ ...one, auth: { type: 'keys', access_key: access, secret_key: 'another' } })
  expect(await probeProjects(wrong, { id: 'otc', host: it.host }, it.signal)).toMatchObject({
    is: 'fail',
    message: expect.stringMatching(/^eu-de: IAM rejected the login .*verify aksk signature fail/) as string,
  })
})

test('pages are read in every form; a list whose service has smaller pages than requested is complete', async () => {
  const it = await scene()
  it.server.mostItems = 3
  const many = Array.from({ length: 7 }, (_, at) => at + 1)
  it.server.items(
    it.de,
    servers,
    many.map((at) => server(at)),
  )
  it.server.items(
    it.de,
    volumes,
    many.map((at) => volume(at)),
  )
  it.server.items(
    it.de,
    '/v1/{project}/vpcs',
    many.map((at) => ({ id: uuid(at), name: `vpc-${at}`, status: 'OK' })),
  )
  it.server.items(
    it.de,
    '/v3/{project}/elb/loadbalancers',
    many.map((at) => ({ id: uuid(200 + at), name: `lb-${at}` })),
  )
  it.server.items(
    it.de,
    '/v2/zones',
    many.map((at) => ({ id: `z${at}`, name: `d${at}.example.`, zone_type: 'public' })),
  )
  await it.run(
    () => ['instance', 'volume', 'network', 'load_balancer', 'dns_domain'].every((type) => it.of(type).length === 7),
    one,
  )
  const asked = (part: RegExp, name: string, count: number): readonly (string | undefined)[] =>
    it.server
      .requests(part)
      .slice(0, count)
      .map(({ query }) => query[name])
  expect(asked(/cloudservers/, 'offset', 4)).toEqual(['1', '2', '3', '1'])
  expect(asked(/elb\/loadbalancers/, 'marker', 4)).toEqual([undefined, uuid(203), uuid(206), undefined])
  // Without an explicit end, an empty page is the last.
  expect(asked(/cloudvolumes/, 'offset', 5)).toEqual([undefined, '3', '6', '7', undefined])
  expect(it.errors('volumes', 'decode')).toBe(0)
})

test('case C18, C19: a failed page deletes nothing, and a missing volume is deleted once', async () => {
  const it = await scene()
  it.server.mostItems = 2
  it.server.items(it.de, volumes, [volume(1), volume(2), volume(3)])
  await it.run(() => it.of('volume').length === 3, one)
  it.server.fail(/cloudvolumes/, 'none')
  it.server.fail(/cloudvolumes/, { status: 500 }, 9)
  await it.run(() => it.errors('volumes', 'server') > 3, one)
  it.server.mend()
  expect(it.of('volume').map(({ kind }) => kind)).toEqual(['observed', 'observed', 'observed'])
  it.server.items(it.de, volumes, [volume(1), volume(2)])
  await it.run(it.rounds(/cloudvolumes/, 20), one)
  const deleted = it.of('volume').filter(({ kind }) => kind === 'deleted')
  expect(deleted.map(({ id, state }) => [id, state])).toEqual([[uuid(100_003), 'deleted']])
})

test('case C20: a first list of 300 servers is one baseline and creates nothing', async () => {
  const it = await scene()
  it.server.items(
    it.de,
    servers,
    Array.from({ length: 300 }, (_, at) => server(at + 1)),
  )
  await it.run(() => it.of('instance').length === 300, one)
  expect(new Set(it.of('instance').map(({ kind }) => kind))).toEqual(new Set(['observed']))
  const baselines = it.events.filter(({ type, subject }) => type === cloudTypes.baseline && subject === 'servers')
  expect(baselines.map(({ data }) => JSON.parse(new TextDecoder().decode(data)) as unknown)).toMatchObject([
    { resources: 300, region: 'eu-de' },
  ])
})

test('case C21: a new flavor in another order of tags is one change, which lists the flavor only', async () => {
  const it = await scene()
  it.server.items(it.de, servers, [server(1, { tags: ['a=1', 'b=2'] })])
  await it.run(() => it.of('instance').length === 1, one)
  const flavor = { id: 's3.large.1', name: 's3.large.1', vcpus: '1', ram: '1024' }
  it.server.items(it.de, servers, [server(1, { tags: ['b=2', 'a=1'], flavor })])
  await it.run(() => it.of('instance').length === 2, one)
  expect(it.of('instance')[1]).toMatchObject({
    kind: 'changed',
    changes: [{ path: 'size', from: 's3.medium.1', to: 's3.large.1' }],
  })
})

test('a rate limit delays the next request to the service, and no other service', async () => {
  const it = await scene()
  it.server.fail(/cloudservers/, { status: 429, headers: { 'retry-after': '29' } }, 99)
  await it.run(() => it.errors('servers', 'rate_limited') > 0 && it.baselines >= 7, { ...one, every: '10s' })
  expect(it.requests(/cloudservers/)).toBe(1)
  expect(it.slept.some((ms) => ms >= 28_000 && ms <= 29_000)).toBe(true)
})

test('relations: disks, addresses, pools, listeners and records name the resource that they belong to', async () => {
  const it = await scene()
  const put = (path: string, ...items: readonly object[]): void =>
    it.server.items(it.de, path, items as readonly Record<string, unknown>[])
  put(servers, server(1), server(2, { tags: ['env=x'] }))
  put(volumes, volume(1, [1]), volume(2, []))
  put('/v1/{project}/ports', { id: uuid(900), device_id: uuid(1), device_owner: 'compute:eu-de-01' })
  put(
    '/v1/{project}/publicips',
    { id: uuid(50), public_ip_address: '203.0.113.4', status: 'ACTIVE', port_id: uuid(900), bandwidth_size: 10 },
    { id: uuid(51), public_ip_address: '203.0.113.5', status: 'DOWN' },
  )
  put('/v1/{project}/vpcs', { id: uuid(60), name: 'vpc', cidr: '10.0.0.0/16', status: 'OK' })
  put('/v1/{project}/subnets', { id: uuid(61), name: 'net', cidr: '10.0.0.0/24', vpc_id: uuid(60), status: 'ACTIVE' })
  const rule = { id: 'r', direction: 'ingress', ethertype: 'IPv4', protocol: 'tcp', port_range_min: 443 }
  put('/v1/{project}/security-groups', {
    id: uuid(62),
    name: 'web',
    security_group_rules: [{ ...rule, port_range_max: 443, remote_ip_prefix: '0.0.0.0/0' }],
  })
  const balancer = { provisioning_status: 'ACTIVE', operating_status: 'ONLINE', tags: [{ key: 'team', value: 'shop' }] }
  put(
    '/v3/{project}/elb/loadbalancers',
    { ...balancer, id: uuid(70), name: 'front', eips: [{ eip_address: '203.0.113.6' }], vip_address: '10.0.0.9' },
    { ...balancer, id: uuid(71), name: 'empty' },
  )
  const on = [{ id: uuid(70) }]
  put('/v3/{project}/elb/listeners', {
    id: uuid(72),
    protocol: 'TCP',
    protocol_port: 443,
    loadbalancers: on,
    default_pool_id: uuid(73),
  })
  put('/v3/{project}/elb/pools', { id: uuid(73), loadbalancers: on, members: [{ id: 'm1' }] })
  put(`/v3/{project}/elb/pools/${uuid(73)}/members`, { id: 'm1', address: '10.0.0.4', instance_id: uuid(1) })
  const clusters = '/api/v3/projects/{project}/clusters'
  put(clusters, {
    metadata: { uid: uuid(80), name: 'shop' },
    spec: { version: 'v1.30' },
    status: { phase: 'Available' },
  })
  put(`${clusters}/${uuid(80)}/nodepools`, {
    metadata: { uid: uuid(81), name: 'workers' },
    spec: { initialNodeCount: 1, nodeTemplate: { flavor: 's3.medium.1' } },
    status: { phase: '' },
  })
  put(
    `${clusters}/${uuid(80)}/nodes`,
    {
      metadata: { uid: uuid(82), annotations: { 'kubernetes.io/node-pool.id': uuid(81) } },
      status: { phase: 'Active', serverId: uuid(1) },
    },
    { metadata: { uid: uuid(83) }, status: { phase: 'Active', serverId: uuid(2) } },
  )
  put('/v2/zones', { id: 'z1', name: 'example.com.', zone_type: 'public', status: 'ACTIVE' })
  put(
    '/v2/zones/z1/recordsets',
    { id: 'a', name: 'www.example.com.', type: 'A', ttl: 300, records: ['203.0.113.6'], status: 'ACTIVE' },
    { id: 't', name: 'example.com.', type: 'TXT', ttl: 300, records: ['"a secret"'], status: 'ACTIVE' },
  )
  const orphans = new Map<string, number>()
  await it.run(
    () => {
      for (const [type, reason] of [
        ['volume', 'detached'],
        ['ip_address', 'unused'],
        ['load_balancer', 'no_targets'],
        ['instance', 'untagged'],
      ] as const)
        orphans.set(reason, it.cloud('cloud_orphaned_resources', { region: 'eu-de', type, reason }))
      return it.baselines === 8 && [...orphans.values()].every((value) => value === 1)
    },
    { ...one, required_tags: ['team'] },
  )
  expect(it.of('instance').map(({ missingTags }) => missingTags)).toEqual([undefined, ['team']])
  const found = (type: string): object =>
    Object.fromEntries(
      it
        .of(type)
        .map(({ name, parent, attachedTo, addresses }) => [
          name,
          { ...(parent && { parent }), ...(attachedTo && { attachedTo }), ...(addresses && { addresses }) },
        ]),
    )
  expect(found('volume')).toEqual({ 'disk-1': { attachedTo: [uuid(1)] }, 'disk-2': { attachedTo: [] } })
  expect(found('ip_address')).toEqual({
    '203.0.113.4': { attachedTo: [uuid(1)], addresses: ['203.0.113.4'] },
    '203.0.113.5': { attachedTo: [], addresses: ['203.0.113.5'] },
  })
  expect(found('network')).toEqual({ vpc: {}, net: { parent: uuid(60) } })
  expect(it.of('security_group')[0]?.attributes).toEqual({ 'rule-r': 'ingress IPv4 tcp 443-443 0.0.0.0/0' })
  expect(found('load_balancer')).toEqual({
    front: { attachedTo: [uuid(1)], addresses: ['203.0.113.6'] },
    empty: { attachedTo: [] },
  })
  expect(found('lb_service')).toEqual({ [uuid(72)]: { parent: uuid(70), attachedTo: [uuid(1)] } })
  expect(found('node_pool')).toEqual({
    workers: { parent: uuid(80), attachedTo: [uuid(1)] },
    DefaultPool: { parent: uuid(80), attachedTo: [uuid(2)] },
  })
  expect(found('dns_record')).toEqual({
    'www.example.com': { parent: 'z1', addresses: ['203.0.113.6'] },
    'example.com': { parent: 'z1' },
  })
  expect(JSON.stringify(it.bodies)).not.toContain('a secret')
})

test.each(['list', 'object'])(
  'case C27: a price answer with a %s prices servers by flavor and system',
  async (form) => {
    const item = {
      id: 'OTC_S3M1_LI',
      region: 'eu-de',
      opiFlavour: 's3.medium.1',
      osUnit: 'Open Linux',
      currency: 'EUR',
    }
    const items = [
      { ...item, priceAmount: '0.051175 EUR' },
      { ...item, osUnit: 'Windows', priceAmount: '0.09 EUR' },
    ]
    const asked: string[] = []
    const calculator = createServer((request, response) => {
      asked.push(decodeURIComponent(request.url ?? ''))
      response.end(JSON.stringify({ response: { result: form === 'list' ? items : { ecs: items } } }))
    })
    const prices = `${await listenHere(calculator)}/en/prices/`
    onTestFinished(() => endAtOnce(calculator))
    const it = await scene()
    it.server.items(it.de, servers, [server(1), server(2, { metadata: { os_type: 'Windows' } })])
    it.server.items(it.de, servers, [
      server(1),
      server(2, { metadata: { os_type: 'Windows' } }),
      server(3, { flavor: {} }),
    ])
    await it.run(() => it.of('instance').length === 3, { ...one, prices, every: '1s' })
    expect(it.of('instance').map(({ costPerHour }) => costPerHour)).toEqual([
      { amount: '0.051175', currency: 'EUR', source: 'pricelist' },
      { amount: '0.09', currency: 'EUR', source: 'pricelist' },
      undefined,
    ])
    await it.run(it.rounds(/cloudservers/, 5), { ...one, prices, every: '1s' })
    expect(asked[0]).toBe('/en/prices/?productType=OTC&serviceName=ecs&filterBy[region]=eu-de&limitMax=5000')
    expect(asked).toHaveLength(2)
  },
)

test('with a password one token serves all services, and the probe reports a denied project', async () => {
  const it = await scene()
  const { name, password } = it.server.user
  const auth = { type: 'password', user: name, password, domain: it.server.domain.name } as const
  it.server.items(it.de, servers, [server(1)])
  await it.run(() => it.of('instance').length === 1 && it.baselines === 8, { ...one, auth })
  expect(it.requests(/auth\/tokens/)).toBe(1)
  it.server.fail(new RegExp(`${it.nl.id}/cloudservers`), { status: 403 })
  const found = await probeProjects(it.config({ auth }), { id: 'otc', host: it.host }, it.signal)
  expect(found).toMatchObject({ is: 'fail', message: expect.stringMatching(/^eu-nl: ECS denies/) as string })
})
