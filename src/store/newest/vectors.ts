/** Columns of flows as vectors of DuckDB, by columns instead of values where both have the same bytes. */
import type { DuckDBDataChunk, DuckDBType, DuckDBVector } from '@duckdb/node-api'
import type { FlowBatch } from '../../model/batches.ts'
import { isPresent, type Column } from '../../model/columns.ts'
import { wellFormedJson } from '../../model/json-escapes.ts'
import { macText } from '../flows/texts.ts'
import { firstTime, lastTime } from '../flows/numbers.ts'
import { dictionaryFields, flowColumns, type FlowColumn } from '../schema.ts'
import type { FlowRows } from '../table-writer.ts'

type Api = typeof import('@duckdb/node-api')

/** `count` rows of a batch from row `from`; `frame`: sequence in the journal. */
type Part = Readonly<{ rows: FlowRows; from: number; count: number; frame: number }>

type Fill = (vector: DuckDBVector, part: Part) => void

const twoTo32 = 4_294_967_296

/** Number of the frame in the journal, by which rows are evicted. */
export const frameColumn = '_frame'

const originTypes = { _source: 'USMALLINT', _epoch: 'UINTEGER', _sequence: 'UBIGINT', _row: 'UINTEGER' } as const
export const ownTypes: Readonly<Record<string, string>> = { ...originTypes, [frameColumn]: 'BIGINT' }

/** Columns of the table that have a value in the batch. */
export function columnsOf({ columns }: FlowBatch): readonly FlowColumn[] {
  return flowColumns.filter(({ field }) => field === 'time_received' || columns[field] !== undefined)
}

function typeOf(api: Api, sql: string): DuckDBType {
  const types: Readonly<Record<string, DuckDBType>> = {
    UTINYINT: api.UTINYINT,
    USMALLINT: api.USMALLINT,
    UINTEGER: api.UINTEGER,
    UBIGINT: api.UBIGINT,
    INTEGER: api.INTEGER,
    BIGINT: api.BIGINT,
    DOUBLE: api.DOUBLE,
    TIMESTAMPTZ: api.TIMESTAMPTZ,
    'UTINYINT[]': api.LIST(api.UTINYINT),
    'VARCHAR[]': api.LIST(api.VARCHAR),
  }
  return types[sql] ?? api.VARCHAR
}

export class FlowChunks {
  readonly #api: Api
  readonly #types: readonly DuckDBType[]
  readonly #fills: readonly Fill[]

  /** `columns` in the order of the table, which has those of {@link ownTypes} behind them. */
  constructor(api: Api, columns: readonly FlowColumn[]) {
    this.#api = api
    this.#types = [...columns.map(({ type }) => type), ...Object.values(ownTypes)].map((type) => typeOf(api, type))
    this.#fills = [...columns.map((column) => fillOf(api, column)), ...ownFills]
  }

  chunk(part: Part): DuckDBDataChunk {
    const chunk = this.#api.DuckDBDataChunk.create(this.#types, part.count)
    this.#fills.forEach((fill, index) => {
      const vector = chunk.getColumnVector(index)
      fill(vector, part)
      vector.flush()
    })
    return chunk
  }
}

type Numbers = DuckDBVector & {
  readonly items: Uint8Array | Uint16Array | Uint32Array | Int32Array | Float64Array | BigInt64Array | BigUint64Array
}

function absent(vector: DuckDBVector, count: number) {
  for (let row = 0; row < count; row++) vector.setItem(row, null)
}

function markAbsent(vector: DuckDBVector, valid: Uint8Array | undefined, { from, count }: Part) {
  if (valid === undefined) return
  for (let row = 0; row < count; row++) if (!isPresent(valid, from + row)) vector.setItem(row, null)
}

function fillOf(api: Api, column: FlowColumn): Fill {
  switch (column.kind) {
    case 'u8':
    case 'u16':
    case 'u32':
    case 'i32':
    case 'f64':
      return plainFill(column)
    case 'u64':
      return wideFill(column)
    case 'ip':
      return endpointFill(column)
    case 'time':
      return timeFill(column)
    case 'mac':
      return textFill(column, ({ words }) => {
        const texts = new Map<number, string>()
        return (row) => {
          const address = (words[2 * row + 1]! & 0xffff) * twoTo32 + words[2 * row]!
          const text = texts.get(address) ?? macText(address)
          texts.set(address, text)
          return text
        }
      })
    case 'dict':
      return dictionaryFields.has(column.name) ? wordFill(column) : codeFill(column, (text) => text)
    case 'json':
      return codeFill(column, wellFormedJson)
    case 'list<u8>':
    case 'list<dict>':
      return listFill(api, column)
  }
}

function plainFill({ field }: FlowColumn): Fill {
  return (vector, part) => {
    const column = part.rows.batch.columns[field]
    if (column === undefined || !('values' in column)) return absent(vector, part.count)
    const { items } = vector as Numbers
    ;(items as Float64Array).set(column.values.subarray(part.from, part.from + part.count))
    markAbsent(vector, column.valid, part)
  }
}

