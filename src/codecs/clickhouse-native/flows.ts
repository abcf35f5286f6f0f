import type { FlowBatch } from '../../model/batches.ts'
import { isPresent, type Column, type ColumnKind } from '../../model/columns.ts'
import type { Field } from '../../model/fields.ts'
import type { NativeColumn } from './block.ts'
import {
  bytesOf,
  copyNulls,
  copyRows,
  endsOf,
  lowCardinality,
  nullable,
  plainTexts,
  textLists,
  timeWords,
  type Numbers,
} from './columns.ts'
import type { BlockTexts } from './texts.ts'

export type FlowRows = Readonly<{
  batch: FlowBatch
  rows: Uint32Array
}>

const typeOfKind: Readonly<Record<ColumnKind, string>> = {
  u8: 'Nullable(UInt8)',
  u16: 'Nullable(UInt16)',
  u32: 'Nullable(UInt32)',
  u64: 'Nullable(UInt64)',
  i32: 'Nullable(Int32)',
  f64: 'Nullable(Float64)',
  ip: 'Nullable(IPv6)',
  mac: 'LowCardinality(Nullable(String))',
  // Microseconds, as in the embedded store.
  time: "Nullable(DateTime64(6, 'UTC'))",
  dict: 'LowCardinality(Nullable(String))',
  json: 'Nullable(String)',
  'list<u8>': 'Array(UInt8)',
  'list<dict>': 'Array(LowCardinality(String))',
}

/** Almost every row has its own: a dictionary would be as large as the column. */
const manyTexts = new Set(['dns_name', 'conversation'])

/** Absent is NULL, because an absent value equals nothing (ADR 0014); an absent list is empty. */
export function flowColumnType({ name, kind }: Pick<Field, 'name' | 'kind'>): string {
  return manyTexts.has(name) ? 'Nullable(String)' : typeOfKind[kind]
}

export function flowColumns(
  pieces: readonly FlowRows[],
  count: number,
  fields: readonly Pick<Field, 'name' | 'kind'>[],
  texts: BlockTexts,
): NativeColumn[] {
  return fields.flatMap((field) => {
    const parts = partsOf(pieces, field)
    return parts.every(({ column }) => column === undefined) ? [] : [columnOf(field, parts, count, texts)]
  })
}

interface Part extends FlowRows {
  readonly column: Column | undefined
  readonly at: number
}

function partsOf(pieces: readonly FlowRows[], { name, kind }: Pick<Field, 'name' | 'kind'>): Part[] {
  let at = 0
  return pieces.map(({ batch, rows }) => {
    const column = batch.columns[name]
    const part = { batch, rows, at, column: column?.kind === kind ? column : undefined }
    at += rows.length
    return part
  })
}

function columnOf(
  field: Pick<Field, 'name' | 'kind'>,
  parts: readonly Part[],
  count: number,
  texts: BlockTexts,
): NativeColumn {
  const { name, kind } = field
  const type = flowColumnType(field)
  switch (kind) {
    case 'dict':
    case 'json': {
      const numbers = codeNumbers(parts, count, texts)
      return { name, type, data: textData(type, numbers, texts) }
    }
    case 'mac':
      return { name, type, data: textData(type, macNumbers(parts, count, texts), texts) }
    case 'list<u8>':
    case 'list<dict>':
      return { name, type, data: listData(parts, count, texts) }
    default: {
      const nulls = nullsOf(parts, count)
      return nullable(name, type.slice('Nullable('.length, -1), nulls, fixedData(kind, parts, count, nulls))
    }
  }
}

function textData(type: string, numbers: Uint32Array, texts: BlockTexts) {
  return type === 'Nullable(String)'
    ? plainTexts(numbers, texts, 'nullable')
    : lowCardinality(numbers, texts, 'nullable')
}

