import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseTime } from './time.ts'

const read = (text: string): number => parseTime(Buffer.from(`"${text}"`), 1, text.length + 1)

test('every time of the platform is read, in any zone', () => {
  const minutes = fc.integer({ min: -23 * 60, max: 23 * 60 })
  fc.assert(
    fc.property(
      fc.date({ min: new Date('0001-01-02T00:00:00Z'), max: new Date('9999-12-30T00:00:00Z'), noInvalidDate: true }),
      minutes,
      (date, shift) => {
        expect(read(date.toISOString())).toBe(date.getTime())
        const local = new Date(date.getTime() + shift * 60_000).toISOString().slice(0, -1)
        const size = Math.abs(shift)
        const [hours, minutes] = [Math.floor(size / 60), size % 60].map((part) => String(part).padStart(2, '0'))
        const zone = `${shift < 0 ? '-' : '+'}${hours}:${minutes}`
        expect(read(local + zone)).toBe(date.getTime())
      },
    ),
  )
})

test.each([
  ['2018-04-05T17:31:00Z', 1_522_949_460_000],
  ['2018-04-05t17:31:00z', 1_522_949_460_000],
  ['1969-12-31T23:59:59.999Z', -1],
  ['2024-02-29T00:00:00.1Z', 1_709_164_800_100],
  ['2024-01-01T00:00:00.123987654Z', 1_704_067_200_123],
  ['2016-12-31T23:59:60Z', 1_483_228_800_000],
  ['1996-12-19T16:39:57-08:00', 851_042_397_000],
])('%s is read', (text, ms) => {
  expect(read(text)).toBe(ms)
})

test.each([
  '',
  '2024-01-01',
  '2024-01-01T00:00:00',
  '2024-1-1T00:00:00Z',
  '2024-02-30T00:00:00Z',
  '2023-02-29T00:00:00Z',
  '2024-13-01T00:00:00Z',
  '2024-00-01T00:00:00Z',
  '2024-01-01T24:00:00Z',
  '2024-01-01T00:60:00Z',
  '2024-01-01T00:00:61Z',
  '2024-01-01T00:00:00.Z',
  '2024-01-01T00:00:00+0100',
  '2024-01-01T00:00:00+24:00',
  '2024-01-01T00:00:00ZZ',
  '2024-01-01 00:00:00Z',
  '20240101T000000Z----',
  'tomorrow, at about ten o’clock',
  '2024-01-01T00:00:00.1234567',
])('%s is no time', (text) => {
  expect(read(text)).toBeNaN()
})
