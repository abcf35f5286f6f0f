/** Syslog messages as log lines. */
import { withoutUndefined } from '../../model/json.ts'
import type { LogData } from '../../model/points.ts'
import { read3164 } from './map-3164.ts'
import { read5424 } from './map-5424.ts'
import { textOfBytes } from './map-text.ts'
import type { Clock } from './map-times.ts'

export type SyslogLine = Readonly<{
  body: LogData
  /** Unix ms; undefined: the message has none. */
  time: number | undefined
  isParsed: boolean
}>

export type Arrival = Clock &
  Readonly<{
    /** Address of the sender. */
    from: string
    /** The connection ended before the end of the message. */
    isCut?: boolean
  }>

const system = 'kern user mail daemon auth syslog lpr news uucp cron authpriv ftp ntp audit alert clock'
const facilities = [...system.split(' '), ...Array.from({ length: 8 }, (_, number) => `local${number}`)]
/** By number; emergency, alert and critical are fatal. */
const severities = ['fatal', 'fatal', 'fatal', 'error', 'warn', 'info', 'info', 'debug']

const maxPriority = 191
const priority = /^<(\d{1,3})>/
/** Version of RFC 5424, also with a text behind it that is none of it. */
const begins5424 = /^\d{1,3}(?: |$)/

export function syslogLine(bytes: Uint8Array, arrival: Arrival): SyslogLine {
  const text = textOfBytes(bytes).replace(/[\r\n\0]+$/, '')
  const match = priority.exec(text)
  const level = Number(match?.[1])
  if (match === null || level > maxPriority) return unparsed(text, arrival)
  const facility = facilities[level >> 3] ?? ''
  const severity = severities[level & 7] ?? 'info'
  const rest = text.slice(match[0].length)
  const strict = read5424(rest)
  const loose = strict ?? read3164(rest, arrival)
  if (strict === undefined && begins5424.test(rest) && loose.time === undefined)
    return unparsed(text, arrival, { facility, severity })
  const { host, app, time, line } = loose
  const metadata = { ...loose.metadata, ...cutMark(arrival) }
  return {
    body: {
      line,
      labels: { facility, ...withoutUndefined({ host, app }), sender: arrival.from },
      ...(Object.keys(metadata).length === 0 ? {} : { metadata }),
      severity,
      ...(time === undefined ? { arrival: true } : time.nanos === 0 ? {} : { nanos: time.nanos }),
    },
    time: time?.at,
    isParsed: true,
  }
}

function unparsed(
  line: string,
  arrival: Arrival,
  given?: Readonly<{ facility: string; severity: string }>,
): SyslogLine {
  return {
    body: {
      line,
      labels: { ...withoutUndefined({ facility: given?.facility }), sender: arrival.from },
      metadata: { unparsed: 'true', ...cutMark(arrival) },
      ...withoutUndefined({ severity: given?.severity }),
      arrival: true,
    },
    time: undefined,
    isParsed: false,
  }
}

function cutMark({ isCut = false }: Arrival): Readonly<Record<string, string>> {
  return isCut ? { cut: 'true' } : {}
}
