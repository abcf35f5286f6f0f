import { checkpointTotals, journalSource } from '../../journal/checkpoint.ts'
import { frameBatch } from '../../journal/shared-frames.ts'
import type { Frame } from '../../journal/types.ts'
import type { Position } from '../../model/positions.ts'
import type { SinkPiece } from '../contracts.ts'
import { chooseRows, type Choice } from './route.ts'
import { add, emptyTally, type SinkRecord, type Tally } from './tally.ts'

export type Range = Readonly<{
  pieces: readonly SinkPiece[]
  rows: number
  changes: Map<string, Tally>
  position: Position
  bytes: number
  oldest: number
  /** Until then, missing names may still arrive; 0: none is missing. */
  ripeAt: number
}>

/** The rows that a sink receives. */
interface Selection extends Choice {
  readonly takes: (source: string) => boolean
  readonly onBroken: (frame: Frame, error: unknown) => void
}

export const nameWaitMs = 2000

/** A header that starts after the source's tally proves unreadable rows; they are quarantined. */
export function planRange(
  frames: readonly Frame[],
  record: Readonly<SinkRecord>,
  { takes, route, enrichment, filter, onBroken }: Selection,
): Range {
  const changes = new Map<string, Tally>()
  const pieces: SinkPiece[] = []
  let rows = 0
  let bytes = 0
  let oldest = Number.POSITIVE_INFINITY
  let ripeAt = 0
  const change = (source: string) => {
    let tally = changes.get(source)
    if (tally === undefined) changes.set(source, (tally = emptyTally()))
    return tally
  }
  const accounted = (source: string) => (record.sources[source]?.accounted ?? 0) + (changes.get(source)?.accounted ?? 0)
  const settleUpTo = (source: string, row: number) => {
    const gap = row - accounted(source)
    if (gap <= 0) return
    const tally = change(source)
    tally.accounted += gap
    tally.quarantined += gap
  }

  for (const frame of frames) {
    const { header } = frame
    bytes += header.bodyBytes
    if (header.source === journalSource) {
      for (const [source, total] of checkpointTotals(header)) if (takes(source)) settleUpTo(source, total)
      continue
    }
    if (header.kind === 'empty' || !takes(header.source)) continue
    // Already counted as filtered at the subscription.
    if (header.sourceRows + header.count <= accounted(header.source)) continue
    settleUpTo(header.source, header.sourceRows)
    const tally = change(header.source)
    tally.accounted += header.count
    try {
      const chosen = chooseRows(frameBatch(frame), header, { route, enrichment, filter })
      for (const [reason, count] of Object.entries(chosen.filtered)) add(tally.filtered, reason, count)
      if (chosen.unknown) ripeAt = Math.max(ripeAt, header.received + nameWaitMs)
      if (chosen.rows.length === 0) continue
      oldest = Math.min(oldest, header.received)
      rows += chosen.rows.length
      pieces.push({ header, batch: chosen.batch, rows: chosen.rows, firstRow: 0 })
    } catch (error) {
      // A wrongly encoded body must not stop the sink.
      tally.quarantined += header.count
      onBroken(frame, error)
    }
  }
  const last = frames.at(-1)?.header
  const position = last === undefined ? record.position : { sequence: last.sequence, row: last.firstRow + last.count }
  return { pieces, rows, changes, position, bytes, oldest, ripeAt }
}

export function rowsOf(pieces: readonly SinkPiece[], source: string): number {
  return pieces.reduce((sum, piece) => sum + (piece.header.source === source ? piece.rows.length : 0), 0)
}
