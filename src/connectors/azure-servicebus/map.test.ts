import { expect, test } from 'vitest'
import type { BusMessage } from '../../codecs/bus-message/index.ts'
import { configFrom, type WrittenConfigOf } from '../../schema/index.ts'
import { isOfConnection, isOfMessage, errorText, sendFailure, unavailableReason } from './client-errors.ts'
import { serviceBusSchema, serviceBusSourceSchema } from './config.ts'
import { fromMessage } from './map-read.ts'
import { sizeOf, toMessage } from './map.ts'

const form = { sessions: false, default_session: 'weir', partition_key: false, time_to_live: null }
const bus: BusMessage = {
  attributes: { id: 'é', source: '/s' },
  facts: { type: 't' },
  contentType: 'text/plain',
  body: Buffer.from('x'),
  id: 'm',
  key: 'k',
}

test('attributes are application properties with the CloudEvents prefix; filter properties have plain names', () => {
  expect(toMessage(bus, form)).toEqual({
    body: Buffer.from('x'),
    applicationProperties: { type: 't', 'cloudEvents:id': 'é', 'cloudEvents:source': '/s' },
    contentType: 'text/plain',
    messageId: 'm',
  })
  expect(toMessage({ ...bus, contentType: undefined }, { ...form, time_to_live: 5000 })).toMatchObject({
    timeToLive: 5000,
  })
})

test('a key is the session or partition key, shortened to the limit; without a key the default session applies', () => {
  expect(toMessage(bus, { ...form, sessions: true }).sessionId).toBe('k')
  expect(toMessage({ ...bus, key: undefined }, { ...form, sessions: true }).sessionId).toBe('weir')
  expect(toMessage({ ...bus, key: 'x'.repeat(129) }, { ...form, sessions: true }).sessionId).toMatch(/^[0-9a-f]{64}$/)
  expect(toMessage(bus, { ...form, partition_key: true })).toMatchObject({ partitionKey: 'k' })
  expect(toMessage({ ...bus, key: undefined }, { ...form, partition_key: true })).not.toHaveProperty('partitionKey')
})

test('a message beyond a limit is rejected with the reason, and a size is never underestimated', () => {
  expect(() => toMessage({ ...bus, attributes: { subject: 'é'.repeat(16_384) } }, form)).toThrow(
    'attribute subject exceeds the limit of Service Bus (32767 bytes)',
  )
  expect(() => toMessage({ ...bus, attributes: { a: 'x'.repeat(32_000), b: 'y'.repeat(32_000) } }, form)).toThrow(
    /the attributes have 64\d{3} bytes/,
  )
  expect(sizeOf(toMessage(bus, form))).toBeGreaterThan(1 + 'cloudEvents:source/scloudEvents:ididtypet'.length)
})

const error = (code: string, message: string): Error => Object.assign(new Error(message), { code })

test.each([
  [
    'UnauthorizedAccess',
    'InvalidSignature: The token has an invalid signature. Reference:1f TrackingId:ab-1, SystemTracker:n:q, ' +
      'Timestamp:2024-05-01T00:00:00',
    true,
    'Service Bus rejected the login (InvalidSignature: The token has an invalid signature); correct ' +
      '`connection_string` with a key that has the claim Send for q, or `auth` with an identity that has the role ' +
      'Azure Service Bus Data Sender',
  ],
  ['MessagingEntityNotFound', 'no', false, 'no q in the namespace (no); create it, or correct the settings'],
  [
    'QuotaExceeded',
    'full',
    false,
    'q is full, or a quota of the namespace is exhausted (full); consume messages, or raise the limit',
  ],
  ['ServiceBusy', 'later', false, 'Service Bus is busy and limits the request rate (later)'],
  [
    'GeneralError',
    'InvalidOperationError: The SessionId was not set on a message',
    true,
    'q requires sessions (InvalidOperationError: The SessionId was not set on a message); set `sessions: true`',
  ],
  [
    'ServiceCommunicationProblem',
    'connect ECONNREFUSED 127.0.0.1:1',
    true,
    "Service Bus can't be used (connect ECONNREFUSED 127.0.0.1:1)",
  ],
])('%s has a readable error with the action to take', (code, text, reconnects, expected) => {
  expect(unavailableReason(error(code, text), 'q', 'Send')).toBe(expected)
  expect(sendFailure(error(code, text), 'q')).toEqual({ is: 'retry', reason: expected, away: true })
  expect([isOfConnection(error(code, text)), isOfMessage(error(code, text))]).toEqual([reconnects, false])
})

test('an invalid message is rejected permanently', () => {
  expect(sendFailure(error('MessageSizeExceeded', 'too large'), 'q')).toMatchObject({ is: 'reject', tooLarge: true })
  expect(sendFailure(error('GeneralError', 'ArgumentError: the property x'), 'q')).toEqual({
    is: 'reject',
    reason: 'Service Bus rejected the message: ArgumentError: the property x',
  })
  expect(errorText(new AggregateError([new Error('a\nb'), new Error('c')]))).toBe('a, c')
})

test.each<[Partial<WrittenConfigOf<typeof serviceBusSchema>>, string]>([
  [{ sessions: true, partition_key: true }, 'with sessions, the session id is the partition key'],
  [{ entity: ' x' }, 'the name of a queue or topic'],
  [{ max_message: '101MiB' }, '100MiB'],
  [{ codec: 'kollect', mode: 'structured' }, "kollect's messages are bytes"],
])('the settings %j are rejected: %s', (written, expected) => {
  expect(() => configFrom(serviceBusSchema, { connection_string: 'env:X', entity: 'q', ...written })).toThrow(expected)
})

test('attributes have either separator and AMQP types; the sequence number is the id, the session the key', () => {
  const came = fromMessage(
    {
      body: Buffer.from('x'),
      contentType: 'text/plain',
      sessionId: 's',
      partitionKey: 'p',
      enqueuedTimeUtc: new Date(5),
      sequenceNumber: { toString: () => '7' },
      applicationProperties: {
        'cloudEvents:id': 'x',
        cloudEvents_type: 't',
        'cloudEvents:n': 7,
        'cloudEvents:yes': true,
        'cloudEvents:time': new Date(0),
        'cloudEvents:none': null,
        type: 'other',
      },
    },
    'topic/weir',
  )
  expect(came).toEqual({
    attributes: { id: 'x', type: 't', n: '7', yes: 'true', time: '1970-01-01T00:00:00.000Z' },
    contentType: 'text/plain',
    body: Buffer.from('x'),
    place: 'topic/weir/7',
    time: 5,
    key: 's',
  })
})

test.each<[unknown, string]>([
  [Buffer.from('ab'), 'ab'],
  [[Buffer.from('a'), Buffer.from('b')], 'ab'],
  ['text', 'text'],
  [{ a: 1 }, '{"a":1}'],
  [undefined, ''],
])('the body %j is the bytes %j', (body, bytes) => {
  expect(Buffer.from(fromMessage({ body }, 'q').body).toString()).toBe(bytes)
})

test("a source's settings", () => {
  expect(() =>
    configFrom(serviceBusSourceSchema, { connection_string: 'env:X', entity: 'q', subscription: 'a b' }),
  ).toThrow('the name of a subscription')
  expect(configFrom(serviceBusSourceSchema, { connection_string: 'env:X', entity: 'q' })).toMatchObject({
    subscription: null,
    sessions: false,
    prefetch: 256,
  })
})
