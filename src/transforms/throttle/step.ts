import type { BatchTransform } from '../../engine/contracts.ts'
import { choose } from '../rows/choose.ts'
import { keyReader } from '../rows/fields.ts'
import { JournalTime } from '../rows/held.ts'
import type { ThrottleConfig } from './config.ts'

/** Counts of the current interval; they are rebuilt from its rows. */
export function throttleStep({ rows: limit, interval, by, keys }: ThrottleConfig): BatchTransform {
  const time = new JournalTime()
  const counts = new Map<string, number>()
  let current = 0
  const enter = () => {
    const now = Math.floor(time.now / interval)
    if (now === current) return
    current = now
    counts.clear()
    time.release(current * interval)
  }
  return {
    take(piece) {
      time.advance(piece.header.received)
      enter()
      time.need()
      const key = by === null ? () => '' : keyReader(piece.batch, by)
      return choose(piece, 'throttled', (row) => {
        const text = key(row)
        const counted = counts.has(text) || counts.size < keys ? text : '\0'
        const count = (counts.get(counted) ?? 0) + 1
        counts.set(counted, count)
        return count <= limit
      }).transformed
    },
    windows: {
      begin(at) {
        time.begin(at)
        counts.clear()
        current = Math.floor(at.time / interval)
      },
      at: (position) => time.at(position),
      holds: () => time.holds(),
      due: () => undefined,
      close: () => [],
    },
  }
}
