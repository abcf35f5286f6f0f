import { inZone, isSameDay, partsAt } from '../state/time-zone.ts'
import { about, nouns, type Noun } from '../text/nouns.ts'

const whole = new Intl.NumberFormat(undefined, { maximumFractionDigits: 0 })
const clock = inZone({
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  fractionalSecondDigits: 3,
  hourCycle: 'h23',
})

export function count(value: number | string | null | undefined): string {
  if (value === null || value === undefined) return '–'
  return typeof value === 'string' ? (/^-?\d+$/.test(value) ? whole.format(BigInt(value)) : value) : whole.format(value)
}

export function counted(number: number, noun: Noun): string {
  const [singular, many] = nouns[noun]
  return `${count(number)} ${number === 1 ? singular : many}`
}

/** `error`: set for an estimate, which has three digits. */
export function countedWithin(number: number, noun: Noun, error: number | undefined): string {
  return error === undefined ? counted(number, noun) : about(counted(Number(number.toPrecision(3)), noun))
}

const two = (number: number) => String(number).padStart(2, '0')

export function time(iso: string | null): string {
  if (iso === null) return '–'
  const at = Date.parse(iso)
  if (Number.isNaN(at)) return iso
  const { year, month, day } = partsAt(at)
  return isSameDay(at, Date.now()) ? clock(at) : `${year}-${two(month + 1)}-${two(day)} ${clock(at)}`
}

/** Date and time in the zone of the screen, for files. Without Intl, which costs 20 µs for each of millions of rows. */
export function fullTime(iso: string): string {
  const at = Date.parse(iso)
  if (Number.isNaN(at)) return iso
  const { year, month, day, hour, minute } = partsAt(at)
  const [date, time] = [`${year}-${two(month + 1)}-${two(day)}`, `${two(hour)}:${two(minute)}`]
  // Offsets of zones are whole minutes.
  return `${date} ${time}:${new Date(at).toISOString().slice(17, 23)}`
}

export function isoOfSeconds(seconds: number): string {
  return new Date(Math.round(seconds) * 1000).toISOString()
}

export function duration(ms: number | null | undefined): string {
  if (ms === null || ms === undefined || !Number.isFinite(ms)) return '–'
  if (ms === 0) return '0 s'
  // Where the rounded value has the next unit: never 1000 ms or 60 min.
  if (ms < 0.9995) return `${Math.round(ms * 1000)} µs`
  if (ms < 9.95) return `${ms.toFixed(1)} ms`
  if (ms < 999.5) return `${Math.round(ms)} ms`
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`
  if (ms < 3_570_000) return `${Math.round(ms / 60_000)} min`
  return `${(ms / 3_600_000).toFixed(1)} h`
}

export function perSecond(rate: number): string {
  return `${rate > 0 && rate < 9.95 ? rate.toFixed(1) : count(rate)}/s`
}

const decimal = ['B', 'kB', 'MB', 'GB', 'TB', 'PB']
const binary = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB']

/**
 * Network bytes use powers of 1000. Three significant digits of the bytes themselves: 13,950 B is half way and 14.0 kB,
 * but 13.95 is no binary fraction.
 */
export function volume(bytes: number): string {
  const rounded = bytes < 999.5 ? Math.round(bytes) : Number(bytes.toPrecision(3))
  const at = rounded < 1000 ? 0 : Math.min(decimal.length - 1, Math.floor(Math.log10(rounded) / 3 + 1e-9))
  const value = rounded / 1000 ** at
  return `${at === 0 ? value : value.toFixed(value >= 100 ? 0 : value >= 10 ? 1 : 2)} ${decimal[at]}`
}

/** Disk and memory use powers of 1024. */
export function size(bytes: number): string {
  let at = Math.min(binary.length - 1, bytes < 1024 ? 0 : Math.floor(Math.log2(bytes) / 10))
  const rounded = () => {
    const value = bytes / 1024 ** at
    return at === 0 || value >= 100 ? Math.round(value) : Number(value.toPrecision(3))
  }
  if (rounded() >= 1024 && at < binary.length - 1) at++
  const value = rounded()
  return `${at === 0 || value >= 100 ? value : value.toFixed(value < 10 ? 2 : 1)} ${binary[at]}`
}

const protocols = new Map([
  [1, 'ICMP'],
  [2, 'IGMP'],
  [6, 'TCP'],
  [17, 'UDP'],
  [41, 'IPv6'],
  [47, 'GRE'],
  [50, 'ESP'],
  [51, 'AH'],
  [58, 'ICMPv6'],
  [89, 'OSPF'],
  [132, 'SCTP'],
])

export function protocol(number: number | null): string {
  return number === null ? '–' : (protocols.get(number) ?? String(number))
}

const flagNames = ['FIN', 'SYN', 'RST', 'PSH', 'ACK', 'URG', 'ECE', 'CWR', 'NS']

export function tcpFlags(flags: number | null): string {
  if (flags === null) return '–'
  return flagNames.filter((_, bit) => (flags >> bit) & 1).join(' ')
}

export function plainText(value: unknown): string {
  if (value === null || value === undefined) return ''
  return typeof value === 'object' ? JSON.stringify(value) : String(value as string | number | boolean)
}

export function shortTime(iso: string): string {
  return isSameDay(Date.now(), Date.parse(iso)) ? time(iso) : momentAt(Date.parse(iso))
}

const moment = inZone({
  month: 'short',
  day: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
})

export function momentAt(ms: number): string {
  return moment(ms)
}
