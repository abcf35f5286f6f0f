import type { EventBatch } from '../../model/batches.ts'
import { murmur128Rows } from './murmur.ts'

const utf8 = new TextEncoder()

/** Four words per row. Stored snapshots contain them. */
export function idHashes({ count, dictionary, source, id }: EventBatch): Uint32Array {
  return murmur128Rows(count, { codes: source, bytes: (code) => utf8.encode(`${dictionary[code] ?? ''}\0`) }, id)
}

export function pickHashes(hashes: Uint32Array, rows: Uint32Array): Uint32Array {
  const picked = new Uint32Array(4 * rows.length)
  for (let i = 0; i < rows.length; i++) {
    const at = 4 * rows[i]!
    picked.set(hashes.subarray(at, at + 4), 4 * i)
  }
  return picked
}
