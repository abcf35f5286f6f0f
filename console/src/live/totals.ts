import type { RowsMessage } from '../../../src/api/published.ts'

/** Rows that matched, that were sent, and that will be sent. */
export type Counts = Readonly<{ matched: number; shown: number; pending: number }>

const none: Counts = { matched: 0, shown: 0, pending: 0 }

/** Counts of a view over all streams since it was opened. The server counts per stream. */
export class Totals {
  #before = none
  #stated = none
  #inRows = none

  /** Row messages are up to a second ahead of the statistics. */
  get now(): Counts {
    return {
      matched: this.#before.matched + Math.max(this.#stated.matched, this.#inRows.matched),
      shown: this.#before.shown + Math.max(this.#stated.shown, this.#inRows.shown),
      pending: this.#stated.pending,
    }
  }

  rows({ rows, matched, snapshot }: RowsMessage): void {
    if (snapshot === true) return
    this.#inRows = { ...none, matched: this.#inRows.matched + matched, shown: this.#inRows.shown + rows.length }
  }

  state(counts: Counts): void {
    this.#stated = counts
  }

  newStream(): void {
    this.#before = { ...this.now, pending: 0 }
    this.#stated = none
    this.#inRows = none
  }
}

export function since(from: Counts, { matched, shown, pending }: Counts): Counts {
  return { matched: matched - from.matched, shown: shown - from.shown, pending }
}
