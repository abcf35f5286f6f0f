import type { SinkBatch, SinkPiece } from '../../engine/contracts.ts'
import type { BatchKind } from '../../model/batches.ts'

export type ChosenRows = Readonly<{
  kind: BatchKind
  slices: readonly Readonly<{ piece: SinkPiece; rows: Uint32Array }>[]
  count: number
  indexes: Uint32Array
}>

/** Fits the memory of a small server, and is one block for it. */
const maxRows = 100_000
const maxBytes = 64 * 1024 * 1024
const flowBytes = 400

/** The same batch always yields the same chunks. */
export function chunksOf(batch: SinkBatch): ChosenRows[] {
  const chunks: ChosenRows[] = []
  for (const kind of ['flows', 'events'] as const) {
    const open = new Open(kind)
    let index = 0
    for (const piece of batch.pieces) {
      if (piece.batch.kind === kind) open.add(piece, index, chunks)
      index += piece.rows.length
    }
    open.close(chunks)
  }
  return chunks
}

class Open {
  readonly #kind: BatchKind
  #slices: { piece: SinkPiece; rows: Uint32Array }[] = []
  #indexes: number[] = []
  #bytes = 0

  constructor(kind: BatchKind) {
    this.#kind = kind
  }

  add(piece: SinkPiece, index: number, chunks: ChosenRows[]): void {
    const { batch, rows } = piece
    let from = 0
    for (let at = 0; at < rows.length; at++) {
      const row = rows[at]!
      const size =
        batch.kind === 'flows' ? flowBytes : 200 + sizeAt(batch.data.offsets, row) + sizeAt(batch.id.offsets, row)
      if (this.#indexes.length > 0 && (this.#indexes.length >= maxRows || this.#bytes + size > maxBytes)) {
        if (at > from) this.#slices.push({ piece, rows: rows.subarray(from, at) })
        from = at
        this.close(chunks)
      }
      this.#indexes.push(index + at)
      this.#bytes += size
    }
    if (rows.length > from) this.#slices.push({ piece, rows: rows.subarray(from) })
  }

  close(chunks: ChosenRows[]): void {
    if (this.#indexes.length === 0) return
    chunks.push({
      kind: this.#kind,
      slices: this.#slices,
      count: this.#indexes.length,
      indexes: Uint32Array.from(this.#indexes),
    })
    this.#slices = []
    this.#indexes = []
    this.#bytes = 0
  }
}

function sizeAt(offsets: Uint32Array, row: number) {
  return offsets[row + 1]! - offsets[row]!
}

export function filterRows(rows: ChosenRows, wanted: (at: number) => boolean): ChosenRows {
  const slices: { piece: SinkPiece; rows: Uint32Array }[] = []
  const indexes: number[] = []
  let at = 0
  for (const { piece, rows: numbers } of rows.slices) {
    const left = numbers.filter((_, row) => wanted(at + row))
    for (let row = 0; row < numbers.length; row++) if (wanted(at + row)) indexes.push(rows.indexes[at + row]!)
    if (left.length > 0) slices.push({ piece, rows: left })
    at += numbers.length
  }
  return { kind: rows.kind, slices, count: indexes.length, indexes: Uint32Array.from(indexes) }
}

export function keysOf({ slices }: ChosenRows): (string | undefined)[] {
  return slices.flatMap(({ piece, rows }) => {
    const { batch } = piece
    if (batch.kind === 'flows') return Array.from(rows, () => undefined)
    return Array.from(rows, (row) => (batch.key[row] === 0 ? undefined : batch.dictionary[batch.key[row]!]))
  })
}
