import type { BatchKind } from '../model/batches.ts'
import type { Position } from '../model/positions.ts'

/** What a source hands to the journal: one encoded batch and everything that must become durable with it. */
export interface Unit {
  /** Id of the source component (the source instance). */
  readonly source: string
  /** Stream within the source; the source's own id where it has just one. */
  readonly stream: string
  /** `empty` carries a cursor or counts, and no event. */
  readonly kind: BatchKind | 'empty'
  readonly count: number
  /** Body as `encodeBatch` made it; empty for `empty`. */
  readonly raw: Uint8Array
  /** Unix ms at which the newest row was received. */
  readonly received: number
  /** Smallest and largest event time in Unix ms; NaN when there is none. */
  readonly timeMin: number
  readonly timeMax: number
  /** Where the source stands after this unit, in its own words. */
  readonly cursor?: Uint8Array
  /** Rows recognised as sent before and left out of this unit. */
  readonly duplicates?: number
  /** Rows that could not be taken since the last unit, by reason (added to the source's totals). */
  readonly shed?: Readonly<Record<string, number>>
  /** It may wait for so many ms until others are written, which costs no write, no sync and no reader's look of its own. */
  readonly patienceMs?: number
}

/** Everything a frame's header says; the body is read apart. */
export interface FrameHeader {
  /** Rises by one with every frame of the partition (holes after damage); never used twice. */
  readonly sequence: number
  /** Rows in the partition before this frame. */
  readonly firstRow: number
  readonly kind: BatchKind | 'empty'
  /** More parts of the same source sequence follow; only the last part counts rows. */
  readonly more: boolean
  /** 0-based number of this part. */
  readonly part: number
  /** First frame after a start that found its journal damaged: rows before it may be missing uncounted. */
  readonly afterLoss: boolean
  readonly source: string
  readonly stream: string
  readonly epoch: number
  readonly sourceSequence: number
  /** Rows accepted from this source before this frame, over all epochs. */
  readonly sourceRows: number
  /** Running totals of this source, this frame included. */
  readonly sourceDuplicates: number
  readonly sourceShed: Readonly<Record<string, number>>
  readonly count: number
  readonly received: number
  readonly timeMin: number
  readonly timeMax: number
  readonly cursor?: Uint8Array
  readonly bodyBytes: number
  /** Uncompressed size of the whole body (all parts). */
  readonly rawBytes: number
}

/** A unit as read back: parts joined, header of the last part. */
export interface Frame {
  readonly header: FrameHeader
  /** Sequence of the first part; equals header.sequence for a frame in one piece. */
  readonly firstSequence: number
  /** The uncompressed body. Decompressed on first call. Throws never: checksums were verified. */
  body(): Uint8Array
  /** Nobody looks at the body any more, nor at what was decoded of it. */
  release?(): void
}

/** Returned once the unit is on disk and synced. */
export interface Appended {
  readonly position: Position
  /** Of a journal on a bus: where in its partition the unit ends, or a little behind that. */
  readonly place?: number
  readonly epoch: number
  readonly sourceSequence: number
}

export interface UnreadableStretch {
  readonly segment: string
  readonly offset: number
  readonly bytes: number
  /** Rows it held, when a later header tells; else null. */
  readonly events: number | null
}

/** How far a reader may go: everything up to here is synced. */
export interface Durable {
  /** File name of the segment being written; empty while nothing was written since start. */
  readonly segment: string
  readonly offset: number
  readonly sequence: number
  /** Rows in the partition so far. */
  readonly row: number
}

/** The writer's progress as a reader sees it, within a thread or across threads. */
export interface Tail {
  durable(): Durable
  /** Resolves when `durable` has moved past the sequence given, or the signal aborts. */
  moved(past: number, signal: AbortSignal): Promise<void>
}

/** Totals of a source as the journal's own headers give them. */
export interface SourceTotals {
  accepted: number
  duplicates: number
  shed: Record<string, number>
  /** Source sequence last used in the current epoch. */
  sequence: number
  cursor?: Uint8Array
}

export interface JournalWriter {
  /** Resolves when the frame is synced; rejects with WeirError (journal full, failed sync). Order of calls is order in the journal. */
  append(unit: Unit): Promise<Appended>
  readonly tail: Tail
  readonly epoch: number
  totals(): ReadonlyMap<string, Readonly<SourceTotals>>
  /** Everything up to this sequence has been passed by all holders: segments wholly before may go. */
  release(sequence: number): Promise<void>
  /** Bytes in segments. */
  size(): number
  close(): Promise<void>
}

export interface JournalReader {
  /**
   * The next frames after the reader's place, at least one, at most about `maxBytes` of stored body;
   * waits for new ones; an empty list only when the signal aborts. Damage is passed over and reported to `onUnreadable`.
   */
  next(maxBytes: number, signal: AbortSignal): Promise<Frame[]>
  /** As `next`, but what is not there yet is not waited for. */
  ready(maxBytes: number): Promise<Frame[]>
  /** Stored bytes between the reader's place and the durable end. */
  pendingBytes(): Promise<number>
  close(): Promise<void>
}
