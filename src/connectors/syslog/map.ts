/** Syslog messages as log lines. */
import { known } from '../../model/json.ts'
import type { LogData } from '../../model/points.ts'
import { instantOf } from '../../model/zones.ts'

export type SyslogLine = Readonly<{
  body: LogData
  /** Unix ms; undefined: the message has none. */
  time: number | undefined
  isParsed: boolean
}>

const system = 'kern user mail daemon auth syslog lpr news uucp cron authpriv ftp ntp audit alert clock'
const facilities = [...system.split(' '), ...Array.from({ length: 8 }, (_, number) => `local${number}`)]
/** By number; emergency, alert and critical are fatal. */
const severities = ['fatal', 'fatal', 'fatal', 'error', 'warn', 'info', 'info', 'debug']
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

const maxPriority = 191
/** Labels have the lengths of RFC 5424, section 6: a longer name is a part of the line. */
const head5424 = /^<(\d{1,3})>1 (\S+) (\S{1,255}) (\S{1,48}) (\S+) (\S+) /
const head3164 = /^<(\d{1,3})>(?:([A-Z][a-z]{2}) ([ \d]\d) (\d\d):(\d\d):(\d\d)(?:\.\d+)? |(\d{4}-\d\d-\d\dT\S+) )?/
const rfc3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/

/** `received`: Unix ms, for the year of RFC 3164. `from`: address of the sender. */
export function syslogLine(
  bytes: Uint8Array,
  given: Readonly<{ received: number; zone: string; from: string }>,
): SyslogLine {
  const text = new TextDecoder().decode(bytes).replace(/[\r\n\0]+$/, '')
  return read5424(text, given.from) ?? read3164(text, given) ?? unparsed(text, given.from)
}

function unparsed(text: string, from: string): SyslogLine {
  return { body: { line: text, labels: { sender: from }, arrival: true }, time: undefined, isParsed: false }
}

function priorityOf(text: string | undefined) {
  const priority = Number(text)
  if (!(priority <= maxPriority)) return undefined
  return { facility: facilities[priority >> 3] ?? '', severity: severities[priority & 7] ?? 'info' }
}

const valueOf = (text: string | undefined) => (text === undefined || text === '-' || text === '' ? undefined : text)

function read5424(text: string, from: string): SyslogLine | undefined {
  const match = head5424.exec(`${text} `)
  const priority = priorityOf(match?.[1])
  if (match === null || priority === undefined) return undefined
  const [whole, , written = '', host, app, process, id] = match
  const time = rfc3339.test(written) ? Date.parse(written) : undefined
  if (time === undefined && written !== '-') return undefined
  const data = readStructured(text.slice(whole.length))
  if (data === undefined) return undefined
  const metadata = { ...known({ procid: valueOf(process), msgid: valueOf(id) }), ...data.values }
  return {
    body: {
      // The mark of UTF-8 in front is no text.
      line: data.rest.replace(/^\uFEFF/, ''),
      labels: { facility: priority.facility, ...known({ host: valueOf(host), app: valueOf(app) }), sender: from },
      ...(Object.keys(metadata).length === 0 ? {} : { metadata }),
      severity: priority.severity,
      ...(time === undefined ? { arrival: true } : {}),
    },
    time,
    isParsed: true,
  }
}

/** `-`, or `[id name="value" …]…`, then a blank and the message. */
function readStructured(text: string): Readonly<{ values: Record<string, string>; rest: string }> | undefined {
  const values: Record<string, string> = {}
  if (text.startsWith('-')) return { values, rest: text.slice(2) }
  let at = 0
  const element = /\[([^\s=\]"]{1,32})((?: [^\s=\]"]{1,32}="(?:[^"\\\]]|\\.)*")*)\]/sy
  while (text[at] === '[') {
    element.lastIndex = at
    const match = element.exec(text)
    if (match === null) return undefined
    for (const [, name = '', value = ''] of (match[2] ?? '').matchAll(/ ([^\s=\]"]+)="((?:[^"\\\]]|\\.)*)"/gs))
      values[`${match[1]}.${name}`] = value.replaceAll(/\\(["\\\]])/g, '$1')
    at = element.lastIndex
  }
  if (at === 0 || (at < text.length && text[at] !== ' ')) return undefined
  return { values, rest: text.slice(at + 1) }
}

function read3164(
  text: string,
  { received, zone, from }: Readonly<{ received: number; zone: string; from: string }>,
): SyslogLine | undefined {
  const match = head3164.exec(text)
  const priority = priorityOf(match?.[1])
  if (match === null || priority === undefined) return undefined
  const [whole, , month, day, hour, minute, second, iso] = match
  const local = [Number(day), Number(hour), Number(minute), Number(second)] as const
  const time =
    month !== undefined && months.includes(month)
      ? nearest(months.indexOf(month), local, received, zone)
      : iso !== undefined && rfc3339.test(iso)
        ? Date.parse(iso)
        : undefined
  const rest = time === undefined ? text.slice((match[1]?.length ?? 0) + 2) : text.slice(whole.length)
  // A host has no colon and no bracket, except as an address of IPv6.
  const named = /^(?:([^\s[\]]{0,254}[^\s[\]:]) )?([\w./-]{1,48})(?:\[([^\]]*)\])?: ?(.*)$/s.exec(rest)
  const [, host, app, process, line] = named ?? []
  return {
    body: {
      line: line ?? rest,
      labels: { facility: priority.facility, ...known({ host, app }), sender: from },
      ...(process === undefined ? {} : { metadata: { procid: process } }),
      severity: priority.severity,
      ...(time === undefined ? { arrival: true } : {}),
    },
    time,
    isParsed: true,
  }
}

/** The messages have no year. */
function nearest(
  month: number,
  [day, hour, minute, second]: readonly [number, number, number, number],
  received: number,
  zone: string,
): number {
  const year = new Date(received).getUTCFullYear()
  const times = [year - 1, year, year + 1].map(
    (one) => instantOf(Date.UTC(one, month, day, hour, minute, second), zone, 'earlier').at,
  )
  return times.reduce((best, at) => (Math.abs(at - received) < Math.abs(best - received) ? at : best))
}
