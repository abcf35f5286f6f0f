/** Requests of Loki's push API as log lines. Throws with the reason. */
import { createHash } from 'node:crypto'
import { BinaryReader } from '@bufbuild/protobuf/wire'
import { Occurrences } from '../../messaging/push-source.ts'
import type { WeirEvent } from '../../model/events.ts'
import { isRecord, known } from '../../model/json.ts'
import { assertShallow } from '../../model/json-depth.ts'
import { telemetryTypes, type LogData } from '../../model/points.ts'

type Texts = Readonly<Record<string, string>>

export type ReceivedLine = Readonly<{
  labels: Texts
  /** Unix ns. */
  nanos: bigint
  line: string
  metadata: Texts
}>

export function linesOfJson(body: Uint8Array): ReceivedLine[] {
  assertShallow(body)
  let given: unknown
  try {
    given = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
  } catch (error) {
    throw new Error('the body is not valid JSON', { cause: error })
  }
  const streams = isRecord(given) ? given['streams'] : undefined
  if (!Array.isArray(streams)) throw new Error('the body has no list `streams`')
  return (streams as unknown[]).flatMap((stream) => {
    const { stream: labels, values } = isRecord(stream) ? stream : {}
    if (!isRecord(labels) || !Array.isArray(values)) throw new Error('a stream needs `stream` and `values`')
    const texts = textsOf(labels, 'a label')
    return (values as unknown[]).map((value): ReceivedLine => {
      const [time, line, metadata = {}] = Array.isArray(value) ? (value as unknown[]) : []
      if (typeof time !== 'string' || !/^-?\d{1,19}$/.test(time))
        throw new Error('a timestamp is no text of nanoseconds')
      if (typeof line !== 'string') throw new Error('a line is no text')
      if (!isRecord(metadata)) throw new Error('structured metadata is no object')
      return { labels: texts, nanos: BigInt(time), line, metadata: textsOf(metadata, 'structured metadata') }
    })
  })
}

function textsOf(given: Readonly<Record<string, unknown>>, what: string): Texts {
  for (const [name, value] of Object.entries(given))
    if (typeof value !== 'string') throw new Error(`${what} is no text: ${name}`)
  return given as Texts
}

/** PushRequest { 1: streams }, Stream { 1: labels, 2: entries }. */
export function linesOfProtobuf(body: Uint8Array): ReceivedLine[] {
  const lines: ReceivedLine[] = []
  eachField(body, (field, reader) => {
    if (field !== 1) return false
    let labels: Texts = {}
    const entries: Uint8Array[] = []
    eachField(reader.bytes(), (inner, stream) => {
      if (inner === 1) labels = labelsOf(stream.string())
      else if (inner === 2) entries.push(stream.bytes())
      else return false
      return true
    })
    for (const entry of entries) lines.push({ labels, ...entryOf(entry) })
    return true
  })
  return lines
}

/** Entry { 1: timestamp { 1: seconds, 2: nanoseconds }, 2: line, 3: structured metadata { 1: name, 2: value } }. */
function entryOf(bytes: Uint8Array): Omit<ReceivedLine, 'labels'> {
  let [seconds, nanos, line] = [0n, 0, '']
  const metadata: Record<string, string> = {}
  eachField(bytes, (field, reader) => {
    if (field === 1)
      eachField(reader.bytes(), (inner, time) => {
        if (inner === 1) seconds = BigInt(time.int64())
        else if (inner === 2) nanos = time.int32()
        else return false
        return true
      })
    else if (field === 2) line = reader.string()
    else if (field === 3) {
      let [name, value] = ['', '']
      eachField(reader.bytes(), (inner, pair) => {
        if (inner === 1) name = pair.string()
        else if (inner === 2) value = pair.string()
        else return false
        return true
      })
      metadata[name] = value
    } else return false
    return true
  })
  return { nanos: seconds * 1_000_000_000n + BigInt(nanos), line, metadata }
}

/** `take` returns false for a field that it does not read. */
function eachField(bytes: Uint8Array, take: (field: number, reader: BinaryReader) => boolean) {
  const reader = new BinaryReader(bytes)
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag()
    if (!take(field, reader)) reader.skip(type, field)
  }
}

const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', a: '\x07', b: '\b', f: '\f', v: '\v' }

/** `{a="b", c="d"}` with texts as in Go. */
export function labelsOf(text: string): Texts {
  const inner = /^\s*\{(.*)\}\s*$/s.exec(text)?.[1]
  if (inner === undefined) throw new Error('the labels of a stream are malformed')
  const labels: Record<string, string> = {}
  const pair = /\s*([a-zA-Z_][\w.:]*)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|`([^`]*)`)\s*(?:,|$)/sy
  while (pair.lastIndex < inner.length) {
    if (inner.slice(pair.lastIndex).trim() === '') break
    const match = pair.exec(inner)
    if (match === null) throw new Error('the labels of a stream are malformed')
    const [, name = '', quoted, raw = ''] = match
    labels[name] = quoted === undefined ? raw : unquoted(quoted)
  }
  return labels
}

function unquoted(text: string) {
  return text.replaceAll(
    /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))/gs,
    (_, x?: string, u?: string, long?: string, one = '') => {
      const code = x ?? u ?? long
      return code === undefined ? (escapes[one] ?? one) : String.fromCodePoint(Number.parseInt(code, 16))
    },
  )
}

const severities = new Set(['trace', 'debug', 'info', 'warn', 'error', 'fatal'])
const synonyms: Readonly<Record<string, string>> = { warning: 'warn', err: 'error', critical: 'fatal', crit: 'fatal' }
const utf8 = new TextEncoder()

/** Lines of one request. Loki itself drops an exact repetition of a line. */
export function lineEvents(lines: readonly ReceivedLine[], tenant: string | undefined): WeirEvent[] {
  const ids = new Occurrences()
  return lines.map(({ labels, nanos, line, metadata }) => {
    const named = (metadata['detected_level'] ?? metadata['level'] ?? labels['level'] ?? '').toLowerCase()
    const severity = synonyms[named] ?? named
    const body: LogData = {
      line,
      ...known({
        labels: Object.keys(labels).length === 0 ? undefined : labels,
        metadata: Object.keys(metadata).length === 0 ? undefined : metadata,
        severity: severities.has(severity) ? severity : undefined,
        trace: metadata['trace_id'],
        span: metadata['span_id'],
      }),
    }
    const data = utf8.encode(JSON.stringify(body))
    const digest = createHash('sha256').update(`${nanos}\n`).update(data).digest('base64url').slice(0, 22)
    return {
      id: ids.idOf(digest),
      source: tenant === undefined ? '/loki' : `/loki/${encodeURIComponent(tenant)}`,
      type: telemetryTypes.log,
      family: 'log',
      time: Number(nanos / 1_000_000n),
      ...(tenant === undefined ? {} : { extensions: { tenant } }),
      datacontenttype: 'application/json',
      encoding: 'json',
      data,
    }
  })
}
