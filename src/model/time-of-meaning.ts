import type { FlowBatch } from './batches.ts'
import { isPresent } from './columns.ts'

/** When a flow was, for what its addresses meant then: its start by the exporter's clock, unless that is missing or known to be wrong. Unix ms. */
export function timeOfMeaning(batch: FlowBatch, row: number, received: number): number {
  const skewed = batch.columns['time_skewed']
  if (skewed?.kind === 'u8' && isPresent(skewed.valid, row) && skewed.values[row] === 1) return received
  const start = batch.columns['time_start']
  if (start?.kind !== 'time' || !isPresent(start.valid, row)) return received
  const time = start.values[row] ?? Number.NaN
  return Number.isNaN(time) ? received : time
}
