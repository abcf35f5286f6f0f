import { bodyTexts } from './bodies.ts'
import { dataEncodings, type EventBatch, type Heap } from '../../model/batches.ts'
import { varint, type NativeColumn } from './block.ts'
import { bytesOf, copyRows, lowCardinality, nullable, plainTexts, timeWords } from './columns.ts'
import type { BlockTexts } from './texts.ts'

export type EventRows = Readonly<{
  batch: EventBatch
  rows: Uint32Array
}>

type Codes = 'source' | 'type' | 'subject' | 'datacontenttype' | 'dataschema' | 'extensions' | 'family' | 'key' | 'ref'

export const eventColumnTypes: Readonly<Record<string, string>> = {
  id: 'String',
  source: 'LowCardinality(String)',
  type: 'LowCardinality(String)',
  subject: 'Nullable(String)',
  time: "Nullable(DateTime64(6, 'UTC'))",
  datacontenttype: 'LowCardinality(Nullable(String))',
  dataschema: 'LowCardinality(Nullable(String))',
  extensions: 'Nullable(String)',
  family: 'LowCardinality(String)',
  key: 'Nullable(String)',
  ref: 'Nullable(String)',
  encoding: 'LowCardinality(String)',
  data: 'String',
}

const common = Object.entries(eventColumnTypes)

export function eventColumns(pieces: readonly EventRows[], count: number, texts: BlockTexts): NativeColumn[] {
  const columns = common.map(([name, type]) => {
    switch (name) {
      case 'id':
      case 'data':
        return { name, type, data: [heapTexts(pieces.map(({ batch, rows }) => ({ heap: batch[name], rows })))] }
      case 'time':
        return timeColumn(pieces, count)
      case 'encoding':
        return { name, type, data: lowCardinality(encodingNumbers(pieces, count, texts), texts, 'required') }
      default:
        return { name, type, data: codedTexts(type, codeNumbers(name as Codes, pieces, count, texts), texts) }
    }
  })
  return [...columns, ...bodyTexts(pieces, count, texts)]
}

function codedTexts(type: string, numbers: Uint32Array, texts: BlockTexts) {
  return type.startsWith('LowCardinality(')
    ? lowCardinality(numbers, texts, type.includes('Nullable(') ? 'nullable' : 'required')
    : plainTexts(numbers, texts, type.startsWith('Nullable(') ? 'nullable' : 'required')
}

function codeNumbers(name: Codes, pieces: readonly EventRows[], count: number, texts: BlockTexts): Uint32Array {
  const numbers = new Uint32Array(count)
  let at = 0
  for (const { batch, rows } of pieces) {
    const codes = batch[name]
    const knownNumbers = texts.dictionary(batch.dictionary)
    for (let i = 0; i < rows.length; i++) numbers[at++] = texts.of(knownNumbers, batch.dictionary, codes[rows[i]!]!)
  }
  return numbers
}

function encodingNumbers(pieces: readonly EventRows[], count: number, texts: BlockTexts): Uint32Array {
  const words = dataEncodings.map((word) => texts.number(word))
  const numbers = new Uint32Array(count)
  let at = 0
  for (const { batch, rows } of pieces)
    for (let i = 0; i < rows.length; i++) numbers[at++] = words[batch.encoding[rows[i]!]!]!
  return numbers
}

function timeColumn(pieces: readonly EventRows[], count: number): NativeColumn {
  const times = new Float64Array(count)
  let at = 0
  for (const { batch, rows } of pieces) {
    copyRows(batch.time, rows, 1, times, at)
    at += rows.length
  }
  const nulls = new Uint8Array(count)
  return nullable('time', "DateTime64(6, 'UTC')", nulls, bytesOf(timeWords(times, nulls, 6)))
}

function heapTexts(parts: readonly Readonly<{ heap: Heap; rows: Uint32Array }>[]): Uint8Array {
  let total = 0
  for (const { heap, rows } of parts)
    for (let i = 0; i < rows.length; i++) {
      const length = lengthAt(heap, rows[i]!)
      total += length + varintLength(length)
    }
  const bytes = new Uint8Array(total)
  let at = 0
  for (const { heap, rows } of parts)
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i]!
      const length = lengthAt(heap, row)
      if (length < 0x80) bytes[at++] = length
      else {
        const encoded = varint(length)
        bytes.set(encoded, at)
        at += encoded.length
      }
      bytes.set(heap.bytes.subarray(heap.offsets[row], heap.offsets[row + 1]), at)
      at += length
    }
  return bytes
}

function lengthAt({ offsets }: Heap, row: number) {
  return offsets[row + 1]! - offsets[row]!
}

function varintLength(value: number): number {
  return value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x20_0000 ? 3 : value < 0x1000_0000 ? 4 : 5
}
