/** Reader of Native blocks, for results of few rows: values are ordinary objects. */
import { formatIp } from '../../model/ip.ts'
import { parseType, type NativeType } from './types.ts'

/** 64-bit and wider integers are bigint, times Unix ms, addresses and texts strings. */
type NativeValue = string | number | bigint | boolean | null | readonly NativeValue[]

type ReadColumn = Readonly<{
  name: string
  type: string
  values: readonly NativeValue[]
}>

/** All blocks of a body; the columns of the first. Throws when it ends early or has an unsupported type. */
export function readBlocks(body: Uint8Array): readonly ReadColumn[] {
  const reader = new Reader(body)
  const columns: { name: string; type: string; values: NativeValue[] }[] = []
  while (!reader.ended) {
    const [width, rows] = [reader.varint(), reader.varint()]
    for (let index = 0; index < width; index++) {
      const [name, type] = [reader.text(), reader.text()]
      const values = rows === 0 ? [] : valuesOf(parseType(type), rows, reader)
      const column = columns[index]
      if (column === undefined) columns.push({ name, type, values })
      else column.values = column.values.concat(values)
    }
  }
  return columns
}

export function readRows<Row = Record<string, NativeValue>>(body: Uint8Array): Row[] {
  const columns = readBlocks(body)
  return Array.from(
    { length: columns[0]?.values.length ?? 0 },
    (_, row) => Object.fromEntries(columns.map(({ name, values }) => [name, values[row] ?? null])) as Row,
  )
}

class Reader {
  readonly #bytes: Buffer
  #at = 0

  constructor(body: Uint8Array) {
    this.#bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength)
  }

  get ended(): boolean {
    return this.#at >= this.#bytes.length
  }

  take(length: number): Buffer {
    const from = this.#at
    if (length > this.#bytes.length - from) throw new Error('the block ends within a column')
    this.#at += length
    return this.#bytes.subarray(from, this.#at)
  }

  varint(): number {
    let value = 0
    for (let factor = 1; ; factor *= 128) {
      const byte = this.take(1)[0] ?? 0
      value += (byte & 0x7f) * factor
      if (byte < 0x80) return value
    }
  }

  text(): string {
    return this.take(this.varint()).toString()
  }

  word(): number {
    return Number(this.take(8).readBigUInt64LE())
  }
}

type ReadOne = (reader: Reader) => NativeValue

const fixed: Readonly<Record<string, ReadOne>> = {
  Bool: (reader) => reader.take(1)[0] === 1,
  UInt8: (reader) => reader.take(1).readUInt8(),
  UInt16: (reader) => reader.take(2).readUInt16LE(),
  UInt32: (reader) => reader.take(4).readUInt32LE(),
  UInt64: (reader) => reader.take(8).readBigUInt64LE(),
  UInt128: (reader) => {
    const low = reader.take(8).readBigUInt64LE()
    return (reader.take(8).readBigUInt64LE() << 64n) | low
  },
  Int8: (reader) => reader.take(1).readInt8(),
  Int16: (reader) => reader.take(2).readInt16LE(),
  Int32: (reader) => reader.take(4).readInt32LE(),
  Int64: (reader) => reader.take(8).readBigInt64LE(),
  Float32: (reader) => reader.take(4).readFloatLE(),
  Float64: (reader) => reader.take(8).readDoubleLE(),
  DateTime: (reader) => reader.take(4).readUInt32LE() * 1000,
  Date: (reader) => reader.take(2).readUInt16LE() * 86_400_000,
  String: (reader) => reader.text(),
  IPv6: (reader) => {
    const bytes = reader.take(16)
    return formatIp(Uint32Array.from([0, 4, 8, 12], (at) => bytes.readUInt32BE(at)))
  },
}

function valuesOf(type: NativeType, rows: number, reader: Reader): NativeValue[] {
  readState(type, reader)
  return itemsOf(type, rows, reader)
}

/** Before the data of the whole column. */
function readState({ name, inner }: NativeType, reader: Reader) {
  if (name === 'LowCardinality') reader.take(8)
  else for (const innerType of inner) readState(innerType, reader)
}

function itemsOf(type: NativeType, rows: number, reader: Reader): NativeValue[] {
  const [first] = type.inner
  switch (type.name) {
    case 'Nullable': {
      const nulls = reader.take(rows)
      return itemsOf(innerOf(first), rows, reader).map((value, row) => (nulls[row] === 1 ? null : value))
    }
    case 'Array': {
      const ends = Array.from({ length: rows }, () => reader.word())
      const items = itemsOf(innerOf(first), ends.at(-1) ?? 0, reader)
      return ends.map((end, row) => items.slice(ends[row - 1] ?? 0, end))
    }
    case 'LowCardinality':
      return rows === 0 ? [] : coded(innerOf(first), reader)
    case 'DateTime64': {
      const factor = 10 ** (Number(first?.name ?? 3) - 3)
      return Array.from({ length: rows }, () => Number(reader.take(8).readBigInt64LE()) / factor)
    }
    case 'FixedString':
      return Array.from({ length: rows }, () => reader.take(Number(first?.name)).toString())
    default: {
      const read = fixed[type.name]
      if (read === undefined) throw new Error(`columns of type ${type.name} are not supported`)
      return Array.from({ length: rows }, () => read(reader))
    }
  }
}

function coded(inner: NativeType, reader: Reader): NativeValue[] {
  const width = 1 << (reader.word() & 0xff)
  const isNullable = inner.name === 'Nullable'
  const keys = itemsOf(isNullable ? innerOf(inner.inner[0]) : inner, reader.word(), reader)
  if (isNullable) keys[0] = null
  return Array.from({ length: reader.word() }, () => keys[reader.take(width).readUIntLE(0, width)] ?? null)
}

function innerOf(type: NativeType | undefined): NativeType {
  if (type === undefined) throw new Error('the type has no argument')
  return type
}
