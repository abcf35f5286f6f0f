import type { DuckDBConnection, DuckDBDataChunk } from '@duckdb/node-api'
import { numberItems } from '../duck-vectors.ts'

export async function eachChunk(
  connection: DuckDBConnection,
  sql: string,
  take: (chunk: DuckDBDataChunk) => void,
): Promise<void> {
  const stream = await connection.stream(sql)
  for (;;) {
    const chunk = await stream.fetchChunk()
    if (chunk === null || chunk.rowCount === 0) return
    take(chunk)
  }
}

export class Column<Values extends Float64Array | Uint32Array> {
  readonly #of: new (buffer: ArrayBufferLike, byteOffset: number, length: number) => Values
  readonly #pieces: Values[] = []
  #length = 0

  constructor(of: new (buffer: ArrayBufferLike, byteOffset: number, length: number) => Values) {
    this.#of = of
  }

  take(chunk: DuckDBDataChunk, column: number): void {
    const items = numberItems(chunk.getColumnVector(column))
    if (items === undefined) throw new Error(`column ${column} is not numeric`)
    this.#pieces.push(new this.#of(items.buffer, items.byteOffset, chunk.rowCount).slice() as Values)
    this.#length += chunk.rowCount
  }

  values(): Values {
    const all = new this.#of(new ArrayBuffer(this.#length * (this.#pieces[0]?.BYTES_PER_ELEMENT ?? 8)), 0, this.#length)
    let at = 0
    for (const piece of this.#pieces.splice(0)) {
      all.set(piece, at)
      at += piece.length
    }
    return all
  }
}

export function textsIn(chunk: DuckDBDataChunk, column: number): (string | null)[] {
  const vector = chunk.getColumnVector(column)
  return Array.from({ length: chunk.rowCount }, (_, row) => vector.getItem(row) as string | null)
}

export function startsOf(numbers: Uint32Array, count: number): Uint32Array {
  const starts = new Uint32Array(count + 1)
  for (const number of numbers) starts[number + 1] = (starts[number + 1] ?? 0) + 1
  for (let at = 1; at <= count; at++) starts[at] = (starts[at] ?? 0) + (starts[at - 1] ?? 0)
  return starts
}
