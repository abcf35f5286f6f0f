import { create, toBinary } from '@bufbuild/protobuf'
import { anyPack, timestampFromMs, type Any } from '@bufbuild/protobuf/wkt'
import { expect, test } from 'vitest'
import { anyChanges, changeEvent } from '../../../test/kit/changes.ts'
import type { ChangeData } from '../../model/kubernetes.ts'
import type { WeirEvent } from '../../model/events.ts'
import { EnvelopeSchema } from './generated/kollect/event/v1/event_pb.ts'
import {
  ResourceCreatedEventSchema,
  ResourceDeletedEventSchema,
  ResourceUpdatedEventSchema,
} from './generated/kollect/resource/event/v1/event_pb.ts'
import { changeOf, kollectEvent } from './index.ts'
import { kollectChanges } from './read.ts'

const time = Date.UTC(2026, 5, 1)
const id = 'ac3153e2-e9e2-4330-9bbf-52a79fb11214'
const read = (body: Uint8Array): WeirEvent[] => kollectChanges({ body, place: 't/7', time: 5 })
const dataOf = (event: WeirEvent | undefined): ChangeData =>
  JSON.parse(Buffer.from(event?.data ?? []).toString()) as ChangeData
const bytes = (state: object): Uint8Array => Buffer.from(JSON.stringify(state))
const envelope = (payload: Any): Uint8Array =>
  toBinary(EnvelopeSchema, create(EnvelopeSchema, { id, timestamp: timestampFromMs(time), payload }))
const updated = (old: object, now: object): Uint8Array =>
  envelope(
    anyPack(
      ResourceUpdatedEventSchema,
      // oxlint-disable-next-line unicorn/no-thenable -- the name that the field has on the wire
      create(ResourceUpdatedEventSchema, { uid: 'u1', clusterId: 'c1', then: bytes(old), now: bytes(now) }),
    ),
  )
const object = (more: object, kind = 'Deployment', apiVersion = 'apps/v1'): object => ({
  apiVersion,
  kind,
  metadata: { uid: 'u1', name: 'web', namespace: 'shop', resourceVersion: '7', generation: 3 },
  ...more,
})

test('what our sink writes of a change is read as that change, states without their version as in the journal', () => {
  for (const change of anyChanges(3, 60, 'c1')) {
    const event = { ...changeEvent(change, time), id }
    const [found] = read(kollectEvent(event, changeOf(event), 'all').data ?? new Uint8Array())
    const { data, ...head } = event
    expect(found).toMatchObject(head)
    const bare = (state: object | null): object | null => {
      if (state === null) return null
      const { resourceVersion: _version, ...metadata } = (state as { metadata: Record<string, unknown> }).metadata
      return { ...state, metadata }
    }
    const sent = JSON.parse(Buffer.from(data ?? []).toString()) as ChangeData
    expect(dataOf(found)).toEqual({
      ...sent,
      old: bare(sent.old),
      new: bare(sent.new),
      paths: sent.patch.map(({ path }) => path),
    })
  }
})

test("with only kollect's fields the states provide the object, the writer and the change", () => {
  const managed = {
    metadata: {
      ...(object({}) as { metadata: object }).metadata,
      resourceVersion: '8',
      managedFields: [{ manager: 'kubectl', time: '2026-06-01T00:00:00Z' }],
    },
  }
  const [event, ...more] = read(
    updated(object({ spec: { replicas: 1 } }), object({ spec: { replicas: 2 }, ...managed })),
  )
  expect(more).toEqual([])
  expect(event).toMatchObject({
    id,
    source: '/kubernetes/c1',
    type: 'weir.kubernetes.updated',
    family: 'change',
    key: 'c1/u1',
    subject: 'deployments.apps/shop/web',
    ref: 'k8s:c1/apps/Deployment/shop/web',
    time,
    encoding: 'json',
  })
  expect(dataOf(event)).toEqual({
    cluster: 'c1',
    group: 'apps',
    version: 'v1',
    kind: 'Deployment',
    resource: 'deployments',
    namespace: 'shop',
    name: 'web',
    uid: 'u1',
    resourceVersion: '8',
    operation: 'updated',
    old: {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { uid: 'u1', name: 'web', namespace: 'shop' },
      spec: { replicas: 1 },
    },
    new: {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { uid: 'u1', name: 'web', namespace: 'shop' },
      spec: { replicas: 2 },
    },
    patch: [{ op: 'replace', path: '/spec/replicas', value: 2 }],
    paths: ['/spec/replicas'],
    actor: { manager: 'kubectl', time: '2026-06-01T00:00:00Z' },
  })
})

