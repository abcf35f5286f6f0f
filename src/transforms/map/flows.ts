import { columnWriter, type Writer } from '../../codecs/flow-json/index.ts'
import type { FlowBatch } from '../../model/batches.ts'
import { isPresent, type Column } from '../../model/columns.ts'
import { flowFields, resolveFieldName } from '../../model/fields.ts'
import { formatIp } from '../../model/ip.ts'
import { isEventField, isFlowField } from '../rows/fields.ts'
import { parseExact, stringifyExact } from '../../model/exact-json.ts'
import { isRecord } from '../../model/json.ts'
import { putFields, withColumns } from '../../codecs/flow-values/index.ts'
import type { MapConfig } from './config.ts'
import { readExpression, type Expression } from './expression.ts'

export type Mapped<B> = Readonly<{
  outputs: B
  failed: ReadonlyMap<number, string>
}>

/** A flow has fields, and members of `extra`: other names than those of events. */
function isOfFlows(name: string) {
  return isFlowField(name) || !isEventField(name)
}

/** `extra.id` is the member `id`, which would else be an attribute of events. */
function memberOf(name: string) {
  return name.startsWith('extra.') ? name.slice('extra.'.length) : name
}

export function mapFlows(config: MapConfig): (batch: FlowBatch) => Mapped<FlowBatch> {
  const { rename, copy, drop, keep, set, services } = config
  const movedFields = [
    ...Object.entries(copy).map(([from, to]) => ({ from, to, stays: true })),
    ...Object.entries(rename).map(([from, to]) => ({ from, to, stays: false })),
  ].filter(({ from }) => isFlowField(from))
  const retained = keep === null ? undefined : new Set(keep.map((name) => resolveFieldName(name) ?? memberOf(name)))
  const droppedFields = (drop ?? []).flatMap((name) => resolveFieldName(name) ?? [])
  const assigned = Object.entries(set)
    .filter(([name]) => isOfFlows(name))
    .map(([name, text]) => ({ name, field: resolveFieldName(name), expression: readExpression(text, services) }))
  return (batch) => {
    const keptBatch = retained === undefined ? batch : keptOf(batch, retained)
    const columns: Record<string, Column> = { ...keptBatch.columns }
    const extras: Readonly<{ name: string; json: Writer }>[] = []
    for (const { from, to, stays } of movedFields) {
      const [source, target] = [resolveFieldName(from) ?? '', resolveFieldName(to)]
      const column = batch.columns[source]
      if (column === undefined) continue
      if (!stays) delete columns[source]
      if (target === undefined) extras.push({ name: memberOf(to), json: columnWriter(column, batch.dictionary) })
      else columns[target] = column
    }
    for (const name of droppedFields) delete columns[name]
    const plainBatch = { ...keptBatch, columns }
    if (assigned.length === 0 && extras.length === 0) return { outputs: plainBatch, failed: new Map() }
    return assign(batch, plainBatch, assigned, extras)
  }
}

function keptOf(batch: FlowBatch, names: ReadonlySet<string>): FlowBatch {
  const columns = Object.fromEntries(Object.entries(batch.columns).filter(([name]) => names.has(name)))
  const { extra } = batch.columns
  if (names.has('extra') || extra?.kind !== 'json') return { ...batch, columns }
  const members = [...names].filter((name) => resolveFieldName(name) === undefined)
  if (members.length === 0) return { ...batch, columns }
  const dictionary = [...batch.dictionary]
  const knownCodes = new Map<number, number>([[0, 0]])
  const codes = extra.codes.map((code) => {
    let mapped = knownCodes.get(code)
    if (mapped === undefined)
      knownCodes.set(code, (mapped = codeOf(batch.dictionary[code] ?? '{}', members, dictionary)))
    return mapped
  })
  return { ...batch, dictionary, columns: { ...columns, extra: { ...extra, codes } } }
}

/** Code of the retained members; 0 if there are none. */
function codeOf(text: string, members: readonly string[], dictionary: string[]): number {
  const givenMembers = parseExact(text)
  if (!isRecord(givenMembers)) return 0
  const entries = Object.entries(givenMembers).filter(([name]) => members.includes(name))
  if (entries.length === 0) return 0
  return dictionary.push(stringifyExact(Object.fromEntries(entries)) ?? '{}') - 1
}

type Assigned = Readonly<{
  name: string
  field: string | undefined
  expression: Expression
}>

