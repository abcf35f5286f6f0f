import { sum, type SinkRecord } from '../delivery/tally.ts'
import type { SinkOutcome } from '../control.ts'
import { keys, partitionOf, spread, type Place, type TotalsRecord } from './names.ts'
import type { SharedRecords } from './records.ts'

export function partitionOfSource(records: SharedRecords, source: string, partitions: number): number {
  return records.get<TotalsRecord>(keys.totals(source))?.partition ?? partitionOf(source, partitions)
}

/** Whether a deliverer has started the sink, so that it receives all later rows. */
export function begun(records: SharedRecords, sink: string, partition: number): boolean {
  const record = records.get<SinkRecord>(keys.sink(partition, sink))
  return record !== undefined && record.removed !== true && record.orphaned === undefined
}

/** `settled`: durably past all positions; `gone`: not configured; `stopped`: aborted. */
export async function passed(
  records: SharedRecords,
  sink: string,
  places: readonly Place[],
  signal: AbortSignal,
): Promise<'settled' | 'gone' | 'stopped'> {
  let result: 'settled' | 'gone' | undefined
  await records.until(() => {
    const results = places.map(({ partition, place }) => ({
      place,
      record: records.get<SinkRecord>(keys.sink(partition, sink)),
    }))
    if (results.some(({ record }) => record?.removed === true || record?.orphaned !== undefined)) result = 'gone'
    else if (results.every(({ record, place }) => (record?.position.sequence ?? -1) >= place * spread))
      result = 'settled'
    return result !== undefined
  }, signal)
  return result ?? 'stopped'
}

type Counted = Readonly<{
  deadLettered: number
  lost: number
}>

export function countedOf(records: SharedRecords, sink: string, source: string, partition: number): Counted {
  const tally = records.get<SinkRecord>(keys.sink(partition, sink))?.sources[source]
  return tally === undefined
    ? { deadLettered: 0, lost: 0 }
    : { deadLettered: tally.dead_lettered, lost: sum(tally.dropped) + tally.quarantined }
}

/** Exact only without concurrent rows of the source. A refused row is never reported as delivered. */
export function outcomeBetween(before: Counted, after: Counted, rows: number): SinkOutcome {
  if (after.lost > before.lost) return { is: 'dropped', reason: 'lagging or removed from the bus' }
  const dead = after.deadLettered - before.deadLettered
  return dead > 0 && rows > 0 ? { is: 'dead-lettered', rows: Math.min(dead, rows) } : { is: 'delivered' }
}
