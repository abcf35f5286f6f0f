import type { BatchTransform, TransformOutput, TransformWindows, Windows } from '../contracts.ts'
import type { DerivedTicks, Place } from './derive.ts'

/** A time, Unix ms, at which windows were closed after the row at a place. */
export interface Tick extends Place {
  readonly at: number
}

/** Rebuilds a transform's memory: rows and ticks in their order, without writing their outputs again. */
export function derivedWindows(sink: DerivedTicks, transform: BatchTransform, windows: TransformWindows): Windows {
  let ticks: Tick[] = []
  let isRestored = false
  let closing: Readonly<{ now: number; before: readonly Tick[]; outputs: readonly TransformOutput[] }> | undefined
  /** Ticks after rows before this sequence. */
  const tickBefore = (sequence: number) => {
    while (ticks[0] !== undefined && ticks[0].sequence < sequence) {
      windows.close(ticks[0].at)
      ticks.shift()
    }
  }
  /** Ticks happen only after all earlier rows are settled. */
  const restored = () => {
    tickBefore(Infinity)
    if (isRestored) return
    isRestored = true
    if (windows.restored?.() === true) sink.recordMemo()
  }
  return {
    async begin(at) {
      const all = await sink.ticks()
      ticks = all.filter(({ sequence }) => sequence >= at.sequence).toSorted((a, b) => a.at - b.at)
      isRestored = false
      windows.begin(at, await sink.memo())
    },
    restore(position, pieces) {
      windows.at(position)
      sink.restored(pieces, (piece) => {
        tickBefore(piece.header.sequence)
        transform.take(piece)
      })
    },
    at(position) {
      restored()
      windows.at(position)
    },
    holds: () => windows.holds(),
    due() {
      restored()
      return windows.due()
    },
    async close(now) {
      if (closing === undefined) {
        const before = await sink.ticks()
        closing = { now, before, outputs: windows.close(now) }
      }
      await sink.tick(closing.outputs, closing.now, closing.before)
      closing = undefined
    },
  }
}
