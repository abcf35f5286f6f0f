/** Times in the forms that syslog senders use. */
import { instantOf } from '../../model/zones.ts'

export type Clock = Readonly<{
  /** Unix ms, for times without a year. */
  received: number
  /** IANA zone of times without one. */
  zone: string
}>

/** `nanos`: after the millisecond. */
export type Instant = Readonly<{ at: number; nanos: number }>

export type TimeInText = Instant & Readonly<{ length: number }>

type Parts = Readonly<{
  year: number | undefined
  month: number
  day: number
  hour: number
  minute: number
  second: number
  ms: number
  nanos: number
}>

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const clock = String.raw`(?<hour>\d{1,2}):(?<minute>\d\d):(?<second>\d\d)(?:[.,](?<fraction>\d{1,9}))?`
const named = '(?<name>[A-Za-z]{3})'
const day = String.raw`(?<day>\d{1,2})`
const year = String.raw`(?<year>(?:19|20)\d\d)`
const forms = [
  // RFC 3164, Cisco ASA and Huawei (year before the clock)
  String.raw`(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? )?${named} {1,2}${day}(?:,? ${year})? {1,2}${clock}`,
  // Cisco NX-OS
  `${year} ${named} {1,2}${day} ${clock}`,
  `${day} ${named} ${year} ${clock}`,
  // RFC 3339, and its variants without a zone
  String.raw`(?<year>\d{4})[-/](?<month>\d\d)[-/](?<day>\d\d)[T ]${clock}`,
].map((form) => new RegExp(`^${form}`))
const attached = /^(?:Z| ?(?:UTC|GMT)?([+-])(\d\d):?(\d\d))(?=[ :]|$)/
const followingYear = /^ ((?:19|20)\d\d)(?=[ :]|$)/
/** Another abbreviation counts in front of a message of Cisco only: it could be a host or an application. */
const abbreviation = /^ ([A-Z]{1,5})(?=:| |$)/
const beforeCisco = /^: +%/

/** Hours. Abbreviations with several meanings are in `ambiguous`. */
const zones = new Map(
  (
    'UTC:0 GMT:0 Z:0 WET:0 WEST:1 CET:1 MET:1 CEST:2 MEST:2 EET:2 EEST:3 MSK:3 EST:-5 EDT:-4 MST:-7 MDT:-6 PST:-8 ' +
    'PDT:-7 AKST:-9 AKDT:-8 HST:-10 JST:9 KST:9 HKT:8 SGT:8 AWST:8 ACST:9.5 ACDT:10.5 AEST:10 AEDT:11 NZST:12 NZDT:13'
  )
    .split(' ')
    .map((zone) => zone.split(':'))
    .map(([name = '', hours]) => [name, Number(hours)]),
)
/** These count if the configured zone is UTC; another configured zone has priority. */
const ambiguous = new Map(Object.entries({ CST: -6, CDT: -5, IST: 5.5, BST: 1 }))
const hourMs = 3_600_000
const aheadMs = 31 * 24 * hourMs

/** The time with which a text begins. */
export function timeAtStart(text: string, given: Clock): TimeInText | undefined {
  for (const form of forms) {
    const match = form.exec(text)
    if (match === null) continue
    const parts = partsOf(match.groups ?? {})
    let length = match[0].length
    const offset = attached.exec(text.slice(length))
    length += offset?.[0].length ?? 0
    const zoneName = offset === null ? zoneAfter(text.slice(length), given.zone) : undefined
    length += zoneName?.length ?? 0
    const laterYear = parts.year === undefined ? followingYear.exec(text.slice(length)) : null
    length += laterYear?.[0].length ?? 0
    if (!/^[ :]|^$/.test(text.slice(length, length + 1))) continue
    const at = instantIn(
      laterYear === null ? parts : { ...parts, year: Number(laterYear[1]) },
      offset === null ? zoneName?.offset : offsetOf(offset),
      given,
    )
    if (at !== undefined) return { at, nanos: parts.nanos, length }
  }
  return undefined
}

const rfc5424 = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:Z|([+-])(\d\d):(\d\d))$/

/** A time of RFC 5424, section 6.2.3. A leap second is the first moment of the next minute, as in POSIX. */
export function strictTime(text: string): Instant | undefined {
  const match = rfc5424.exec(text)
  if (match === null) return undefined
  const [, written, month, dayOfMonth, hour, minute, second, fraction, sign, hours = '0', minutes = '0'] = match
  if (Number(hours) > 23 || Number(minutes) > 59) return undefined
  const parts = partsOf({ year: written, month, day: dayOfMonth, hour, minute, second, fraction })
  const offset = (sign === '-' ? -1 : 1) * (Number(hours) * hourMs + Number(minutes) * 60_000)
  const at = instantIn(parts, offset, { received: 0, zone: 'UTC' })
  return at === undefined ? undefined : { at, nanos: parts.nanos }
}

function partsOf(groups: Readonly<Record<string, string | undefined>>): Parts {
  const { name, fraction = '' } = groups
  return {
    year: groups['year'] === undefined ? undefined : Number(groups['year']),
    month: name === undefined ? Number(groups['month']) - 1 : months.indexOf(name.toLowerCase()),
    day: Number(groups['day']),
    hour: Number(groups['hour']),
    minute: Number(groups['minute']),
    second: Number(groups['second']),
    ms: Number(fraction.slice(0, 3).padEnd(3, '0')),
    nanos: Number(fraction.slice(3, 9).padEnd(6, '0')),
  }
}

function offsetOf([, sign, hours, minutes]: RegExpExecArray): number {
  if (sign === undefined) return 0
  return (sign === '-' ? -1 : 1) * (Number(hours) * hourMs + Number(minutes) * 60_000)
}

/** `offset`: in ms; undefined for a zone that the configured one stands for. */
function zoneAfter(text: string, zone: string): Readonly<{ length: number; offset: number | undefined }> | undefined {
  const match = abbreviation.exec(text)
  if (match === null) return undefined
  const [{ length }, name = ''] = match
  const hours = zones.get(name) ?? (zone === 'UTC' ? ambiguous.get(name) : undefined)
  if (hours !== undefined) return { length, offset: hours * hourMs }
  return ambiguous.has(name) || beforeCisco.test(text.slice(length)) ? { length, offset: undefined } : undefined
}

/**
 * Undefined for a time that does not exist. Without a year, the one nearest to the arrival, but no year puts a message
 * more than a month after its arrival: old messages are more frequent than clocks that are so wrong.
 */
function instantIn(parts: Parts, offset: number | undefined, { received, zone }: Clock): number | undefined {
  const { year: written, month, day: dayOfMonth, hour, minute, second, ms } = parts
  if (month < 0 || month > 11 || hour > 23 || minute > 59 || second > 60) return undefined
  const thisYear = new Date(received).getUTCFullYear()
  const instants = (written === undefined ? [thisYear - 1, thisYear, thisYear + 1] : [written]).flatMap((number) => {
    const date = new Date(0)
    date.setUTCFullYear(number, month, dayOfMonth)
    if (date.getUTCMonth() !== month || dayOfMonth === 0) return []
    const local = date.getTime() + hour * hourMs + minute * 60_000 + second * 1000 + ms
    return [offset === undefined ? instantOf(local, zone, 'earlier').at : local - offset]
  })
  const distance = (at: number): number =>
    written === undefined && at > received + aheadMs ? Infinity : Math.abs(at - received)
  return instants.toSorted((a, b) => distance(a) - distance(b))[0]
}
