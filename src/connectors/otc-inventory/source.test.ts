import { expect, test } from 'vitest'
import type { CtsProject } from '../../../test/kit/cts.ts'
import { access, one, otcScene as scene, server, servers, uuid, volume, volumes } from '../../../test/kit/otc-scene.ts'
import { proves } from '../../../test/kit/proof.ts'
import { cloudTypes } from '../../model/cloud.ts'
import { probeProjects } from './client-probe.ts'

proves('source', { system: 'otc-inventory', server: 'server of its API', standIn: true })

test('case C2: resources of two regions have their region, under one baseline for each list', async () => {
  const it = await scene()
  it.server.items(it.de, servers, [server(1)])
  it.server.items(it.nl, servers, [server(2)])
  await it.run(() => it.of('instance').length === 2 && it.baselines === 16)
  const found = it.of('instance').map(({ region, account, id, kind }) => [region, account, id, kind])
  expect(found).toHaveLength(2)
  expect(found).toEqual(
    expect.arrayContaining([
      ['eu-de', it.de.id, uuid(1), 'observed'],
      ['eu-nl', it.nl.id, uuid(2), 'observed'],
    ]),
  )
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

test('pages are read in every form; a service with smaller pages than requested gives a complete list', async () => {
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
  const sent = (part: RegExp, name: string, count: number): readonly (string | undefined)[] =>
    it.server
      .requests(part)
      .slice(0, count)
      .map(({ query }) => query[name])
  expect(sent(/cloudservers/, 'offset', 4)).toEqual(['1', '2', '3', '1'])
  expect(sent(/elb\/loadbalancers/, 'marker', 4)).toEqual([undefined, uuid(203), uuid(206), undefined])
  // Without an explicit end, an empty page is the last.
  expect(sent(/cloudvolumes/, 'offset', 5)).toEqual([undefined, '3', '6', '7', undefined])
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
