import type { BatchKind } from '../model/batches.ts'
import type { Position } from '../model/positions.ts'

export type Unit = Readonly<{
  source: string
  stream: string
  /** `empty`: a cursor or counts, no rows. */
  kind: BatchKind | 'empty'
  count: number
  raw: Uint8Array
  /** Unix ms of the newest row. */
  received: number
  /** Event times in Unix ms; NaN without one. */
  timeMin: number
  timeMax: number
  /** Hashes of source and id, four words per event; computed later if absent, never stored. */
  hashes?: Uint32Array
  cursor?: Uint8Array
  duplicates?: number
  shed?: Readonly<Record<string, number>>
  /** Wait for other units, to share their write and sync. */
  maxDelayMs?: number
}>

export type FrameHeader = Readonly<{
  /** Increases with every frame, with gaps after damage. */
  sequence: number
  firstRow: number
  kind: BatchKind | 'empty'
  /** Only the last part of a unit counts rows. */
  more: boolean
  part: number
  /** After a start with damage: rows before may be missing uncounted. */
  afterLoss: boolean
  source: string
  stream: string
  epoch: number
  sourceSequence: number
  sourceRows: number
  sourceDuplicates: number
  sourceShed: Readonly<Record<string, number>>
  count: number
  received: number
  timeMin: number
  timeMax: number
  cursor?: Uint8Array
  bodyBytes: number
  rawBytes: number
}>

export type Frame = Readonly<{
  header: FrameHeader
  firstSequence: number
  /** Decompressed on the first call. Never throws: checksums were verified. */
  body(): Uint8Array
  /** The body and values decoded from it must not be used afterwards. */
  release?(): void
}>

export type Appended = Readonly<{
  position: Position
  busPosition?: number
  epoch: number
  sourceSequence: number
}>

export type UnreadableRange = Readonly<{
  segment: string
  offset: number
  bytes: number
  events: number | null
}>

export type Durable = Readonly<{
  segment: string
  offset: number
  sequence: number
  row: number
}>

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

export type JournalWriter = Readonly<{
  /** Resolves when synced; rejects with WeirError. Call order is journal order. */
  append(unit: Unit): Promise<Appended>
  tail: Tail
  epoch: number
  totals(): ReadonlyMap<string, Readonly<SourceTotals>>
  release(sequence: number): Promise<void>
  size(): number
  close(): Promise<void>
}>

export interface JournalReader {
  /** About `maxBytes` of stored body; empty only on abort. Damage is skipped and reported to `onUnreadable`. */
  next(maxBytes: number, signal: AbortSignal): Promise<Frame[]>
  ready(maxBytes: number): Promise<Frame[]>
  pendingBytes(): Promise<number>
  close(): Promise<void>
}
