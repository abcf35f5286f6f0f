import type { BatchKind } from '../model/batches.ts'
import type { Position } from '../model/positions.ts'

/** Rows of a source with everything that must become durable with them: one encoded batch. */
export interface Unit {
  /** Id of the source instance. */
  readonly source: string
  /** Stream within the source; the source id if it has only one. */
  readonly stream: string
  /** `empty` carries a cursor or counts, and no rows. */
  readonly kind: BatchKind | 'empty'
  readonly count: number
  readonly raw: Uint8Array
  /** Unix ms at which the newest row was received. */
  readonly received: number
  /** Smallest and largest event time in Unix ms; NaN without one. */
  readonly timeMin: number
  readonly timeMax: number
  /**
   * Hashes of source and id of each event, four words a row, computed where the unit was made. The duplicate window
   * computes them if they are absent. They are not written to the journal.
   */
  readonly hashes?: Uint32Array
  /** Position of the source after this unit; opaque to the journal. */
  readonly cursor?: Uint8Array
  /** Duplicate rows that are not in this unit. */
  readonly duplicates?: number
  /** Rows shed since the last unit, by reason; added to the source's totals. */
  readonly shed?: Readonly<Record<string, number>>
  /** Maximum ms to wait for other units, to share their write, sync and reader wake-up. */
  readonly maxDelayMs?: number
}

export interface FrameHeader {
  /** Increases with every frame of the partition, with gaps after damage; never reused. */
  readonly sequence: number
  /** Rows in the partition before this frame. */
  readonly firstRow: number
  readonly kind: BatchKind | 'empty'
  /** More parts of the same source sequence follow; only the last part counts rows. */
  readonly more: boolean
  readonly part: number
  /** First frame after a start with a damaged journal: rows before it may be missing uncounted. */
  readonly afterLoss: boolean
  readonly source: string
  readonly stream: string
  readonly epoch: number
  readonly sourceSequence: number
  /** Rows accepted from this source before this frame, over all epochs. */
  readonly sourceRows: number
  /** Running totals of this source, including this frame. */
  readonly sourceDuplicates: number
  readonly sourceShed: Readonly<Record<string, number>>
  readonly count: number
  readonly received: number
  readonly timeMin: number
  readonly timeMax: number
  readonly cursor?: Uint8Array
  readonly bodyBytes: number
  readonly rawBytes: number
}

/** A unit as read: parts joined, header of the last part. */
export interface Frame {
  readonly header: FrameHeader
  /** Sequence of the first part; equals header.sequence for a single frame. */
  readonly firstSequence: number
  /** The uncompressed body, decompressed on the first call. Never throws: checksums were verified. */
  body(): Uint8Array
  /** Releases the body; it and values decoded from it must not be used afterwards. */
  release?(): void
}

export interface Appended {
  readonly position: Position
  /** For a journal on a bus: position in the partition at or slightly after the end of the unit. */
  readonly place?: number
  readonly epoch: number
  readonly sourceSequence: number
}

export interface UnreadableStretch {
  readonly segment: string
  readonly offset: number
  readonly bytes: number
  /** Rows of the range, if a later header counts them; else null. */
  readonly events: number | null
}

/** Limit for readers: everything up to here is synced. */
export interface Durable {
  /** File name of the segment being written; empty before the first write. */
  readonly segment: string
  readonly offset: number
  readonly sequence: number
  /** Rows in the partition so far. */
  readonly row: number
}

export interface Tail {
  durable(): Durable
  /** Resolves when `durable` has passed the sequence, or the signal aborts. */
  moved(past: number, signal: AbortSignal): Promise<void>
}

/** Totals of a source, from the journal's headers. */
export interface SourceTotals {
  accepted: number
  duplicates: number
  shed: Record<string, number>
  /** Last source sequence of the current epoch. */
  sequence: number
  cursor?: Uint8Array
}

export interface JournalWriter {
  /**
   * Resolves when the frame is synced; rejects with WeirError (journal full, failed sync). Call order is journal order.
   */
  append(unit: Unit): Promise<Appended>
  readonly tail: Tail
  readonly epoch: number
  totals(): ReadonlyMap<string, Readonly<SourceTotals>>
  /** All holders have passed this sequence: segments wholly before it may be removed. */
  release(sequence: number): Promise<void>
  size(): number
  close(): Promise<void>
}

export interface JournalReader {
  /**
   * The next frames after the reader's position: at least one, about `maxBytes` of stored body at most. Waits for new
   * frames; returns an empty list only when the signal aborts. Damage is skipped and reported to `onUnreadable`.
   */
  next(maxBytes: number, signal: AbortSignal): Promise<Frame[]>
  /** Like `next`, without waiting. */
  ready(maxBytes: number): Promise<Frame[]>
  pendingBytes(): Promise<number>
  close(): Promise<void>
}
