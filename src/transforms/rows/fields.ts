/** Fields of rows by name: of flows any name of the registry, of events the envelope and paths of the body. */
import { columnWriter } from '../../codecs/flow-json/index.ts'
import { dataEncodings, type Batch, type EventBatch, type FlowBatch } from '../../model/batches.ts'
import { isPresent } from '../../model/columns.ts'
import { eventId, heapItem } from '../../model/events.ts'
import { stringifyExact } from '../../model/exact-json.ts'
import { flowFields, resolveFieldName } from '../../model/fields.ts'
import { memberColumn, memberIn, memberOf, memberText } from '../../model/flow-members.ts'
import { isRecord } from '../../model/json.ts'
import { assertShallow } from '../../model/json-depth.ts'
import { Complaint } from '../../schema/complaint.ts'
import { nearest } from '../../schema/suggest.ts'

const envelope = ['id', 'source', 'type', 'subject', 'family', 'key', 'ref', 'dataschema'] as const
type EnvelopeName = (typeof envelope)[number]

type TextReader = (row: number) => string | undefined

export function isEnvelope(name: string): name is EnvelopeName {
  return (envelope as readonly string[]).includes(name)
}

export function isEventField(name: string): boolean {
  return isEnvelope(name) || /^(?:data|extensions)\.[^.]+(?:\.[^.]+)*$/.test(name)
}

export function isFlowField(name: string): boolean {
  return resolveFieldName(name) !== undefined
}

export function unknownField(name: string, path: readonly (string | number)[]): Complaint | undefined {
  if (isFlowField(name) || isEventField(name)) return undefined
  const meant = nearest(name, [...flowFields.map((field) => field.name), ...envelope])
  return new Complaint(
    `there is no field \`${name}\``,
    meant === undefined
      ? 'fields of events are the envelope and paths such as `data.user`'
      : `did you mean \`${meant}\`?`,
    path,
  )
}

/** Also members of `extra`. */
export function isFlowValue(name: string): boolean {
  return isFlowField(name) || memberOf(name) !== undefined
}

/** The column of {@link isFlowValue}. */
export function flowColumnOf(name: string): string {
  return resolveFieldName(name) ?? (memberOf(name) === undefined ? '' : memberColumn)
}

/** First unknown name among fields and members of rows. */
export function firstUnknown(names: readonly string[], under: string): Complaint | null {
  for (const [index, name] of names.entries()) {
    const problem = isFlowValue(name) ? undefined : unknownField(name, [under, index])
    if (problem !== undefined) return problem
  }
  return null
}

const none: TextReader = () => undefined

function textReader(batch: Batch, name: string) {
  return batch.kind === 'flows' ? flowText(batch, name) : eventText(batch, name)
}

function flowText(batch: FlowBatch, name: string): TextReader {
  const member = memberReader(batch, name, memberText)
  if (member !== undefined) return member
  const { columns, dictionary } = batch
  const column = columns[resolveFieldName(name) ?? '']
  if (column === undefined) return none
  if (column.kind === 'dict') return (row) => (column.codes[row] === 0 ? undefined : dictionary[column.codes[row] ?? 0])
  const write = columnWriter(column, dictionary)
  return (row) => {
    const text = write(row)
    return text === '' ? undefined : text.replace(/^"(.*)"$/, '$1')
  }
}

/** Undefined for a name that is no member of `extra`. */
function memberReader<Value>({ columns, dictionary }: FlowBatch, name: string, read: (value: unknown) => Value) {
  const key = isFlowField(name) ? undefined : memberOf(name)
  if (key === undefined) return undefined
  const column = columns[memberColumn]
  const none = read(undefined)
  const valueByCode = new Map<number, Value>([[0, none]])
  return (row: number): Value => {
    const code = column?.kind === 'json' ? column.codes[row]! : 0
    if (!valueByCode.has(code)) valueByCode.set(code, read(memberIn(dictionary[code] ?? '{}', key)))
    return valueByCode.get(code) as Value
  }
}

function eventText(batch: EventBatch, name: string): TextReader {
  if (name === 'id') return (row) => eventId(batch, row)
  if (isEnvelope(name)) {
    const codes = batch[name satisfies EnvelopeName as Exclude<EnvelopeName, 'id'>]
    return (row) => (codes[row] === 0 ? undefined : batch.dictionary[codes[row] ?? 0])
  }
  const [head, ...path] = name.split('.')
  if (head !== 'data' && head !== 'extensions') return none
  const read = head === 'data' ? bodies(batch) : extensions(batch)
  return (row) => {
    const value = at(read(row), path)
    return value === undefined || value === null ? undefined : typeof value === 'string' ? value : JSON.stringify(value)
  }
}

