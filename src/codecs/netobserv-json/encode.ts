/** As NetObserv's pipeline: only present values, exact integers, times in Unix ms (TimeReceived in s). */
import type { FlowBatch } from '../../model/batches.ts'
import { ByteBuffer, fragmentOf, type RowWriter } from '../../model/byte-buffer.ts'
import { isPresent, type Column } from '../../model/columns.ts'
import { flowFields, type Field, type FlowFieldName } from '../../model/fields.ts'
import { isSpecified, mappedPrefix } from '../../model/ip.ts'
import {
  cachedPut,
  columnPut,
  objectPut,
  presentPut,
  QuotedTexts,
  rowTexts,
  type Member,
  type Put,
} from '../flow-json/index.ts'
import { parseExact, stringifyExact } from '../../model/exact-json.ts'
import { withTotals } from './totals.ts'
import { fieldOfKey, flagBits, keyOf, quicVersionName } from './keys.ts'

/** `original`: the fields of NetObserv's pipeline, and `extra`. */
export type NetObservFields = 'original' | 'all'

type NetObservOptions = Readonly<{
  flags: 'raw' | 'names'
  /** Keys in byte order; default: in the order of the registry. */
  sorted?: boolean
  without?: ReadonlySet<string>
  fields?: NetObservFields | undefined
}>

const rawFlags: NetObservOptions = { flags: 'raw' }

export function netobservJson(batch: FlowBatch, options = rawFlags): (row: number) => string {
  return rowTexts(netobservWriter(batch, options), new ByteBuffer())
}

export function netobservWriter(given: FlowBatch, { flags, sorted = false, without, fields } = rawFlags): RowWriter {
  const batch = withTotals(given)
  const conditions = conditionsOf(batch)
  const texts = new QuotedTexts(batch.dictionary)
  const encodedFields: readonly Field[] =
    fields === 'original' ? flowFields.filter((field: Field) => field.netobserv !== undefined) : flowFields
  const members = encodedFields.flatMap((field): Member[] => {
    if (field.name === 'extra' || without?.has(field.name) === true) return []
    const column = batch.columns[field.name]
    const value = column === undefined ? undefined : valuePut(field.name as FlowFieldName, column, texts, flags)
    const put = field.name === 'etype' ? etypePut(batch, value) : value
    if (put === undefined) return []
    const condition = conditions(field.name as FlowFieldName)
    const key = `"${keyOf(field)}":`
    return [{ key, put: condition === undefined ? put : (row, out) => condition(row) && put(row, out) }]
  })
  if (sorted) members.sort((a, b) => (a.key < b.key ? -1 : 1))
  const { extra } = batch.columns
  const write = objectPut(members)
  if (extra?.kind !== 'json') return write
  const extraMembers = furtherMembers(batch.dictionary)
  return (row, out) => {
    const extraText = extraMembers(extra.codes[row] ?? 0)
    if (sorted && extraText !== '') return writeSorted(members, extraText, row, out)
    write(row, out)
    if (extraText === '') return
    // The closing brace is overwritten.
    out.at -= 1
    out.utf8(`${out.bytes[out.at - 1] === openBrace ? '' : ','}${extraText}}`)
  }
}

const openBrace = 123

function writeSorted(members: readonly Member[], more: string, row: number, out: ByteBuffer) {
  const extraFields = parseExact(`{${more}}`) as Readonly<Record<string, unknown>>
  const texts = Object.entries(extraFields).map(([key, value]) => `${JSON.stringify(key)}:${stringifyExact(value)}`)
  const start = out.at
  for (const { key, put } of members) {
    if (put(row, out)) texts.push(key + out.text(start))
    out.at = start
  }
  out.utf8(`{${texts.sort((a, b) => (a < b ? -1 : 1)).join(',')}}`)
}

const notWhenZero: ReadonlySet<FlowFieldName> = new Set(['bytes', 'packets', 'sampling'])

