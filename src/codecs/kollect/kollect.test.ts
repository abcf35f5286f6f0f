import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import { anyPack, timestampFromMs } from '@bufbuild/protobuf/wkt'
import { describe, expect, test } from 'vitest'
import type { WeirEvent } from '../../model/events.ts'
import type { ChangeData } from '../../model/kubernetes.ts'
import { EnvelopeSchema } from './generated/kollect/event/v1/event_pb.ts'
import { ResourceUpdatedEventSchema } from './generated/kollect/resource/event/v1/event_pb.ts'
import {
  changeOf,
  decodeEnvelope,
  encodeEnvelope,
  envelopeId,
  kollectCount,
  kollectEvent,
  messageKey,
  type KollectFields,
} from './index.ts'

const id = 'ac3153e2-e9e2-4330-9bbf-52a79fb11214'
const time = Date.parse('2012-04-23T18:25:43.511Z')
const head =
  '0a2461633331353365322d653965322d343333302d396262662d353261373966623131323134120c08a7bdd6fc0410c0fbd4f3011a0c08a7bdd6fc0410c0fbd4f301'
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const text = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes)

const pod = (labels: object, more: object = {}): object => ({
  kind: 'Pod',
  metadata: {
    name: 'web-1',
    uid: 'u1',
    resourceVersion: '42',
    creationTimestamp: '2026-01-02T03:04:05Z',
    labels,
    ...more,
  },
  apiVersion: 'v1',
})
const identity = {
  cluster: 'c1',
  group: '',
  version: 'v1',
  kind: 'Pod',
  resource: 'pods',
  namespace: 'shop',
  name: 'web-1',
  uid: 'u1',
  resourceVersion: '42',
}
const created: ChangeData = {
  ...identity,
  operation: 'created',
  old: null,
  new: pod({ a: '<1>' }),
  patch: [],
  initial: true,
}
const updated: ChangeData = {
  ...identity,
  operation: 'updated',
  old: pod({ a: '1' }),
  new: pod({ a: '2' }),
  patch: [{ op: 'replace', path: '/metadata/labels/a', value: '2' }],
}
const deleted: ChangeData = {
  ...identity,
  operation: 'deleted',
  old: pod({}, { deletionTimestamp: '2026-01-02T04:00:00Z' }),
  new: null,
  patch: [],
  coalesced: true,
}

function event(change: object, more: Partial<WeirEvent> = {}): WeirEvent {
  return {
    id: 'c1/u1/42',
    source: '/kubernetes/c1',
    type: 'weir.kubernetes.updated',
    time,
    family: 'change',
    key: 'c1/u1',
    ref: 'k8s:c1//Pod/shop/web-1',
    encoding: 'json',
    datacontenttype: 'application/json',
    data: new TextEncoder().encode(JSON.stringify(change)),
    ...more,
  }
}

const carried = (from: WeirEvent, fields: KollectFields): WeirEvent => kollectEvent(from, changeOf(from), fields)

describe("the wire is kollect's, byte for byte", () => {
  test('of an object that is gone', () => {
    const gone: ChangeData = { ...deleted, old: null }
    expect(hex(encodeEnvelope({ id, time, change: gone, fields: 'original' }))).toBe(
      `${head}224e0a42747970652e676f6f676c65617069732e636f6d2f6b6f6c6c6563742e7265736f757263652e6576656e742e76312e5265736f7572636544656c657465644576656e7412080a02753112026331`,
    )
  })

  test('of an object that was changed', () => {
    const bytes = (json: string): Uint8Array => new TextEncoder().encode(json)
    const payload = anyPack(
      ResourceUpdatedEventSchema,
      // oxlint-disable-next-line unicorn/no-thenable -- the name that the field has on the wire
      create(ResourceUpdatedEventSchema, { uid: 'u1', then: bytes('{}'), now: bytes('{"a":1}'), clusterId: 'c1' }),
    )
    const at = timestampFromMs(time)
    expect(hex(toBinary(EnvelopeSchema, create(EnvelopeSchema, { id, timestamp: at, appliesAt: at, payload })))).toBe(
      `${head}225b0a42747970652e676f6f676c65617069732e636f6d2f6b6f6c6c6563742e7265736f757263652e6576656e742e76312e5265736f75726365557064617465644576656e7412150a02753112027b7d1a077b2261223a317d22026331`,
    )
  })

  test('of an object that was created, with what Weir adds behind it', () => {
    const { payload } = fromBinary(EnvelopeSchema, encodeEnvelope({ id, time, change: created, fields: 'all' }))
    const resource =
      '{"apiVersion":"v1","kind":"Pod","metadata":{"creationTimestamp":"2026-01-02T03:04:05Z","labels":{"a":"\\u003c1\\u003e"},"name":"web-1","resourceVersion":"42","uid":"u1"}}\n'
    const textField = (field: string, value: string): string =>
      `${field}${Buffer.from([value.length]).toString('hex')}${Buffer.from(value).toString('hex')}`
    expect(payload?.typeUrl).toBe('type.googleapis.com/kollect.resource.event.v1.ResourceCreatedEvent')
    // A length of 128 and more takes two bytes.
    const length = Buffer.from([(resource.length & 0x7f) | 0x80, resource.length >> 7]).toString('hex')
    expect(hex(payload?.value ?? new Uint8Array())).toBe(
      `0a02753112${length}${Buffer.from(resource).toString('hex')}1a026331${textField('8a01', 'v1')}${textField('9201', 'Pod')}${textField('9a01', 'shop')}${textField('a201', 'web-1')}${textField('aa01', '42')}c80101`,
    )
  })
})

