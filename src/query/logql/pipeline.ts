import { scalarBinary } from '../metrics/binary.ts'
import { bytesOf, durationMs } from '../metrics/lexer.ts'
import type { LabelSet } from '../metrics/labels.ts'
import type { LabelFilter, Stage } from './ast.ts'

export type LogEntry = Readonly<{
  /** Ns since 1970. */
  time: bigint
  line: string
  stream: LabelSet
  metadata: Readonly<Record<string, string>>
}>

export type Processed = Readonly<{
  entry: LogEntry
  /** Of the stream, the metadata and the parsers. */
  labels: Map<string, string>
  parsed: ReadonlySet<string>
  /** Of unwrap. */
  value: number | undefined
}>

const errorLabel = '__error__'

type Writable = { labels: Map<string, string>; parsed: Set<string>; value: number | undefined }

/** Undefined: a stage removes the line. */
export function processed(entry: LogEntry, stages: readonly Stage[]): Processed | undefined {
  const labels = new Map([...entry.stream.entries, ...Object.entries(entry.metadata)])
  const state: Writable = { labels, parsed: new Set(), value: undefined }
  for (const stage of stages) if (!applied(stage, entry, state)) return undefined
  return { entry, ...state }
}

function applied(stage: Stage, entry: LogEntry, state: Writable): boolean {
  const { labels } = state
  switch (stage.is) {
    case 'line':
      return stage.test(entry.line)
    case 'filter':
      return holds(stage.filter, state)
    case 'json':
      readJson(entry, state)
      return true
    case 'logfmt':
      readLogfmt(entry, state)
      return true
    case 'drop':
      for (const name of stage.names) labels.delete(name)
      return true
    case 'keep':
      for (const name of labels.keys()) if (!stage.names.has(name)) labels.delete(name)
      return true
    case 'unwrap': {
      const text = labels.get(stage.name)
      if (text === undefined) return false
      const value = numberOf(text, stage.conversion)
      if (Number.isNaN(value)) fail(state, 'SampleExtractionErr')
      state.value = Number.isNaN(value) ? 0 : value
      labels.delete(stage.name)
      return true
    }
  }
}

function fail({ labels, parsed }: Writable, reason: string) {
  labels.set(errorLabel, reason)
  parsed.add(errorLabel)
}

function holds(filter: LabelFilter, state: Writable): boolean {
  if (filter.is === 'and') return holds(filter.left, state) && holds(filter.right, state)
  if (filter.is === 'or') return holds(filter.left, state) || holds(filter.right, state)
  if (filter.is === 'match') return filter.matcher.matches(state.labels.get(filter.matcher.name) ?? '')
  // After an error only matchers of text remove a line.
  if (state.labels.has(errorLabel)) return true
  const text = state.labels.get(filter.name)
  if (text === undefined) return false
  const value = numberOf(text, filter.unit)
  if (!Number.isNaN(value)) return scalarBinary(filter.operator, value, filter.value) === 1
  // The line stays, with its error.
  fail(state, 'LabelFilterErr')
  return true
}

function numberOf(text: string, unit: 'number' | 'duration' | 'bytes'): number {
  if (unit === 'bytes') return bytesOf(text)
  if (unit === 'duration') {
    const sign = text.startsWith('-') ? -1 : 1
    const rest = text.replace(/^[+-]/, '')
    if (rest === '0') return 0
    return /^(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|[smh]))+$/.test(rest) ? (sign * durationMs(rest)) / 1000 : NaN
  }
  return /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text) ? Number(text) : NaN
}

function sanitized(name: string): string {
  const text = name.replace(/[^a-zA-Z0-9_]/g, '_')
  return /^\d/.test(text) ? `_${text}` : text
}

/** A label of the stream is not replaced. */
function extract({ stream, metadata }: LogEntry, { labels, parsed }: Writable, name: string, value: string) {
  const isTaken = stream.get(name) !== '' || Object.hasOwn(metadata, name)
  const target = isTaken ? `${name}_extracted` : name
  if (parsed.has(target)) return
  labels.set(target, value)
  parsed.add(target)
}

function readJson(entry: LogEntry, state: Writable) {
  let body: unknown
  try {
    body = JSON.parse(entry.line)
  } catch {
    return fail(state, 'JSONParserErr')
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return fail(state, 'JSONParserErr')
  const visit = (object: object, prefix: string): void => {
    for (const [key, value] of Object.entries(object) as [string, string | number | boolean | object | null][]) {
      const name = prefix === '' ? sanitized(key) : `${prefix}_${key.replace(/[^a-zA-Z0-9_]/g, '_')}`
      if (Array.isArray(value) || value === null) continue
      if (typeof value === 'object') visit(value, name)
      else extract(entry, state, name, String(value))
    }
  }
  visit(body, '')
}

/** `key=value` and `key="value"`. */
function readLogfmt(entry: LogEntry, state: Writable) {
  const pair = /\s*([^\s="]+)(?:=(?:"((?:[^"\\]|\\.)*)"|([^\s"]*)))?/y
  let at = 0
  while (at < entry.line.length) {
    pair.lastIndex = at
    const found = pair.exec(entry.line)
    if (found === null) {
      if (entry.line.slice(at).trim() !== '') fail(state, 'LogfmtParserErr')
      return
    }
    at = pair.lastIndex
    const [, key = '', quoted, plain] = found
    const value = quoted === undefined ? (plain ?? '') : unquoted(quoted)
    if (value !== '') extract(entry, state, sanitized(key), value)
  }
}

function unquoted(text: string): string {
  try {
    return JSON.parse(`"${text}"`) as string
  } catch {
    return text
  }
}
