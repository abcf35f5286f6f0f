import { timeZone } from './preference.ts'

export type Zone = ReturnType<typeof timeZone.get>

type Format = (at: number | Date) => string

/** Formats times in the selected zone. */
export function inZone(options: Intl.DateTimeFormatOptions, locale?: string): Format {
  const formats = new Map<Zone, Intl.DateTimeFormat>()
  return (at) => {
    const zone = timeZone.get()
    let format = formats.get(zone)
    if (format === undefined) {
      format = new Intl.DateTimeFormat(locale, { ...options, ...(zone === 'utc' ? { timeZone: 'UTC' } : {}) })
      formats.set(zone, format)
    }
    return format.format(at)
  }
}

export type Parts = Readonly<{
  year: number
  /** 0 to 11. */
  month: number
  day: number
  hour: number
  minute: number
  /** Monday is 0. */
  weekday: number
}>

export function partsAt(ms: number, zone: Zone = timeZone.get()): Parts {
  const at = new Date(ms)
  const weekday = ((zone === 'utc' ? at.getUTCDay() : at.getDay()) + 6) % 7
  return zone === 'utc'
    ? {
        year: at.getUTCFullYear(),
        month: at.getUTCMonth(),
        day: at.getUTCDate(),
        hour: at.getUTCHours(),
        minute: at.getUTCMinutes(),
        weekday,
      }
    : {
        year: at.getFullYear(),
        month: at.getMonth(),
        day: at.getDate(),
        hour: at.getHours(),
        minute: at.getMinutes(),
        weekday,
      }
}

/** Unix ms. A day or hour beyond its unit carries over. */
export function timeIn(
  zone: Zone,
  year: number,
  month: number,
  day: number,
  [hour, minute, second, ms]: readonly [number, number, number, number] = [0, 0, 0, 0],
): number {
  return zone === 'utc'
    ? Date.UTC(year, month, day, hour, minute, second, ms)
    : new Date(year, month, day, hour, minute, second, ms).getTime()
}

export function isSameDay(a: number, b: number): boolean {
  const [partsOfA, partsOfB] = [partsAt(a), partsAt(b)]
  return partsOfA.year === partsOfB.year && partsOfA.month === partsOfB.month && partsOfA.day === partsOfB.day
}

/** `UTC`, `UTC+1`, `UTC+5:30`: the offset of local times now. */
export function offsetText(at = Date.now()): string {
  const minutes = -new Date(at).getTimezoneOffset()
  if (minutes === 0) return 'UTC+0'
  const [hours, rest] = [Math.trunc(Math.abs(minutes) / 60), Math.abs(minutes) % 60]
  return `UTC${minutes < 0 ? '−' : '+'}${hours}${rest === 0 ? '' : `:${String(rest).padStart(2, '0')}`}`
}
