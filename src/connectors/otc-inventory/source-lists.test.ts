import { createServer } from 'node:http'
import { expect, onTestFinished, test } from 'vitest'
import { endAtOnce, listenHere } from '../../../test/kit/loopback.ts'
import { one, otcScene as scene, server, servers, uuid, volume, volumes } from '../../../test/kit/otc-scene.ts'
import { proves } from '../../../test/kit/proof.ts'

proves('source', { system: 'otc-inventory', server: 'server of its API', standIn: true })

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
  'case C27: a price answer in the form %s prices servers by flavor and system',
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
    const sent: string[] = []
    const calculator = createServer((request, response) => {
      sent.push(decodeURIComponent(request.url ?? ''))
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
    expect(sent[0]).toBe('/en/prices/?productType=OTC&serviceName=ecs&filterBy[region]=eu-de&limitMax=5000')
    expect(sent).toHaveLength(2)
  },
)
