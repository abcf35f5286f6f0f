import { expect, it } from 'vitest'
import type { WeirEvent } from '../../model/events.ts'
import { busMessage, messageWriter } from './index.ts'
import { messageReader } from './read.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

const change: WeirEvent = {
  id: 'a-1',
  source: '/kubernetes/prod',
  type: 'weir.kubernetes.updated',
  family: 'change',
  subject: 'deployments.apps/shop/cart',
  key: 'prod/uid-1',
  time: 1_700_000_000_000,
  ref: 'k8s:prod/apps/Deployment/shop/cart',
  datacontenttype: 'application/json',
  encoding: 'json',
  extensions: { epoch: 3 },
  data: bytes('{"cluster":"prod","group":"apps","version":"v1","kind":"Deployment","old":{"version":"v9"}}'),
}
const row = { kind: 'events', id: 'k:1:2:0', key: 'prod/uid-1', event: change } as const

it('in binary mode has the attributes beside the data, as plain text', () => {
  const { attributes, contentType, body, key } = busMessage(row, change, 'binary')
  expect(attributes).toEqual({
    specversion: '1.0',
    id: 'a-1',
    source: '/kubernetes/prod',
    type: 'weir.kubernetes.updated',
    subject: 'deployments.apps/shop/cart',
    time: '2023-11-14T22:13:20.000Z',
    weirfamily: 'change',
    partitionkey: 'prod/uid-1',
    weirref: 'k8s:prod/apps/Deployment/shop/cart',
    epoch: '3',
  })
  expect([contentType, key]).toEqual(['application/json', 'prod/uid-1'])
  expect(body).toBe(change.data)
})

it('in structured mode is one JSON text, and raw the data alone', () => {
  const structured = busMessage(row, change, 'structured')
  expect(structured).toMatchObject({ attributes: {}, contentType: 'application/cloudevents+json; charset=utf-8' })
  expect(JSON.parse(Buffer.from(structured.body).toString())).toMatchObject({ id: 'a-1', data: { kind: 'Deployment' } })
  expect(busMessage(row, change, 'raw')).toMatchObject({
    attributes: {},
    contentType: 'application/json',
    body: change.data,
  })
})

it('attributes describe its subject without the body, also for another form', () => {
  const facts = {
    family: 'change',
    cluster: 'prod',
    group: 'apps',
    version: 'v1',
    kind: 'Deployment',
    namespace: 'shop',
    name: 'cart',
  }
  expect(busMessage(row, change, 'raw').facts).toEqual({ type: 'weir.kubernetes.updated', ...facts })
  const form: WeirEvent = {
    ...change,
    id: 'e-1',
    type: 'kollect.X',
    key: 'kollect-key',
    datacontenttype: 'application/protobuf',
    encoding: 'binary',
    data: bytes('xyz'),
  }
  expect(busMessage(row, form, 'raw')).toMatchObject({ facts: { type: 'kollect.X', ...facts }, key: 'kollect-key' })
})

it('of what belongs to no namespace and to the core group names neither, and of a foreign event no version', () => {
  const node: WeirEvent = {
    ...change,
    ref: 'k8s:prod//Node//worker-1',
    type: 'somebody.elses',
    data: bytes('{"version":"v7"}'),
  }
  expect(busMessage({ ...row, event: node }, node, 'raw').facts).toEqual({
    type: 'somebody.elses',
    family: 'change',
    cluster: 'prod',
    kind: 'Node',
    name: 'worker-1',
  })
})

it('has one id wherever source and id are the same, and of a flow its place', () => {
  const id = (form: WeirEvent): string => busMessage({ ...row, event: form }, form, 'binary').id
  expect(id(change)).toMatch(/^[\w-]{43}$/)
  expect(id({ ...change, data: bytes('{}'), type: 'another' })).toBe(id(change))
  expect(id({ ...change, source: '/kubernetes/prod', id: 'a-2' })).not.toBe(id(change))
  expect(id({ ...change, source: '/kubernetes/proda', id: '-1' })).not.toBe(id(change))
  expect(busMessage({ ...row, kind: 'flows', id: 'netflow:1:2:3' }, change, 'structured')).toMatchObject({
    id: 'netflow:1:2:3',
    key: undefined,
    facts: { family: 'flow' },
  })
})

it('is read as the event that it was, in whichever mode it went out', async () => {
  const read = await messageReader({ codec: 'cloudevents', parse: null, event_type: 'x' })
  const message = {
    attributes: {},
    contentType: 'application/cloudevents+avro',
    body: bytes('x'),
    place: 't/0',
    time: undefined,
    key: undefined,
  }
  for (const mode of ['binary', 'structured', 'protobuf'] as const) {
    const { extensions, ...same } = change
    const write = await messageWriter(mode)
    const [event] = read({ ...message, ...write(row, change) }, '/weir/in', 1)
    expect(event).toMatchObject(same)
    expect(String(event?.extensions?.['epoch'])).toBe(String(extensions?.['epoch']))
  }
  expect(() => read(message, '/weir/in', 1)).toThrow('JSON and protobuf are understood')
})
