import type { DuckDBDataChunk, DuckDBResult, DuckDBType, DuckDBValue, DuckDBVector } from '@duckdb/node-api'
import { numberItems, validBits } from '../duck-vectors.ts'
import { isoMicroseconds } from './iso-time.ts'
import { jsonOf, jsonText, type Api } from './json-value.ts'

type OutputColumn = Readonly<{
  name: string
  type: DuckDBType
}>

export function outputColumns(result: DuckDBResult): OutputColumn[] {
  return distinctNames(result.columnNames()).map((name, index) => ({ name, type: result.columnType(index) }))
}

export function distinctNames(given: readonly string[]): string[] {
  const taken = new Set(given)
  const seen = new Set<string>()
  return given.map((text) => {
    let name = text
    for (let number = 1; seen.has(name); number++) {
      const next = `${text}_${number}`
      if (!taken.has(next) || number > taken.size) name = next
    }
    seen.add(name)
    return name
  })
}

const twoTo32 = 4_294_967_296

export function jsonCells(api: Api, chunk: DuckDBDataChunk, column: number, type: DuckDBType): string[] {
  const rows = chunk.rowCount
  const vector = chunk.getColumnVector(column)
  return numbers(api, vector, type, rows) ?? others(api, vector, type, rows)
}

function numbers(api: Api, vector: DuckDBVector, type: DuckDBType, rows: number): string[] | undefined {
  const items = numberItems(vector)
  if (items === undefined || type.alias !== undefined) return undefined
  const { buffer, byteOffset } = items
  const id = api.DuckDBTypeId
  const plain = (values: ArrayLike<number>) => filled(vector, rows, (row) => String(values[row]))
  switch (type.typeId) {
    case id.TINYINT:
      return plain(new Int8Array(buffer, byteOffset, rows))
    case id.UTINYINT:
      return plain(new Uint8Array(buffer, byteOffset, rows))
    case id.SMALLINT:
      return plain(new Int16Array(buffer, byteOffset, rows))
    case id.USMALLINT:
      return plain(new Uint16Array(buffer, byteOffset, rows))
    case id.INTEGER:
      return plain(new Int32Array(buffer, byteOffset, rows))
    case id.UINTEGER:
      return plain(new Uint32Array(buffer, byteOffset, rows))
    case id.BIGINT:
    case id.UBIGINT:
      return wide(vector, type.typeId === id.BIGINT ? 'signed' : 'unsigned', rows, buffer, byteOffset)
    case id.TIMESTAMP:
    case id.TIMESTAMP_TZ: {
      const words = new Int32Array(buffer, byteOffset, 2 * rows)
      const low = new Uint32Array(buffer, byteOffset, 2 * rows)
      return filled(
        vector,
        rows,
        (row) => `"${isoMicroseconds((words[2 * row + 1] ?? 0) * twoTo32 + (low[2 * row] ?? 0))}"`,
      )
    }
    case id.FLOAT:
      return floats(vector, new Float32Array(buffer, byteOffset, rows), rows)
    case id.DOUBLE:
      return floats(vector, new Float64Array(buffer, byteOffset, rows), rows)
    default:
      return undefined
  }
}

function filled(vector: DuckDBVector, rows: number, text: (row: number) => string): string[] {
  const bits = validBits(vector)
  const out = new Array<string>(rows)
  for (let row = 0; row < rows; row++) {
    out[row] = bits === undefined || (((bits[row >> 3] ?? 0) >> (row & 7)) & 1) === 1 ? text(row) : 'null'
  }
  return out
}

function floats(vector: DuckDBVector, values: Float32Array | Float64Array, rows: number) {
  return filled(vector, rows, (row) => (Number.isFinite(values[row]) ? String(values[row]) : 'null'))
}

function wide(
  vector: DuckDBVector,
  sign: 'signed' | 'unsigned',
  rows: number,
  buffer: ArrayBufferLike,
  byteOffset: number,
): string[] {
  const low = new Uint32Array(buffer, byteOffset, 2 * rows)
  const high = sign === 'signed' ? new Int32Array(buffer, byteOffset, 2 * rows) : low
  const exact =
    sign === 'signed' ? new BigInt64Array(buffer, byteOffset, rows) : new BigUint64Array(buffer, byteOffset, rows)
  return filled(vector, rows, (row) => {
    const value = (high[2 * row + 1] ?? 0) * twoTo32 + (low[2 * row] ?? 0)
    return Number.isSafeInteger(value) ? String(value) : `"${exact[row]}"`
  })
}

function others(api: Api, vector: DuckDBVector, type: DuckDBType, rows: number): string[] {
  const out = new Array<string>(rows)
  const isText = type.typeId === api.DuckDBTypeId.VARCHAR
  const isJson = type.alias === 'JSON'
  if (
    vector instanceof api.DuckDBStructVector &&
    type instanceof api.DuckDBStructType &&
    type.entryNames.every((name) => name === '')
  ) {
    // ROW(…) has no names: the binding's value would have the last part only.
    for (let row = 0; row < rows; row++)
      out[row] =
        vector.getItem(row) === null
          ? 'null'
          : `[${type.entryTypes.map((inner, part) => jsonOf(api, vector.getItemValue(row, part), inner)).join(',')}]`
    return out
  }
  for (let row = 0; row < rows; row++) {
    const value = vector.getItem(row) as DuckDBValue
    if (value === null) out[row] = 'null'
    else if (isJson && typeof value === 'string') out[row] = jsonText(value)
    else if (isText) out[row] = JSON.stringify(value)
    else out[row] = jsonOf(api, value, type)
  }
  return out
}
