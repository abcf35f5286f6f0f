import { expect, test } from 'vitest'
import { readMoment } from './moments.ts'
import { inputText } from './range.ts'

const now = Date.UTC(2026, 10, 26, 16, 0, 0)
const utc = (text: string): string | undefined => readMoment(text, now, 'utc', 'en')

test('relative times stay relative', () => {
  for (const [text, moment] of [
    ['now', 'now'],
    ['now-90m', 'now-90m'],
    ['now - 2h', 'now-2h'],
    ['2 h ago', 'now-2h'],
    ['2h', 'now-2h'],
    ['-15m', 'now-15m'],
    ['90 minutes ago', 'now-90m'],
    ['1 day ago', 'now-1d'],
    ['Last 15 min', 'now-15m'],
    ['Last 2 weeks', 'now-2w'],
  ])
    expect([text, utc(text ?? '')]).toEqual([text, moment])
})

test('ISO times, days, and Unix seconds and milliseconds', () => {
  for (const [text, moment] of [
    ['2026-11-20T10:00Z', '2026-11-20T10:00:00.000Z'],
    ['2026-11-20T10:00:05.250Z', '2026-11-20T10:00:05.250Z'],
    ['2026-11-20T10:00+02:00', '2026-11-20T08:00:00.000Z'],
    ['2026-11-20T10:00', '2026-11-20T10:00:00.000Z'],
    ['2026-11-20 10:00:05.123', '2026-11-20T10:00:05.123Z'],
    ['2026-11-20', '2026-11-20T00:00:00.000Z'],
    ['1795689600', '2026-11-26T10:40:00.000Z'],
    ['1795689600.5', '2026-11-26T10:40:00.500Z'],
    ['1795689600123', '2026-11-26T10:40:00.123Z'],
  ])
    expect([text, utc(text ?? '')]).toEqual([text, moment])
})

test('a time of the day is the newest one, and days have names', () => {
  for (const [text, moment] of [
    ['14:05', '2026-11-26T14:05:00.000Z'],
    ['18:05', '2026-11-25T18:05:00.000Z'],
    ['14:05:03.250', '2026-11-26T14:05:03.250Z'],
    ['today 18:05', '2026-11-26T18:05:00.000Z'],
    ['yesterday 14:05', '2026-11-25T14:05:00.000Z'],
    ['Yesterday', '2026-11-25T00:00:00.000Z'],
    ['Nov 26 14:05:03', '2026-11-26T14:05:03.000Z'],
    ['Nov 26, 14:05:03', '2026-11-26T14:05:03.000Z'],
    ['26 Nov, 14:05', '2026-11-26T14:05:00.000Z'],
    ['26 November 2025, 14:05', '2025-11-26T14:05:00.000Z'],
    ['Dec 24 14:05', '2025-12-24T14:05:00.000Z'],
    ['Mar 3', '2026-03-03T00:00:00.000Z'],
  ])
    expect([text, utc(text ?? '')]).toEqual([text, moment])
})

test('texts without a time are rejected', () => {
  for (const text of [
    '',
    'soon',
    '25:99',
    '2026-13-01',
    '2026-02-30',
    'Feb 30',
    'Nov',
    '12',
    'Nov 26 foobar',
    '5 x ago',
  ])
    expect([text, utc(text)]).toEqual([text, undefined])
})

test('every displayed form is read again, in any language', () => {
  const at = Date.UTC(2026, 4, 7, 14, 5, 3)
  for (const locale of ['en-US', 'en-GB', 'de', 'fr', 'es', 'it', 'pl', 'ja', 'zh', 'ko', 'ru', 'sv', 'nl', 'pt-BR'])
    for (const year of [undefined, 'numeric'] as const) {
      const shown = new Intl.DateTimeFormat(locale, {
        ...(year === undefined ? {} : { year }),
        month: 'short',
        day: 'numeric',
        hour: '2-digit',
        minute: '2-digit',
        second: '2-digit',
        hourCycle: 'h23',
        timeZone: 'UTC',
      }).format(at)
      expect([locale, shown, readMoment(shown, now, 'utc', locale)]).toEqual([
        locale,
        shown,
        new Date(at).toISOString(),
      ])
    }
})

test('times without a zone are in the selected one', () => {
  const local = new Date(2026, 10, 20, 10, 0).toISOString()
  expect(readMoment('2026-11-20 10:00', now, 'local')).toBe(local)
  expect(readMoment('Nov 20 2026 10:00', now, 'local')).toBe(local)
  expect(readMoment('2026-11-20 10:00 UTC', now, 'local')).toBe('2026-11-20T10:00:00.000Z')
})

test('the text of an input is the same time again', () => {
  for (const at of [
    '2026-11-20T10:00:00.000Z',
    '2026-11-20T10:00:05.000Z',
    '2026-03-29T00:30:00.250Z',
    '1999-12-31T23:59:59.999Z',
  ])
    expect([at, readMoment(inputText(at), now, 'local')]).toEqual([at, at])
})
