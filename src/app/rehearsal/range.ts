/** Reads a range of a journal that a server may be writing: without a lock, and without a write. */
import type { Disk } from '../../host/index.ts'
import { journalSource } from '../../journal/index.ts'
import { Parts } from '../../journal/reader.ts'
import type { Frame, FrameHeader, UnreadableRange } from '../../journal/types.ts'
import { Walk } from '../../journal/walk.ts'
import { nowhere, type Position } from '../../model/positions.ts'

export type PlannedRange = Readonly<{
  /** The last frame before the range, from which a reader starts. */
  after: Position
  /** First and last sequence of the range; 0 without rows. */
  first: number
  last: number
  rows: number
  /** Rows in time, but before the limit. */
  skipped: number
  /** Unix ms; NaN without rows. */
  from: number
  to: number
}>

export type RangeLimits = Readonly<{
  /** Before the newest row. */
  sinceMs: number
  rows: number
}>

type Placed = Readonly<{ sequence: number; before: Position; received: number; count: number }>

/** The newest rows within the limits, by receive time; `isInput` selects the frames that count. */
export async function planRange(
  disk: Disk,
  directory: string,
  limits: RangeLimits,
  isInput: (source: string) => boolean,
): Promise<PlannedRange> {
  const frames: Placed[] = []
  let before: Position = nowhere
  for await (const header of headers(disk, directory)) {
    if (isRow(header) && isInput(header.source))
      frames.push({ sequence: header.sequence, before, received: header.received, count: header.count })
    before = { sequence: header.sequence, row: header.firstRow + (header.more ? 0 : header.count) }
  }
  const newest = frames.reduce((most, { received }) => Math.max(most, received), Number.NEGATIVE_INFINITY)
  const inTime = frames.filter(({ received }) => received >= newest - limits.sinceMs)
  let rows = 0
  let start = inTime.length
  while (start > 0 && rows + (inTime[start - 1]?.count ?? 0) <= limits.rows) rows += inTime[--start]?.count ?? 0
  // A single larger frame is taken whole.
  if (start === inTime.length && start > 0) rows += inTime[--start]?.count ?? 0
  const [first, last] = [inTime[start], inTime.at(-1)]
  const chosen = inTime.slice(start)
  const skipped = inTime.slice(0, start).reduce((sum, { count }) => sum + count, 0)
  if (first === undefined || last === undefined)
    return { after: before, first: 0, last: 0, rows: 0, skipped, from: Number.NaN, to: Number.NaN }
  return {
    after: first.before,
    first: first.sequence,
    last: last.sequence,
    rows,
    skipped,
    from: chosen.reduce((least, { received }) => Math.min(least, received), Infinity),
    to: newest,
  }
}

function isRow({ kind, more, source }: FrameHeader): boolean {
  return kind !== 'empty' && !more && source !== journalSource
}

async function* headers(disk: Disk, directory: string): AsyncGenerator<FrameHeader, void, undefined> {
  const walk = new Walk({ disk, directory, after: nowhere, headersOnly: true })
  try {
    for (let walked = await walk.next(); walked !== undefined; walked = await walk.next()) yield walked.decoded.header
  } finally {
    await walk.close()
  }
}

/** A segment that the server removes meanwhile ends a read; the next one continues after it. */
const maxReads = 3

/** Frames after a position up to a sequence. Half-written frames at the end of the journal are beyond it. */
export async function* readFrames(
  disk: Disk,
  directory: string,
  { after, last }: Pick<PlannedRange, 'after' | 'last'>,
  onUnreadable: (range: UnreadableRange) => void,
): AsyncGenerator<Frame, void, undefined> {
  const walk = new Walk({ disk, directory, after, onUnreadable })
  const parts = new Parts()
  let reached = after.sequence
  try {
    for (let reads = 0; reads < maxReads && reached < last; reads++)
      for (let walked = await walk.next(); walked !== undefined; walked = await walk.next()) {
        reached = walked.decoded.header.sequence
        if (reached > last) return
        const frame = parts.add(walked)
        if (frame !== undefined && frame.header.kind !== 'empty' && frame.header.source !== journalSource) yield frame
        if (reached === last) return
      }
    walk.flush()
  } finally {
    await walk.close()
  }
}
