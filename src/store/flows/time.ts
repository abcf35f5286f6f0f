import type { FlowBatch } from '../../model/batches.ts'
import { isPresent } from '../../model/columns.ts'
import { endTimeBoundsMs } from '../../model/flow-time.ts'
import type { FlowRows } from '../table-writer.ts'

/** Event time in minutes since 1970: the end time, or the receive time if the end is too far from it. */
export function flowMinutes({ batch, origin }: FlowRows, minutes: Uint32Array): void {
  const { columns, count } = batch
  const receivedColumn = columns['time_received']
  const end = columns['time_end']
  const skewed = columns['time_skewed']
  for (let row = 0; row < count; row++) {
    let receivedAt = origin.received
    if (receivedColumn?.kind === 'time' && isPresent(receivedColumn.valid, row))
      receivedAt = receivedColumn.values[row]!
    let time = receivedAt
    if (end?.kind === 'time' && isPresent(end.valid, row)) {
      const endTime = end.values[row]!
      const lies = skewed?.kind === 'u8' && skewed.values[row] !== 0 && isPresent(skewed.valid, row)
      if (!lies && endTime >= receivedAt - endTimeBoundsMs.age && endTime <= receivedAt + endTimeBoundsMs.ahead)
        time = endTime
    }
    // The store rounds times to microseconds.
    minutes[row] = Math.floor((time + 0.0005) / 60_000)
  }
}

/** The store rounds to microseconds. */
const roundedMs = 1

/** True if the end time of each row is certainly its event time, also as stored. `received`: of rows without one. */
export function haveEndTimes({ columns, count }: FlowBatch, received: number): boolean {
  const { time_received: receipt, time_end: end, time_skewed: skewed } = columns
  if (end?.kind !== 'time' || (skewed !== undefined && skewed.kind !== 'u8')) return false
  for (let row = 0; row < count; row++) {
    const receivedAt = receipt?.kind === 'time' && isPresent(receipt.valid, row) ? receipt.values[row]! : received
    const endTime = end.values[row]!
    const isNear =
      endTime - receivedAt >= roundedMs - endTimeBoundsMs.age &&
      endTime - receivedAt <= endTimeBoundsMs.ahead - roundedMs
    // The comparison is false for NaN.
    if (!isNear || !isPresent(end.valid, row)) return false
    if (skewed !== undefined && skewed.values[row] !== 0 && isPresent(skewed.valid, row)) return false
  }
  return true
}
