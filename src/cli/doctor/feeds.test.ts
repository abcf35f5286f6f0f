import { expect, test } from 'vitest'
import { feedFinding } from './feeds.ts'

const now = Date.parse('2026-11-25T10:00:00Z')

test('a feed that works has its records, the age of the last one, and the next poll', () => {
  const feed = { records: 12, lastRecord: now - 90_000, poll: { last: now - 90_000, next: now + 210_000 } }
  expect(feedFinding('news', feed, now)).toEqual({
    check: 'feed news',
    status: 'ok',
    fact: '12 records since the start, the last 90 s ago, next poll in 4 minutes',
  })
})

test('gaps, refused requests and failures are warnings with an action', () => {
  const gaps = { count: 2, missing: 9, last: { time: now, key: 'BTC', from: 4, to: 11 } }
  expect(feedFinding('market', { records: 5, lastRecord: now, reconnects: 3, gaps }, now)).toMatchObject({
    status: 'warn',
    fact: '5 records since the start, the last 0 s ago, 3 reconnects, 2 gaps with 9 missing messages',
    advice: expect.stringContaining('weir.feed.gap') as string,
  })
  expect(feedFinding('logs', { records: 1, lastRecord: now, refused: { too_large: 4 } }, now)).toMatchObject({
    status: 'warn',
    fact: expect.stringContaining('4 refused (too large)') as string,
  })
  const failing = { records: 0, targets: { known: 3, failing: 1 }, why: 'wss://u:p@feed.test/?key=1 is not connected' }
  const { status, fact } = feedFinding('feed', failing, now)
  expect([status, fact]).toEqual([
    'warn',
    '0 records since the start, none received, 2 of 3 targets respond: wss://feed.test is not connected',
  ])
})

test('senders of messages that are stored as text are named, the most frequent first', () => {
  const unparsed = Object.fromEntries(Array.from({ length: 7 }, (_, index) => [`192.0.2.${index}`, index + 1]))
  expect(feedFinding('syslog', { records: 40, lastRecord: now, unparsed }, now)).toMatchObject({
    status: 'warn',
    fact:
      '40 records since the start, the last 0 s ago, 7 of 192.0.2.6 stored as text, 6 of 192.0.2.5 stored as text, ' +
      '5 of 192.0.2.4 stored as text, 4 of 192.0.2.3 stored as text, 3 of 192.0.2.2 stored as text, ' +
      'text of 2 more senders',
    advice: expect.stringContaining('RFC 5424') as string,
  })
})
