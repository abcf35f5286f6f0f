import { expect, test } from 'vitest'
import type { WeirEvent } from '../../model/events.ts'
import { statementsOf } from './map-cypher.ts'
import { toGraph, type SizedRow } from './map.ts'

const base: WeirEvent = {
  id: 'a1',
  source: '/s',
  type: 'ecs.start',
  family: 'audit',
  time: 1_710_846_287_100,
  encoding: 'json',
}
const event = (data: unknown, more: Partial<WeirEvent> = {}): WeirEvent => ({
  ...base,
  data: Buffer.from(JSON.stringify(data)),
  ...more,
})
const audit = {
  actor: { kind: 'user', id: 'b1', name: 'anna', domain: 'd/1', address: '192.0.2.7' },
  action: 'start',
  service: 'ECS',
  resource: { type: 'vm', id: 'v1', name: 'web' },
  tenant: 't1',
  region: 'eu',
  outcome: 'success',
  severity: 'normal',
}

test('the actor is the subject; names are unique within a domain; a resource is matched by its reference', () => {
  const {
    length: _,
    kind: __,
    ...row
  } = toGraph(
    event(
      {
        record_time: 5,
        audit: { ...audit, actor: { ...audit.actor, kind: 'session', impersonatedBy: { name: 'eve' } } },
      },
      { ref: 'otc:t1/ecs/vm/v1', extensions: { domain: 'd1', code: 200 } },
    ),
  )
  expect(row).toEqual({
    action: {
      id: 'a1',
      time: 1_710_846_287_100,
      recorded: 5,
      set: {
        source: '/s',
        type: 'ecs.start',
        status: 'normal',
        name: 'start',
        service: 'ECS',
        code: '200',
        sourceIp: '192.0.2.7',
      },
    },
    subject: { key: 'd%2F1/b1', set: { id: 'b1', name: 'anna', kind: 'session', domainId: 'd/1' } },
    behind: { key: '/eve', set: { id: 'eve', name: 'eve', kind: 'user' } },
    resource: { key: 'otc:t1/ecs/vm/v1', set: { id: 'v1', name: 'web', type: 'vm', service: 'ECS' } },
    tenant: { tenantId: 't1', domainId: 'd1' },
    region: 'eu',
    status: 'normal',
    marks: [],
  })
})

test('missing fields create no node: no resource without id and name, no tenant, no region', () => {
  const {
    length: _,
    kind: __,
    ...row
  } = toGraph(
    event(
      { audit: { actor: { kind: 'system' }, action: 'x', severity: 'odd', resource: { id: ' ', type: 'vm' } } },
      { time: Number.NaN },
    ),
  )
  expect(row).toEqual({
    action: {
      id: 'a1',
      time: null,
      recorded: null,
      set: { source: '/s', type: 'ecs.start', status: 'unknown', name: 'x' },
    },
    subject: { key: 'system', set: { id: 'system', kind: 'system' } },
    status: 'unknown',
    marks: [],
  })
})

test('an event of cts_exporter is mapped by its attributes and its trace', () => {
  const data = {
    trace_name: 'login',
    trace_type: 'ConsoleAction',
    user: { id: 'u1', name: 'jdoe', domain: { id: 'd9' } },
  }
  expect(
    toGraph(
      event(data, {
        subject: 'jdoe',
        extensions: { status: 'warning', code: '401', resourceid: 'r1', region: 'eu', domain: 'd1', tenant: 't1' },
      }),
    ),
  ).toMatchObject({
    action: { set: { name: 'login', code: '401', status: 'warning' } },
    subject: { key: 'd9/u1' },
    resource: { key: 'cloud:t1///r1', set: { id: 'r1', name: 'jdoe' } },
    tenant: { tenantId: 't1', domainId: 'd1' },
    region: 'eu',
    status: 'warning',
  })
  expect(toGraph({ ...base, encoding: 'none' })).toMatchObject({ subject: { key: 'unknown' }, status: 'unknown' })
})

test('an event of cts_exporter without a family is recognized by its trace and names the same resource', () => {
  const trace: Partial<WeirEvent> = {
    family: 'event',
    source: 'https://cts.eu-de.otc.t-systems.com/v2.0/t1/',
    extensions: { status: 'normal', tenant: 't1', resourceid: 'R/1' },
  }
  expect(toGraph(event({ service_type: 'ECS', resource_type: 'vm' }, trace))).toMatchObject({
    kind: 'action',
    resource: { key: 'otc:t1/ecs/vm/R%2F1' },
  })
  expect(toGraph(event({ trace_id: 'x' }, { family: 'event' }))).toMatchObject({ kind: 'action' })
  expect(() => toGraph(event({ hello: 'world' }, { family: 'event' }))).toThrow('has no action')
})

const cluster = {
  source: '/kubernetes/c1',
  subject: 'deployments.apps/shop/web',
  ref: 'k8s:c1/apps/Deployment/shop/web',
}
const written = (verb: string, code: number): SizedRow =>
  toGraph(
    event(
      { verb, code, object: { resourceVersion: '7', uid: 'u1' }, audit: { ...audit, resource: { name: 'shop/web' } } },
      { ...cluster, type: 'weir.kubernetes.audit' },
    ),
  )

