import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { WeirEvent } from '../../model/events.ts'
import { CloudEventsError } from './index.ts'
import { decodeProtobuf, encodeProtobuf } from './protobuf.ts'

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text))
const hex = (...parts: readonly string[]): Uint8Array => new Uint8Array(Buffer.from(parts.join(''), 'hex'))
const full: WeirEvent = {
  id: 'a-1',
  source: '/s',
  type: 'io.example.made',
  subject: 'orders/é',
  time: 1_522_949_460_123,
  datacontenttype: 'application/json',
  dataschema: 'https://example.com/s',
  extensions: { number: -42, flag: true, off: false, text: 'x "y"', wide: 2 ** 40 },
  family: 'audit',
  key: 'k',
  ref: 'user:a/b',
  encoding: 'json',
  data: bytes('{"big": 12345678901234567890}'),
}
/** Id `1`, source `/s`, version 1.0, type `t`. */
const head = '0a0131' + '12022f73' + '1a03312e30' + '220174'

test('an event survives the round trip, with its key as an extension; wide integers become text', () => {
  expect(decodeProtobuf(encodeProtobuf(full))).toEqual({
    ...full,
    extensions: { ...full.extensions, partitionkey: 'k', wide: String(2 ** 40) },
  })
})

test.each<[string, WeirEvent, string]>([
  [
    'its four required attributes are fields, and no data is none',
    { id: '1', source: '/s', type: 't', encoding: 'none' },
    head,
  ],
  [
    'text is text, and its type an attribute',
    { id: '1', source: '/s', type: 't', encoding: 'text', datacontenttype: 'text/plain', data: bytes('a') },
    `${head}2a1f0a0f${Buffer.from('datacontenttype').toString('hex')}120c1a0a${Buffer.from('text/plain').toString('hex')}3a0161`,
  ],
  [
    'other text is bytes',
    { id: '1', source: '/s', type: 't', encoding: 'text', datacontenttype: 'text/csv', data: bytes('a') },
    `${head}2a1d0a0f${Buffer.from('datacontenttype').toString('hex')}120a1a08${Buffer.from('text/csv').toString('hex')}320161`,
  ],
  [
    'time is a timestamp, also before 1970',
    { id: '1', source: '/s', type: 't', encoding: 'none', time: -500 },
    `${head}2a1b0a0474696d6512133a1108ffffffffffffffffff011080cab5ee01`,
  ],
])('on the wire %s', (_what, event, wanted) => {
  expect(Buffer.from(encodeProtobuf(event)).toString('hex')).toBe(wanted)
})

test('what the Go SDK of the CloudEvents project wrote is read', () => {
  expect(
    decodeProtobuf(
      hex(
        '0a03672d3112032f676f1a03312e302210636f6d2e6578616d706c652e6d6164652a0a0a04666c6167120208012a0d0a05706c616365120432022f782a250a0f64617461636f6e74656e747479706512121a106170706c69636174696f6e2f6a736f6e',
        '2a250a0a64617461736368656d6112172a1568747470733a2f2f6578616d706c652e636f6d2f732a120a077375626a65637412071a056772c3bc6e2a150a0474696d65120d3a0b08d4ba99d60510c0a9d33a2a0b0a05636f756e741202100732077b2261223a317d',
      ),
    ),
  ).toEqual({
    id: 'g-1',
    source: '/go',
    type: 'com.example.made',
    subject: 'grün',
    key: 'grün',
    time: 1_522_949_460_123,
    dataschema: 'https://example.com/s',
    extensions: { count: 7, flag: true, place: '/x' },
    datacontenttype: 'application/json',
    encoding: 'json',
    data: bytes('{"a":1}'),
  })
})

test('a message of protobuf as data is its bytes, with its type as schema', () => {
  expect(decodeProtobuf(hex(head, '420c', '0a05', Buffer.from('t/x.Y').toString('hex'), '1203010203'))).toEqual({
    id: '1',
    source: '/s',
    type: 't',
    dataschema: 't/x.Y',
    datacontenttype: 'application/protobuf',
    encoding: 'binary',
    data: new Uint8Array([1, 2, 3]),
  })
})

test('attributes of kinds that we never write are read, and fields that are not known left alone', () => {
  const attribute = (name: string, value: string): string => {
    const entry = `0a${Buffer.from([name.length]).toString('hex')}${Buffer.from(name).toString('hex')}12${Buffer.from([value.length / 2]).toString('hex')}${value}`
    return `2a${Buffer.from([entry.length / 2]).toString('hex')}${entry}`
  }
  expect(
    decodeProtobuf(
      hex(
        head,
        attribute('raw', '2202ff00'),
        attribute('ref', '32022f78'),
        attribute('when', '3a0408011000'),
        '7801',
        '7d00000000',
        '3a0161',
      ),
    ),
  ).toEqual({
    id: '1',
    source: '/s',
    type: 't',
    extensions: { raw: '/wA=', ref: '/x', when: '1970-01-01T00:00:01.000Z' },
    encoding: 'text',
    data: bytes('a'),
  })
})

test.each<[string, Uint8Array, string]>([
  ['no protobuf', bytes('{"specversion":"1.0"}'), 'it is no protobuf'],
  ['cut in its midst', hex('0a05', '31'), 'it is no protobuf'],
  ['without its id', hex('12022f73', '1a03312e30', '220174'), 'id is missing'],
  ['of another version', hex('0a0131', '12022f73', '1a03302e33', '220174'), 'only "1.0"'],
  ['with a number for its id', hex('0801'), 'a number where bytes are expected'],
  ['with text that is none', hex('0a01ff'), 'id is not UTF-8'],
  ['with an attribute that has no value', hex(head, '2a030a0178'), 'attribute "x" has no value'],
  ['with an attribute called like no attribute may be', hex(head, '2a080a01581203', '1a0161'), 'may hold only'],
  [
    'with JSON that is none',
    hex(
      head,
      `2a250a0f${Buffer.from('datacontenttype').toString('hex')}12121a10${Buffer.from('application/json').toString('hex')}32017b`,
    ),
    'JSON',
  ],
])('a message %s is refused in words', (_what, body, reason) => {
  expect(() => decodeProtobuf(body)).toThrow(reason)
  expect(() => decodeProtobuf(body)).toThrow(CloudEventsError)
})

test('whatever the bytes, it is an event or a CloudEventsError', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), fc.nat(200), (noise, at) => {
      const good = encodeProtobuf(full)
      const damaged = Buffer.concat([
        good.subarray(0, at % good.length),
        noise,
        good.subarray(Math.min(good.length, (at % good.length) + noise.length)),
      ])
      for (const body of [noise, damaged]) {
        try {
          expect(decodeProtobuf(body).id).toBeTypeOf('string')
        } catch (error) {
          expect(error).toBeInstanceOf(CloudEventsError)
        }
      }
    }),
  )
})
