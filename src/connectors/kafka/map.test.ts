import fc from 'fast-check'
import { expect, test } from 'vitest'
import { busMessage } from '../../codecs/bus-message/index.ts'
import { noFlows, sinkRows, type SinkRow } from '../../engine/delivery/rows.ts'
import type { FlowBatch } from '../../model/batches.ts'
import type { WeirEvent } from '../../model/events.ts'
import { parseIp } from '../../model/ip.ts'
import { configFrom, type WrittenConfigOf } from '../../schema/index.ts'
import { eventBatch } from '../../../test/conformance/batches.ts'
import { kafkaSchema } from './config.ts'
import { fnv1a, murmur2, partitionOf } from './map/partition.ts'
import { flowKey } from './map/flow-key.ts'
import { topicOf } from './map/topic.ts'
import { RecordReader } from './map/read.ts'
import { toMessage } from './map.ts'

const row = (event: WeirEvent): SinkRow => {
  const [found] = sinkRows(eventBatch([event], 't'), noFlows)
  if (found === undefined) throw new Error('no row')
  return found
}
const event: WeirEvent = { id: '1', source: '/s', type: 'com.github.push', family: 'audit', encoding: 'none' }

// What Kafka's own tests ask of its hash.
test.each([
  ['21', -973932308],
  ['foobar', -790332482],
  ['a-little-bit-long-string', -985981536],
  ['a-little-bit-longer-string', -1486304829],
  ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
  ['abc', 479470107],
])('murmur2 of %s is %i', (text, hash) => {
  expect(murmur2(Buffer.from(text))).toBe(hash)
})

test.each([
  ['', 0x811c9dc5],
  ['a', 0xe40c292c],
  ['foobar', 0xbf9cf968],
])('FNV-1a of %j is %i', (text, hash) => {
  expect(fnv1a(Buffer.from(text))).toBe(hash)
})

test("a partition is the hash as Java's clients cut its sign off, or its remainder as Sarama does", () => {
  // -973932308 without its uppermost bit, and the signed 0xbf9cf968, which is -1080231576.
  expect(partitionOf('murmur2', Buffer.from('21'), 1000)).toBe((2 ** 31 - 973_932_308) % 1000)
  expect(partitionOf('fnv1a', Buffer.from('foobar'), 1000)).toBe(576)
  fc.assert(
    fc.property(
      fc.uint8Array(),
      fc.integer({ min: 1, max: 1000 }),
      fc.constantFrom('murmur2', 'fnv1a'),
      (key, count, partitioner) => {
        const partition = partitionOf(partitioner, key, count)
        expect(Number.isInteger(partition) && partition >= 0 && partition < count).toBe(true)
      },
    ),
  )
})

test.each([
  ['weir.{family}', {}, 'weir.audit'],
  ['weir.{type}', { type: '*.> \n$SYS' }, 'weir._.____SYS'],
  ['t-{key}.{subject}', { key: 'a b' }, 't-a_b._'],
  ['fixed', {}, 'fixed'],
])('the template %s with %j gives the topic %s', (template, more, topic) => {
  expect(topicOf(template)(row({ ...event, ...more }))).toBe(topic)
})

test('whatever an event holds, its topic is one that brokers take', () => {
  const make = topicOf('weir.{type}-{subject}')
  fc.assert(
    fc.property(
      fc.string({ minLength: 1, unit: 'binary', maxLength: 300 }),
      fc.string({ unit: 'binary' }),
      (type, subject) => {
        expect(make(row({ ...event, type, subject }))).toMatch(/^weir\.[\w.-]{1,244}$/)
      },
    ),
  )
})

