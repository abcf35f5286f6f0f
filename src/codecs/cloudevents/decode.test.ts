import fc from 'fast-check'
import { expect, test } from 'vitest'
import { eventAt, type WeirEvent } from '../../model/events.ts'
import {
  attributedReader,
  CloudEventsError,
  decodeAttributed,
  decodeBatchToColumns,
  decodeHttp,
  decodeStructured,
} from './index.ts'

const structured = { 'content-type': 'application/cloudevents+json; charset=utf-8' }
const least = '"specversion":"1.0","id":"1","source":"/s","type":"t"'
const text = (event: WeirEvent): string => Buffer.from(event.data ?? []).toString()

function one(json: string): WeirEvent {
  const batch = decodeHttp(structured, Buffer.from(json))
  expect(batch.count).toBe(1)
  return eventAt(batch, 0)
}

function complaint(act: () => unknown): { problem: string; index: number | undefined; message: string } {
  try {
    act()
  } catch (error) {
    if (error instanceof CloudEventsError) return { problem: error.problem, index: error.index, message: error.message }
    throw error
  }
  throw new Error('nothing was wrong')
}

test('the four required attributes make an event', () => {
  expect(one(`{${least}}`)).toEqual({ id: '1', source: '/s', type: 't', family: 'event', encoding: 'none' })
})

test('attributes are found in any order, and data keeps its bytes', () => {
  const event = one(`
    { "data" : { "big": 12345678901234567890, "tiny": 1.0, "twice": 1, "twice": 2 } ,
      "datacontenttype":"application/json",
      "comacmeextension1":"value","n": 42, "yes":true, "nothing": null,
      "time":"2018-04-05T17:31:00.1239Z","subject":"mynewfile.jpg","dataschema":"https://example.com/schema",
      "type":"com.example.someevent","source":"/my\\u0063ontext","id":"A234-\\u00e9-é","specversion":"1.0"}`)
  expect(text(event)).toBe('{ "big": 12345678901234567890, "tiny": 1.0, "twice": 1, "twice": 2 }')
  expect(event).toMatchObject({
    id: 'A234-é-é',
    source: '/mycontext',
    type: 'com.example.someevent',
    subject: 'mynewfile.jpg',
    key: 'mynewfile.jpg',
    dataschema: 'https://example.com/schema',
    time: 1_522_949_460_123,
    encoding: 'json',
    extensions: { comacmeextension1: 'value', n: 42, yes: true },
  })
})

test.each([
  ['"data":"a\\nb","datacontenttype":"text/plain"', 'text', 'a\nb'],
  ['"datacontenttype":"application/xml","data":"<a/>"', 'text', '<a/>'],
  ['"data":"a\\nb","datacontenttype":"application/json"', 'json', '"a\\nb"'],
  ['"data":"b"', 'json', '"b"'],
  ['"data":[1, 2],"datacontenttype":"application/vnd.x+json; charset=utf-8"', 'json', '[1, 2]'],
  ['"data":{"a":1},"datacontenttype":"text/xml"', 'json', '{"a":1}'],
  ['"data":null', 'json', 'null'],
  ['"data_base64":"AQL/"', 'binary', Buffer.of(1, 2, 255).toString()],
  ['"data_base64":null', 'none', ''],
])('data %s is read as %s', (member, encoding, expected) => {
  const event = one(`{${least},${member}}`)
  expect(event.encoding).toBe(encoding)
  expect(text(event)).toBe(expected)
})

test('our own extensions and the partition key become columns; the partition key stays an extension too', () => {
  const event = one(`{${least},"subject":"s","partitionkey":"k","weirfamily":"audit","weirref":"image:a@sha256:b"}`)
  expect(event).toMatchObject({ family: 'audit', key: 'k', ref: 'image:a@sha256:b', extensions: { partitionkey: 'k' } })
})

