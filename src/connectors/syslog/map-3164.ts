/** Messages of RFC 3164 and of devices that follow it roughly. */
import { withoutUndefined } from '../../model/json.ts'
import { timeAtStart, type Clock, type Instant } from './map-times.ts'

export type Header3164 = Readonly<{
  host?: string
  app?: string
  time?: Instant
  metadata: Readonly<Record<string, string>>
  line: string
}>

type Prefix = Readonly<{ host?: string; time?: Instant; metadata: Readonly<Record<string, string>>; rest: string }>

/** `text`: the message after the priority. */
export function read3164(text: string, clock: Clock): Header3164 {
  const fortinet = readFortinet(text, clock)
  if (fortinet !== undefined) return fortinet
  const { host, time, metadata, rest } = prefixOf(text, clock)
  const read = host === undefined ? readNames(rest, time === undefined ? 'untimed' : 'timed') : readTag(rest)
  const tagged = read ?? { line: rest }
  return {
    ...withoutUndefined({ host, time }),
    ...tagged,
    metadata: { ...metadata, ...('metadata' in tagged ? tagged.metadata : {}) },
  }
}

const fortinetTime = /^ *date=(\d{4}-\d\d-\d\d),? ?time=(\d\d:\d\d:\d\d)[ ,]/
const fortinetHost = /[ ,]devname="?([^" ,]{1,255})/
const fortinetZone = /[ ,]tz="?([+-]\d{4})/

/** Fortinet has no header, only pairs of names and values. */
function readFortinet(text: string, clock: Clock): Header3164 | undefined {
  const [, day, timeOfDay] = fortinetTime.exec(text) ?? []
  if (day === undefined) return undefined
  const time = timeAtStart(`${day} ${timeOfDay}${fortinetZone.exec(text)?.[1] ?? ''}`, clock)
  return { ...withoutUndefined({ host: fortinetHost.exec(text)?.[1], time }), metadata: {}, line: text }
}

/** Cisco: counters of messages in front, a host, the node of a router, and a mark of the state of its clock. */
const counters = /^ *(?:(\d{1,10})?: *)?(?:(\d{1,10}): +)?/
const origin = /^(?=\d*[A-Za-z.-])([\w.-]{1,255}) ?: +/
const node = /^(?:([\w.-]{1,255}) )?([A-Z]{2,4}\d*(?:\/\w+){2,3}) ?: ?/
const uptime = /^((?:\d+:\d\d:\d\d|(?:\d+[ywdh]){2,3})(?:\.\d+)?): +(?=%)/

function prefixOf(text: string, clock: Clock): Prefix {
  const [counted = '', counter, sequence] = counters.exec(text) ?? []
  const plainText = text.trimStart()
  const afterCounters = text.slice(counted.length)
  const metadata = withoutUndefined({ message_counter: counter, sequence_number: sequence })
  for (const { host, own, rest } of places(afterCounters)) {
    const start = /^[*.](?=\w)/.test(rest) ? 1 : 0
    const time = timeAtStart(rest.slice(start), clock)
    if (time === undefined) continue
    const message = rest.slice(start + time.length).replace(/^ ?: */, ' ')
    return { ...withoutUndefined({ host, time }), metadata: { ...metadata, ...own }, rest: message.trimStart() }
  }
  const up = uptime.exec(afterCounters)
  if (up !== null) return { metadata: { ...metadata, uptime: up[1] ?? '' }, rest: afterCounters.slice(up[0].length) }
  // Numbers are text if neither a time nor a message of Cisco follows them.
  if (afterCounters.startsWith('%')) return { metadata, rest: afterCounters }
  return { metadata: {}, rest: plainText }
}

function* places(text: string): Generator<Readonly<{ host?: string; own?: Record<string, string>; rest: string }>> {
  yield { rest: text }
  const router = node.exec(text)
  if (router !== null)
    yield {
      ...withoutUndefined({ host: router[1] }),
      own: { node: router[2] ?? '' },
      rest: text.slice(router[0].length),
    }
  const originMatch = origin.exec(text)
  if (originMatch !== null)
    yield { ...withoutUndefined({ host: originMatch[1] }), rest: text.slice(originMatch[0].length) }
}

