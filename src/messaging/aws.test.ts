import fc from 'fast-check'
import { expect, test } from 'vitest'
import { regionIn } from './aws-client.ts'
import { entryFailure, awsFailure } from './aws-errors.ts'
import { attributeName, attributeValue, toAwsMessage } from './aws-message.ts'

const message = {
  attributes: {},
  facts: { type: 'a.b' },
  contentType: 'application/json',
  body: Buffer.from('{"a":"ü"}'),
  id: 'an-id',
  key: 'k',
}
const form = { fifo: true, group: 'weir' }

test('text is sent unchanged, with its attributes, in the group of its key', () => {
  expect(toAwsMessage(message, form)).toEqual({
    body: '{"a":"ü"}',
    attributes: { type: 'a.b', 'content-type': 'application/json' },
    group: { id: 'k', deduplicationId: 'an-id' },
    // %j is base64, marked as kollect's consumers expect
    bytes: 10 + (4 + 6 + 3) + (12 + 6 + 16),
  })
})

test.each([[Buffer.from([0xff, 0xfe, 1])], [Buffer.from('a\0b')], [Buffer.from('a\uFFFF')]])(
  'any bytes round-trip as a text that AWS accepts',
  (body) => {
    const { body: text, attributes } = toAwsMessage({ ...message, body }, form)
    expect(Buffer.from(text, 'base64')).toEqual(body)
    expect(attributes['base64encoded']).toBe('true')
  },
)

test('any bytes survive the encoding as text', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array({ minLength: 1 }),
        fc.string({ minLength: 1, unit: 'binary' }).map((text) => new TextEncoder().encode(text)),
      ),
      (body) => {
        const { body: text, attributes } = toAwsMessage({ ...message, body }, form)
        // oxlint-disable-next-line no-control-regex -- these are the characters that are meant
        expect(text).toMatch(/^[^\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]+$/)
        expect(Buffer.from(text, attributes['base64encoded'] === 'true' ? 'base64' : 'utf8')).toEqual(Buffer.from(body))
      },
    ),
  )
})

test('a message without a key has the configured group, and an invalid group is hashed', () => {
  expect(toAwsMessage({ ...message, key: undefined }, form).group?.id).toBe('weir')
  const group = (key: string): string | undefined => toAwsMessage({ ...message, key }, form).group?.id
  expect(group('prod/uid-1')).toBe('prod/uid-1')
  expect(group('a key')).toMatch(/^[\w-]{43}$/)
  expect(group('x'.repeat(129))).toMatch(/^[\w-]{43}$/)
  expect(group('a key')).not.toBe(group('another key'))
  expect(toAwsMessage(message, { ...form, fifo: false }).group).toBeUndefined()
})

test('an empty body and an eleventh attribute are refused', () => {
  expect(() => toAwsMessage({ ...message, body: Buffer.alloc(0) }, form)).toThrow('AWS accepts no empty message')
  const many = Object.fromEntries(Array.from({ length: 10 }, (_, index) => [`a${index}`, 'x']))
  expect(() => toAwsMessage({ ...message, facts: many }, form)).toThrow('the message has 11 attributes')
})

test.each([
  ['plain-Name_1', 'plain-Name_1'],
  ['a.b', 'a.b'],
  ['.a..b', '__0x2e__a.__0x2e__b'],
  ['ü:/', '__0xfc____0x3a____0x2f__'],
])('the attribute %s is named %s', (name, written) => {
  expect(attributeName(name)).toBe(written)
})

test('a value is restored by unescaping a URL, and stays readable where possible', () => {
  expect(attributeValue('application/json; charset=utf-8')).toBe('application/json; charset=utf-8')
  expect(attributeValue('100 %\0')).toBe('100 %25%00')
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (value) => {
      expect(decodeURIComponent(attributeValue(value))).toBe(value)
    }),
  )
})

test.each([
  ['https://sqs.eu-central-1.amazonaws.com/1/q', 'eu-central-1'],
  ['https://sqs-fips.us-gov-west-1.amazonaws.com/1/q', 'us-gov-west-1'],
  ['https://vpce-1a-2b.sqs.us-east-2.vpce.amazonaws.com/1/q', 'us-east-2'],
  ['https://sqs.cn-north-1.amazonaws.com.cn/1/q', 'cn-north-1'],
  ['arn:aws:sns:us-east-2:123456789012:t', 'us-east-2'],
  ['http://127.0.0.1:4566/1/q', undefined],
])('%s is in region %s', (address, region) => {
  expect(regionIn(address)).toBe(region)
})

const failed = (name: string, text = 'why'): Error => Object.assign(new Error(text), { name })

test.each([
  ['ExpiredToken', true, 'correct `auth`'],
  ['InvalidClientTokenId', true, 'correct `auth`'],
  ['CredentialsProviderError', true, 'no AWS credentials found'],
  ['AccessDenied', true, 'allow sqs:SendMessage'],
  ['QueueDoesNotExist', false, 'does not exist'],
  ['NotFoundException', false, 'does not exist'],
  ['ThrottlingException', false, 'throttles requests'],
  ['KmsAccessDenied', false, 'kms:GenerateDataKey'],
  ['ECONNREFUSED', false, "can't be reached"],
])('%s is retried, credentials read again: %s, with the message %s', (name, login, message) => {
  const trouble = awsFailure(failed(name), 'queue q', 'sqs:SendMessage')
  expect(trouble.attempt).toMatchObject({ is: 'retry', away: true, reason: expect.stringContaining(message) })
  expect(trouble.login).toBe(login)
})

test('of single messages, oversized and invalid ones are rejected, and service errors are retried', () => {
  const fault = (code: string, message: string, senderFault: boolean) =>
    entryFailure({ id: '0', code, message, senderFault }, 'queue q')
  expect(fault('InvalidParameterValue', 'Message must be shorter than 1024 bytes.', true)).toMatchObject({
    is: 'reject',
    tooLarge: true,
  })
  expect(fault('InvalidMessageContents', 'Invalid characters found', true)).toMatchObject({ is: 'reject' })
  expect(fault('InternalError', '', false).is).toBe('retry')
  expect(fault('MissingParameter', 'MessageGroupId', true).is).toBe('retry')
})
