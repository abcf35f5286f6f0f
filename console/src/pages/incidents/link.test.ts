import { expect, test } from 'vitest'
import { pathOfLink } from './link.ts'
import { signalOf } from './signal.ts'

const origin = 'https://weir.example'
const now = Date.parse('2026-11-20T14:00:00.000Z')

test('a pinned link is a path of this console with fixed times', () => {
  expect(pathOfLink(`${origin}/flows?v=1&t=now-1h..now&q=src.ns+%3D+shop`, origin, now)).toBe(
    '/flows?v=1&t=2026-11-20T13:00:00.000Z..2026-11-20T14:00:00.000Z&q=src.ns+%3D+shop',
  )
  expect(pathOfLink(' /alerts ', origin, now)).toBe('/alerts')
  for (const other of ['https://evil.example/flows', '//evil.example/x', 'javascript:alert(1)', 'https://'])
    expect(pathOfLink(other, origin, now), other).toBeUndefined()
})

test('the signal opens its page at the fixed times, and a metric of log lines has none', () => {
  const times = { from: '2026-11-20T13:00:00.000Z', to: '2026-11-20T14:00:00.000Z' }
  const shown = { v: '1', live: '0', t: `${times.from}..${times.to}`, why: '1' }
  expect(signalOf({ ...times, question: { filter: 'dst.ns = shop', both_ways: 'true', reporters: 'one' } })).toEqual({
    text: 'dst.ns = shop',
    to: '/flows',
    search: { ...shown, view: 'overview', q: 'dst.ns = shop', both: '1', once: '1' },
  })
  expect(signalOf({ ...times, question: { promql: 'up' } })).toMatchObject({ to: '/metrics', search: { expr: 'up' } })
  expect(signalOf({ ...times, question: { logql: 'rate({a="b"}[1m])' } }).to).toBeUndefined()
})
