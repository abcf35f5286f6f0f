import type { Part } from './codec.ts'
import { partsText } from '../text/parts.ts'
import { inZone, isSameDay, partsAt } from './time-zone.ts'

/** A time range as in the API: `now-15m` or ISO 8601 in UTC. The end is exclusive. */
export type Range = Readonly<{
  from: string
  to: string
}>

const relative = /^now(?:-(\d{1,6})(s|m|h|d|w))?$/
const absolute = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?Z$/

export function isMoment(written: string): boolean {
  return relative.test(written) || (absolute.test(written) && !Number.isNaN(Date.parse(written)))
}

export function range(usual: Range): Part<Range> {
  return {
    usual,
    read: (written) => {
      const [from = '', to = '', more] = written.split('..')
      return more === undefined && isMoment(from) && isMoment(to) ? { from, to } : undefined
    },
    write: ({ from, to }) => `${from}..${to}`,
  }
}

export function isMoving({ to }: Range): boolean {
  return to.startsWith('now')
}

const secondsMs = 600_000

/** `Last 15 min`, `20 Nov, 10:00 – 11:00`, `20 Nov 2025, 23:59:30 – 21 Nov 2025, 00:00:15`. */
export function rangeText({ from, to }: Range): string {
  const [, count, unit] = relative.exec(from) ?? []
  if (to === 'now' && count !== undefined) return partsText.last(count, unit ?? '')
  if (relative.test(from) || relative.test(to)) return `${momentText(from)} – ${momentText(to)}`
  const withSeconds = Math.abs(Date.parse(to) - Date.parse(from)) < secondsMs
  const dayIsKnown = isSameDay(Date.parse(from), Date.parse(to))
  return `${momentText(from, { withSeconds })} – ${momentText(to, { withSeconds, dayIsKnown })}`
}

const clockOptions = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const
const dayOptions = { month: 'short', day: 'numeric' } as const
const forms: readonly Intl.DateTimeFormatOptions[] = [
  clockOptions,
  { ...dayOptions, ...clockOptions },
  { ...dayOptions, year: 'numeric', ...clockOptions },
]
const [clock, day, year] = forms.map((options) => [inZone(options), inZone({ ...options, second: '2-digit' })] as const)

/** A time in the selected zone, with its year if that is another one. */
export function momentText(
  written: string,
  { withSeconds = false, dayIsKnown = false }: Readonly<{ withSeconds?: boolean; dayIsKnown?: boolean }> = {},
): string {
  if (relative.test(written)) return written
  const at = Date.parse(written)
  const isThisYear = partsAt(at).year === partsAt(Date.now()).year
  const format = dayIsKnown ? clock : isThisYear ? day : year
  return format?.[withSeconds ? 1 : 0](at) ?? written
}

const two = (number: number) => String(number).padStart(2, '0')

/** An absolute time as text of an input, in the selected zone: `2026-11-26 14:05:03`. */
export function inputText(written: string): string {
  if (relative.test(written)) return written
  const ms = Date.parse(written)
  const { year, month, day, hour, minute } = partsAt(ms)
  const rest = new Date(ms)
    .toISOString()
    .slice(16, 23)
    .replace(/\.000$/, '')
  return `${year}-${two(month + 1)}-${two(day)} ${two(hour)}:${two(minute)}${rest === ':00' ? '' : rest}`
}

/** The end of a relative time, in ISO 8601; `now` in Unix ms. */
export function fixedMoment(written: string, now: number): string {
  const [match, count = '0', unit = 's'] = relative.exec(written) ?? []
  if (match === undefined) return written
  return new Date(now - Number(count) * (unitMs[unit] ?? 0)).toISOString()
}

const unitMs: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
}

/** Parameters of a link with fixed times in place of relative ones. */
export function fixedTimes(search: Readonly<Record<string, string>>, now: number): Record<string, string> {
  return Object.fromEntries(
    Object.entries(search).map(([name, value]) => {
      const times = value.split('..')
      const isTimes = name !== 'q' && times.length <= 2 && times.every(isMoment)
      return [name, isTimes ? times.map((time) => fixedMoment(time, now)).join('..') : value]
    }),
  )
}

export const presets: readonly Range[] = [
  '1m',
  '5m',
  '15m',
  '30m',
  '1h',
  '3h',
  '6h',
  '12h',
  '1d',
  '2d',
  '1w',
  '2w',
].map((length) => ({ from: `now-${length}`, to: 'now' }))

const unitSeconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 }

/** The range with relative times resolved at `now`, in Unix ms. */
export function fixedRange({ from, to }: Range, now: number): Range {
  const fixed = (written: string) => {
    const [, count = '0', unit = 's'] = relative.exec(written) ?? []
    if (!relative.test(written)) return written
    return new Date(now - Number(count) * (unitSeconds[unit] ?? 0) * 1000).toISOString()
  }
  return { from: fixed(from), to: fixed(to) }
}
