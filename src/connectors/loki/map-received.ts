/** Requests of Loki's push API as log lines. Throws with the reason if the request as a whole is malformed. */
import { JsonScan } from '../../codecs/json-scan/index.ts'
import { WireReader } from '../../codecs/proto-reader/index.ts'
import { stepsPerTurn, verifyMessages } from '../../codecs/proto-reader/verify.ts'
import { strictText } from '../../codecs/proto-reader/text.ts'
import type { Decoding } from '../../messaging/pushed-rows.ts'
import { isRecord } from '../../model/json.ts'
import type { LineRows, Texts } from './map-lines.ts'

/** Labels, or pairs of metadata of one line. */
const maxValues = 20_000

export function* linesOfJson(body: Buffer, lines: LineRows): Decoding<void> {
  const scan = new JsonScan(body)
  yield* scan.verify()
  let hasStreams = false
  if (scan.isObject) {
    scan.enter()
    for (let key = scan.key(); key !== undefined; key = scan.key()) {
      if (key !== 'streams' || !scan.isList) {
        scan.skip()
        continue
      }
      hasStreams = true
      scan.enter()
      for (let step = 1; scan.item(); step++) {
        if (step % stepsPerTurn === 0) yield
        yield* streamOfJson(scan, lines)
      }
    }
  }
  if (!hasStreams) throw new Error('the body has no list `streams`')
}

/** The labels may follow the lines. */
function* streamOfJson(scan: JsonScan, lines: LineRows): Decoding<void> {
  const needs = 'a stream needs `stream` and `values`'
  if (!scan.isObject) {
    scan.skip()
    return lines.leave('invalid_stream', needs)
  }
  const from = scan.at
  let [labels, hasValues]: [Texts | string | undefined, boolean] = [undefined, false]
  scan.enter()
  for (let key = scan.key(); key !== undefined; key = scan.key()) {
    if (key === 'stream') {
      labels = textsOf(scan.value(maxValues)?.value, 'a label')
      continue
    }
    hasValues ||= key === 'values' && scan.isList
    scan.skip()
  }
  if (labels === undefined || !hasValues) return lines.leave('invalid_stream', needs)
  lines.stream(labels)
  scan.at = from
  scan.enter()
  for (let key = scan.key(); key !== undefined; key = scan.key()) {
    if (key !== 'values' || !scan.isList) {
      scan.skip()
      continue
    }
    scan.enter()
    for (let step = 1; scan.item(); step++) {
      const fault = lineOfJson(scan.value(maxValues)?.value, lines)
      if (fault !== undefined) lines.leave('invalid_line', fault)
      if (lines.rows.isFull || step % stepsPerTurn === 0) yield
    }
  }
}

function lineOfJson(value: unknown, lines: LineRows): string | undefined {
  const [time, line, metadata = {}] = Array.isArray(value) ? (value as unknown[]) : []
  if (typeof time !== 'string' || !/^-?\d{1,19}$/.test(time)) return 'a timestamp is no text of nanoseconds'
  if (typeof line !== 'string') return 'a line is no text'
  if (!isRecord(metadata)) return 'structured metadata is no object'
  const texts = textsOf(metadata, 'structured metadata')
  if (typeof texts === 'string') return texts
  lines.put(BigInt(time), line, texts)
  return undefined
}

function textsOf(given: unknown, what: string): Texts | string {
  if (!isRecord(given)) return `${what} is no object of texts, or has more than ${maxValues} values`
  for (const [name, value] of Object.entries(given))
    if (typeof value !== 'string') return `${what} is no text: ${name.slice(0, 64)}`
  return given as Texts
}

/** PushRequest { 1: streams }, Stream { 1: labels, 2: entries }. */
const [streams, labelsField, entries] = [1, 1, 2]

export function* linesOfProtobuf(body: Uint8Array, lines: LineRows): Decoding<void> {
  yield* verifyMessages(body, [[streams], [labelsField, entries]])
  const reader = new WireReader()
  reader.start(body, 0)
  for (let step = 1; reader.next(body.length); step++) {
    if (step % stepsPerTurn === 0) yield
    const end = reader.enter(streams, body.length)
    if (end > reader.at) yield* streamOfProtobuf(reader, end, lines)
  }
}