describe('there and back', () => {
  test('a change is read as it was written, with everything that Weir adds', () => {
    const all = (change: ChangeData) => decodeEnvelope(encodeEnvelope({ id, time, change, fields: 'all' }))
    const same = {
      clusterId: 'c1',
      uid: 'u1',
      group: '',
      version: 'v1',
      kind: 'Pod',
      namespace: 'shop',
      name: 'web-1',
      resourceVersion: '42',
      coalesced: false,
    }
    expect(all(created)).toEqual({
      id,
      timestamp: time,
      appliesAt: Date.parse('2026-01-02T03:04:05Z'),
      payload: { is: 'created', ...same, resource: created.new, initial: true },
    })
    expect(all(updated)).toEqual({
      id,
      timestamp: time,
      appliesAt: time,
      payload: { is: 'updated', ...same, old: updated.old, new: updated.new, patch: updated.patch },
    })
    expect(all(deleted)).toEqual({
      id,
      timestamp: time,
      appliesAt: Date.parse('2026-01-02T04:00:00Z'),
      payload: { is: 'deleted', ...same, coalesced: true, state: deleted.old },
    })
  })

  test("with only kollect's fields the message equals kollect's", () => {
    const nothing = { group: '', version: '', kind: '', namespace: '', name: '', resourceVersion: '', coalesced: false }
    for (const change of [created, updated, deleted])
      expect(decodeEnvelope(encodeEnvelope({ id, time, change, fields: 'original' })).payload).toMatchObject({
        clusterId: 'c1',
        uid: 'u1',
        ...nothing,
      })
    expect(decodeEnvelope(encodeEnvelope({ id, time, change: updated, fields: 'original' })).payload).toMatchObject({
      patch: undefined,
    })
    expect(decodeEnvelope(encodeEnvelope({ id, time, change: deleted, fields: 'original' })).payload).toMatchObject({
      state: undefined,
    })
  })

  test('the newer state has its version, which states in the journal lack', () => {
    const bare = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web-1' } }
    const decoded = (change: ChangeData) =>
      decodeEnvelope(encodeEnvelope({ id, time, change, fields: 'original' })).payload
    const versioned = { ...bare, metadata: { name: 'web-1', resourceVersion: '42' } }
    expect(decoded({ ...created, new: bare })).toMatchObject({ resource: versioned })
    expect(decoded({ ...updated, old: bare, new: bare })).toMatchObject({ old: bare, new: versioned })
    const { payload } = decodeEnvelope(encodeEnvelope({ id, time, change: { ...deleted, old: bare }, fields: 'all' }))
    expect(payload).toMatchObject({ state: versioned })
  })

  test('an object always has its kind and version', () => {
    const bare: ChangeData = {
      ...updated,
      group: 'apps',
      version: 'v1',
      kind: 'Deployment',
      old: {},
      new: { spec: {} },
    }
    expect(decodeEnvelope(encodeEnvelope({ id, time, change: bare, fields: 'all' })).payload).toMatchObject({
      old: { apiVersion: 'apps/v1', kind: 'Deployment' },
      new: { apiVersion: 'apps/v1', kind: 'Deployment', spec: {} },
    })
  })

  test('another message type and malformed bytes are separate errors', () => {
    const other = create(EnvelopeSchema, {
      id,
      payload: {
        $typeName: 'google.protobuf.Any',
        typeUrl: 'type.googleapis.com/example.Later',
        value: new Uint8Array([1]),
      },
    })
    expect(decodeEnvelope(toBinary(EnvelopeSchema, other)).payload).toEqual({
      is: 'unknown',
      typeUrl: 'type.googleapis.com/example.Later',
    })
    expect(decodeEnvelope(toBinary(EnvelopeSchema, create(EnvelopeSchema, { id })))).toEqual({
      id,
      timestamp: undefined,
      appliesAt: undefined,
      payload: { is: 'unknown', typeUrl: '' },
    })
    expect(() => decodeEnvelope(new TextEncoder().encode('{"no":"protobuf"}'))).toThrow()
  })
})

