import type { BatchKind } from '../model/batches.ts'
import type { Position } from '../model/positions.ts'

/** One encoded batch of a source, with everything that becomes durable with it. */
export interface Unit {
  readonly source: string
  /** Default: the source id. */
  readonly stream: string
  /** `empty`: a cursor or counts, no rows. */
  readonly kind: BatchKind | 'empty'
  readonly count: number
  readonly raw: Uint8Array
  /** Unix ms of the newest row. */
  readonly received: number
  /** Event times in Unix ms; NaN without one. */
  readonly timeMin: number
  readonly timeMax: number
  /** Hashes of source and id, four words per event; computed later if absent, never stored. */
  readonly hashes?: Uint32Array
  /** Of the source after this unit; opaque. */
  readonly cursor?: Uint8Array
  /** Not in this unit. */
  readonly duplicates?: number
  /** Since the last unit, by reason. */
  readonly shed?: Readonly<Record<string, number>>
  /** Wait for other units, to share their write and sync. */
  readonly maxDelayMs?: number
}

export interface FrameHeader {
  /** Increases with every frame, with gaps after damage. */
  readonly sequence: number
  /** Rows before this frame. */
  readonly firstRow: number
  readonly kind: BatchKind | 'empty'
  /** Only the last part of a unit counts rows. */
  readonly more: boolean
  readonly part: number
  /** After a start with damage: rows before may be missing uncounted. */
  readonly afterLoss: boolean
  readonly source: string
  readonly stream: string
  readonly epoch: number
  readonly sourceSequence: number
  /** Before this frame, over all epochs. */
  readonly sourceRows: number
  /** Totals including this frame. */
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

/** Parts joined, header of the last one. */
export interface Frame {
  readonly header: FrameHeader
  readonly firstSequence: number
  /** Decompressed on the first call. Never throws: checksums were verified. */
  body(): Uint8Array
  /** The body and values decoded from it must not be used afterwards. */
  release?(): void
}

export interface Appended {
  readonly position: Position
  /** On a bus: at or slightly after the end of the unit. */
  readonly busPosition?: number
  readonly epoch: number
  readonly sourceSequence: number
}

export interface UnreadableRange {
  readonly segment: string
  readonly offset: number
  readonly bytes: number
  /** Null unless a later header counts them. */
  readonly events: number | null
}

/** Everything up to here is synced. */
export interface Durable {
  readonly segment: string
  readonly offset: number
  readonly sequence: number
  readonly row: number
}

export interface Tail {
  durable(): Durable
  /** Resolves when `durable` has passed the sequence, or on abort. */
  moved(past: number, signal: AbortSignal): Promise<void>
}

export interface SourceTotals {
  accepted: number
  duplicates: number
  shed: Record<string, number>
  sequence: number
  cursor?: Uint8Array
}

export interface JournalWriter {
  /** Resolves when synced; rejects with WeirError. Call order is journal order. */
  append(unit: Unit): Promise<Appended>
  readonly tail: Tail
  readonly epoch: number
  totals(): ReadonlyMap<string, Readonly<SourceTotals>>
  /** Segments wholly before the sequence may be removed. */
  release(sequence: number): Promise<void>
  size(): number
  close(): Promise<void>
}

export interface JournalReader {
  /**
   * At least one frame, about `maxBytes` of stored body. Waits; empty only on abort. Damage is skipped and reported to
   * `onUnreadable`.
   */
  next(maxBytes: number, signal: AbortSignal): Promise<Frame[]>
  /** Like `next`, without waiting. */
  ready(maxBytes: number): Promise<Frame[]>
  pendingBytes(): Promise<number>
  close(): Promise<void>
}
