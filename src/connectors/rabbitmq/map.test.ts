import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, onTestFinished, test } from 'vitest'
import { busMessage } from '../../codecs/bus-message/index.ts'
import { noFlows, sinkRows, type SinkRow } from '../../engine/delivery/rows.ts'
import { realHost } from '../../host/index.ts'
import type { WeirEvent } from '../../model/events.ts'
import { configFrom, type WrittenConfigOf } from '../../schema/index.ts'
import { eventBatch } from '../../../test/conformance/batches.ts'
import { channelClosed, publishFailure, whyNotConnected } from '../../messaging/amqp/errors.ts'
import { rabbitmqSchema } from './config.ts'
import { routingKeyOf } from './map-key.ts'
import { fromMessage } from './map-read.ts'
import { toMessage } from './map.ts'
import { StreamOffset } from './source-offset.ts'

const row = (event: WeirEvent): SinkRow => {
  const [found] = sinkRows(eventBatch([event], 't'), noFlows)
  if (found === undefined) throw new Error('no row')
  return found
}
const event: WeirEvent = { id: '1', source: '/s', type: 'com.github.push', family: 'audit', encoding: 'none' }
const message = (more: Partial<WeirEvent>, mode: 'binary' | 'raw' = 'binary') =>
  toMessage(busMessage(row({ ...event, ...more }), { ...event, ...more }, mode), 'k')

test.each([
  ['weir.{family}.{type}', {}, 'weir.audit.com_github_push'],
  ['{key}.{subject}', { key: 'a b', subject: '#.*' }, 'a_b.___'],
  ['', {}, ''],
  ['fixed', {}, 'fixed'],
])('the template %j with %j yields the routing key %j', (template, more, key) => {
  expect(routingKeyOf(template)(row({ ...event, ...more }))).toBe(key)
})

test('any routing key has the words of the template, no wildcard, and at most 255 bytes', () => {
  const make = routingKeyOf('weir.{family}.{type}.{subject}.{key}')
  fc.assert(
    fc.property(fc.string({ minLength: 1, unit: 'binary' }), fc.string({ unit: 'binary' }), (type, subject) => {
      const made = make(row({ ...event, type, subject }))
      expect(made.split('.')).toHaveLength(5)
      expect(made).toMatch(/^weir\.audit(?:\.[\w:/@=+-]+){3}$/)
    }),
  )
  expect(make(row({ ...event, type: 'x'.repeat(500), subject: 'y'.repeat(500), key: 'z'.repeat(500) }))).toHaveLength(
    255,
  )
})

test('attributes are headers with the CloudEvents prefix, filter headers have plain names, in UTF-8', () => {
  const { headers, contentType, messageId, body } = message({
    subject: 'grün',
    extensions: { n: 7 },
    datacontenttype: 'text/plain',
    data: Buffer.from('x'),
  })
  expect(headers).toEqual({
    type: 'com.github.push',
    family: 'audit',
    'cloudEvents:specversion': '1.0',
    'cloudEvents:id': '1',
    'cloudEvents:source': '/s',
    'cloudEvents:type': 'com.github.push',
    'cloudEvents:subject': 'grün',
    'cloudEvents:n': '7',
    'cloudEvents:weirfamily': 'audit',
  })
  expect([contentType, body.toString()]).toEqual(['text/plain', 'x'])
  expect(messageId).toMatch(/^[\w-]{43}$/)
  expect(message({ subject: 'grün' }, 'raw').headers).toEqual({ type: 'com.github.push', family: 'audit' })
})

test('attributes beyond the limit are rejected with their size, and so is a content type', () => {
  expect(() => message({ subject: 'x'.repeat(60_000) })).toThrow(
    /the attributes have 60\d{3} bytes, and the limit is 60000/,
  )
  expect(() => message({ datacontenttype: 'x'.repeat(256) })).toThrow('longer than 255 bytes')
})

test('after a channel closes because of one message, only that message fails', () => {
  const closed = (code: number, text: string) =>
    channelClosed(Object.assign(new Error(`Channel closed by server: ${code} (X) with message "${text}"`), { code }))
  const named = { exchange: 'e', vhost: '/' }
  const one = (bytes: number, routingKey = 'k') => ({ ...message({}), body: Buffer.alloc(bytes), routingKey })
  const large = closed(406, 'PRECONDITION_FAILED - message size 30 is larger than configured max size 20')
  expect([publishFailure(large, one(20), named), publishFailure(large, one(21), named)]).toEqual([
    'again',
    { is: 'reject', reason: 'exceeds the limit of the server (max_message_size, 20 bytes)', tooLarge: true },
  ])
  const topic = closed(403, "ACCESS_REFUSED - access to topic 'a.b' in exchange 'e' in vhost '/' refused for user 'u'")
  expect([publishFailure(topic, one(1), named), publishFailure(topic, one(1, 'a.b'), named)]).toEqual([
    'again',
    expect.objectContaining({ is: 'retry' }),
  ])
  expect(publishFailure(closed(406, 'PRECONDITION_FAILED - something else'), one(1), named)).toMatchObject({
    is: 'retry',
    away: true,
  })
})

