import { isPresent } from '../../model/columns.ts'
import type { FlowRows } from '../table-writer.ts'

/** Maximum age of a flow's end time at its receipt. */
const maxAgeMs = 3_600_000
const newestMs = 60_000

/** Event time in minutes since 1970: the end time, or the receive time if the end is too far from it. */
export function flowMinutes({ batch, origin }: FlowRows, minutes: Uint32Array): void {
  const { columns, count } = batch
  const received = columns['time_received']
  const end = columns['time_end']
  const skewed = columns['time_skewed']
  for (let row = 0; row < count; row++) {
    let came = origin.received
    if (received?.kind === 'time' && isPresent(received.valid, row)) came = received.values[row]!
    let time = came
    if (end?.kind === 'time' && isPresent(end.valid, row)) {
      const ended = end.values[row]!
      const lies = skewed?.kind === 'u8' && skewed.values[row] !== 0 && isPresent(skewed.valid, row)
      if (!lies && ended >= came - maxAgeMs && ended <= came + newestMs) time = ended
    }
    // The store rounds to microseconds.
    minutes[row] = Math.floor((time + 0.0005) / 60_000)
  }
}
