/** Spans and results of queries of logs. Lines are {@link LogEntry}; times in ns. */
import type { LabelSet } from '../../query/metrics/labels.ts'
import type { Matcher } from '../../query/metrics/matchers.ts'

export type LogSpan = Readonly<{
  matchers: readonly Matcher[]
  /** `to` is exclusive. */
  from: bigint
  to: bigint
  /** The newest or oldest lines are enough. */
  few?: Readonly<{ count: number; newest: boolean }>
}>

/** `step`: whole milliseconds. Streams are counted for each step. */
export type CountedSpan = LogSpan & Readonly<{ step?: bigint | undefined }>

/** The bytes of texts cost a second query. */
export type Counted = 'lines' | 'bytes'

/**
 * As Loki counts the bytes of a chunk: the lines, 8 for each label of metadata, and each text of metadata once for a
 * stream. Of a line without severity, the level is its first word that is one.
 */
export type StreamCount = Readonly<{
  stream: LabelSet
  /** The time in steps, rounded down; 0 without steps. */
  step: bigint
  entries: number
  bytes: number
}>

/** Integers beyond 2^53 are texts. */
type StoredInteger = number | string

/** `us`: the time. The other columns are those of view `events`. */
export type EventRow = Readonly<{
  us: StoredInteger
  family: string
  type: string
  source: string
  subject: string | null
  ref: string | null
  id: string | null
  data: unknown
}>

/** A flow has the columns of view `flows`. */
export type FlowRow = Readonly<Record<string, unknown> & { us: StoredInteger }>

/** Rows of a stream: of logs by their labels, of other events by their attributes. */
export type StreamRow = Readonly<{
  step: StoredInteger
  labels: string | null
  family: string
  type: string
  source: string
  bytes: StoredInteger
}>

export type CountRow = StreamRow & Readonly<{ entries: StoredInteger }>
