import { isPresent } from '../../model/columns.ts'
import type { FlowRows } from '../table-writer.ts'

/** A flow's end is believed when it lies no further before its receipt than this, and no more than a minute after it. */
const oldestMs = 3_600_000
const newestMs = 60_000

/**
 * The time of a flow for series and rollups, in terms of view `flows`: when it ended, by its exporter's clock, if that can
 * be: not marked as skewed, at most an hour before it was received, at most a minute after. Else when it was received. In
 * numbers: an INTERVAL beside a time with a zone asks the calendar for every row, which takes longer than all the rest.
 */
export const flowTime =
  'CASE WHEN time_skewed IS NOT TRUE AND epoch_us(time_end) - epoch_us(time_received) BETWEEN -3600000000 AND 60000000 THEN time_end ELSE time_received END'

/** The same of every row of a batch, as numbers of minutes since 1970, into `minutes`. */
export function flowMinutes({ batch, origin }: FlowRows, minutes: Uint32Array): void {
  const { columns, count } = batch
  const received = columns['time_received']
  const end = columns['time_end']
  const skewed = columns['time_skewed']
  for (let row = 0; row < count; row++) {
    let came = origin.received
    if (received?.kind === 'time' && isPresent(received.valid, row)) came = received.values[row] as number
    let time = came
    if (end?.kind === 'time' && isPresent(end.valid, row)) {
      const ended = end.values[row] as number
      const lies = skewed?.kind === 'u8' && skewed.values[row] !== 0 && isPresent(skewed.valid, row)
      if (!lies && ended >= came - oldestMs && ended <= came + newestMs) time = ended
    }
    // The store keeps microseconds: what lies less than half of one before a minute belongs to it.
    minutes[row] = Math.floor((time + 0.0005) / 60_000)
  }
}
