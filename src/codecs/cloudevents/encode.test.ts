import { CloudEvent, HTTP } from 'cloudevents'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { families } from '../../model/batches.ts'
import type { WeirEvent } from '../../model/events.ts'
import {
  CloudEventsError,
  decodeBatchToColumns,
  decodeHeader,
  decodeHttp,
  encodeBatch,
  encodeBinary,
  encodeHeader,
  encodeStructured,
  toEvents,
} from './index.ts'

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text))
const full: WeirEvent = {
  id: 'a-1',
  source: '/s',
  type: 'io.example.made',
  subject: 'orders/é',
  time: 1_522_949_460_123,
  datacontenttype: 'application/json',
  dataschema: 'https://example.com/s',
  extensions: { number: 42, flag: true, text: 'x "y"' },
  family: 'audit',
  key: 'k',
  ref: 'user:a/b',
  encoding: 'json',
  data: bytes('{"big": 12345678901234567890}'),
}
const events = (headers: Record<string, string>, body: Uint8Array): WeirEvent[] => toEvents(decodeHttp(headers, body))

test('an event in JSON has each attribute once and its data unchanged', () => {
  expect(encodeStructured(full).toString()).toBe(
    '{"specversion":"1.0","id":"a-1","source":"/s","type":"io.example.made","subject":"orders/é","time":"2018-04-05T17:31:00.123Z","dataschema":"https://example.com/s"' +
      ',"weirfamily":"audit","partitionkey":"k","weirref":"user:a/b","number":42,"flag":true,"text":"x ' +
      '\\"y\\"","datacontenttype":"application/json","data":{"big": 12345678901234567890}}',
  )
})

test('in binary mode attributes are headers, percent-encoded, and data is the body', () => {
  const { headers, body } = encodeBinary(full, { site: 'ü' })
  expect(headers).toEqual({
    'ce-specversion': '1.0',
    'ce-id': 'a-1',
    'ce-source': '/s',
    'ce-type': 'io.example.made',
    'ce-subject': 'orders/%C3%A9',
    'ce-time': '2018-04-05T17:31:00.123Z',
    'ce-dataschema': 'https://example.com/s',
    'ce-weirfamily': 'audit',
    'ce-partitionkey': 'k',
    'ce-weirref': 'user:a/b',
    'ce-number': '42',
    'ce-flag': 'true',
    'ce-text': 'x%20%22y%22',
    'ce-site': '%C3%BC',
    'content-type': 'application/json',
  })
  expect(body).toBe(full.data)
})

// The standard's own example of a header: Euro sign and emoji.
test.each([
  ['Euro € 😀', 'Euro%20%E2%82%AC%20%F0%9F%98%80'],
  ['100%', '100%25'],
  ['plain/~!', 'plain/~!'],
  ['a"b', 'a%22b'],
])('%s as a header is %s', (value, header) => {
  expect(encodeHeader(value)).toBe(header)
  expect(decodeHeader('x', header)).toBe(value)
})

test.each([
  ['"a \\"b\\" %e2%82%ac"', 'a "b" €'],
  ['50% off', '50% off'],
  ['caf\u00c3\u00a9', 'café'],
])('the header %s is read as %s', (header, value) => {
  expect(decodeHeader('x', header)).toBe(value)
})

test('a header that is not UTF-8 is refused, overlong forms included', () => {
  for (const header of ['%C0%A0', '%ff', 'caf\u00e9'])
    expect(() => decodeHeader('x', header)).toThrow('ce-x is not UTF-8')
})

const word = fc.string({ minLength: 1, maxLength: 12, unit: 'grapheme' }).filter((text) => text.trim() === text)
const name = fc
  .stringMatching(/^[a-z][a-z0-9]{0,8}$/)
  .filter(
    (text) =>
      !/^(id|type|time|data|source|subject|dataschema|specversion|datacontenttype|partitionkey|weirref|weirfamily)$/.test(
        text,
      ),
  )
const body = fc.oneof(
  fc.record({
    encoding: fc.constant('json' as const),
    datacontenttype: fc.constantFrom('application/json', 'application/x+json'),
    data: fc.jsonValue().map((value) => bytes(JSON.stringify(value, null, 1))),
  }),
  fc.record({
    encoding: fc.constant('text' as const),
    datacontenttype: fc.constant('text/plain'),
    data: word.map(bytes),
  }),
  fc.record({
    encoding: fc.constant('binary' as const),
    datacontenttype: fc.constant('image/png'),
    data: fc.uint8Array({ minLength: 1 }).map((data) => new Uint8Array(data)),
  }),
  fc.record({ encoding: fc.constant('none' as const) }),
)
const uri = fc.webUrl()
const attributes = fc.record(
  {
    id: word,
    source: uri,
    type: word,
    subject: word,
    time: fc.integer({ min: -62_135_596_800_000, max: 253_402_300_799_999 }),
    dataschema: uri,
    ref: word,
    extensions: fc.dictionary(name, fc.oneof(word, fc.integer(), fc.boolean()), {
      minKeys: 1,
      maxKeys: 4,
      noNullPrototype: true,
    }),
  },
  { requiredKeys: ['id', 'source', 'type'] },
)
const event: fc.Arbitrary<WeirEvent> = fc
  .tuple(attributes, body, fc.constantFrom(...families))
  .map(([some, data, family]) => ({
    ...some,
    ...data,
    family,
    ...('subject' in some && some.subject !== undefined ? { key: some.subject } : {}),
  }))