function* streamOfProtobuf(reader: WireReader, end: number, lines: LineRows): Decoding<void> {
  const from = reader.at
  let labels: Texts | string = {}
  for (let step = 1; reader.next(end); step++) {
    if (step % stepsPerTurn === 0) yield
    const to = reader.enter(labelsField, end)
    if (to < 0) continue
    labels = labelsIn(strictText(reader.bytes, reader.at, to))
    reader.at = to
  }
  lines.stream(labels)
  reader.at = from
  for (let step = 1; reader.next(end); step++) {
    const to = reader.enter(entries, end)
    if (to < 0) continue
    const fault = lineOfProtobuf(reader, to, lines)
    if (fault !== undefined) lines.leave(...fault)
    reader.failed = false
    reader.at = to
    if (lines.rows.isFull || step % stepsPerTurn === 0) yield
  }
}

function labelsIn(text: string | undefined): Texts | string {
  if (text === undefined) return 'its labels are no valid UTF-8'
  try {
    return labelsOf(text)
  } catch {
    return 'the labels of a stream are malformed'
  }
}

type LineFault = readonly [reason: string, message: string]
const [notUtf8, malformed]: readonly LineFault[] = [
  ['invalid_utf8', 'a line or its metadata is no valid UTF-8'],
  ['invalid_line', 'a line is no valid protobuf'],
] as const

/** Entry { 1: timestamp { 1: seconds, 2: nanoseconds }, 2: line, 3: structured metadata { 1: name, 2: value } }. */
function lineOfProtobuf(reader: WireReader, end: number, lines: LineRows): LineFault | undefined {
  let [nanos, line]: [bigint, string | undefined] = [0n, '']
  const metadata: Record<string, string> = {}
  let pairs = 0
  while (reader.next(end)) {
    const { field } = reader
    if (field > 3) {
      reader.skip(end)
      continue
    }
    const to = reader.within(end)
    if (to < 0) continue
    if (field === 1) nanos = timeOf(reader, to)
    else if (field === 2) line = strictText(reader.bytes, reader.at, to)
    else {
      if (++pairs > maxValues) return ['invalid_line', `structured metadata has more than ${maxValues} values`]
      const pair = pairOf(reader, to)
      if (pair === undefined) return notUtf8
      metadata[pair[0]] = pair[1]
    }
    reader.at = to
  }
  if (reader.failed) return malformed
  if (line === undefined) return notUtf8
  lines.put(nanos, line, metadata)
  return undefined
}

function timeOf(reader: WireReader, end: number): bigint {
  let [seconds, nanos] = [0n, 0]
  while (reader.next(end)) {
    if ((reader.field !== 1 && reader.field !== 2) || reader.type !== 0) {
      reader.skip(end)
      continue
    }
    reader.varint()
    if (reader.field === 1) seconds = BigInt.asIntN(64, (BigInt(reader.high) << 32n) | BigInt(reader.low))
    else nanos = reader.low | 0
  }
  return seconds * 1_000_000_000n + BigInt(nanos)
}

function pairOf(reader: WireReader, end: number): readonly [string, string] | undefined {
  let [name, value]: (string | undefined)[] = ['', '']
  while (reader.next(end)) {
    const { field } = reader
    if (field > 2) {
      reader.skip(end)
      continue
    }
    const to = reader.within(end)
    if (to < 0) continue
    const text = strictText(reader.bytes, reader.at, to)
    if (field === 1) name = text
    else value = text
    reader.at = to
  }
  return name === undefined || value === undefined ? undefined : [name, value]
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
    (_, x?: string, u?: string, long?: string, match = '') => {
      const code = x ?? u ?? long
      return code === undefined ? (escapes[match] ?? match) : String.fromCodePoint(Number.parseInt(code, 16))
    },
  )
}
