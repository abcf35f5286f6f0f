import { expect, test } from 'vitest'
import type { AuditData } from '../../model/kubernetes.ts'
import { mapAuditEvent } from './map.ts'

const settings = {
  cluster: 'c1',
  stages: ['ResponseComplete'],
  verbs: ['create', 'update', 'patch', 'delete', 'deletecollection'],
} as const
const base = {
  level: 'Metadata',
  auditID: 'a1',
  stage: 'ResponseComplete',
  requestURI: '/api/v1/namespaces/shop/configmaps/c?fieldManager=kubectl-edit',
  verb: 'patch',
  user: { username: 'alice', uid: 'u1', groups: ['dev', 'system:authenticated'] },
  sourceIPs: ['192.0.2.7'],
  userAgent: 'kubectl/v1.34.0',
  objectRef: { resource: 'configmaps', namespace: 'shop', name: 'c', apiVersion: 'v1' },
  responseStatus: { metadata: {}, code: 200 },
  requestReceivedTimestamp: '2026-11-20T10:00:00.123456Z',
  stageTimestamp: '2026-11-20T10:00:00.125000Z',
  annotations: { 'authorization.k8s.io/decision': 'allow' },
}

function mapped(more: object = {}): { readonly data: AuditData; readonly [envelope: string]: unknown } {
  const event = mapAuditEvent({ ...base, ...more }, settings)
  if (typeof event === 'string') throw new Error(event)
  return { ...event, data: JSON.parse(Buffer.from(event.data ?? []).toString()) as AuditData }
}

test('a request becomes an event with actor, address, object and status', () => {
  expect(mapped()).toEqual({
    id: 'a1/ResponseComplete',
    source: '/kubernetes/c1',
    type: 'weir.kubernetes.audit',
    family: 'audit',
    subject: 'configmaps/shop/c',
    ref: 'k8s:c1//ConfigMap/shop/c',
    key: 'c1/configmaps/shop/c',
    time: Date.UTC(2026, 10, 20, 10, 0, 0, 123),
    datacontenttype: 'application/json',
    encoding: 'json',
    data: {
      cluster: 'c1',
      auditID: 'a1',
      verb: 'patch',
      user: { username: 'alice', uid: 'u1', groups: ['dev', 'system:authenticated'] },
      sourceIPs: ['192.0.2.7'],
      userAgent: 'kubectl/v1.34.0',
      uri: '/api/v1/namespaces/shop/configmaps/c?fieldManager=kubectl-edit',
      code: 200,
      object: { group: '', version: 'v1', resource: 'configmaps', namespace: 'shop', name: 'c' },
      received: '2026-11-20T10:00:00.123456Z',
      completed: '2026-11-20T10:00:00.125000Z',
      annotations: { 'authorization.k8s.io/decision': 'allow' },
      audit: {
        actor: { kind: 'user', id: 'u1', name: 'alice', domain: 'c1', address: '192.0.2.7' },
        action: 'patch',
        service: 'kubernetes',
        resource: { type: 'configmaps', name: 'shop/c' },
        tenant: 'c1',
        outcome: 'success',
        severity: 'normal',
        requestId: 'a1',
      },
    },
  })
})

test('a connection to a pod is accepted at its start, whatever its verb, and has one id', () => {
  const connect = (subresource: string, stage: string, verb: string): unknown => {
    const given = { ...base, stage, verb, objectRef: { ...base.objectRef, resource: 'pods', subresource } }
    const event = mapAuditEvent(given, { ...settings, interactive: true })
    return typeof event === 'string' ? event : event.id
  }
  for (const subresource of ['exec', 'attach', 'portforward', 'proxy'])
    for (const stage of ['ResponseStarted', 'ResponseComplete'])
      for (const verb of ['get', 'create']) expect(connect(subresource, stage, verb)).toBe('a1/connect')
  expect(connect('exec', 'RequestReceived', 'get')).toBe('stage')
  expect(connect('log', 'ResponseComplete', 'get')).toBe('verb')
  const off = { ...base, verb: 'get', objectRef: { ...base.objectRef, subresource: 'exec' } }
  expect(mapAuditEvent(off, { ...settings, interactive: false })).toBe('verb')
})

test('a request without credentials has an actor kind of its own', () => {
  const user = { username: 'system:anonymous', groups: ['system:unauthenticated'] }
  expect(mapped({ user }).data.audit).toMatchObject({ actor: { kind: 'anonymous', name: 'system:anonymous' } })
})

test('the common audit form has the effective actor, the kind of a program, and the severity', () => {
  const audit = (more: object): unknown => mapped(more).data.audit
  expect(audit({ impersonatedUser: { username: 'bob' } })).toMatchObject({
    actor: { kind: 'session', name: 'bob', impersonatedBy: { name: 'alice', domain: 'c1' } },
  })
  expect(audit({ user: { username: 'system:serviceaccount:shop:web' } })).toMatchObject({ actor: { kind: 'service' } })
  expect(audit({ user: {} })).toMatchObject({ actor: { kind: 'unknown' } })
  expect(audit({ responseStatus: { code: 403 } })).toMatchObject({ outcome: 'failure', severity: 'warning' })
  expect(audit({ responseStatus: { code: 500 } })).toMatchObject({ outcome: 'failure', severity: 'incident' })
  expect(audit({ responseStatus: undefined })).toMatchObject({ outcome: 'unknown', severity: 'unknown' })
  expect(
    audit({
      objectRef: { resource: 'deployments', apiGroup: 'apps', subresource: 'scale', namespace: 'shop', name: 'web' },
    }),
  ).toMatchObject({ resource: { type: 'deployments.apps/scale', name: 'shop/web' } })
})

