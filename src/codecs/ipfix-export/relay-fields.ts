// Elements of a relay by field. Absent values have no place in a record, so each field is read with its presence.
import type { FlowBatch } from '../../model/batches.ts'
import { isPresent, type Column } from '../../model/columns.ts'
import type { FlowFieldName } from '../../model/fields.ts'
import { mappedPrefix } from '../../model/ip.ts'
import { writeTime } from './fields.ts'
import { numberList, textList, type CommaList } from './lists.ts'
import { addresses, ciscoPen, names, numbers, texts, variable, type Element } from './relay-elements.ts'
import { Texts, writeLength, prefixed } from './texts.ts'

export type RelayField = Element &
  Readonly<{
    has: (row: number) => boolean
    /** Size of variable elements, with their length. */
    size?: (row: number) => number
    write: (view: DataView, bytes: Uint8Array, at: number, row: number) => number
  }>

const mostLabels = 10
const icmpV6 = 58
const wireFlags = 0xff

/** Only of columns that the batch has. `pen`: of NetObserv's elements, 0 without them. */
export function relayFields(batch: FlowBatch, pen: number, received: number): readonly RelayField[] {
  const { columns } = batch
  const encoded = new Texts(batch.dictionary)
  const text = (field: FlowFieldName, id: number, of?: number) => textField(columns[field], encoded, { id, pen: of })
  return [
    ...addresses.flatMap(([field, v4, v6, of]) => addressFields(columns[field], v4, v6, of)),
    ...numbers.flatMap(([field, id, bytes, of]) =>
      numberField(columns[field], { id, bytes, pen: of }, field === 'tcp_flags' ? wireFlags : 0xffff_ffff),
    ),
    ...dscpField(columns['dscp']),
    ...statusFields(columns['forwarding_status']),
    ...maskFields(columns['src_mask'], columns['src_addr'], 9, 29),
    ...maskFields(columns['dst_mask'], columns['dst_addr'], 13, 30),
    ...icmpFields(batch),
    ...macField(columns['src_mac'], 56),
    ...macField(columns['dst_mac'], 80),
    ...labelFields(batch),
    ...texts.flatMap(([field, id]) => text(field, id)),
    ...aclField(columns['in_acl'], batch, 33_000),
    ...aclField(columns['out_acl'], batch, 33_001),
    ...(pen === 0
      ? []
      : [
          ...names.flatMap(([field, id]) => text(field, id, pen)),
          ...numberField(columns['rtt'], { id: 7740, bytes: 8, pen }, 0xffff_ffff),
          ...listFields(batch, encoded, pen),
        ]),
    ...timeFields(columns, received),
  ]
}

function element(id: number, bytes: number, pen?: number): Element {
  return pen === undefined ? { id, bytes } : { id, bytes, pen }
}

function numberField(
  column: Column | undefined,
  { id, bytes, pen }: { id: number; bytes: number; pen?: number | undefined },
  bits: number,
): readonly RelayField[] {
  const is = element(id, bytes, pen)
  if (column?.kind === 'u64') {
    const { words, valid } = column
    const write = (view: DataView, _: Uint8Array, at: number, row: number) => {
      view.setUint32(at, words[2 * row + 1]!)
      view.setUint32(at + 4, words[2 * row]!)
      return at + 8
    }
    return [{ ...is, has: (row) => isPresent(valid, row), write }]
  }
  if (column?.kind !== 'u8' && column?.kind !== 'u16' && column?.kind !== 'u32') return []
  const { values, valid } = column
  const has = (row: number) => isPresent(valid, row)
  const value = (row: number) => (values[row]! & bits) >>> 0
  return [{ ...is, has, write: (view, _, at, row) => writeNumber(view, at, bytes, value(row)) }]
}

function writeNumber(view: DataView, at: number, bytes: number, value: number) {
  if (bytes === 1) view.setUint8(at, value)
  else if (bytes === 2) view.setUint16(at, value)
  else {
    view.setUint32(at, bytes === 8 ? 0 : value)
    if (bytes === 8) view.setUint32(at + 4, value)
  }
  return at + bytes
}

const isV4 = (words: Uint32Array, row: number) =>
  words[4 * row] === 0 && words[4 * row + 1] === 0 && words[4 * row + 2] === mappedPrefix

function addressFields(column: Column | undefined, v4: number, v6: number, pen?: number): readonly RelayField[] {
  if (column?.kind !== 'ip') return []
  const { words, valid } = column
  return [
    {
      ...element(v4, 4, pen),
      has: (row) => isPresent(valid, row) && isV4(words, row),
      write: (view, _, at, row) => writeNumber(view, at, 4, words[4 * row + 3]!),
    },
    {
      ...element(v6, 16, pen),
      has: (row) => isPresent(valid, row) && !isV4(words, row),
      write(view, _, at, row) {
        for (let word = 0; word < 4; word++) view.setUint32(at + 4 * word, words[4 * row + word]!)
        return at + 16
      },
    },
  ]
}

/** Element 5 has the code point in its six upper bits. */
function dscpField(column: Column | undefined): readonly RelayField[] {
  if (column?.kind !== 'u8') return []
  const { values, valid } = column
  return [
    {
      ...element(5, 1),
      has: (row) => isPresent(valid, row),
      write: (view, _, at, row) => writeNumber(view, at, 1, values[row]! << 2),
    },
  ]
}

/** One byte, or the four of Juniper. */
function statusFields(column: Column | undefined): readonly RelayField[] {
  if (column?.kind !== 'u32') return []
  const { values, valid } = column
  return [1, 4].map((bytes) => ({
    ...element(89, bytes),
    has: (row) => isPresent(valid, row) && values[row]! > 0xff === (bytes === 4),
    write: (view, _, at, row) => writeNumber(view, at, bytes, values[row]!),
  }))
}