type Names = Readonly<{ host?: string; app?: string; metadata?: Readonly<Record<string, string>>; line: string }>

/** `%ASA-6-302013: `: Cisco's name of the message, which stays in the line. */
const ciscoHost = /^([^\s[\]:]{1,255}) ?:? +(%[A-Z][\w-]*-\d-.*)$/s
const forwarded = /^Message forwarded from ([^\s:]{1,255}): (.*)$/s
/** Ubiquiti: model, address and version of a device; behind its name or in its place. */
const device = /^(?:([^\s,]{1,255}) )?\(?"?([\w+.-]+(?:,[\w+.-]+)+)"?\)?:? +(.*)$/s
const hardwareAddress = /(?:^|,)[0-9A-Fa-f]{12}(?:,|$)/
/** VMware ESXi 8: the severity between host and tag. */
const severityMark = /^(?:(\S{1,255}) )?((?:Em|Al|Cr|Er|Wa|No|In|Db)\(\d{1,3}\)) (.*)$/s
/** A host has no colon at its end and no bracket, except as an address of IPv6. */
const hostAndRest = /^([\w.@/%\u0080-\uFFFF:-]{0,254}[\w.@/%\u0080-\uFFFF-]) (.*)$/s
const tag = /^([^\s[\]:,"'=<>{}]{1,48})(?:\[([^\]\s]*)\])?:(?!\/\/) ?(.*)$/s

type Header = 'timed' | 'untimed'

function readNames(text: string, header: Header): Names | undefined {
  if (text.startsWith('%') || text.startsWith('last message repeated ')) return { line: text }
  const [, relayed, behind = ''] = forwarded.exec(text) ?? []
  if (relayed !== undefined) return { host: relayed, ...(readTag(behind) ?? { line: behind }) }
  const [, ciscoName, message = ''] = ciscoHost.exec(text) ?? []
  if (ciscoName !== undefined) return { host: ciscoName, line: message }
  return readDevice(text) ?? readMarked(text) ?? readHost(text, header)
}

function readDevice(text: string): Names | undefined {
  const [, host, written = '', rest = ''] = device.exec(text) ?? []
  if (!hardwareAddress.test(written) && !/^[0-9A-Fa-f]{12},/.test(written)) return undefined
  const tagged = readTag(rest) ?? { line: rest }
  if (host === undefined) return { ...tagged, host: written }
  return { ...tagged, host, metadata: { ...tagged.metadata, device: written } }
}

function readMarked(text: string): Names | undefined {
  const [, host, mark, rest = ''] = severityMark.exec(text) ?? []
  if (mark === undefined) return undefined
  const tagged = readTag(rest) ?? { line: rest }
  return { ...withoutUndefined({ host }), ...tagged, metadata: { ...tagged.metadata, severity_mark: mark } }
}

function readHost(text: string, header: Header): Names | undefined {
  const direct = readTag(text)
  if (direct !== undefined) return direct
  const [, host, rest = ''] = hostAndRest.exec(text) ?? []
  if (host === undefined) return undefined
  const tagged = readTag(rest.trimStart())
  // Without a time, the first word is a host only if it looks like a host name: RFC 3164, section 4.3.3.
  if (header === 'untimed' && (tagged === undefined || (tagged.metadata === undefined && !/[\d.-]/.test(host))))
    return undefined
  return { ...(host === '-' ? {} : { host }), ...(tagged ?? { line: rest }) }
}

/** Name of the application and its process. */
function readTag(text: string): Names | undefined {
  if (text.startsWith('%')) return undefined
  const [, app, process, line = ''] = tag.exec(text) ?? []
  if (app === undefined || /^\d+$/.test(app)) return undefined
  return { app, ...(process === undefined || process === '' ? {} : { metadata: { procid: process } }), line }
}