test('any event survives structured and batched mode', () => {
  fc.assert(
    fc.property(fc.array(event, { minLength: 1, maxLength: 4 }), (list) => {
      expect(toEvents(decodeBatchToColumns(encodeBatch(list)))).toEqual(list)
      expect(
        list.flatMap((one) => events({ 'content-type': 'application/cloudevents+json' }, encodeStructured(one))),
      ).toEqual(list)
    }),
  )
})

test('any event survives binary mode, where every extension becomes text', () => {
  fc.assert(
    fc.property(event, (one) => {
      const { headers, body: sent } = encodeBinary(one)
      const extensions =
        one.extensions && Object.fromEntries(Object.entries(one.extensions).map(([key, value]) => [key, String(value)]))
      expect(events(headers, sent)).toEqual([{ ...one, ...(extensions === undefined ? {} : { extensions }) }])
    }),
  )
})

test('text without a type is sent as text/plain, so that no consumer parses it as JSON', () => {
  const text: WeirEvent = { id: '1', source: '/s', type: 't', encoding: 'text', data: bytes('12') }
  for (const read of [
    events({ 'content-type': 'application/cloudevents+json' }, encodeStructured(text)),
    events(encodeBinary(text).headers, bytes('12')),
  ]) {
    expect(read).toEqual([{ ...text, family: 'event', datacontenttype: 'text/plain' }])
  }
})

test.each([
  [{ 'ce-id': '1' }, '', 'header ce-specversion is missing'],
  [{ 'ce-specversion': '1.0', 'ce-id': '1', 'ce-source': '/s' }, '', 'header ce-type is missing'],
  [{ 'ce-specversion': '0.3', 'ce-id': '1', 'ce-source': '/s', 'ce-type': 't' }, '', 'specversion is "0.3"'],
  [
    { 'ce-specversion': '1.0', 'ce-id': '1', 'ce-source': '/s', 'ce-type': 't', 'ce-bad_name': 'x' },
    '',
    'attribute name "bad_name"',
  ],
  [
    { 'ce-specversion': '1.0', 'ce-id': '1', 'ce-source': '/s', 'ce-type': 't', 'ce-time': 'noon' },
    '',
    'time "noon" is no RFC 3339',
  ],
  [
    { 'ce-specversion': '1.0', 'ce-id': '1', 'ce-source': '/s', 'ce-type': 't', 'ce-datacontenttype': 'a/b' },
    '',
    'use the Content-Type header',
  ],
  [
    { 'ce-specversion': '1.0', 'ce-id': '1', 'ce-source': '/s', 'ce-type': 't', 'content-type': 'application/json' },
    '{"a":',
    'not JSON',
  ],
])('the binary message %j with body %s is refused: %s', (headers, text, message) => {
  expect(() => decodeHttp(headers, bytes(text))).toThrow(CloudEventsError)
  expect(() => decodeHttp(headers, bytes(text))).toThrow(message)
})

// Interoperability with the CloudEvents SDK, both ways.
const simple = {
  specversion: '1.0',
  id: 'x-1',
  source: '/sdk',
  type: 'io.example',
  subject: 'sub',
  time: '2024-05-01T12:00:00.000Z',
  datacontenttype: 'application/json',
  flag: true,
  count: 7,
  note: 'plain',
}
const data = { a: [1, 'zwei', { b: null }] }

test.each(['structured', 'binary'] as const)('the SDK’s %s message is read', (mode) => {
  const message = HTTP[mode](new CloudEvent({ ...simple, data }))
  const headers = Object.fromEntries(
    Object.entries(message.headers).map(([key, value]) => [key.toLowerCase(), String(value)]),
  )
  const [read] = events(headers, bytes(message.body as string))
  const typed = mode === 'structured' ? { flag: true, count: 7 } : { flag: 'true', count: '7' }
  expect(read).toMatchObject({
    id: 'x-1',
    source: '/sdk',
    type: 'io.example',
    subject: 'sub',
    time: Date.parse(simple.time),
    encoding: 'json',
    extensions: { ...typed, note: 'plain' },
  })
  expect(JSON.parse(Buffer.from(read?.data ?? []).toString())).toEqual(data)
})

test('the SDK reads each of our modes', () => {
  const event: WeirEvent = {
    ...full,
    subject: 'sub',
    extensions: { note: 'plain' },
    data: bytes('{"a":[1,"zwei",{"b":null}]}'),
  }
  const binary = encodeBinary(event)
  const messages = [
    { headers: { 'content-type': 'application/cloudevents+json' }, body: encodeStructured(event).toString() },
    { headers: binary.headers, body: Buffer.from(binary.body).toString() },
  ]
  const batch = HTTP.toEvent({
    headers: { 'content-type': 'application/cloudevents-batch+json' },
    body: encodeBatch([event, event]).toString(),
  })
  const read = [...messages.map((message) => HTTP.toEvent(message)), ...(batch as CloudEvent[])] as CloudEvent[]
  expect(read).toHaveLength(4)
  for (const one of read) {
    expect(one).toMatchObject({
      id: 'a-1',
      source: '/s',
      type: 'io.example.made',
      subject: 'sub',
      time: '2018-04-05T17:31:00.123Z',
      datacontenttype: 'application/json',
      partitionkey: 'k',
      weirfamily: 'audit',
      note: 'plain',
      data,
    })
  }
})

test('the SDK reads our binary data as the same bytes', () => {
  const raw: WeirEvent = {
    id: '1',
    source: '/s',
    type: 't',
    datacontenttype: 'application/octet-stream',
    encoding: 'binary',
    data: Uint8Array.of(0, 1, 254, 255),
  }
  const read = HTTP.toEvent({
    headers: { 'content-type': 'application/cloudevents+json' },
    body: encodeStructured(raw).toString(),
  }) as CloudEvent<Uint8Array>
  expect(read.data_base64).toBe('AAH+/w==')
})
