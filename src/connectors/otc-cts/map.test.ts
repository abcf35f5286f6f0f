import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { encodeHeader } from '../../codecs/cloudevents/index.ts'
import { mapTrace, traceSource, type TraceOrigin } from './map.ts'

const project = '0f1e2d3c4b5a69788796a5b4c3d2e1f0'
const origin: TraceOrigin = {
  cloud: 'otc',
  source: `https://cts.eu-de.otc.t-systems.com/v3/${project}/`,
  tenant: project,
  domain: 'eaf411e3a0b14c5d8e9f0a1b2c3d4e5f',
  region: 'eu-de',
}
const fixture = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`fixtures/${name}`, import.meta.url), 'utf8'))
const sample = (fixture('traces.json') as { traces: Record<string, unknown>[] }).traces

function mapped(trace: unknown): {
  readonly event: Record<string, unknown>
  readonly data: Record<string, unknown>
  readonly audit: Record<string, unknown>
  readonly extensions: Record<string, unknown>
} {
  const found = mapTrace(trace, origin)
  if (found === undefined) throw new Error('no trace')
  const { data: bytes, extensions = {}, ...event } = found.event
  const data = JSON.parse(Buffer.from(bytes ?? []).toString()) as Record<string, unknown>
  return { event, data, extensions, audit: data['audit'] as Record<string, unknown> }
}

test("the vendor's sample traces become the recorded events", () => {
  expect(
    sample.map((trace) => {
      const { event, extensions, data } = mapped(trace)
      return { ...event, extensions, data }
    }),
  ).toEqual(fixture('events.json'))
})

test('secret values of request, response and message are redacted, the rest remains', () => {
  const { data } = mapped({
    ...sample[0],
    request: { server: { adminPass: 'hunter2x', name: 'web' }, jwt: 'letmein2026' },
    response: '{"connectionString":"letmein2026","accessKeyId":"letmein2026","id":"i-1"}',
    message: "wrote define('DB_PASSWORD', 'letmein2026')",
    added: { hmac: 'letmein2026', salt: 'letmein2026' },
  })
  expect(data).toMatchObject({
    request: '{"server":{"adminPass":"redacted:","name":"web"},"jwt":"redacted:"}',
    response: '{"connectionString":"redacted:","accessKeyId":"redacted:","id":"i-1"}',
    message: "wrote define('DB_PASSWORD', 'redacted:')",
    added: { hmac: 'redacted:', salt: 'redacted:' },
  })
})

test('both versions of the API yield the same event for a trace', () => {
  const old = ({ trace_rating: status, user, ...rest }: Record<string, unknown>): Record<string, unknown> => ({
    ...rest,
    trace_status: status,
    user: typeof user === 'object' && user !== null ? JSON.stringify(user) : user,
  })
  for (const trace of sample) expect(mapTrace(old(trace), origin)).toEqual(mapTrace(trace, origin))
})

test('severity is the rating in lower case, else derived from the code, and unknown for an unknown rating', () => {
  const severity = (more: object): unknown[] => {
    const { extensions, audit, data } = mapped({ trace_id: 'a', ...more })
    expect(extensions['status']).toBe(audit['severity'])
    return [audit['severity'], audit['outcome'], data['trace_status']]
  }
  expect(severity({ trace_rating: 'WARNING' })).toEqual(['warning', 'failure', 'WARNING'])
  expect(severity({ trace_rating: 'critical' })).toEqual(['unknown', 'unknown', 'critical'])
  expect(severity({ code: 409 })).toEqual(['warning', 'failure', undefined])
  expect(severity({ code: '302' })).toEqual(['normal', 'success', undefined])
  expect(severity({})).toEqual(['unknown', 'unknown', undefined])
  expect(mapTrace({ trace_rating: 'critical' }, origin)?.unknownRating).toBe('critical')
})

test('an unparsable user yields no actor, and its text is retained', () => {
  const { data, audit } = mapped({ trace_id: 'a', trace_type: 'SystemAction', user: '{"id":"d5", broken' })
  expect(audit['actor']).toEqual({ kind: 'unknown' })
  expect([data['user'], data['user_text']]).toEqual([{ domain: {} }, '{"id":"d5", broken'])
})

test('a trace without an id gets a stable id that is independent of the key order', () => {
  const [one, other] = [
    { trace_name: 'x', time: 1710846280000, user: { name: 'a', id: 'b' } },
    { user: { id: 'b', name: 'a' }, time: 1710846280000, trace_name: 'x' },
  ]
  const [first, second] = [mapTrace(one, origin), mapTrace(other, origin)]
  expect(first?.withoutId).toBe(true)
  expect(first?.event.id).toMatch(/^[0-9a-f]{64}$/)
  expect(second?.event.id).toBe(first?.event.id)
  expect(mapTrace({ ...one, trace_name: 'y' }, origin)?.event.id).not.toBe(first?.event.id)
})

test('only trailing dots of a type are removed, and an empty trace is still an event', () => {
  expect(mapTrace({ service_type: 'ECS', trace_type: 'ApiCall', trace_name: 'reboot' }, origin)?.event.type).toBe(
    'ecs.apicall..reboot',
  )
  expect(mapTrace({ service_type: 'ECS' }, origin)?.event.type).toBe('ecs')
  expect(mapTrace({}, origin)?.event).toMatchObject({ type: 'trace', source: origin.source, family: 'audit' })
  for (const none of [null, 42, 'trace', ['trace']]) expect(mapTrace(none, origin)).toBeUndefined()
})

test('fields unknown to cts_exporter are retained, and keys are trimmed', () => {
  const { data } = mapped({
    trace_id: 'a',
    ' resource_id ': 'r',
    tracker_name: 'system',
    event_type: 'global',
    read_only: false,
    empty: null,
    time: '1710846280000',
    response: { a: 1 },
  })
  expect(data).toMatchObject({
    resource_id: 'r',
    tracker_name: 'system',
    event_type: 'global',
    read_only: false,
    time: 1710846280000,
    response: '{"a":1}',
  })
  expect(data).not.toHaveProperty('empty')
})

test('omitted fields appear nowhere in the event, and everything else stays', () => {
  const [, , third] = sample
  const kept = mapTrace(third, origin)?.event
  const less = mapTrace(
    { ...third, message: 'secret' },
    { ...origin, leaveOut: ['request', 'response', 'message'] },
  )?.event
  const { response, ...rest } = JSON.parse(Buffer.from(kept?.data ?? []).toString()) as Record<string, unknown>
  expect(response).toContain('VPC.0514')
  expect(JSON.parse(Buffer.from(less?.data ?? []).toString())).toEqual(rest)
})

test('a slash in a resource name does not change the reference', () => {
  expect(mapTrace({ service_type: 'OBS', resource_type: 'object', resource_name: 'a/b%' }, origin)?.event.ref).toBe(
    `otc:${project}/obs/object/a%2Fb%25`,
  )
})

test('a non-ASCII name is encoded in a header as CloudEvents requires', () => {
  expect(encodeHeader(String(mapped(sample[1]).event['subject']))).toBe('B%C3%BCro-web%2001')
})

test('a source has the path of the API, but no user and no path of a configured endpoint', () => {
  expect(traceSource('https://cts.eu-de.otc.t-systems.com', '/v3/p/')).toBe('https://cts.eu-de.otc.t-systems.com/v3/p/')
  expect(traceSource('https://user:pw@gateway:8443/hidden', '/v3/p/')).toBe('https://gateway:8443/v3/p/')
})