function nullsOf(parts: readonly Part[], count: number): Uint8Array {
  const nulls = new Uint8Array(count)
  for (const { column, rows, at } of parts) {
    if (column === undefined) nulls.fill(1, at, at + rows.length)
    else if ('valid' in column) copyNulls(column.valid, rows, nulls, at)
  }
  return nulls
}

type FixedKind = Exclude<ColumnKind, 'dict' | 'json' | 'mac' | 'list<u8>' | 'list<dict>'>

const arrays: Readonly<Record<FixedKind, Readonly<{ of: new (length: number) => Numbers; width: number }>>> = {
  u8: { of: Uint8Array, width: 1 },
  u16: { of: Uint16Array, width: 1 },
  u32: { of: Uint32Array, width: 1 },
  u64: { of: Uint32Array, width: 2 },
  i32: { of: Int32Array, width: 1 },
  f64: { of: Float64Array, width: 1 },
  time: { of: Float64Array, width: 1 },
  ip: { of: Uint32Array, width: 4 },
}

function fixedData(kind: FixedKind, parts: readonly Part[], count: number, nulls: Uint8Array): Uint8Array {
  const { of, width } = arrays[kind]
  const values = new of(count * width)
  for (const { column, rows, at } of parts) {
    if (column === undefined) continue
    if ('words' in column) copyRows<Numbers>(column.words, rows, width, values, at)
    else if ('values' in column) copyRows<Numbers>(column.values, rows, width, values, at)
  }
  if (kind === 'time') return bytesOf(timeWords(values as Float64Array, nulls, 6))
  const bytes = bytesOf(values)
  // Network order, whatever the host's.
  if (kind === 'ip') Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).swap32()
  return bytes
}

function codeNumbers(parts: readonly Part[], count: number, texts: BlockTexts): Uint32Array {
  const numbers = new Uint32Array(count)
  for (const { column, rows, at, batch } of parts) {
    if (column?.kind !== 'dict' && column?.kind !== 'json') continue
    const { codes } = column
    const knownNumbers = texts.dictionary(batch.dictionary)
    for (let i = 0; i < rows.length; i++) numbers[at + i] = texts.of(knownNumbers, batch.dictionary, codes[rows[i]!]!)
  }
  return numbers
}

function macNumbers(parts: readonly Part[], count: number, texts: BlockTexts): Uint32Array {
  const numbers = new Uint32Array(count)
  const cache = new Map<number, number>()
  for (const { column, rows, at } of parts) {
    if (column?.kind !== 'mac') continue
    const { words, valid } = column
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i]!
      if (!isPresent(valid, row)) continue
      const address = (words[2 * row + 1]! & 0xffff) * 2 ** 32 + words[2 * row]!
      let number = cache.get(address)
      if (number === undefined) cache.set(address, (number = texts.number(macText(address))))
      numbers[at + i] = number
    }
  }
  return numbers
}

function macText(address: number) {
  return address
    .toString(16)
    .padStart(12, '0')
    .replaceAll(/(..)(?!$)/g, '$1:')
}

function listData(parts: readonly Part[], count: number, texts: BlockTexts): Uint8Array[] {
  const lengths = new Uint32Array(count)
  let total = 0
  for (const { column, rows, at } of parts) {
    if (column === undefined || !('offsets' in column)) continue
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i]!
      total += lengths[at + i] = column.offsets[row + 1]! - column.offsets[row]!
    }
  }
  const items = new Uint32Array(total)
  let next = 0
  let isText = false
  for (const { column, rows, batch } of parts) {
    if (column === undefined || !('offsets' in column)) continue
    isText = column.kind === 'list<dict>'
    const numbers = texts.dictionary(batch.dictionary)
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i]!
      for (let item = column.offsets[row]!; item < column.offsets[row + 1]!; item++) {
        const value = column.items[item]!
        items[next++] = isText ? texts.of(numbers, batch.dictionary, value) : value
      }
    }
  }
  return isText ? textLists(lengths, items, texts) : [endsOf(lengths).bytes, Uint8Array.from(items)]
}
