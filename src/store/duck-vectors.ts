/**
 * The inside of DuckDB's vectors. The binding's public accessors take one value at a time, as BigInt where it is wide;
 * here whole columns move as bytes. The fields used are not part of its types: the version is pinned, and a test
 * compares what is written this way with what the public accessors read.
 */
import type { DuckDBVector } from '@duckdb/node-api'

interface Inside {
  /** Numbers, one per row; absent for strings and nested types. */
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

/** Bytes of a column of fixed width, as DuckDB holds them. */
export function numberItems(vector: DuckDBVector): NumberItems | undefined {
  return inside(vector).items
}

/** A bit per row, in bytes, or undefined when every row has a value. */
export function validBits(vector: DuckDBVector): Uint8Array | undefined {
  const { data, offset } = inside(vector).validity
  if (data === null || data === undefined) return undefined
  if (offset !== 0) throw new Error('a slice of a vector has no bits of its own')
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
}