describe('an event of the family change', () => {
  test("becomes one that carries the envelope, with kollect's key and a type that names the message", () => {
    const made = carried(event(updated, { key: 'other', dataschema: 'https://example.com/schema' }), 'all')
    expect(made).toMatchObject({
      source: '/kubernetes/c1',
      type: 'kollect.resource.event.v1.ResourceUpdatedEvent',
      key: 'c1/u1',
      ref: 'k8s:c1//Pod/shop/web-1',
      datacontenttype: 'application/protobuf',
      encoding: 'binary',
      time,
    })
    expect(made).not.toHaveProperty('family')
    expect(made).not.toHaveProperty('dataschema')
    expect(decodeEnvelope(made.data ?? new Uint8Array())).toMatchObject({
      id: made.id,
      payload: { is: 'updated', new: updated.new },
    })
  })

  test('keeps an id that is a UUID; another id becomes one, the same for the same change', () => {
    expect(carried(event(updated, { id }), 'all').id).toBe(id)
    const made = carried(event(updated), 'all').id
    expect(made).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(carried(event(updated, { id: 'sent by another' }), 'original').id).toBe(made)
    const others = [
      { ...updated, resourceVersion: '43' },
      { ...updated, uid: 'u2' },
      { ...updated, cluster: 'c2' },
      created,
      deleted,
    ].map((change) => envelopeId('x', change))
    expect(new Set([made, ...others]).size).toBe(6)
    expect(envelopeId('x', { ...deleted, resourceVersion: '99' })).toBe(envelopeId('x', deleted))
  })

  test.each<[string, Partial<WeirEvent>, RegExp]>([
    ['an event of another family', { family: 'audit' }, /no message for the family audit.*only: \{family: change\}/],
    ['an event without family', { family: 'event' }, /no message for the family event/],
    ['data that is no JSON', { encoding: 'binary' }, /no JSON as its data/],
    ['JSON that is null', { data: Buffer.from('null') }, /is no object/],
    [
      'an object without uid',
      { data: Buffer.from(JSON.stringify({ ...updated, uid: undefined })) },
      /does not name its uid/,
    ],
    ['an unknown operation', { data: Buffer.from(JSON.stringify({ ...updated, operation: 'moved' })) }, /not "moved"/],
    ['a change without its object', { data: Buffer.from(JSON.stringify({ ...updated, new: null })) }, /lacks `new`/],
  ])('%s is refused in words', (_what, more, reason) => {
    expect(() => carried(event(updated, more), 'all')).toThrow(reason)
  })

  test('without a time carries none', () => {
    const { time: _time, ...timeless } = event(updated)
    expect(decodeEnvelope(carried(timeless, 'all').data ?? new Uint8Array())).toMatchObject({
      timestamp: undefined,
      appliesAt: undefined,
    })
  })
})

test.each([
  ['c1', 'u1', 'c1/u1'],
  ['', 'u1', 'u1'],
  ['eu//west', 'u1', 'eu/west/u1'],
  ['eu/../us', 'u1', 'us/u1'],
  ['/eu/', 'u1', '/eu/u1'],
  ['c1', '', 'c1'],
  ['', '', ''],
])('the key of cluster %j and uid %j is %j', (cluster, uid, key) => {
  expect(messageKey(cluster, uid)).toBe(key)
})

test('a change is counted as kollect counts it', () => {
  expect(kollectCount(deleted)).toEqual({
    resource: 'kollect_resource_deleted_total',
    labels: { group: '', version: 'v1', kind: 'Pod', namespace: 'shop' },
    type: 'kollect.resource.event.v1.ResourceDeletedEvent',
  })
  const { namespace: _namespace, ...node } = created
  expect(kollectCount(node).labels.namespace).toBe('')
})

test('bytes of objects end their line', () => {
  const { payload } = fromBinary(EnvelopeSchema, encodeEnvelope({ id, time, change: updated, fields: 'all' }))
  expect(text(payload?.value)).toContain('"uid":"u1"}}\n')
})
