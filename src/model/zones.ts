/** Instants of local times in IANA time zones. */

const zoneFormats = new Map<string, Intl.DateTimeFormat>()
const offsets = new Map<string, number>()
const maxOffsets = 10_000
/** Zones change their offset at multiples of this only. */
const stepMs = 15 * 60_000
const dayMs = 24 * 3_600_000

export function isZone(zone: string): boolean {
  try {
    return formatOf(zone) !== undefined
  } catch {
    return false
  }
}

export type ZonedTime = Readonly<{
  /** Unix ms. */
  at: number
  /** The local time occurs twice, or not at all. */
  resolved?: 'earlier' | 'later' | 'gap'
}>

/**
 * @param local the local time as if it were UTC, Unix ms
 * A time in the gap at the start of daylight saving time moves forward by the length of the gap, as in RFC 5545.
 */
export function instantOf(local: number, zone: string, ambiguous: 'earlier' | 'later'): ZonedTime {
  const before = offsetAt(local - dayMs, zone)
  const after = offsetAt(local + dayMs, zone)
  const results = [...new Set([local - before, local - after])].filter((at) => offsetAt(at, zone) === local - at)
  const [first, second] = results.toSorted((a, b) => a - b)
  if (first === undefined) return { at: local - before, resolved: 'gap' }
  if (second === undefined) return { at: first }
  return { at: ambiguous === 'earlier' ? first : second, resolved: ambiguous }
}

function offsetAt(at: number, zone: string): number {
  const step = Math.floor(at / stepMs) * stepMs
  const key = `${zone} ${step}`
  const existing = offsets.get(key)
  if (existing !== undefined) return existing
  const part: Partial<Record<Intl.DateTimeFormatPartTypes, number>> = {}
  for (const { type, value } of formatOf(zone).formatToParts(step)) part[type] = Number(value)
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = part
  const offset = Date.UTC(year, month - 1, day, hour, minute, second) - step
  if (offsets.size >= maxOffsets) offsets.clear()
  offsets.set(key, offset)
  return offset
}

function formatOf(zone: string): Intl.DateTimeFormat {
  let format = zoneFormats.get(zone)
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      calendar: 'gregory',
      numberingSystem: 'latn',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    })
    zoneFormats.set(zone, format)
  }
  return format
}
