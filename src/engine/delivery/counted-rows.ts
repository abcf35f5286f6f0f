import type { Batch } from '../../model/batches.ts'
import { stableId } from '../../model/positions.ts'
import type { SinkBatch, SinkPiece } from '../contracts.ts'
import { RecentTokens } from './recent-tokens.ts'

const maxRejected = 100_000

/** For sinks that sum rows in memory and send the sums: a row counts once per process, however often it is sent. */
export class CountedRows {
  readonly #tokens = new RecentTokens()
  readonly #rejected = new Set<string>()

  once(batch: SinkBatch, add: (rows: Batch, chosen: Uint32Array) => void): void {
    if (this.#tokens.has(batch.token)) return
    this.#tokens.add(batch.token)
    for (const piece of batch.pieces) {
      const { rows } = piece
      const hasRejected = batch.retried && this.#rejected.size > 0
      add(piece.batch, hasRejected ? rows.filter((row) => !this.#rejected.delete(rowId(piece, row))) : rows)
    }
  }

  /** The rows were counted and become dead letters all the same. `indices`: over all pieces; default: all rows. */
  rejected({ pieces }: SinkBatch, indices?: ReadonlySet<number>): void {
    let index = 0
    for (const piece of pieces)
      for (const row of piece.rows)
        if ((indices === undefined || indices.has(index++)) && this.#rejected.size < maxRejected)
          this.#rejected.add(rowId(piece, row))
  }
}

function rowId({ header, firstRow }: SinkPiece, row: number) {
  return stableId(header.source, header.epoch, header.sourceSequence, firstRow + row)
}
