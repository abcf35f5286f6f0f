import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { mapEvent } from './map.ts'
import { redacted } from './map-redact.ts'

const fixture = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`fixtures/${name}`, import.meta.url), 'utf8'))
const records = fixture('records.json') as Record<string, unknown>[]
const golden = fixture('events.json') as Record<string, unknown>[]
const origin = { organization: '10a1f2d3-0000-4111-8222-333344445555' }

function mapped(
  record: unknown,
  leaveOut: readonly string[] = [],
): {
  readonly event: Record<string, unknown>
  readonly data: Record<string, unknown>
  readonly audit: Record<string, unknown>
} {
  const found = mapEvent(record, { ...origin, leaveOut })
  if (found === undefined) throw new Error('no event')
  const { data: bytes, ...event } = found
  const data = JSON.parse(Buffer.from(bytes ?? []).toString()) as Record<string, unknown>
  return { event, data, audit: data['audit'] as Record<string, unknown> }
}

test.each(
  records.map((record, at) => [record['handler'] ?? record['method'] ?? 'only an id', record, golden[at]] as const),
)('an event of %s becomes the recorded event', (_name, record, wanted) => {
  const { event, data } = mapped(record)
  expect({ ...event, data }).toEqual(wanted)
})

test('case C13: secret values appear nowhere in the event, and other values are retained', () => {
  for (const record of records) {
    const text = Buffer.from(mapEvent(record, origin)?.data ?? []).toString()
    expect(text).not.toContain('do-not-keep-me')
    expect(text).not.toContain('I2Nsb3Vk')
  }
  expect(mapped(records[1]).data['body-params']).toEqual({
    name: 'web-1',
    'disk-size': 50,
    'user-data': '[redacted]',
    'ssh-keys': '[redacted]',
    template: { id: 't1' },
    labels: { team: 'shop' },
  })
})

test.each([
  'user-data',
  'userData',
  'USER_DATA',
  'password',
  'admin-password',
  'db_pass',
  'passphrase',
  'secret',
  'clientSecret',
  'token',
  'credentials',
  'private-key',
  'ca-certificate',
  'key',
  'keys',
  'ssh-key',
  'apiKey',
  'otp',
  'connection-string',
])('the value of a field named %s is redacted', (name) => {
  expect(redacted({ in: [{ [name]: { deep: 'x' }, other: 1 }] })).toEqual({ in: [{ [name]: '[redacted]', other: 1 }] })
})

test.each(['name', 'keyboard', 'monkey', 'description', 'compass', 'size', 'encryption'])(
  'the value of a field named %s is retained',
  (name) => {
    expect(redacted({ [name]: 'x' })).toEqual({ [name]: 'x' })
  },
)

test('a login in a URL and PEM text are redacted everywhere; booleans and null are retained', () => {
  expect(redacted(['https://u:p@h/x', 'https://h/x', 'a -----BEGIN RSA PRIVATE KEY----- b', 'mail to a@b'])).toEqual([
    '[redacted]',
    'https://h/x',
    '[redacted]',
    'mail to a@b',
  ])
  expect(redacted({ 'termination-protection-key': true, password: null })).toEqual({
    'termination-protection-key': true,
    password: null,
  })
})

test('omitted fields appear nowhere in the event', () => {
  const { data } = mapped(records[1], ['body-params', 'get-params', 'message'])
  expect([data['body-params'], data['get-params'], mapped(records[0], ['message']).data['message']]).toEqual([
    undefined,
    undefined,
    undefined,
  ])
})

test('the path selects the resource: kinds and ids alternate, and an action is not a kind', () => {
  const resource = (uri: string, more: object = {}): unknown => [
    mapped({ uri, ...more }).audit['resource'],
    mapped({ uri, ...more }).audit['service'],
  ]
  expect(resource('/v2/instance/7c1e2d3f-1111-4222-8333-444455556666/rotate')).toEqual([
    { type: 'instance', id: '7c1e2d3f-1111-4222-8333-444455556666' },
    'compute',
  ])
  expect(resource('/v2/dbaas-postgres/orders')).toEqual([
    { type: 'dbaas-postgres', id: 'orders', name: 'orders' },
    'dbaas',
  ])
  expect(resource('/v2/iam-role', { 'body-params': { name: 'ci' } })).toEqual([{ type: 'iam-role', name: 'ci' }, 'iam'])
  expect(resource('/v2/sos/a%2Fb')).toEqual([{ type: 'sos', id: 'a/b', name: 'a/b' }, 'compute'])
  expect(resource('/v2')).toEqual([undefined, undefined])
})

test('an event without an id gets a stable one, independent of the key order; an empty event is malformed', () => {
  const [one, other] = [mapEvent({ handler: 'x', zone: 'z' }, origin), mapEvent({ zone: 'z', handler: 'x' }, origin)]
  expect(one?.id).toMatch(/^[0-9a-f]{64}$/)
  expect(other?.id).toBe(one?.id)
  for (const none of [null, 42, 'event', ['event'], {}, { zone: 'ch-gva-2' }])
    expect(mapEvent(none, origin)).toBeUndefined()
})