test('attributes are headers as they are, the id is one in every mode', () => {
  const one = row({ ...event, subject: 'grün', data: Buffer.from('x'), datacontenttype: 'text/plain' })
  const binary = toMessage(busMessage(one, one.event, 'binary'), 't')
  expect(binary.headers).toMatchObject({
    id: binary.id,
    ce_id: '1',
    ce_subject: 'grün',
    'content-type': 'text/plain',
    family: 'audit',
    type: 'com.github.push',
  })
  const raw = toMessage(busMessage(one, one.event, 'raw'), 't')
  expect(raw.headers).toEqual({ id: binary.id, 'content-type': 'text/plain', family: 'audit', type: 'com.github.push' })
})

test.each<[Partial<WrittenConfigOf<typeof kafkaSchema>>, string]>([
  [{ topic: 'weir.{what}' }, '`{what}` is not a placeholder of a topic'],
  [{ topic: 'weir events' }, 'is not a topic name'],
  [{ topic: '..' }, 'is not a topic name'],
  [{ topic: '{type}' }, 'could produce any topic name'],
  [{ topic: '__{type}' }, 'could produce any topic name'],
  [{ topic: 'weir.{key}', create_topic: true }, "topics for every `{key}` can't be created"],
  [{ partitions: 3 }, 'set `create_topic: true`'],
  [{ brokers: [] }, '`brokers` is empty'],
  [{ brokers: ['kafka://a:9092'] }, 'remove the scheme'],
  [{ mode: 'structured', codec: 'kollect' }, 'set `mode: raw`'],
])('the settings %j are refused: %s', (written, message) => {
  expect(() => configFrom(kafkaSchema, { brokers: ['127.0.0.1:9092'], ...written })).toThrow(message)
})

test('a record is decoded the same after any other record', () => {
  const header = fc.tuple(
    fc.constantFrom('ce_id', 'ce_ab', 'ce_cd', 'content-type', 'other'),
    fc.constantFrom('a', 'b', 'bb', 'ü'),
  )
  fc.assert(
    fc.property(fc.array(fc.array(header, { maxLength: 5 }), { minLength: 2, maxLength: 5 }), (records) => {
      const read = new RecordReader()
      for (const headers of records) {
        const record = {
          topic: 't',
          partition: 0,
          offset: 1n,
          time: 0,
          key: undefined,
          value: Buffer.of(),
          headers: headers.map(([name, value]) => [Buffer.from(name), Buffer.from(value)] as const),
        }
        expect(read.read(record)).toEqual(new RecordReader().read(record))
        expect(read.read(record).attributes).toEqual(
          Object.fromEntries(
            headers.flatMap(([name, value]) => (name.startsWith('ce_') ? [[name.slice(3), value]] : [])),
          ),
        )
      }
    }),
  )
})

test('case 37: the key of a flow is both addresses in ascending order, as the agent writes it', () => {
  const columns = (pairs: readonly (readonly [string, string])[]): FlowBatch => ({
    kind: 'flows',
    count: pairs.length,
    dictionary: [''],
    columns: {
      src_addr: { kind: 'ip', words: Uint32Array.from(pairs.flatMap(([from]) => [...(parseIp(from) ?? [])])) },
      dst_addr: { kind: 'ip', words: Uint32Array.from(pairs.flatMap(([, to]) => [...(parseIp(to) ?? [])])) },
    },
  })
  const batch = columns([
    ['10.0.0.2', '10.0.0.1'],
    ['10.0.0.1', '10.0.0.2'],
    ['2001:db8::2', '2001:db8::1'],
    ['200.0.0.1', '10.0.0.1'],
  ])
  const mapped = `${'00'.repeat(10)}ffff`
  expect([0, 1, 2, 3].map((row) => flowKey(batch, row)?.toString('hex'))).toEqual([
    `${mapped}0a000001${mapped}0a000002`,
    `${mapped}0a000001${mapped}0a000002`,
    `20010db8${'00'.repeat(11)}0120010db8${'00'.repeat(11)}02`,
    `${mapped}0a000001${mapped}c8000001`,
  ])
  expect(flowKey({ ...batch, columns: {} }, 0)).toBeUndefined()
})
