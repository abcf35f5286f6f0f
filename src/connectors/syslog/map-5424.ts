/** The header and structured data of RFC 5424. */
import { withoutUndefined } from '../../model/json.ts'
import { strictTime, type Instant } from './map-times.ts'

export type Header5424 = Readonly<{
  host: string | undefined
  app: string | undefined
  time: Instant | undefined
  metadata: Readonly<Record<string, string>>
  line: string
}>

/** Lengths of RFC 5424, section 6: a longer name is a part of the text. */
const header = /^[1-9]\d{0,2} (\S+) ([!-~]{1,255}) ([!-~]{1,48}) ([!-~]{1,128}) ([!-~]{1,32}) /
/** Cisco Meraki has seconds in place of the time, and no further fields than the host. */
const meraki = /^1 (\d{9,10})(?:\.(\d{1,9}))? (\S{1,255}) (.*)$/s

/** `text`: behind the priority. */
export function read5424(text: string): Header5424 | undefined {
  const match = header.exec(`${text} `)
  if (match === null) return readMeraki(text)
  const [whole, written = '', host, app, process, id] = match
  const time = strictTime(written)
  if (time === undefined && written !== '-') return readMeraki(text)
  const data = readStructured(text.slice(whole.length))
  if (data === undefined) return undefined
  return {
    host: valueOf(host),
    app: valueOf(app),
    time,
    metadata: { ...withoutUndefined({ procid: valueOf(process), msgid: valueOf(id) }), ...data.values },
    // The mark of UTF-8 in front is no text.
    line: data.rest.replace(/^\uFEFF/, ''),
  }
}

function readMeraki(text: string): Header5424 | undefined {
  const [, seconds, fraction = '', host, line = ''] = meraki.exec(text) ?? []
  if (seconds === undefined) return undefined
  const digits = fraction.padEnd(9, '0')
  const time = { at: Number(seconds) * 1000 + Number(digits.slice(0, 3)), nanos: Number(digits.slice(3)) }
  return { host: valueOf(host), app: undefined, time, metadata: {}, line }
}

const valueOf = (text: string | undefined) => (text === '-' ? undefined : text)

/** `-`, or `[id name="value" …]…`, then a blank and the message. Values of a repeated name are joined. */
function readStructured(text: string): Readonly<{ values: Record<string, string>; rest: string }> | undefined {
  const results = new Map<string, string>()
  let at = 0
  if (text.startsWith('-')) at = 1
  const element = /\[([^\s=\]"]{1,32})((?: [^\s=\]"]{1,32}="(?:[^"\\\]]|\\.)*")*)\]/sy
  while (text[at] === '[') {
    element.lastIndex = at
    const match = element.exec(text)
    if (match === null) return undefined
    for (const [, name = '', written = ''] of (match[2] ?? '').matchAll(/ ([^\s=\]"]+)="((?:[^"\\\]]|\\.)*)"/gs)) {
      const key = `${match[1]}.${name}`
      const value = written.replaceAll(/\\(["\\\]])/g, '$1')
      const before = results.get(key)
      results.set(key, before === undefined ? value : `${before}, ${value}`)
    }
    at = element.lastIndex
  }
  if (at === 0 || (at < text.length && text[at] !== ' ')) return undefined
  return { values: Object.fromEntries(results), rest: text.slice(at + 1) }
}