test('a deletion names the object by its uid alone where the message does', () => {
  const [event] = read(
    Buffer.from(
      '0a2461633331353365322d653965322d343333302d396262662d353261373966623131323134120c08a7bdd6fc0410c0fbd4f3011a0c08a7bdd6fc0410c0fbd4f301224e0a42747970652e676f6f676c65617069732e636f6d2f6b6f6c6c6563742e7265736f757263652e6576656e742e76312e5265736f7572636544656c657465644576656e7412080a02753112026331',
      'hex',
    ),
  )
  expect(event).toMatchObject({
    id,
    type: 'weir.kubernetes.deleted',
    key: 'c1/u1',
    time: Date.parse('2012-04-23T18:25:43.511Z'),
  })
  expect(event).not.toHaveProperty('ref')
  expect(event).not.toHaveProperty('subject')
  expect(dataOf(event)).toMatchObject({ operation: 'deleted', uid: 'u1', kind: '', old: null, new: null, patch: [] })
})

test('an update in which nothing changed is no event, and one of the status is marked', () => {
  expect(
    read(
      updated(
        object({ spec: 1 }),
        object({
          spec: 1,
          metadata: { ...(object({}) as { metadata: object }).metadata, resourceVersion: '9', generation: 4 },
        }),
      ),
    ),
  ).toEqual([])
  expect(dataOf(read(updated(object({ status: { ready: 1 } }), object({ status: { ready: 2 } })))[0])).toMatchObject({
    noise: ['status'],
  })
})

test('an object that was recreated under its name is a deletion and a creation', () => {
  const [gone, made] = read(
    updated(object({}), {
      ...object({}),
      metadata: { uid: 'u2', name: 'web', namespace: 'shop', resourceVersion: '9' },
    }),
  )
  expect([gone, made].map((event) => [event?.id, event?.type, event?.key])).toEqual([
    [`${id}/before`, 'weir.kubernetes.deleted', 'c1/u1'],
    [id, 'weir.kubernetes.created', 'c1/u2'],
  ])
  expect(dataOf(made)).toMatchObject({ coalesced: true, uid: 'u2', resourceVersion: '9' })
})

test('values of Secrets do not get into the journal, but that they changed does', () => {
  const annotations = {
    'kubectl.kubernetes.io/last-applied-configuration': '{"data":{"key":"aHVudGVyMg=="}}',
    note: 'seen',
  }
  const secret = (value: string, more: object = {}): object => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { uid: 'u1', name: 's', namespace: 'shop', annotations, ...more },
    data: { key: value, known: 'redacted:0123' },
    stringData: { other: value },
  })
  for (const body of [
    updated(
      secret('aHVudGVyMg=='),
      secret('c2VjcmV0', {
        annotations: { ...annotations, 'kubectl.kubernetes.io/last-applied-configuration': 'aHVudGVyMg==' },
        labels: { a: 'b' },
      }),
    ),
    envelope(
      anyPack(
        ResourceCreatedEventSchema,
        create(ResourceCreatedEventSchema, { uid: 'u1', clusterId: 'c1', resource: bytes(secret('aHVudGVyMg==')) }),
      ),
    ),
  ]) {
    const [event] = read(body)
    expect(Buffer.from(event?.data ?? []).toString()).not.toMatch(/aHVudGVyMg|c2VjcmV0/)
    expect(dataOf(event).new).toMatchObject({
      data: { key: 'redacted:', known: 'redacted:0123' },
      metadata: { annotations: { note: 'seen' } },
    })
  }
  expect(dataOf(read(updated(secret('YQ=='), secret('Yg==')))[0]).patch).toEqual([
    { op: 'replace', path: '/data/key', value: 'redacted:' },
    { op: 'replace', path: '/stringData/other', value: 'redacted:' },
  ])
})

test.each([
  ['Endpoints', 'endpoints'],
  ['Ingress', 'ingresses'],
  ['NetworkPolicy', 'networkpolicies'],
  ['Gateway', 'gateways'],
  ['ConfigMap', 'configmaps'],
  ['Switch', 'switches'],
])('objects of kind %s are called %s', (kind, plural) => {
  expect(
    read(
      envelope(
        anyPack(
          ResourceCreatedEventSchema,
          create(ResourceCreatedEventSchema, { uid: 'u1', clusterId: '', resource: bytes(object({}, kind, 'v1')) }),
        ),
      ),
    )[0],
  ).toMatchObject({ subject: `${plural}/shop/web`, key: '/u1' })
})

test.each<[string, Uint8Array, string]>([
  ['no protobuf', Buffer.from('{"specversion":"1.0"}'), 'it is no message of kollect: '],
  ['nothing', new Uint8Array(0), 'it has no payload'],
  [
    'a message that kollect does not have',
    envelope({
      $typeName: 'google.protobuf.Any',
      typeUrl: 'type.googleapis.com/example.Later',
      value: new Uint8Array([1]),
    }),
    'kollect has no message type.googleapis.com/example.Later',
  ],
  ['an object that is none', updated([1], object({})), 'something else than an object'],
  [
    'a state that is no JSON',
    envelope(anyPack(ResourceCreatedEventSchema, create(ResourceCreatedEventSchema, { uid: 'u1' }))),
    'it is no message of kollect: ',
  ],
  [
    'an object without uid',
    envelope(anyPack(ResourceDeletedEventSchema, create(ResourceDeletedEventSchema, { clusterId: 'c1' }))),
    'names no uid',
  ],
])('%s is refused in words', (_what, body, reason) => {
  expect(() => read(body)).toThrow(reason)
})
