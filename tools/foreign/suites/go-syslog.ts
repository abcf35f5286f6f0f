import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { SyslogFramer } from '../../../src/connectors/syslog/map-framing.ts'
import { syslogLine, type SyslogLine } from '../../../src/connectors/syslog/map.ts'
import type { Outcome, Suite } from '../suite.ts'

type Golden = Readonly<{
  Facility: number | null
  Severity: number | null
  Timestamp: string | null
  Hostname: string | null
  Appname: string | null
  ProcID: string | null
  MsgID: string | null
  Message: string | null
  MessageCounter?: number | null
  Sequence?: number | null
  StructuredData?: Readonly<Record<string, Readonly<Record<string, string>>>> | null
}>

type MachineCase = Readonly<{ input: string; valid: boolean; value: Golden | null; partial: Golden | null }>
type StreamCase = Readonly<{
  name: string
  input: string
  substitute?: boolean
  results: readonly Readonly<{ message: Golden | null; error: string }>[] | null
}>

const received = Date.parse('2026-11-27T17:30:00Z')
const facilities =
  'kern user mail daemon auth syslog lpr news uucp cron authpriv ftp ntp audit alert clock local0 local1 local2 ' +
  'local3 local4 local5 local6 local7'
const severities = ['fatal', 'fatal', 'fatal', 'error', 'warn', 'info', 'info', 'debug']

/**
 * Weir keeps the name of a message of Cisco in the line, and the device of Ubiquiti in metadata; go-syslog has both as
 * the application. Bytes that are not UTF-8 are lost in JSON.
 */
const ascii = (text: string | undefined): string | undefined => text?.replaceAll(/[^\0-\x7F]/g, '')

export const suite: Suite = {
  summary: 'go-syslog: tables of its parsers; right is each value of a message',
  source:
    'test tables `testCases` of rfc5424, rfc3164, octetcounting and nontransparent of the Go modules ' +
    'github.com/leodido/go-syslog/v4 and github.com/influxdata/go-syslog/v3, each as JSON: NAME-PACKAGE.json with ' +
    'the fields input (base64), valid, value and partial, or input, name, substitute and results (message, error)',
  async *outcomes(folder) {
    for (const file of (await readdir(folder)).filter((name) => name.endsWith('.json')).toSorted()) {
      const cases = JSON.parse(await readFile(join(folder, file), 'utf8')) as readonly (MachineCase | StreamCase)[]
      for (const [at, one] of cases.entries()) {
        const name = `${file} ${at}`
        if ('valid' in one) yield ofMachine(name, one)
        else for (const trailer of one.substitute === true ? ['\n', '\0'] : ['']) yield ofStream(name, one, trailer)
      }
    }
  },
}

const read = (bytes: Uint8Array): SyslogLine => syslogLine(bytes, { received, zone: 'UTC', from: '' })

/** A message that go-syslog refuses: no value of what it read before the error may differ. */
function ofMachine(name: string, { input, valid, value, partial }: MachineCase): Outcome {
  const bytes = Buffer.from(input, 'base64')
  const result = read(bytes)
  if (!result.isParsed)
    return valid ? { name, verdict: 'refused', detail: `unparsed: ${bytes.toString()}` } : { name, verdict: 'right' }
  const golden = valid ? value : partial
  const differences = golden === null ? [] : differing(result, golden, valid ? 'all' : 'present')
  if (differences.length === 0) return { name, verdict: 'right' }
  return { name, verdict: 'wrong', detail: `${bytes.toString()}\n${differences.join('\n')}` }
}

/** Messages behind an error of go-syslog, which ends there, are not compared. */
function ofStream(name: string, { input, results }: StreamCase, trailer: string): Outcome {
  const text = Buffer.from(input, 'base64').toString().replaceAll('%[1]s', trailer)
  const framer = new SyslogFramer(64 * 1024)
  const framed = [...framer.push(Buffer.from(text)), ...framer.end()]
  const lines = framed.flatMap((one) => (one.is === 'message' ? [read(one.bytes)] : []))
  const wrong: string[] = []
  for (const [at, { message, error }] of (results ?? []).entries()) {
    if (error !== '') break
    const line = lines[at]
    if (line === undefined) wrong.push(`message ${at} is missing`)
    else if (message !== null) wrong.push(...differing(line, message, 'all'))
  }
  if (wrong.length === 0) return { name: `${name} ${JSON.stringify(trailer)}`, verdict: 'right' }
  return { name, verdict: 'wrong', detail: `${text.slice(0, 200)}\n${wrong.join('\n')}` }
}

function differing({ body, time, isParsed }: SyslogLine, golden: Golden, which: 'all' | 'present'): readonly string[] {
  const { labels = {}, metadata = {} } = body
  const { StructuredData: data, Appname: name } = golden
  const device = metadata['device'] ?? ''
  const inLine = name !== null && (name.startsWith('%') || name === device) ? `${name}: ` : ''
  const right = ascii(inLine + (golden.Message?.replace(/^\uFEFF/, '').replace(/[\r\n\0]+$/, '') ?? '')) ?? ''
  const line = ascii(device === '' ? body.line : `${device}: ${labels['app']}: ${body.line}`) ?? ''
  const pairs: [string, unknown, unknown][] = [
    ['facility', named(golden.Facility, facilities.split(' ')), labels['facility']],
    ['severity', named(golden.Severity, severities), body.severity],
    ['host', golden.Hostname, labels['host']],
    ['app', inLine === '' ? name : undefined, inLine === '' || device === '' ? labels['app'] : undefined],
    ['procid', golden.ProcID, metadata['procid']],
    ['msgid', golden.MsgID, metadata['msgid']],
    ['counter', golden.MessageCounter || null, numberOf(metadata['message_counter'])],
    ['sequence', golden.Sequence ?? null, numberOf(metadata['sequence_number'])],
    ['time', shortTime(golden.Timestamp), shortTime(time)],
    ['line', right, which === 'present' && line.startsWith(right) ? right : line],
    ...Object.entries(data ?? {}).flatMap(([id, values]) =>
      Object.entries(values ?? {}).map(([key, value]): [string, unknown, unknown] => [
        `${id}.${key}`,
        value,
        metadata[`${id}.${key}`],
      ]),
    ),
  ]
  if (!isParsed) return [`unparsed: ${body.line}`]
  return pairs.flatMap(([field, expected, value]) =>
    (expected ?? undefined) === value || (which === 'present' && (expected ?? '') === '')
      ? []
      : [`${field} ${JSON.stringify(value)}, right ${JSON.stringify(expected)}`],
  )
}

const numberOf = (text: string | undefined): number | undefined => (text === undefined ? undefined : Number(text))

function named(number: number | null, names: readonly string[]): string | null {
  return number === null ? null : (names[number] ?? null)
}

/** Without a year, which RFC 3164 lacks and go-syslog has as 0. */
function shortTime(time: string | number | null | undefined): string | undefined {
  if (time === null || time === undefined) return undefined
  const text = typeof time === 'number' ? new Date(time).toISOString() : time
  const at = text.startsWith('0000-') ? Date.parse(text.replace('0000-', '2000-')) : Date.parse(text)
  return new Date(at).toISOString().slice(5)
}