test('a change and its request share a mark: the version, or the deleted object; a denied request has none', () => {
  const change = (type: string): SizedRow =>
    toGraph(
      event(
        { uid: 'u1', resourceVersion: '7', actor: { manager: 'kubectl' } },
        { ...cluster, family: 'change', type: `weir.kubernetes.${type}` },
      ),
    )
  const [version, object] = [
    '/kubernetes/c1 deployments.apps/shop/web 7',
    '/kubernetes/c1 deployments.apps/shop/web u1',
  ]
  expect([change('updated'), change('deleted')]).toMatchObject([
    { marks: [version], change: { set: { operation: 'updated', manager: 'kubectl', mark: version } } },
    { marks: [object] },
  ])
  expect(
    [written('patch', 200), written('delete', 200), written('delete', 403), written('get', 200)].map((row) =>
      'marks' in row ? row.marks : [],
    ),
  ).toEqual([[version], [version, object], [], []])
})

test('an object has the same node for every source, and one that runs containers is a workload', () => {
  const node = {
    key: cluster.ref,
    set: { cluster: 'c1', kind: 'Deployment', name: 'web', group: 'apps', namespace: 'shop' },
    workload: true,
  }
  const row = toGraph(event({ state: 'present', since: '2026-01-01T00:00:00Z' }, { ...cluster, family: 'resource' }))
  expect([written('patch', 200), row]).toMatchObject([{ resource: node }, { resource: node }])
})

test('relations of an object equal those of view relations', () => {
  const of = (ref: string, data: object): string[] => {
    const row = toGraph(
      event({ state: 'present', since: '2026-01-01T00:00:00Z', ...data }, { family: 'resource', ref }),
    )
    return row.kind === 'object'
      ? row.related.map(({ type, from, to }) => `${from} ${type} ${to}`.replaceAll('k8s:c1/', ''))
      : []
  }
  expect(
    of('k8s:c1//Pod/shop/p', {
      node: 'n1',
      owners: [
        { kind: 'ReplicaSet', group: 'apps', name: 'r' },
        { kind: 'Node', name: 'n1' },
      ],
      images: [{ image: 'a:1', id: 'docker-pullable://a@sha256:12' }, { image: 'b:1', id: 'sha256:34' }, {}],
    }),
  ).toEqual([
    '/Pod/shop/p OWNED_BY apps/ReplicaSet/shop/r',
    '/Pod/shop/p OWNED_BY /Node//n1',
    '/Pod/shop/p IN_NAMESPACE /Namespace//shop',
    '/Pod/shop/p RUNS_ON /Node//n1',
    '/Pod/shop/p USES_IMAGE image:a@sha256:12',
    '/Pod/shop/p USES_IMAGE image:b:1',
  ])
  expect(
    of('k8s:c1/discovery.k8s.io/EndpointSlice/shop/s', {
      service: 'web',
      endpoints: [
        { kind: 'Pod', name: 'p' },
        { kind: 'Pod', namespace: 'shop', name: 'p' },
        { kind: 'Node', name: 'n' },
      ],
    }),
  ).toEqual(
    ['/EndpointSlice/shop/s IN_NAMESPACE /Namespace//shop', '/Service/shop/web SELECTS /Pod/shop/p'].map((text) =>
      text.replace(/^\/EndpointSlice/, 'discovery.k8s.io/EndpointSlice'),
    ),
  )
  expect([
    of('k8s:c1//Node//n1', { providerId: 'openstack:///vm' }),
    of('k8s:c1//Node//n1', { providerId: 'openstack:///vm', state: 'gone' }),
  ]).toEqual([['/Node//n1 PROVIDED_BY openstack:///vm'], []])
})

test('an event without a graph representation is rejected with the reason', () => {
  const why = (one: WeirEvent): string => {
    try {
      return JSON.stringify(toGraph(one))
    } catch (error) {
      return error instanceof Error ? error.message : ''
    }
  }
  expect(why(event({ audit }, { family: 'cost' }))).toContain('only: {family: [audit, change, resource, flow]}')
  expect(why(event({ audit }, { family: 'change' }))).toContain('only changes of cluster objects do')
  expect(why(event({ state: 'present' }, { family: 'resource', ref: 'k8s:c1//Pod/shop/p' }))).toContain(
    'no start of validity',
  )
  expect(why({ ...base, data: Buffer.from('{') })).toContain('the body is not JSON')
  expect(why(event({ audit }, { id: 'ü'.repeat(2001) }))).toContain('id has 4002 bytes')
  expect(why(event({ audit: { ...audit, region: 'r'.repeat(5000) } }))).toContain('region has 5000 bytes')
})

test('shared nodes are written once, sorted, and not again while known; of a repeated event the last wins', () => {
  const rows = ['b', 'a', 'b'].map((id, index) =>
    toGraph(event({ audit: { ...audit, action: `n${index}`, resource: { type: 'vm', id: `v${2 - index}` } } }, { id })),
  )
  const written = new Set<string>()
  const { statements, facts } = statementsOf(rows, written)
  const names = (all: typeof statements): string[] =>
    all.map(({ text, parameters }) => `${/MERGE \(.*?:([A-Z_]+)/.exec(text)?.[1] ?? ''} ${parameters.rows.length}`)
  expect(names(statements)).toEqual([
    'REGION 1',
    'STATUS 1',
    'TENANT 1',
    'LOCATED_AT 1',
    'SUBJECT 1',
    'RESOURCE 3',
    'MEMBER_OF 3',
    'ACTION 2',
  ])
  const actions = statements
    .filter(({ text }) => text.includes('MERGE (a:ACTION'))
    .map(({ expectedRows, parameters }) => ({
      expectedRows,
      rows: (parameters.rows as { id: string; set: { name: string } }[]).map(({ id, set }) => `${id} ${set.name}`),
    }))
  expect(actions).toEqual([{ expectedRows: 2, rows: ['a n1', 'b n2'] }])
  for (const fact of facts) written.add(fact)
  expect(names(statementsOf(rows, written).statements)).toEqual(['ACTION 2'])
})
