import { Presence } from '../parquet/levels.ts'
import type { FlowRows } from '../table-writer.ts'

/**
 * Space for the values of one column at a time: columns are encoded one after the other, synchronously, and nothing is
 * allocated per row.
 */
export const scratch = {
  words: new Uint32Array(1 << 12),
  floats: new Float64Array(1 << 12),
  presence: new Presence(),
}

/** Makes room for so many values; those that are there stay. */
export function room(values: number): void {
  const { words, floats } = scratch
  if (words.length >= values) return
  scratch.words = new Uint32Array(Math.max(values, 2 * words.length))
  scratch.words.set(words)
  scratch.floats = new Float64Array(scratch.words.length)
  scratch.floats.set(floats)
}

/** Begins a column with room for a value in every row. */
export function begin(pieces: readonly FlowRows[]): typeof scratch {
  scratch.presence.reset()
  room(pieces.reduce((sum, { batch }) => sum + batch.count, 0))
  return scratch
}
