import type { BatchTransform } from '../../engine/contracts.ts'
import { choose } from '../rows/choose.ts'
import { keyReader } from '../rows/fields.ts'
import { JournalTime } from '../rows/held.ts'
import type { DedupeConfig } from './config.ts'

/** Each occurrence renews its key, so that the memory can be rebuilt from the rows of the window. */
export function dedupeStep({ by, window, keys }: DedupeConfig): BatchTransform {
  const time = new JournalTime()
  /** Oldest occurrence first. */
  const seen = new Map<string, number>()
  const expire = () => {
    const since = time.now - window
    for (const [key, last] of seen) {
      if (last > since && seen.size <= keys) break
      seen.delete(key)
    }
    time.release(since)
  }
  return {
    take(piece) {
      time.advance(piece.header.received)
      expire()
      time.need()
      const key = keyReader(piece.batch, by)
      return choose(piece, 'duplicate', (row) => {
        const text = key(row)
        const known = seen.delete(text)
        seen.set(text, time.now)
        if (seen.size > keys) expire()
        return !known
      }).transformed
    },
    windows: {
      begin(at) {
        time.begin(at)
        seen.clear()
      },
      at: (position) => time.at(position),
      holds: () => time.holds(),
      due: () => undefined,
      close: () => [],
    },
  }
}