function assign(
  input: FlowBatch,
  plain: FlowBatch,
  assigned: readonly Assigned[],
  extras: readonly Readonly<{ name: string; json: Writer }>[],
): Mapped<FlowBatch> {
  const failures = new Map<number, string>()
  const puts = putFields(plain.count)
  const members = extras.length > 0 || assigned.some(({ field }) => field === undefined)
  const targets = assigned.map(({ name, expression }) => ({
    name,
    put: puts.to(name),
    value: expression.isConstant ? constantOf(expression) : undefined,
    expression,
  }))
  const read = contextReader(
    input,
    targets.filter(({ value }) => value === undefined).map(({ expression }) => expression),
  )
  const before = columnOf(plain, 'extra')
  for (let row = 0; row < plain.count; row++) {
    const extraMembers: Record<string, unknown> | undefined = members
      ? { ...((parseExact(before(row) || '{}') ?? {}) as Record<string, unknown>) }
      : undefined
    for (const { name, json } of extras) {
      const text = json(row)
      if (text !== '' && extraMembers !== undefined) extraMembers[name] = parseExact(text)
    }
    const context = read(row)
    for (const { name, put, value: constant, expression } of targets) {
      try {
        const value = constant === undefined ? expression.evaluate(context) : constant.value
        if (put === undefined) setMember(extraMembers ?? {}, memberOf(name), value)
        else if (!put(row, value)) failures.set(row, `set.${name}: the value does not fit the field`)
      } catch (error) {
        failures.set(row, `set.${name}: ${(error as Error).message}`)
      }
    }
    if (extraMembers !== undefined && Object.keys(extraMembers).length > 0) puts.extra(row, extraMembers)
  }
  const columns = { ...plain.columns }
  for (const { field } of assigned) if (field !== undefined) delete columns[field]
  if (members) delete columns['extra']
  return { outputs: withColumns({ ...plain, columns }, puts.done()), failed: failures }
}

function setMember(members: Record<string, unknown>, name: string, value: unknown) {
  if (value === null || value === undefined) delete members[name]
  else members[name] = value
}

/** A constant that fails does so for each row. */
function constantOf(expression: Expression): { readonly value: unknown } | undefined {
  try {
    return { value: expression.evaluate({}) }
  } catch {
    return undefined
  }
}

/** The fields that expressions read, by the written names. */
function contextReader(batch: FlowBatch, expressions: readonly Expression[]): (row: number) => Record<string, unknown> {
  const names = expressions.some(({ fields }) => fields === undefined)
    ? flowFields.map(({ name }) => name as string)
    : expressions.flatMap(({ fields = [] }) => fields)
  const readers = [...new Set(names)].flatMap((name) => {
    const column = batch.columns[resolveFieldName(name) ?? '']
    return column === undefined ? [] : [{ name, read: valueReader(column, batch.dictionary) }]
  })
  return (row) => {
    const flow: Record<string, unknown> = {}
    for (const { name, read } of readers) {
      const value = read(row)
      if (value !== undefined) flow[name] = value
    }
    return { flow }
  }
}

function valueReader(column: Column, dictionary: readonly string[]): (row: number) => unknown {
  switch (column.kind) {
    case 'u8':
    case 'u16':
    case 'u32':
    case 'i32':
      return (row) => (isPresent(column.valid, row) ? BigInt(column.values[row] ?? 0) : undefined)
    case 'f64':
      return (row) => (isPresent(column.valid, row) ? column.values[row] : undefined)
    case 'time':
      return (row) => (isPresent(column.valid, row) ? new Date(column.values[row] ?? Number.NaN) : undefined)
    case 'u64':
      return (row) =>
        isPresent(column.valid, row)
          ? (BigInt(column.words[2 * row + 1] ?? 0) << 32n) | BigInt(column.words[2 * row] ?? 0)
          : undefined
    case 'ip':
      return (row) => (isPresent(column.valid, row) ? formatIp(column.words, 4 * row) : undefined)
    case 'dict':
      return (row) => (column.codes[row] === 0 ? undefined : dictionary[column.codes[row] ?? 0])
    default: {
      const write = columnWriter(column, dictionary)
      return (row) => {
        const text = write(row)
        return text === '' ? undefined : withWholeNumbers(JSON.parse(text))
      }
    }
  }
}

export function withWholeNumbers(value: unknown): unknown {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value
  if (Array.isArray(value)) return value.map(withWholeNumbers)
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withWholeNumbers(inner)]))
  return value
}

function columnOf({ columns, dictionary }: FlowBatch, name: string): Writer {
  const column = columns[name]
  return column === undefined ? () => '' : columnWriter(column, dictionary)
}
