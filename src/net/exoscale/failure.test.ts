import { expect, test } from 'vitest'
import { exoscaleFailure } from './failure.ts'

const now = Date.parse('2026-11-21T11:05:00.000Z')

function messageOf(status: number, body: string): string {
  const answer = { status, headers: { date: new Date(now).toUTCString() }, body: new TextEncoder().encode(body) }
  return exoscaleFailure(answer, { what: '/instance', allow: 'allow it', now }).message
}

test.each([
  ['message', '{"message":"No access."}', 'No access'],
  ['error', '{"error":"slow down","retry_after":7}', 'slow down'],
  [
    'problem',
    '{"type":"about:blank","title":"Bad Request","errors":[{"detail":"no id","location":"$.id"},"and more"]}',
    'Bad Request: no id at $.id: and more',
  ],
  ['page', '<html><h1>Bad   Gateway</h1></html>', 'Bad Gateway'],
])('case C12: an error as %s has a readable message', (_form, body, message) => {
  expect(messageOf(503, body)).toBe(`/instance is unavailable (HTTP 503, ${message})`)
})

test('each status has its reason and its retry', () => {
  const of = (status: number, headers: Readonly<Record<string, string>> = {}): unknown => {
    const answer = { status, headers, body: new TextEncoder().encode('{"retry_after":7}') }
    const { fault, afterMs, mayPass } = exoscaleFailure(answer, { what: 'x', allow: '', now })
    return [fault, afterMs, mayPass]
  }
  expect(of(401)).toEqual(['auth', 0, false])
  expect(of(403)).toEqual(['forbidden', 0, false])
  expect(of(403, { date: new Date(now - 3_600_000).toUTCString() })).toEqual(['auth', 0, false])
  expect(of(429)).toEqual(['rate_limited', 7000, true])
  expect(of(500)).toEqual(['server', 7000, true])
  expect(of(404)).toEqual(['server', 7000, false])
})