function maskFields(mask: Column | undefined, address: Column | undefined, v4: number, v6: number) {
  if (mask?.kind !== 'u8') return []
  const { values, valid } = mask
  const ofV6 = (row: number) => address?.kind === 'ip' && isPresent(address.valid, row) && !isV4(address.words, row)
  return [v4, v6].map((id): RelayField => ({
    ...element(id, 1),
    has: (row) => isPresent(valid, row) && ofV6(row) === (id === v6),
    write: (view, _, at, row) => writeNumber(view, at, 1, values[row]!),
  }))
}

function icmpFields({ columns }: FlowBatch): readonly RelayField[] {
  const { icmp_type: type, icmp_code: code, proto } = columns
  if (type?.kind !== 'u8') return []
  const codeAt = (row: number) => (code?.kind === 'u8' && isPresent(code.valid, row) ? code.values[row]! : 0)
  const ofV6 = (row: number) => proto?.kind === 'u8' && isPresent(proto.valid, row) && proto.values[row] === icmpV6
  return [32, 139].map((id) => ({
    ...element(id, 2),
    has: (row) => isPresent(type.valid, row) && ofV6(row) === (id === 139),
    write: (view, _, at, row) => writeNumber(view, at, 2, (type.values[row]! << 8) | codeAt(row)),
  }))
}

function macField(column: Column | undefined, id: number): readonly RelayField[] {
  if (column?.kind !== 'mac') return []
  const { words, valid } = column
  return [
    {
      ...element(id, 6),
      has: (row) => isPresent(valid, row),
      write(view, _, at, row) {
        view.setUint16(at, words[2 * row + 1]!)
        view.setUint32(at + 2, words[2 * row]!)
        return at + 6
      },
    },
  ]
}

/** Three bytes: label, no traffic class, and the bottom of the stack. */
function labelFields({ columns, dictionary }: FlowBatch): readonly RelayField[] {
  const list = columns['mpls_labels']
  if (list?.kind !== 'list<dict>') return []
  const { offsets, items } = list
  const countAt = (row: number) => Math.min(mostLabels, offsets[row + 1]! - offsets[row]!)
  return Array.from({ length: mostLabels }, (_, position) => ({
    ...element(70 + position, 3),
    has: (row) => countAt(row) > position,
    write(view, _bytes, at, row) {
      const label = Number(dictionary[items[offsets[row]! + position]!])
      view.setUint16(at, (label >>> 4) & 0xffff)
      view.setUint8(at + 2, ((label & 0xf) << 4) | (position + 1 === countAt(row) ? 1 : 0))
      return at + 3
    },
  }))
}

function textField(
  column: Column | undefined,
  encoded: Texts,
  { id, pen }: { id: number; pen?: number | undefined },
): readonly RelayField[] {
  if (column?.kind !== 'dict') return []
  const { codes } = column
  return [
    {
      ...element(id, variable, pen),
      has: (row) => codes[row] !== 0,
      size: (row) => encoded.size(codes[row]!),
      write: (_, bytes, at, row) => encoded.write(bytes, at, codes[row]!),
    },
  ]
}

/**
 * As readers take them: names without commas, and one digit. A reader takes the name of an interface as the list if
 * there is none, so that an absent list is an empty one there.
 */
function listFields({ columns, dictionary }: FlowBatch, encoded: Texts, pen: number): readonly RelayField[] {
  const named = columns['in_if_name']
  const isNamed = (row: number) => named?.kind === 'dict' && named.codes[row] !== 0
  const interfaces = textList(columns['interfaces'], encoded)
  const directions = numberList(columns['if_directions'])
  const field = (id: number, list: CommaList, has: (row: number) => boolean): RelayField => ({
    ...element(id, variable, pen),
    has,
    size: (row) => list.size(row),
    write: (_, bytes, at, row) => list.write(bytes, at, row),
  })
  const isPlain = (code: number) => !(dictionary[code] ?? '').includes(',')
  return [
    field(7741, interfaces, (row) => (interfaces.count(row) === 0 ? isNamed(row) : interfaces.every(row, isPlain))),
    field(7742, directions, (row) => directions.count(row) > 0 && directions.every(row, (value) => value < 10)),
  ]
}

function aclField(column: Column | undefined, { dictionary }: FlowBatch, type: number): readonly RelayField[] {
  if (column?.kind !== 'dict') return []
  const { codes } = column
  const bytesAt = (row: number) => Buffer.from((dictionary[codes[row]!] ?? '').replaceAll('-', ''), 'hex')
  return [
    {
      ...element(type - 0x8000, variable, ciscoPen),
      has: (row) => codes[row] !== 0,
      size: (row) => prefixed(bytesAt(row).length),
      write(_, bytes, start, row) {
        const entry = bytesAt(row)
        const at = writeLength(bytes, start, entry.length)
        bytes.set(entry, at)
        return at + entry.length
      },
    },
  ]
}

/** A flow without times has its receive time, as collectors show 1970 otherwise. */
function timeFields({ time_start: start, time_end: end }: FlowBatch['columns'], received: number) {
  const timeAt = (column: Column | undefined, row: number) =>
    column?.kind === 'time' && isPresent(column.valid, row) && column.values[row]! >= 0
      ? column.values[row]!
      : undefined
  return (
    [
      [152, start, end],
      [153, end, start],
    ] as const
  ).map(([id, column, otherColumn]): RelayField => ({
    ...element(id, 8),
    has: () => true,
    write(view, _, at, row) {
      writeTime(view, at, timeAt(column, row) ?? timeAt(otherColumn, row) ?? received)
      return at + 8
    },
  }))
}
