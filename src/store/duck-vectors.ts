/** Internals of DuckDB vectors, to move columns as bytes. The binding's version is pinned. */
import type { DuckDBVector } from '@duckdb/node-api'

interface Inside {
  /** Absent for strings and nested types. */
  readonly items?: { readonly buffer: ArrayBufferLike; readonly byteOffset: number; readonly byteLength: number }
  readonly validity: { data: BigUint64Array | null; readonly offset: number }
}

export interface NumberItems {
  readonly buffer: ArrayBufferLike
  readonly byteOffset: number
  readonly byteLength: number
}

function inside(vector: DuckDBVector): Inside {
  return vector as unknown as Inside
}

export function numberItems(vector: DuckDBVector): NumberItems | undefined {
  return inside(vector).items
}

/** One bit per row; undefined if every row has a value. */
export function validBits(vector: DuckDBVector): Uint8Array | undefined {
  const { data, offset } = inside(vector).validity
  if (data === null || data === undefined) return undefined
  if (offset !== 0) throw new Error('a vector slice has no validity bitmap')
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
}