/** Low word first, as in memory. */
function wordsOf(vector: DuckDBVector) {
  const { buffer, byteOffset, byteLength } = (vector as Numbers).items
  return new Uint32Array(buffer, byteOffset, byteLength / 4)
}

function wideFill({ field }: FlowColumn): Fill {
  return (vector, part) => {
    const column = part.rows.batch.columns[field]
    if (column?.kind !== 'u64') return absent(vector, part.count)
    wordsOf(vector).set(column.words.subarray(2 * part.from, 2 * (part.from + part.count)))
    markAbsent(vector, column.valid, part)
  }
}

function putInteger(words: Uint32Array, row: number, value: number) {
  const high = Math.floor(value / twoTo32)
  words[2 * row] = value - high * twoTo32
  words[2 * row + 1] = high
}

function endpointFill({ field }: FlowColumn): Fill {
  return (vector, { rows, from, count }) => {
    const ids = rows.endpoints[field]
    if (ids === undefined) return absent(vector, count)
    const words = wordsOf(vector)
    for (let row = 0; row < count; row++) {
      const id = ids[from + row]!
      if (id === 0) vector.setItem(row, null)
      else putInteger(words, row, id)
    }
  }
}

/** Rows without a receive time have that of their frame. */
function timeFill({ field }: FlowColumn): Fill {
  return (vector, { rows, from, count }) => {
    const column = rows.batch.columns[field]
    const times = column?.kind === 'time' ? column : undefined
    const instead = field === 'time_received' ? rows.origin.received : undefined
    const words = wordsOf(vector)
    for (let row = 0; row < count; row++) {
      const value = times?.values[from + row] ?? Number.NaN
      const isTime = value >= firstTime && value <= lastTime && isPresent(times?.valid, from + row)
      const time = isTime ? value : instead
      if (time === undefined) vector.setItem(row, null)
      else putInteger(words, row, Math.round(time * 1000))
    }
  }
}

type MacColumn = Extract<Column, { kind: 'mac' }>

function textFill({ field }: FlowColumn, reader: (column: MacColumn) => (row: number) => string): Fill {
  return (vector, { rows, from, count }) => {
    const column = rows.batch.columns[field]
    if (column?.kind !== 'mac') return absent(vector, count)
    const read = reader(column)
    for (let row = 0; row < count; row++)
      vector.setItem(row, isPresent(column.valid, from + row) ? read(from + row) : null)
  }
}

function wordFill({ field }: FlowColumn): Fill {
  return (vector, { rows, from, count }) => {
    const column = rows.batch.columns[field]
    if (column?.kind !== 'dict') return absent(vector, count)
    const items = (vector as Numbers).items as Uint32Array
    for (let row = 0; row < count; row++) {
      const number = rows.words[column.codes[from + row]!]!
      if (number === 0) vector.setItem(row, null)
      else items[row] = number
    }
  }
}

function codeFill({ field }: FlowColumn, written: (text: string) => string): Fill {
  return (vector, { rows, from, count }) => {
    const { columns, dictionary } = rows.batch
    const column = columns[field]
    if (column?.kind !== 'dict' && column?.kind !== 'json') return absent(vector, count)
    const texts = new Map<number, string>()
    for (let row = 0; row < count; row++) {
      const code = column.codes[from + row]!
      const text = code === 0 ? undefined : (texts.get(code) ?? written(dictionary[code] ?? ''))
      if (text !== undefined) texts.set(code, text)
      vector.setItem(row, text ?? null)
    }
  }
}

/** An empty list is absent, as in files. */
function listFill(api: Api, { field }: FlowColumn): Fill {
  return (vector, { rows, from, count }) => {
    const { columns, dictionary } = rows.batch
    const column = columns[field]
    if (column?.kind !== 'list<u8>' && column?.kind !== 'list<dict>') return absent(vector, count)
    const { offsets, items } = column
    for (let row = 0; row < count; row++) {
      const listed = [...items.subarray(offsets[from + row], offsets[from + row + 1])]
      const values = column.kind === 'list<u8>' ? listed : listed.map((code) => dictionary[code] ?? '')
      vector.setItem(row, values.length === 0 ? null : api.listValue(values))
    }
  }
}

/** In the order of {@link ownTypes}. */
const ownFills: readonly Fill[] = [
  (vector, { rows }) => void ((vector as Numbers).items as Uint16Array).fill(rows.origin.source),
  (vector, { rows }) => void ((vector as Numbers).items as Uint32Array).fill(rows.origin.epoch),
  (vector, { rows, count }) => {
    const words = wordsOf(vector)
    for (let row = 0; row < count; row++) putInteger(words, row, rows.origin.sequence)
  },
  (vector, { from, count }) => {
    const items = (vector as Numbers).items as Uint32Array
    for (let row = 0; row < count; row++) items[row] = from + row
  },
  (vector, { frame, count }) => {
    const words = wordsOf(vector)
    for (let row = 0; row < count; row++) putInteger(words, row, frame)
  },
]
