import { Presence } from '../../codecs/parquet/levels.ts'
import type { FlowRows } from '../table-writer.ts'

/** Shared, because columns are encoded synchronously, one after the other. */
export const scratch = {
  words: new Uint32Array(1 << 12),
  floats: new Float64Array(1 << 12),
  presence: new Presence(),
}

export function room(values: number): void {
  const { words, floats } = scratch
  if (words.length >= values) return
  scratch.words = new Uint32Array(Math.max(values, 2 * words.length))
  scratch.words.set(words)
  scratch.floats = new Float64Array(scratch.words.length)
  scratch.floats.set(floats)
}

export function begin(pieces: readonly FlowRows[]): typeof scratch {
  scratch.presence.reset()
  room(pieces.reduce((sum, { batch }) => sum + batch.count, 0))
  return scratch
}
