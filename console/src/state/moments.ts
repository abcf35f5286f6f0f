/** Times as people write them, and in every form in which the console shows them. */
import { timeIn, partsAt, type Zone } from './time-zone.ts'

const relative = /^now(?:\s*-\s*(\d{1,6})\s*(s|m|h|d|w))?$/i
const units: Readonly<Record<string, string>> = {
  s: 's',
  sec: 's',
  second: 's',
  m: 'm',
  min: 'm',
  minute: 'm',
  h: 'h',
  hr: 'h',
  hour: 'h',
  d: 'd',
  day: 'd',
  w: 'w',
  week: 'w',
}
const ago = /^(?:last\s+|-\s*)?(\d{1,6})\s*([a-z]+?)s?(?:\s+ago)?$/i
const iso =
  /^(\d{4})-(\d\d?)-(\d\d?)(?:[T\s]+(\d\d?):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?)?\s*(Z|UTC|[+-]\d\d:?\d\d)?$/i
const clock = /(?:^|\s)(\d\d?):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?\s*(Z|UTC)?$/i

type Clock = readonly [hour: number, minute: number, second: number, ms: number]

/** `now-2h` for a relative time, else ISO 8601 in UTC; undefined: not a time. `now` in Unix ms. */
export function readMoment(written: string, now: number, zone: Zone, locale?: string): string | undefined {
  const text = written.trim().replaceAll(/[\u00a0\u202f]/g, ' ')
  const [isRelative, count, unit] = relative.exec(text) ?? []
  if (isRelative !== undefined) return count === undefined ? 'now' : `now-${count}${unit?.toLowerCase()}`
  const [, amount, name = ''] = ago.exec(text) ?? []
  const short = units[name.toLowerCase()]
  if (amount !== undefined && short !== undefined) return `now-${amount}${short}`
  const at = epoch(text) ?? fromIso(text, zone) ?? fromWords(text, now, zone, locale)
  if (at === undefined || !Number.isFinite(at)) return undefined
  const date = new Date(at)
  return Number.isNaN(date.getTime()) || date.getUTCFullYear() < 1970 || date.getUTCFullYear() > 2261
    ? undefined
    : date.toISOString()
}

/** Seconds (10 digits, with a fraction) or milliseconds (13 digits). */
function epoch(text: string): number | undefined {
  if (/^\d{13}$/.test(text)) return Number(text)
  return /^\d{9,10}(?:\.\d{1,9})?$/.test(text) ? Math.floor(Number(text) * 1000) : undefined
}

function fromIso(text: string, zone: Zone): number | undefined {
  const [match, year, month, day, hour = '0', minute = '0', second = '0', fraction = '0', offset] = iso.exec(text) ?? []
  if (match === undefined) return undefined
  const [y, m, d] = [Number(year), Number(month) - 1, Number(day)]
  const time = clockOf(hour, minute, second, fraction)
  if (time === undefined || !isDay(y, m, d)) return undefined
  if (offset === undefined) return timeIn(zone, y, m, d, time)
  const [, sign, hours, minutes] = /^([+-])(\d\d):?(\d\d)$/.exec(offset) ?? []
  const ahead = sign === undefined ? 0 : (Number(hours) * 60 + Number(minutes)) * (sign === '-' ? -1 : 1)
  return timeIn('utc', y, m, d, time) - ahead * 60_000
}

/** `14:05`, `yesterday 14:05`, `Nov 26 14:05:03`, `26 Nov 2025, 14:05`, in English and the language of the browser. */
function fromWords(text: string, now: number, given: Zone, locale: string | undefined): number | undefined {
  const [match, hour = '0', minute = '0', second = '0', fraction = '0', utc] = clock.exec(text) ?? []
  const zone = utc === undefined ? given : 'utc'
  const time = clockOf(hour, minute, second, fraction)
  if (time === undefined) return undefined
  const date = (match === undefined ? text : text.slice(0, text.length - match.length)).trim().replace(/[,\s]+$/, '')
  const today = partsAt(now, zone)
  const onDay = (day: number) => timeIn(zone, today.year, today.month, day, time)
  if (date === '' && match !== undefined) {
    const at = onDay(today.day)
    return at > now ? onDay(today.day - 1) : at
  }
  if (/^today$/i.test(date)) return onDay(today.day)
  if (/^yesterday$/i.test(date)) return onDay(today.day - 1)
  const [month, rest] = monthIn(date, locale) ?? []
  const numbers = (rest ?? '').match(/\d+/g) ?? []
  if (month === undefined || /\p{L}{3}/u.test(rest ?? '')) return undefined
  const year = numbers.find((number) => number.length === 4)
  const day = numbers.find((number) => number.length <= 2)
  if (day === undefined || numbers.length > (year === undefined ? 1 : 2)) return undefined
  const at = (of: number) => (isDay(of, month, Number(day)) ? timeIn(zone, of, month, Number(day), time) : undefined)
  if (year !== undefined) return at(Number(year))
  // Without a year, the newest such day.
  const thisYear = at(today.year)
  return thisYear !== undefined && thisYear <= now + 86_400_000 ? thisYear : at(today.year - 1)
}

function clockOf(hour: string, minute: string, second: string, fraction: string): Clock | undefined {
  const [h, m, s] = [Number(hour), Number(minute), Number(second)]
  return h > 24 || m > 59 || s > 60 ? undefined : [h, m, s, Math.floor(Number(`0.${fraction}`) * 1000 + 1e-6)]
}

function isDay(year: number, month: number, day: number) {
  const at = new Date(Date.UTC(year, month, day))
  return at.getUTCMonth() === month && at.getUTCDate() === day && day > 0
}

type Months = readonly (readonly [name: string, month: number])[]
const monthNames = new Map<string | undefined, Months>()

/** The longest name first, because 11月 contains 1月. */
function monthsOf(locale: string | undefined): Months {
  let names = monthNames.get(locale)
  if (names === undefined) {
    const forms = [locale, 'en'].flatMap((language) =>
      (['long', 'short'] as const).flatMap((length) =>
        [{ month: length }, { month: length, day: 'numeric' as const }].map(
          (options) => new Intl.DateTimeFormat(language, { ...options, timeZone: 'UTC' }),
        ),
      ),
    )
    const moments = forms.flatMap((form) =>
      Array.from({ length: 12 }, (_, month) => {
        const parts = form.formatToParts(Date.UTC(2026, month, 15))
        const name = parts.find(({ type }) => type === 'month')?.value ?? ''
        return [name.replace(/\.$/, '').toLowerCase(), month] as const
      }),
    )
    // Some languages have no name but a number with a sign.
    const signs = forms.flatMap((form) =>
      Array.from({ length: 12 }, (_, month) => [form.format(Date.UTC(2026, month, 15)).toLowerCase(), month] as const),
    )
    names = [...moments, ...signs]
      .filter(([name]) => /\p{L}/u.test(name) && !/\d.*\d\D*\d/.test(name))
      .toSorted(([a], [b]) => b.length - a.length)
    monthNames.set(locale, names)
  }
  return names
}

function monthIn(text: string, locale: string | undefined): readonly [month: number, rest: string] | undefined {
  const folded = text.toLowerCase()
  for (const [name, month] of monthsOf(locale)) {
    const at = folded.indexOf(name)
    if (at >= 0 && name !== '') return [month, folded.slice(0, at) + ' ' + folded.slice(at + name.length)]
  }
  return undefined
}