test.each([
  ['{}', 'specversion is missing'],
  ['{"specversion":"1.0","source":"/s","type":"t"}', 'id is missing'],
  ['{"specversion":"1.0","id":null,"source":"/s","type":"t"}', 'id is missing'],
  ['{"specversion":"1.0","id":"","source":"/s","type":"t"}', 'id is empty'],
  ['{"specversion":"1.0","id":5,"source":"/s","type":"t"}', 'id is not a string'],
  ['{"specversion":"1.0","id":"1","type":"t"}', 'source is missing'],
  ['{"specversion":"1.0","id":"1","source":"/s"}', 'type is missing'],
  ['{"specversion":"0.3","id":"1","source":"/s","type":"t"}', 'specversion is "0.3"; only "1.0" is understood'],
  ['{"specversion":1.0,"id":"1","source":"/s","type":"t"}', 'specversion is not a string'],
  [`{${least},"id":"2"}`, 'id occurs twice'],
  [`{${least},"x":"1","x":"2"}`, 'x occurs twice'],
  [`{${least},"i\\u0064":"2"}`, 'id occurs twice or with escapes'],
  [`{${least},"time":"yesterday"}`, 'time "yesterday" is no RFC 3339 timestamp'],
  [`{${least},"time":1712}`, 'time is not a string'],
  [`{${least},"subject":""}`, 'subject is empty'],
  [`{${least},"myExt":"x"}`, 'attribute name "myExt" may hold only the letters a-z and digits'],
  [`{${least},"":"x"}`, 'attribute name "" may hold only'],
  [`{${least},"x":{"a":1}}`, 'extension x is an object or array'],
  [`{${least},"x":1.5}`, 'extension x is not a whole number'],
  [`{${least},"x":9007199254740993}`, 'extension x is not a whole number that a double holds'],
  [`{${least},"x":"\\ud800"}`, 'x holds half of a surrogate pair'],
  [`{${least},"weirfamily":"gossip"}`, 'weirfamily is "gossip"; it may be event, audit'],
  [`{${least},"weirref":7}`, 'weirref is not a string'],
  [`{${least},"data":1,"data_base64":"AA=="}`, 'data and data_base64 exclude each other'],
  [`{${least},"data_base64":"A"}`, 'data_base64 is not a string of base64'],
  [`{${least},"data":{"a":}}`, 'not JSON: no number of JSON at byte'],
  [`{${least}`, 'not JSON: the body ends too early'],
  [`{${least}} x`, 'not JSON: more after the end'],
  [`[{${least}}]`, 'an event is a JSON object'],
  [`{${least},"data":${'['.repeat(65)}${']'.repeat(65)}}`, 'nested deeper than 64 levels'],
])('%s is refused', (json, message) => {
  expect(complaint(() => one(json))).toMatchObject({
    problem: 'malformed',
    index: undefined,
    message: expect.stringContaining(message) as string,
  })
})

test('too large and malformed are separate errors', () => {
  const long = 'x'.repeat(65 * 1024)
  expect(complaint(() => one(`{${least},"subject":"${long}"}`)).problem).toBe('too-large')
  expect(complaint(() => one(`{"specversion":"1.0","id":"${long}","source":"/s","type":"t"}`)).problem).toBe(
    'too-large',
  )
  expect(
    complaint(() => one(`{${least},${Array.from({ length: 101 }, (_, i) => `"x${i}":"v"`).join(',')}}`)).problem,
  ).toBe('too-large')
  const huge = complaint(() =>
    decodeBatchToColumns(Buffer.from(`[{${least}},{${least},"data":"${'y'.repeat(16 * 1024 * 1024)}"}]`)),
  )
  expect(huge).toMatchObject({
    problem: 'too-large',
    index: 1,
    message: 'event 1: the event is larger than 16777216 bytes',
  })
})

test('a batch is a list of events, and may be empty', () => {
  expect(decodeBatchToColumns(Buffer.from(' [ ] ')).count).toBe(0)
  const batch = decodeHttp(
    { 'content-type': 'application/cloudevents-batch+json' },
    Buffer.from(`[{${least},"subject":"a"} , {${least.replace('"1"', '"2"')}}\n]`),
  )
  expect(batch.count).toBe(2)
  expect([eventAt(batch, 0).subject, eventAt(batch, 1).subject, eventAt(batch, 1).id]).toEqual(['a', undefined, '2'])
})