export function at(value: unknown, path: readonly string[]): unknown {
  let node = value
  for (const key of path) {
    if (Array.isArray(node)) node = (node as unknown[])[Number(key)]
    else if (isRecord(node) && Object.hasOwn(node, key)) node = node[key]
    else return undefined
  }
  return node
}

const parsed = new WeakMap<EventBatch, { row: number; value: unknown }>()
const utf8 = new TextDecoder()

function bodies(batch: EventBatch): (row: number) => unknown {
  let last = parsed.get(batch)
  if (last === undefined) parsed.set(batch, (last = { row: -1, value: undefined }))
  const memo = last
  return (row) => {
    if (memo.row === row) return memo.value
    memo.row = row
    memo.value = undefined
    if (dataEncodings[batch.encoding[row] ?? 0] !== 'json') return undefined
    try {
      const json = heapItem(batch.data, row)
      assertShallow(json)
      memo.value = JSON.parse(utf8.decode(json))
    } catch {
      // Counts as absent.
    }
    return memo.value
  }
}

function extensions(batch: EventBatch): (row: number) => unknown {
  const cache = new Map<number, unknown>()
  return (row) => {
    const code = batch.extensions[row] ?? 0
    if (code === 0) return undefined
    let value = cache.get(code)
    if (value === undefined) cache.set(code, (value = JSON.parse(batch.dictionary[code] ?? '{}')))
    return value
  }
}

export function jsonReader(batch: Batch, name: string): (row: number) => string {
  if (batch.kind === 'flows') {
    const member = memberReader(batch, name, (value) => (value === undefined ? '' : (stringifyExact(value) ?? '')))
    if (member !== undefined) return member
    const column = batch.columns[resolveFieldName(name) ?? '']
    return column === undefined ? () => '' : columnWriter(column, batch.dictionary)
  }
  const read = eventText(batch, name)
  if (!name.startsWith('data.'))
    return (row) => {
      const text = read(row)
      return text === undefined ? '' : JSON.stringify(text)
    }
  const body = bodies(batch)
  const path = name.split('.').slice(1)
  return (row) => {
    const value = at(body(row), path)
    return value === undefined || value === null ? '' : JSON.stringify(value)
  }
}

/** Distinguishes absent and empty values. */
export function keyReader(batch: Batch, names: readonly string[]): (row: number) => string {
  const readers = names.map((name) => textReader(batch, name))
  const [first] = readers
  if (readers.length === 1 && first !== undefined)
    return (row) => {
      const text = first(row)
      return text === undefined ? '' : `=${text}`
    }
  return (row) => {
    let key = ''
    for (const read of readers) {
      const text = read(row)
      key += text === undefined ? '\0' : `=${text}\0`
    }
    return key
  }
}

const estimates = /^(bytes|packets)_est$/

/** `bytes_est` and `packets_est` of flows. */
export function isEstimate(name: string): boolean {
  return estimates.test(name)
}

/** NaN if absent; {@link isEstimate} too. */
export function numberReader(batch: Batch, name: string): (row: number) => number {
  if (batch.kind === 'flows') {
    const [, reported] = estimates.exec(name) ?? []
    if (reported !== undefined) {
      const [value, sampling] = [numberReader(batch, reported), numberReader(batch, 'sampling')]
      return (row) => value(row) * (sampling(row) > 1 ? sampling(row) : 1)
    }
    const member = memberReader(batch, name, memberNumber)
    if (member !== undefined) return member
    const column = batch.columns[resolveFieldName(name) ?? '']
    if (column !== undefined && 'values' in column) {
      const { values, valid } = column
      return (row) => (isPresent(valid, row) ? (values[row] ?? Number.NaN) : Number.NaN)
    }
    if (column?.kind === 'u64') {
      const { words, valid } = column
      return (row) => (isPresent(valid, row) ? (words[2 * row + 1] ?? 0) * 2 ** 32 + (words[2 * row] ?? 0) : Number.NaN)
    }
    return () => Number.NaN
  }
  const read = eventText(batch, name)
  return (row) => {
    const text = read(row)
    return text === undefined || text.trim() === '' ? Number.NaN : Number(text)
  }
}

function memberNumber(value: unknown) {
  return typeof value === 'number' || typeof value === 'bigint' ? Number(value) : Number.NaN
}