test('only id, name and version of the response object are retained, not a requested version', () => {
  const { data, key, ref } = mapped({
    verb: 'update',
    objectRef: { resource: 'deployments', apiGroup: 'apps', apiVersion: 'v1', namespace: 'shop', resourceVersion: '6' },
    requestObject: { secret: 'hunter2' },
    responseObject: {
      kind: 'Deployment',
      metadata: { name: 'web', uid: 'u-web', resourceVersion: '7' },
      spec: { secret: 'hunter2' },
    },
  })
  expect(data.object).toEqual({
    group: 'apps',
    version: 'v1',
    resource: 'deployments',
    namespace: 'shop',
    name: 'web',
    uid: 'u-web',
    resourceVersion: '7',
    basedOn: '6',
  })
  expect([key, ref]).toEqual(['c1/u-web', 'k8s:c1/apps/Deployment/shop/web'])
  expect(JSON.stringify(data)).not.toContain('hunter2')
})

test('a deletion has the object id, a collection no version, and a custom kind is in the response only', () => {
  expect(
    mapped({
      verb: 'delete',
      responseStatus: { code: 200, details: { uid: 'gone' } },
      responseObject: { kind: 'Status', metadata: { resourceVersion: '1' } },
    }).data.object,
  ).toMatchObject({ uid: 'gone' })
  expect(
    mapped({ verb: 'delete', responseObject: { kind: 'Status', metadata: { resourceVersion: '1' } } }).data.object,
  ).not.toHaveProperty('resourceVersion')
  const all = mapped({
    verb: 'deletecollection',
    objectRef: { resource: 'configmaps', namespace: 'shop', apiVersion: 'v1' },
    responseObject: { kind: 'ConfigMapList', metadata: { resourceVersion: '9' }, items: [] },
  })
  expect([all.data.object, all['subject'], all['ref']]).toEqual([
    { group: '', version: 'v1', resource: 'configmaps', namespace: 'shop' },
    'configmaps/shop',
    undefined,
  ])
  const widget = { resource: 'widgets', apiGroup: 'example.com', apiVersion: 'v1', namespace: 'shop', name: 'w' }
  expect([
    mapped({ objectRef: widget })['ref'],
    mapped({ objectRef: widget, responseObject: { kind: 'Widget', metadata: { uid: 'x' } } })['ref'],
  ]).toEqual([undefined, 'k8s:c1/example.com/Widget/shop/w'])
})

test('an impersonated user is recorded beside the actor', () => {
  expect(mapped({ impersonatedUser: { username: 'bob', groups: ['ops'] } }).data).toMatchObject({
    user: { username: 'bob', groups: ['ops'] },
    impersonatedBy: 'alice',
  })
})

test('a request without an object has its path as subject', () => {
  const { objectRef: _, ...rest } = base
  const event = mapAuditEvent({ ...rest, verb: 'create', requestURI: '/custom/path?x=1' }, settings)
  expect(event).toMatchObject({ subject: '/custom/path', key: 'c1//custom/path' })
})

test('a skipped item has a reason', () => {
  const left = (more: object): unknown => mapAuditEvent({ ...base, ...more }, settings)
  expect([
    left({ stage: 'RequestReceived' }),
    left({ verb: 'list' }),
    left({ auditID: 7 }),
    left({ requestReceivedTimestamp: 'yesterday' }),
    mapAuditEvent(null, settings),
    mapAuditEvent([], settings),
  ]).toEqual(['stage', 'verb', 'malformed', 'malformed', 'malformed', 'malformed'])
  expect(mapAuditEvent({ ...base, verb: 'list' }, { ...settings, verbs: [] })).toMatchObject({
    id: 'a1/ResponseComplete',
  })
})

test('client-supplied texts are truncated, and malformed fields are harmless', () => {
  const { data } = mapped({
    userAgent: 'x'.repeat(10_000),
    sourceIPs: 'no list',
    user: 'nobody',
    objectRef: [1],
    responseStatus: null,
    annotations: { a: 1, b: 'c' },
  })
  expect(data.userAgent).toHaveLength(4096)
  expect(data).toMatchObject({ user: { username: '' }, sourceIPs: [], annotations: { b: 'c' } })
})

test('secrets in the query, such as the command of an exec, and in annotations are redacted', () => {
  const uri = (query: string): string => mapped({ requestURI: `/api/v1/namespaces/shop/pods/p/exec?${query}` }).data.uri
  expect(uri('command=mysql&command=-uroot&command=-pS3cret1&stdin=true')).toBe(
    '/api/v1/namespaces/shop/pods/p/exec?command=mysql&command=-uroot&command=-predacted%3A&stdin=true',
  )
  expect(uri('command=sh&command=-c&command=export+TOKEN%3Dabc123def456&tty=true')).not.toContain('abc123def456')
  expect(uri('access_token=abc123def456&container=c')).toBe(
    '/api/v1/namespaces/shop/pods/p/exec?access_token=redacted%3A&container=c',
  )
  expect(uri('command=ls&command=-l&container=c')).toBe(
    '/api/v1/namespaces/shop/pods/p/exec?command=ls&command=-l&container=c',
  )
  expect(mapped({ annotations: { 'example.test/note': 'Bearer abc123def456abc123def456' } }).data.annotations).toEqual({
    'example.test/note': 'Bearer redacted:',
  })
})
