import { constants, zstdCompressSync } from 'node:zlib'
import { largestZstd } from '../../model/zstd.ts'
import { Bytes, bitsOf, delta, deltaSize, hybrid } from './bits.ts'
import { dictionaryOf } from './distinct.ts'
import type { Levels } from './levels.ts'
import { physical, physicalType, type ColumnType } from './schema.ts'
import { binary, encodeThrift, i32, i64, nested, struct, type ThriftStruct } from './thrift.ts'

const encodings = { plain: 0, rle: 3, delta: 5, dictionary: 8 } as const
const codecs = { none: 0, zstd: 6 } as const

export type Column = Readonly<{
  name: string
  type: ColumnType
}>

export interface Chunk extends Column {
  readonly pieces: readonly Uint8Array[]
  readonly bytes: number
  readonly uncompressed: number
  readonly values: number
  readonly encodings: readonly number[]
  readonly codec: number
  /** The first page; 0 without one. */
  readonly dictionaryBytes: number
  readonly statistics: ThriftStruct | undefined
}

const out = new Bytes()
const worthCompressing = 1024
const params = { [constants.ZSTD_c_compressionLevel]: 1 }

type Page = Readonly<{
  body: Uint8Array
  header: (uncompressed: number, compressed: number) => ThriftStruct
}>

type Encoded = Readonly<{
  pages: readonly Page[]
  encodings: readonly number[]
  codec: keyof typeof codecs
  statistics: ThriftStruct | undefined
}>

function assemble(column: Column, levels: Levels, { pages, encodings: used, codec, statistics }: Encoded): Chunk {
  const pieces: Uint8Array[] = []
  let uncompressed = 0
  let bytes = 0
  let dictionaryBytes = 0
  for (const [index, { body, header }] of pages.entries()) {
    const stored = codec === 'zstd' ? zstdCompressSync(body, { params, chunkSize: largestZstd(body.length) }) : body
    const head = encodeThrift(header(body.length, stored.length))
    pieces.push(head, stored)
    uncompressed += head.length + body.length
    bytes += head.length + stored.length
    if (index === 0 && pages.length > 1) dictionaryBytes = head.length + stored.length
  }
  return {
    ...column,
    pieces,
    bytes,
    uncompressed,
    values: levels.values,
    encodings: used,
    codec: codecs[codec],
    dictionaryBytes,
    statistics,
  }
}

function dataPage(levels: Levels, encoding: number): Page['header'] {
  return (whole, stored) =>
    struct(
      [1, i32(0)],
      [2, i32(whole)],
      [3, i32(stored)],
      [
        5,
        nested(struct([1, i32(levels.values)], [2, i32(encoding)], [3, i32(encodings.rle)], [4, i32(encodings.rle)])),
      ],
    )
}

function dictionaryPage(entries: number): Page['header'] {
  return (whole, stored) =>
    struct(
      [1, i32(2)],
      [2, i32(whole)],
      [3, i32(stored)],
      [7, nested(struct([1, i32(entries)], [2, i32(encodings.plain)]))],
    )
}

function begin(levels: Levels) {
  out.at = 0
  levels.write(out)
}

function number(value: number, width: 4 | 8): Uint8Array {
  const bytes = new Uint8Array(width)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, (value % 4_294_967_296) | 0, true)
  if (width === 8) view.setBigInt64(0, BigInt(value), true)
  return bytes
}

function statisticsOf(levels: Levels, min?: Uint8Array, max?: Uint8Array) {
  return struct(
    [3, i64(levels.nulls)],
    [5, max === undefined ? undefined : binary(max)],
    [6, min === undefined ? undefined : binary(min)],
  )
}

function indexPage(levels: Levels, indexes: Uint32Array, count: number, entries: number): Page {
  const width = Math.max(1, bitsOf(entries - 1))
  begin(levels)
  out.room(1)
  out.bytes[out.at++] = width
  hybrid(indexes, count, width, out)
  return { body: out.taken().slice(), header: dataPage(levels, encodings.dictionary) }
}

/** `base + values[i]`. In 64-bit columns `values` must be below 2^31 and `base` a safe integer. */
export function integers(column: Column, values: Uint32Array, count: number, base: number, levels: Levels): Chunk {
  const width = physicalType(column.type) === physical.int32 ? 4 : 8
  const signed = (value: number) => (width === 4 ? (base + value) | 0 : base + value)
  const dictionary = dictionaryOf(values, count)
  const { min, max } = dictionary
  const statistics = statisticsOf(levels, number(base + min, width), number(base + max, width))
  if (dictionary.entries !== undefined) {
    const { entries, indexes } = dictionary
    const bits = bitsOf(entries.length - 1)
    if (bits === 0 || (bits * count) / 8 + entries.length * width < deltaSize(values, count)) {
      out.at = 0
      out.room(entries.length * width)
      for (const entry of entries) {
        const value = base + entry
        out.u32((value % 4_294_967_296) | 0)
        if (width === 8) out.u32(Math.floor(value / 4_294_967_296))
      }
      const dictionaryBody = { body: out.taken().slice(), header: dictionaryPage(entries.length) }
      return assemble(column, levels, {
        pages: [dictionaryBody, indexPage(levels, indexes, count, entries.length)],
        encodings: [encodings.plain, encodings.rle, encodings.dictionary],
        codec: 'none',
        statistics,
      })
    }
  }
  begin(levels)
  delta(values, count, count === 0 ? 0 : signed(values[0]!), out)
  return assemble(column, levels, {
    pages: [{ body: out.taken().slice(), header: dataPage(levels, encodings.delta) }],
    encodings: [encodings.rle, encodings.delta],
    codec: 'none',
    statistics,
  })
}