test.each([
  [`[{${least}},{"specversion":"1.0"}]`, 1, 'event 1: id is missing'],
  [`[{${least}},{${least}},{${least},"time":"x"}]`, 2, 'event 2: time "x" is no RFC 3339'],
  [`[{${least}} {${least}}]`, 0, 'event 0: not JSON: not "," or "]" after the event'],
  [`[{${least}},]`, 1, 'event 1: an event is a JSON object'],
  [`[{${least}},5]`, 1, 'event 1: an event is a JSON object'],
  [`{${least}}`, undefined, 'a batch is a JSON array'],
  [`[{${least}}]]`, undefined, 'more after the end'],
])('the batch %s is refused whole, and the place is named', (json, index, message) => {
  expect(complaint(() => decodeBatchToColumns(Buffer.from(json)))).toMatchObject({
    problem: 'malformed',
    index,
    message: expect.stringContaining(message) as string,
  })
})

test('bytes that are not UTF-8 are refused, and the event that holds them is named', () => {
  const bad = Buffer.concat([Buffer.from(`[{${least}},{${least},"data":"`), Buffer.of(0xc3, 0x28), Buffer.from('"}]')])
  expect(complaint(() => decodeBatchToColumns(bad))).toMatchObject({
    index: 1,
    message: 'event 1: the event is not UTF-8',
  })
})

test('no cut and no single changed byte of a batch makes anything but a batch or a named complaint', () => {
  const whole = Buffer.from(
    `[{${least},"time":"2024-01-01T00:00:00Z","data_base64":"AAAA","x":1},{${least},"subject":"é","data":{"a":[1,"b"]}}]`,
  )
  for (let end = 0; end < whole.length; end++)
    expect(complaint(() => decodeBatchToColumns(whole.subarray(0, end))).problem).toBe('malformed')
  for (let at = 0; at < whole.length; at++) {
    for (const byte of [0, 0x22, 0x5c, 0x7b, 0x7d, 0x2c, 0xff]) {
      const changed = Buffer.from(whole)
      changed[at] = byte
      try {
        expect(decodeBatchToColumns(changed).count).toBeGreaterThan(0)
      } catch (error) {
        expect(error).toBeInstanceOf(CloudEventsError)
      }
    }
  }
})

test('columns share one code for what repeats', () => {
  const batch = decodeBatchToColumns(
    Buffer.from(`[${Array.from({ length: 50 }, (_, i) => `{${least},"subject":"s${i % 2}"}`).join(',')}]`),
  )
  expect(batch.dictionary).toHaveLength(1 + ['event', '/s', 't', 's0', 's1'].length)
  expect(new Set(batch.key).size).toBe(2)
})

test('the result does not keep the body alive or share memory with it', () => {
  const body = Buffer.from(`{${least},"data":"abc"}`)
  const batch = decodeStructured(body)
  body.fill(0)
  expect(text(eventAt(batch, 0))).toBe('"abc"')
})

test('a format of CloudEvents that is not JSON is refused by name', () => {
  expect(
    complaint(() => decodeHttp({ 'content-type': 'application/cloudevents+avro' }, Buffer.of())).message,
  ).toContain('only JSON is understood')
})

test('decoding an event of a bus does not depend on earlier events', () => {
  const attributes = fc.record(
    {
      specversion: fc.constantFrom('1.0', '1.0', '1.0', '0.3'),
      id: fc.constantFrom('1', '2', ''),
      source: fc.constantFrom('/a', '/b'),
      type: fc.constant('t'),
      time: fc.constantFrom('2024-05-01T12:00:00Z', '2024-05-01T12:00:01Z', 'noon'),
      subject: fc.constantFrom('x', 'y'),
      extra: fc.constantFrom('1', '2'),
    },
    { requiredKeys: ['specversion', 'source', 'type'] },
  )
  const message = fc.tuple(
    attributes,
    fc.constantFrom('application/json', 'text/plain', undefined),
    fc.constantFrom('{}', '{', ''),
  )
  const outcome = (act: () => unknown): unknown => {
    try {
      return act()
    } catch (error) {
      return String(error)
    }
  }
  fc.assert(
    fc.property(fc.array(message, { minLength: 2 }), (messages) => {
      const read = attributedReader()
      for (const [named, type, body] of messages)
        expect(outcome(() => read(named, type, Buffer.from(body)))).toEqual(
          outcome(() => decodeAttributed(named, type, Buffer.from(body))),
        )
    }),
  )
})