function valuePut(name: FlowFieldName, column: Column, texts: QuotedTexts, flags: NetObservOptions['flags']): Put {
  switch (column.kind) {
    case 'time': {
      const divide = name === 'time_received' ? 1000 : 1
      const { values } = column
      return presentPut(column.valid, (row, out) => putWhole(Math.floor((values[row] ?? Number.NaN) / divide), out))
    }
    case 'f64': {
      const { values } = column
      return presentPut(column.valid, (row, out) => putWhole(Math.round(values[row] ?? Number.NaN), out))
    }
    case 'u64': {
      const { words } = column
      const zero = !notWhenZero.has(name)
      return presentPut(column.valid, (row, out) => {
        const [low, high] = [words[2 * row] ?? 0, words[2 * row + 1] ?? 0]
        if (!zero && low === 0 && high === 0) return false
        out.u64(low, high)
        return true
      })
    }
    case 'dict': {
      const { codes } = column
      return (row, out) => {
        const code = codes[row] ?? 0
        if (code === 0 || (texts.dictionary[code] ?? '') === '') return false
        out.fragment(texts.of(code))
        return true
      }
    }
    case 'u8':
      if (name === 'conversation_first')
        return presentPut(
          column.valid,
          cachedPut(
            (row) => column.values[row] ?? 0,
            (value) => String(value === 1),
          ),
        )
      break
    case 'u16':
      if (name === 'tcp_flags' && flags === 'names')
        return presentPut(
          column.valid,
          cachedPut((row) => column.values[row] ?? 0, flagList),
        )
      break
    case 'u32':
      if (name === 'quic_version')
        return presentPut(
          column.valid,
          cachedPut((row) => column.values[row] ?? 0, quicText),
        )
      if (notWhenZero.has(name)) {
        const put = columnPut(column, texts)
        return (row, out) => column.values[row] !== 0 && put(row, out)
      }
      break
    default:
  }
  return columnPut(column, texts)
}

/** Numbers beyond safe integers are written as JavaScript writes them. False: the value is no number. */
function putWhole(value: number, out: ByteBuffer) {
  if (!Number.isFinite(value)) return false
  if (Number.isSafeInteger(value)) out.integer(value)
  else out.utf8(String(value))
  return true
}

function quicText(version: number) {
  return JSON.stringify(quicVersionName(version))
}

function flagList(value: number) {
  return JSON.stringify(flagBits.filter(([, bit]) => (value & bit) !== 0).map(([name]) => name))
}

const ipv4 = 2048
const ipv6 = 34525

/** Writes the EtherType of the exporter, else that of the addresses. */
function etypePut({ columns }: FlowBatch, ownPut: Put | undefined): Put | undefined {
  const [textOfIpv4, textOfIpv6] = [fragmentOf(String(ipv4)), fragmentOf(String(ipv6))]
  const addressVersions = [columns.src_addr, columns.dst_addr].flatMap((column) => {
    if (column?.kind !== 'ip') return []
    const { words, valid } = column
    return [
      presentPut(valid, (row, out) => {
        const mapped = words[4 * row] === 0 && words[4 * row + 1] === 0 && words[4 * row + 2] === mappedPrefix
        out.fragment(mapped ? textOfIpv4 : textOfIpv6)
        return true
      }),
    ]
  })
  const puts = ownPut === undefined ? addressVersions : [ownPut, ...addressVersions]
  if (puts.length === 0) return undefined
  return (row, out) => {
    for (const put of puts) if (put(row, out)) return true
    return false
  }
}

type Condition = (row: number) => boolean

/** Conditions of keys that exist only for certain protocols. */
export function conditionsOf({ columns }: FlowBatch): (name: FlowFieldName) => Condition | undefined {
  const { proto, etype, xlat_src_addr: source, xlat_dst_addr: destination } = columns
  const protoIn = (...protocols: number[]): Condition | undefined =>
    proto?.kind !== 'u8'
      ? undefined
      : (row) => !isPresent(proto.valid, row) || protocols.includes(proto.values[row] ?? 0)
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

function specified(column: Column | undefined, row: number) {
  if (column?.kind !== 'ip' || !isPresent(column.valid, row)) return false
  return isSpecified(column.words, 4 * row)
}

/** Members of `extra` by code. The record's own names take precedence. */
function furtherMembers(dictionary: readonly string[]): (code: number) => string {
  const texts: string[] = ['']
  const members = (code: number) => {
    const object = parseExact(dictionary[code] ?? '{}')
    if (typeof object !== 'object' || object === null) return ''
    return Object.entries(object)
      .filter(([key]) => !fieldOfKey.has(key))
      .map(([key, value]) => `${JSON.stringify(key)}:${stringifyExact(value) ?? 'null'}`)
      .join(',')
  }
  return (code) => (texts[code] ??= members(code))
}
