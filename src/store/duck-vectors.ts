/** Internals of DuckDB vectors, to move columns as bytes. The binding's version is pinned. */
import type { DuckDBVector } from '@duckdb/node-api'

type Inside = Readonly<{
  /** Absent for strings and nested types. */
  items?: Readonly<{ buffer: ArrayBufferLike; byteOffset: number; byteLength: number }>
  validity: { data: BigUint64Array | null; readonly offset: number }
}>

type NumberItems = Readonly<{
  buffer: ArrayBufferLike
  byteOffset: number
  byteLength: number
}>

function inside(vector: DuckDBVector) {
  return vector as unknown as Inside
}

export function numberItems(vector: DuckDBVector): NumberItems | undefined {
  return inside(vector).items
}

export function validBits(vector: DuckDBVector): Uint8Array | undefined {
  const { data, offset } = inside(vector).validity
  if (data === null || data === undefined) return undefined
  if (offset !== 0) throw new Error('a vector slice has no validity bitmap')
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
}
