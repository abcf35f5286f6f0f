/** As NetObserv's pipeline: only present values, exact integers, times in Unix ms (TimeReceived in s). */
import type { FlowBatch } from '../../model/batches.ts'
import { isPresent, type Column } from '../../model/columns.ts'
import { flowFields, type FlowFieldName } from '../../model/fields.ts'
import { isSpecified, mappedPrefix } from '../../model/ip.ts'
import { cached, columnWriter, jsonObject, present, u64Text, type Writer } from '../flow-json/index.ts'
import { parseExact, stringifyExact } from './exact.ts'
import { withTotals } from './totals.ts'
import { fieldOfKey, flagBits, keyOf, quicVersionName } from './keys.ts'

export interface NetObservOptions {
  /** Number, or names of its bits. */
  readonly flags: 'raw' | 'names'
  /** Keys in byte order; default: in that of the registry. */
  readonly sorted?: boolean
  /** Fields to leave out. */
  readonly without?: ReadonlySet<string>
}

export function netobservJson(
  given: FlowBatch,
  { flags, sorted = false, without }: NetObservOptions = { flags: 'raw' },
): (row: number) => string {
  const batch = withTotals(given)
  const conditions = conditionsOf(batch)
  const writers = flowFields.flatMap((field) => {
    if (field.name === 'extra' || without?.has(field.name) === true) return []
    const column = batch.columns[field.name]
    const value = column === undefined ? undefined : valueWriter(field.name, column, batch.dictionary, flags)
    const write = field.name === 'etype' ? etypeWriter(batch, value) : value
    if (write === undefined) return []
    const when = conditions(field.name)
    return [
      { key: `"${keyOf(field)}":`, write: when === undefined ? write : (row: number) => (when(row) ? write(row) : '') },
    ]
  })
  if (sorted) writers.sort((a, b) => (a.key < b.key ? -1 : 1))
  const further = extraWriter(batch.columns.extra, batch.dictionary)
  if (further === undefined) return (row) => jsonObject(writers, row)
  return (row) => {
    const more = further(row)
    if (sorted && more !== '') return sortedObject(writers, more, row)
    const known = jsonObject(writers, row)
    return more === '' ? known : known === '{}' ? `{${more}}` : `${known.slice(0, -1)},${more}}`
  }
}

/** Few rows have further members. */
function sortedObject(writers: readonly KeyedWriter[], more: string, row: number): string {
  const further = parseExact(`{${more}}`) as Readonly<Record<string, unknown>>
  const members = Object.entries(further).map(([key, value]) => `${JSON.stringify(key)}:${stringifyExact(value)}`)
  for (const { key, write } of writers) {
    const value = write(row)
    if (value !== '') members.push(key + value)
  }
  return `{${members.sort((a, b) => (a < b ? -1 : 1)).join(',')}}`
}

interface KeyedWriter {
  readonly key: string
  readonly write: Writer
}

const notWhenZero: ReadonlySet<FlowFieldName> = new Set(['bytes', 'packets', 'sampling'])

function valueWriter(
  name: FlowFieldName,
  column: Column,
  dictionary: readonly string[],
  flags: NetObservOptions['flags'],
): Writer {
  const integer = (valid: Uint8Array | undefined, of: (row: number) => number): Writer =>
    present(valid, (row) => (Number.isFinite(of(row)) ? String(Math.floor(of(row))) : ''))
  switch (column.kind) {
    case 'time': {
      const divide = name === 'time_received' ? 1000 : 1
      return integer(column.valid, (row) => (column.values[row] ?? Number.NaN) / divide)
    }
    case 'f64':
      return integer(column.valid, (row) => Math.round(column.values[row] ?? Number.NaN))
    case 'u64': {
      const write = (row: number): string => u64Text(column.words[2 * row] ?? 0, column.words[2 * row + 1] ?? 0)
      return present(
        column.valid,
        notWhenZero.has(name)
          ? (row) => (((column.words[2 * row] ?? 0) | (column.words[2 * row + 1] ?? 0)) === 0 ? '' : write(row))
          : write,
      )
    }
    case 'dict': {
      const quoted = cached((code) =>
        dictionary[code] === undefined || dictionary[code] === '' ? '' : JSON.stringify(dictionary[code]),
      )
      return (row) => quoted(column.codes[row] ?? 0)
    }
    case 'u8':
      if (name === 'conversation_first') return present(column.valid, (row) => String(column.values[row] === 1))
      break
    case 'u16':
      if (name === 'tcp_flags' && flags === 'names')
        return present(column.valid, (row) => flagList(column.values[row] ?? 0))
      break
    case 'u32':
      if (name === 'quic_version') return present(column.valid, (row) => quicText(column.values[row] ?? 0))
      if (notWhenZero.has(name))
        return present(column.valid, (row) => (column.values[row] === 0 ? '' : String(column.values[row] ?? 0)))
      break
    default:
  }
  return columnWriter(column, dictionary)
}

