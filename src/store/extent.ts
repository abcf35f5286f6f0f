import type { EventBatch, FlowBatch } from '../model/batches.ts'
import { isPresent } from '../model/columns.ts'
import { haveEndTimes } from './flows/time.ts'
import type { StoredFile } from './record.ts'
import type { RollupRows } from './rollup/rows.ts'

/** From the rows: frame headers are less precise. Unix ms; Infinity and -Infinity if no row has a time. */
export type Extent = Readonly<{
  timeMin: number
  timeMax: number
  families?: ReadonlySet<string>
}>

export function extentOfEvents({ count, dictionary, family, time }: EventBatch): Extent {
  let [timeMin, timeMax] = [Infinity, -Infinity]
  const codes = new Set<number>()
  for (let row = 0; row < count; row++) {
    const at = time[row]!
    // False for NaN.
    if (at < timeMin) timeMin = at
    if (at > timeMax) timeMax = at
    codes.add(family[row]!)
  }
  return { timeMin, timeMax, families: new Set([...codes].map((code) => dictionary[code] ?? '')) }
}

/** Unix ms. Replayed flows have receive times far before that of their frame; rows without one have the frame's. */
export type Receipt = Readonly<{
  receivedMin: number
  receivedMax: number
  /** See `haveEndTimes`. */
  endTimes: boolean
}>

export function receiptOf(batch: FlowBatch, received: number): Receipt {
  const { count, columns } = batch
  const endTimes = haveEndTimes(batch, received)
  let [receivedMin, receivedMax] = [received, received]
  const column = columns['time_received']
  if (column?.kind !== 'time') return { receivedMin, receivedMax, endTimes }
  for (let row = 0; row < count; row++) {
    const at = column.values[row]!
    // False for NaN.
    if (at < receivedMin && isPresent(column.valid, row)) receivedMin = at
    if (at > receivedMax && isPresent(column.valid, row)) receivedMax = at
  }
  return { receivedMin: Math.floor(receivedMin), receivedMax: Math.ceil(receivedMax), endTimes }
}

export function extentOfSums({ count, minutes }: RollupRows): Extent {
  let [timeMin, timeMax] = [Infinity, -Infinity]
  for (let row = 0; row < count; row++) {
    const at = minutes[row]! * 60_000
    if (at < timeMin) timeMin = at
    if (at > timeMax) timeMax = at
  }
  return { timeMin, timeMax }
}

export function extentsJoined(files: readonly StoredFile[]): Pick<StoredFile, 'timed' | 'endTimes' | 'families'> {
  const familiesOfFiles = files.map(({ families }) => families).filter((value) => value !== undefined)
  return {
    ...(files.every(({ timed }) => timed === true) ? { timed: true } : {}),
    ...(files.every(({ endTimes }) => endTimes === true) ? { endTimes: true } : {}),
    ...(familiesOfFiles.length === files.length ? { families: [...new Set(familiesOfFiles.flat())].sort() } : {}),
  }
}
