import { isPresent } from '../../model/columns.ts'
import type { FlowRows } from '../table-writer.ts'

/** A flow's end time is used if it is at most this long before its receipt, and at most a minute after it. */
const maxAgeMs = 3_600_000
const newestMs = 60_000

/**
 * Event time of a flow for series and rollups, as SQL over view `flows`: its end time, unless it is skewed, more than
 * an hour before its receipt or more than a minute after; then its receive time. Uses integers, because INTERVAL
 * arithmetic on times with a zone is slower than the rest of a query.
 */
export const flowTime =
  'CASE WHEN time_skewed IS NOT TRUE AND epoch_us(time_end) - epoch_us(time_received) BETWEEN -3600000000 AND ' +
  '60000000 THEN time_end ELSE time_received END'

/** Writes the same time of each row to `minutes`, in minutes since 1970. */
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
      if (!lies && ended >= came - maxAgeMs && ended <= came + newestMs) time = ended
    }
    // The store has microseconds: times less than half a microsecond before a minute belong to it.
    minutes[row] = Math.floor((time + 0.0005) / 60_000)
  }
}