test.each([
  [
    'Handshake terminated by server: 403 (ACCESS-REFUSED) with message "ACCESS_REFUSED - Login was refused ' +
      'using authentication mechanism PLAIN. For details see the broker logfile."',
    'amqp://h rejected the login (ACCESS_REFUSED - Login was refused using authentication mechanism PLAIN); ' +
      'correct `auth`',
  ],
  [
    'Socket closed abruptly during opening handshake',
    'amqp://h closed the connection at once; check that it is RabbitMQ, and whether it requires TLS ' +
      '(amqps://, port 5671)',
  ],
  ['connect ECONNREFUSED 127.0.0.1:1', "amqp://h can't be reached (connect ECONNREFUSED 127.0.0.1:1)"],
])('the error %j is reported as %j', (text, expected) => {
  expect(
    whyNotConnected(new Error(text), 'amqp://h', { vhost: '/', tls: null, auth: { type: 'guest' }, timeout: 5 }),
  ).toBe(expected)
})

test.each<[Partial<WrittenConfigOf<typeof rabbitmqSchema>>, string]>([
  [{ routing_key: 'weir.{what}' }, '`{what}` is not a placeholder of a routing key'],
  [{ routing_key: 'a b' }, 'a routing key without spaces'],
  [{ routing_key: 'x'.repeat(256) }, 'a routing key has 255 bytes at most'],
  [{ exchange: '' }, 'expected a name'],
  [{ url: 'amqp://h/shop%2Fprod' }, 'write the path as `vhost: NAME` instead'],
  [{ fallback_urls: ['amqp://h?heartbeat=5'] }, 'remove the part that begins with `?`'],
  [{ url: 'amqp://me@h' }, 'write `auth: { type: user, user: NAME'],
  [{ url: 'http://h' }, 'a URL that starts with amqp:// or amqps://'],
  [{ exchange: 'amq.default', declare: {} }, 'nothing to create'],
  [{ auth: { type: 'external' } }, 'uses the client certificate, and none is set'],
  [{ codec: 'kollect', mode: 'structured' }, "kollect's messages are bytes"],
])('the settings %j are rejected: %s', (written, expected) => {
  expect(() => configFrom(rabbitmqSchema, { url: 'amqp://127.0.0.1:5672', ...written })).toThrow(expected)
})

test('a routing key may be empty', () => {
  expect(configFrom(rabbitmqSchema, { url: 'amqp://127.0.0.1:5672', routing_key: '' }).routing_key).toBe('')
})

const came = (headers: Record<string, unknown>, more: object = {}, routingKey = 'a.b') =>
  fromMessage(
    {
      content: Buffer.from('{}'),
      fields: { routingKey, exchange: '', deliveryTag: 3, redelivered: false, consumerTag: '' },
      properties: { headers, contentType: 'application/json', ...more } as Parameters<
        typeof fromMessage
      >[0]['properties'],
    },
    'q',
    '1.1',
  )

test('attributes are read with either separator and AMQP types; other headers are ignored', () => {
  const { attributes } = came({
    'cloudEvents:id': 'x',
    cloudEvents_type: 't',
    'cloudEvents:n': 7,
    'cloudEvents:yes': true,
    'cloudEvents:time': { '!': 'timestamp', value: 1_714_521_600 },
    'cloudEvents:raw': Buffer.of(1, 2),
    'x-death': [{}],
    type: 'other',
  })
  expect(attributes).toEqual({ id: 'x', type: 't', n: '7', yes: 'true', time: '2024-05-01T00:00:00.000Z', raw: 'AQI=' })
})

test('the id of a message is its offset, else its id, else the delivery; its key is the routing key', () => {
  expect(came({ 'x-stream-offset': 41 }, { messageId: 'm', timestamp: 2 })).toMatchObject({
    place: 'q/41',
    time: 2000,
    key: 'a.b',
  })
  expect(came({}, { messageId: 'm' }, '')).toMatchObject({ place: 'q/m', time: undefined, key: undefined })
  expect(came({}, { messageId: '' })).toMatchObject({ place: 'q/1.1.3' })
})

test('a stream resumes after its acknowledged offsets, also from disk; another starts at its beginning', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'weir-offset-'))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  const [host, folder] = [realHost(), join(dir, 'source')]
  const offset = new StreamOffset(host, folder, 'q')
  expect(await offset.next()).toBeUndefined()
  for (const one of [0, 1, 2, 3]) offset.received(one)
  await offset.acknowledged([0, 2, 3])
  await offset.save()
  expect(await offset.next()).toBe(1)
  expect(await new StreamOffset(host, folder, 'q').next()).toBe(1)
  // Redelivered messages.
  for (const one of [1, 2, 3]) offset.received(one)
  await offset.acknowledged([1, 2, 3])
  await offset.save()
  expect(await new StreamOffset(host, folder, 'q').next()).toBe(4)
  expect(await new StreamOffset(host, folder, 'r').next()).toBeUndefined()
})
