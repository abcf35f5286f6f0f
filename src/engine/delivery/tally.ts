import type { Position } from '../../model/positions.ts'
import type { WindowStart } from '../contracts.ts'
import type { Metrics } from '../../telemetry/ports.ts'

export type Counts = Record<string, number>

/** Rows of one source at one sink. `accounted` = filtered + routed; routed = the other counts. */
export interface Tally {
  accounted: number
  filtered: Counts
  delivered: number
  dead_lettered: number
  dropped: Counts
  quarantined: number
}

export interface SinkRecord {
  position: Position
  sources: Record<string, Tally>
  from?: readonly string[]
  holds?: WindowStart
  intent?: Readonly<{ to: number; events: number }>
  removed?: boolean
  orphaned?: number
  forgotten?: number
}

export function emptyTally(): Tally {
  return { accounted: 0, filtered: {}, delivered: 0, dead_lettered: 0, dropped: {}, quarantined: 0 }
}

export function add(counts: Counts, reason: string, rows: number): void {
  if (rows !== 0) counts[reason] = (counts[reason] ?? 0) + rows
}

export function sum(counts: Readonly<Counts>): number {
  return Object.values(counts).reduce((total, rows) => total + rows, 0)
}

export function addTally(to: Tally, more: Tally): void {
  to.accounted += more.accounted
  to.delivered += more.delivered
  to.dead_lettered += more.dead_lettered
  to.quarantined += more.quarantined
  for (const [reason, rows] of Object.entries(more.filtered)) add(to.filtered, reason, rows)
  for (const [reason, rows] of Object.entries(more.dropped)) add(to.dropped, reason, rows)
}

export function countTally(metrics: Metrics, sink: string, change: Tally): void {
  const labels = { sink }
  metrics.count('weir_sink_delivered_rows_total', change.delivered, labels)
  if (change.dead_lettered > 0) metrics.count('weir_sink_dead_letters_total', change.dead_lettered, labels)
  if (change.quarantined > 0) metrics.count('weir_sink_quarantined_rows_total', change.quarantined, labels)
  for (const [reason, rows] of Object.entries(change.dropped))
    metrics.count('weir_sink_dropped_rows_total', rows, { ...labels, reason })
  for (const [reason, rows] of Object.entries(change.filtered))
    metrics.count('weir_sink_filtered_rows_total', rows, { ...labels, reason })
}
