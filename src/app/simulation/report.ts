import type { FaultKind } from './settings.ts'
import type { Mode } from './sources.ts'

export type SourceResult = Readonly<{
  source: string
  type: string
  mode: Mode
  /** Rows per second that are simulated. */
  rate: number
  /** Rows that the source gave; all counts are rows of operation. */
  given: number
  accepted: number
  /** Rows that were pushed twice, and recognized. */
  duplicates: number
  /** Rows that wait at the source, or at its clients. */
  waiting: number
  mostWaiting: number
  lost: Readonly<Record<string, number>>
}>

export type SinkResult = Readonly<{
  sink: string
  type: string
  from: readonly string[]
  filtered: number
  delivered: number
  /** Rows that the target received more than once. */
  duplicated: number
  waiting: number
  dropped: Readonly<Record<string, number>>
  deadLetters: number
  /** Rows that the ledger counts as delivered, and that the target never received. */
  missing: number
  lagMs: number
  longestLagMs: number
}>

export type TransformResult = Readonly<{
  transform: string
  type: string
  taken: number
  made: number
}>

export type FaultResult = Readonly<{
  fault: FaultKind
  /** Seconds since the start. */
  at: number
  seconds: number
  /** Seconds after its end until nothing was late any more; null: not before the end or the next fault. */
  recovered: number | null
}>

export type FindingKind =
  | 'lost'
  | 'age'
  | 'size'
  | 'journal'
  | 'disk'
  | 'slow'
  | 'rate'
  | 'unread'
  | 'nothing'
  | 'gives_up'
  | 'too_large'
  | 'retry'
  | 'duplicates'
  | 'one_key'

export type Finding = Readonly<{
  is: FindingKind
  /** Setting or component. */
  part: string
  what: string
  advice: string
}>

export type Peaks = Readonly<{
  journalBytes: number
  journalMax: number
  diskBytes: number
  disk: number
  memoryBytes: number
  memory: number
}>

export type SimulationReport = Readonly<{
  seed: number
  hours: number
  /** Rows that a simulated row stands for. */
  scale: number
  stepSeconds: number
  /** Whether accepted = filtered + delivered + dead letters + dropped + waiting at each sink. */
  balanced: boolean
  sources: readonly SourceResult[]
  transforms: readonly TransformResult[]
  sinks: readonly SinkResult[]
  faults: readonly FaultResult[]
  peaks: Peaks
  findings: readonly Finding[]
  notes: readonly string[]
}>
