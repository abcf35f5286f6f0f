/** Counts of the rows of one source at one sink. `bytes`: bodies and headers, before compression. */
export interface Counts {
  /** Rows of the source in the range. */
  accepted: number
  filtered: Record<string, number>
  sent: number
  bytes: number
  /** Rows that become dead letters, or that the sink itself does not send. */
  refused: number
}

export type Side = 'running' | 'candidate'

export type SourceAtSink = Readonly<{ source: string; running: Counts; candidate: Counts }>

/** A message as a sink sends it. */
export type Message = Readonly<{
  to: string
  headers: Readonly<Record<string, string>>
  /** Cut; bytes that are no text are in base64. */
  body: string
}>

export const differences = ['lost', 'new', 'moved', 'changed', 'refused', 'accepted'] as const
/**
 * `lost`: only the running configuration sends the row; `new`: only the candidate. `moved`: to another topic, subject,
 * key or address. `changed`: the same destination, another body or header. `refused`: the candidate cannot send it;
 * `accepted`: the running configuration cannot.
 */
export type Difference = (typeof differences)[number]

export type Example = Readonly<{
  is: Difference
  source: string
  row: string
  reason?: string
  /** Members and headers that differ. */
  fields?: readonly Readonly<{ name: string; running?: string; candidate?: string }>[]
  running?: Message | Readonly<{ problem: string }>
  candidate?: Message | Readonly<{ problem: string }>
}>

/** Distinct values over all messages; `more`: the count stopped there. */
export type Distinct = Readonly<{ values: number; more: boolean }>

export type SinkReport = Readonly<{
  sink: string
  type: string
  is: 'in both' | 'removed' | 'added'
  sources: readonly SourceAtSink[]
  differences: Readonly<Record<Difference, number>>
  /** Topics, subjects, keys and addresses. */
  destinations: Readonly<Record<Side, Distinct>>
  /** Series of metrics, streams of logs; null for other sinks. */
  series: Readonly<Record<Side, Distinct>> | null
  /** Why a sink could not be rehearsed. */
  problem?: string
  examples: readonly Example[]
}>

export type TransformReport = Readonly<{
  transform: string
  type: string
  is: 'in both' | 'removed' | 'added'
  running: TransformCounts | null
  candidate: TransformCounts | null
}>

export interface TransformCounts {
  taken: number
  made: number
  /** Rows without a result, by reason. */
  filtered: Record<string, number>
}

/**
 * `rows`: the rows of the range show the effect, which may be none. `unseen`: the journal cannot show it. `none`: rows
 * do not depend on it.
 */
export type Effect = 'rows' | 'unseen' | 'none'

export type SettingChange = Readonly<{
  setting: string
  running: string | null
  candidate: string | null
  effect: Effect
  reason: string
}>

export type AlertSide = Readonly<{ firings: number; peak: number | null; ms: number }>

export type AlertReport = Readonly<{
  alert: string
  running: AlertSide | null
  candidate: AlertSide | null
  /** Why a side could not be evaluated. */
  problem?: string
  differs: boolean
}>

export type RangeReport = Readonly<{
  /** Receive times; null without rows. */
  from: string | null
  to: string | null
  rows: number
  sources: Readonly<Record<string, number>>
  /** Rows of the range before the limit. */
  skipped: number
  unreadable: Readonly<{ bytes: number; rows: number; unknown: boolean }>
}>

export type RehearsalReport = Readonly<{
  /** Equal as far as the rows of the range and the settings show. */
  equal: boolean
  range: RangeReport
  sinks: readonly SinkReport[]
  transforms: readonly TransformReport[]
  alerts: readonly AlertReport[]
  settings: readonly SettingChange[]
  notes: readonly string[]
}>

export function noCounts(): Counts {
  return { accepted: 0, filtered: {}, sent: 0, bytes: 0, refused: 0 }
}
