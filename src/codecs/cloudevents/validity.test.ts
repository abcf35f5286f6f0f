import { expect, test } from 'vitest'
import {
  decodeStructured,
  encodeBinary,
  encodeStructured,
  invalidAttribute,
  isUriReference,
  toEvents,
} from './index.ts'

const event = { id: '1', source: '/s', type: 't', encoding: 'none' } as const
const bytes = (event: object): Uint8Array => new TextEncoder().encode(JSON.stringify(event))
const written = (given: object): Record<string, unknown> =>
  JSON.parse(encodeStructured({ ...event, ...given }).toString()) as Record<string, unknown>

test.each([
  ['/images/CycloneDX Maven plugin', '/images/CycloneDX%20Maven%20plugin'],
  ['/a%zz/ü"<>|', '/a%25zz/%C3%BC%22%3C%3E%7C'],
  ['/a#b#c', '/a#b%23c'],
  ['1a:b/c', '1a%3Ab/c'],
  ['/a[0]', '/a%5B0%5D'],
  ['https://[2001:db8::1]:8080/a?b=c#d', 'https://[2001:db8::1]:8080/a?b=c#d'],
  ['urn:uuid:1', 'urn:uuid:1'],
  ['/%C3%BC', '/%C3%BC'],
])('the source %s is emitted as the URI reference %s', (source, wanted) => {
  expect(isUriReference(wanted)).toBe(true)
  expect(isUriReference(source)).toBe(source === wanted)
  expect(written({ source })['source']).toBe(wanted)
  expect(encodeBinary({ ...event, source }).headers['ce-source']).toBe(wanted.replaceAll('%', '%25'))
})

test('a schema that is no absolute URI is not emitted', () => {
  expect(written({ dataschema: 'https://a/b c' })['dataschema']).toBe('https://a/b%20c')
  expect(written({ dataschema: 'schemas/a' })).not.toHaveProperty('dataschema')
})

test.each(['2026-01-02T03:04:05Z', '2026-01-02T03:04:05.123456789Z', '2026-01-02T03:04:05.1+02:00'])(
  'the time %s is emitted with its digits and offset',
  (time) => {
    const [read] = toEvents(decodeStructured(bytes({ specversion: '1.0', ...event, encoding: undefined, time })))
    if (read === undefined) throw new Error('no event')
    expect(JSON.parse(encodeStructured(read).toString())).toEqual({
      specversion: '1.0',
      ...event,
      encoding: undefined,
      time,
    })
    // A transform that changes the time wins.
    expect(JSON.parse(encodeStructured({ ...read, time: 0 }).toString())).toMatchObject({
      time: '1970-01-01T00:00:00.000Z',
    })
  },
)

test('the invalid attribute of a received event is named', () => {
  const invalid = (given: object): string | undefined =>
    invalidAttribute(decodeStructured(bytes({ specversion: '1.0', id: '1', source: '/s', type: 't', ...given })))
  expect(invalid({})).toBeUndefined()
  expect(invalid({ source: 'a b' })).toBe('source "a b" is no URI reference')
  expect(invalid({ dataschema: 'a' })).toBe('dataschema "a" is no URI')
  expect(invalid({ datacontenttype: 'json' })).toBe('datacontenttype "json" is no media type')
  expect(invalid({ datacontenttype: 'application/json; charset=utf-8' })).toBeUndefined()
})

test('an integer beyond 32 bits is emitted as text', () => {
  const extensions = { small: -2_147_483_648, large: 2_147_483_648 }
  expect(written({ extensions })).toMatchObject({ small: -2_147_483_648, large: '2147483648' })
})