/** PLAIN: large integers, doubles, and texts prefixed with their length (32 bits). */
export function plain(column: Column, bytes: Uint8Array, levels: Levels): Chunk {
  begin(levels)
  out.put(bytes)
  const body = out.taken()
  const compress = body.length >= worthCompressing
  const chunk = assemble(column, levels, {
    // Compressed bytes are a copy.
    pages: [{ body: compress ? body : body.slice(), header: dataPage(levels, encodings.plain) }],
    encodings: [encodings.plain, encodings.rle],
    codec: compress ? 'zstd' : 'none',
    statistics: statisticsOf(levels),
  })
  out.clear()
  return chunk
}

export function texts(
  column: Column,
  entries: readonly string[],
  indexes: Uint32Array,
  count: number,
  levels: Levels,
): Chunk {
  out.at = 0
  let [min, max] = [entries[0] ?? '', entries[0] ?? '']
  let ascii = true
  for (const entry of entries) {
    const bytes = out.text(entry)
    ascii &&= bytes === entry.length
    if (entry < min) min = entry
    if (entry > max) max = entry
  }
  const body = out.taken().slice()
  // UTF-8 order differs from UTF-16.
  const bounds = ascii ? ([Buffer.from(min), Buffer.from(max)] as const) : extremes(entries)
  return dictionaryTexts(column, { body, entries: entries.length, bounds }, indexes, count, levels)
}

/** Distinct texts in the order of their bytes. */
type OrderedTexts = Readonly<{
  count: number
  /** Appends an entry with its length. */
  put(entry: number, out: Bytes): void
  text(entry: number): string
}>

/** A value for each row. */
export function orderedTexts(column: Column, levels: Levels, indexes: Uint32Array, entries: OrderedTexts): Chunk {
  const { count } = entries
  out.at = 0
  for (let entry = 0; entry < count; entry++) entries.put(entry, out)
  const body = out.taken().slice()
  const bound = (entry: number) => Buffer.from(count === 0 ? '' : entries.text(entry))
  const bounds = [bound(0), bound(count - 1)] as const
  return dictionaryTexts(column, { body, entries: count, bounds }, indexes, indexes.length, levels)
}

type TextDictionary = Readonly<{ body: Uint8Array; entries: number; bounds: readonly [first: Buffer, last: Buffer] }>

function dictionaryTexts(
  column: Column,
  { body, entries, bounds: [first, last] }: TextDictionary,
  indexes: Uint32Array,
  count: number,
  levels: Levels,
): Chunk {
  const page = indexPage(levels, indexes, count, entries)
  const short = entries > 0 && first.length <= 64 && last.length <= 64
  return assemble(column, levels, {
    pages: [{ body, header: dictionaryPage(entries) }, page],
    encodings: [encodings.plain, encodings.rle, encodings.dictionary],
    codec: body.length >= worthCompressing ? 'zstd' : 'none',
    statistics: short ? statisticsOf(levels, first, last) : statisticsOf(levels),
  })
}

function extremes(entries: readonly string[]): readonly [Buffer, Buffer] {
  let [min, max] = [Buffer.from(entries[0] ?? ''), Buffer.from(entries[0] ?? '')]
  for (const entry of entries) {
    const bytes = Buffer.from(entry)
    if (Buffer.compare(bytes, min) < 0) min = bytes
    if (Buffer.compare(bytes, max) > 0) max = bytes
  }
  return [min, max]
}

export function chunkMeta(chunk: Chunk, offset: number, path: readonly Uint8Array[]): ThriftStruct {
  return struct(
    [2, i64(offset)],
    [
      3,
      nested(
        struct(
          [1, i32(physicalType(chunk.type))],
          [2, { kind: 9, value: { of: 5, items: chunk.encodings } }],
          [3, { kind: 9, value: { of: 8, items: path } }],
          [4, i32(chunk.codec)],
          [5, i64(chunk.values)],
          [6, i64(chunk.uncompressed)],
          [7, i64(chunk.bytes)],
          [9, i64(offset + chunk.dictionaryBytes)],
          [11, chunk.dictionaryBytes === 0 ? undefined : i64(offset)],
          [12, chunk.statistics === undefined ? undefined : nested(chunk.statistics)],
        ),
      ),
    ],
  )
}