function quicText(version: number): string {
  return JSON.stringify(quicVersionName(version))
}

function flagList(value: number): string {
  return JSON.stringify(flagBits.filter(([, bit]) => (value & bit) !== 0).map(([name]) => name))
}

const ipv4 = 2048
const ipv6 = 34525

/** From the exporter, else from the addresses. */
function etypeWriter({ columns }: FlowBatch, own: Writer | undefined): Writer | undefined {
  const derived = [columns.src_addr, columns.dst_addr].flatMap((column) => {
    if (column?.kind !== 'ip') return []
    const { words, valid } = column
    return [
      present(valid, (row) =>
        String(words[4 * row] === 0 && words[4 * row + 1] === 0 && words[4 * row + 2] === mappedPrefix ? ipv4 : ipv6),
      ),
    ]
  })
  const writers = own === undefined ? derived : [own, ...derived]
  if (writers.length === 0) return undefined
  return (row) => {
    for (const write of writers) {
      const value = write(row)
      if (value !== '') return value
    }
    return ''
  }
}

export type Condition = (row: number) => boolean

/** Some keys exist only for certain protocols. */
export function conditionsOf({ columns }: FlowBatch): (name: FlowFieldName) => Condition | undefined {
  const { proto, etype, xlat_src_addr: source, xlat_dst_addr: destination } = columns
  const protoIn = (...some: number[]): Condition | undefined =>
    proto?.kind !== 'u8' ? undefined : (row) => !isPresent(proto.valid, row) || some.includes(proto.values[row] ?? 0)
  const ip: Condition | undefined =
    etype?.kind !== 'u16'
      ? undefined
      : (row) => !isPresent(etype.valid, row) || etype.values[row] === ipv4 || etype.values[row] === ipv6
  const [ports, tcp, icmp] = [protoIn(6, 17, 132), protoIn(6), protoIn(1, 58)]
  const translated: Condition = (row) => specified(source, row) && specified(destination, row)
  return (name) => {
    switch (name) {
      case 'src_addr':
      case 'dst_addr':
      case 'proto':
      case 'dscp':
        return ip
      case 'src_port':
      case 'dst_port':
        return ports
      case 'tcp_flags':
        return tcp
      case 'icmp_type':
      case 'icmp_code':
        return icmp
      case 'xlat_src_addr':
      case 'xlat_dst_addr':
      case 'xlat_src_port':
      case 'xlat_dst_port':
      case 'xlat_zone':
        return translated
      default:
        return undefined
    }
  }
}

function specified(column: Column | undefined, row: number): boolean {
  if (column?.kind !== 'ip' || !isPresent(column.valid, row)) return false
  return isSpecified(column.words, 4 * row)
}

/** The record's own names take precedence. */
function extraWriter(column: Column | undefined, dictionary: readonly string[]): Writer | undefined {
  if (column?.kind !== 'json') return undefined
  const members = cached((code) => {
    const object = parseExact(dictionary[code] ?? '{}')
    if (typeof object !== 'object' || object === null) return ''
    return Object.entries(object)
      .filter(([key]) => !fieldOfKey.has(key))
      .map(([key, value]) => `${JSON.stringify(key)}:${stringifyExact(value) ?? 'null'}`)
      .join(',')
  })
  return (row) => members(column.codes[row] ?? 0)
}
