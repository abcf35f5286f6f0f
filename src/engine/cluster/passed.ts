/** How far sinks are in a journal that many share, whoever delivers: their records lie on the bus, and each Weir reads them all. */
import { sum, type SinkRecord } from '../delivery/tally.ts'
import type { Fate } from '../control.ts'
import { keys, partitionOf, spread, type Place, type TotalsRecord } from './names.ts'
import type { SharedRecords } from './records.ts'

/** The partition of a source of an instance: it stays where it is. */
export function partitionOfSource(records: SharedRecords, source: string, partitions: number): number {
  return records.get<TotalsRecord>(keys.totals(source))?.partition ?? partitionOf(source, partitions)
}

/** A deliverer has begun with the sink here, so that it is given what comes from now on. */
export function begun(records: SharedRecords, sink: string, partition: number): boolean {
  const record = records.get<SinkRecord>(keys.sink(partition, sink))
  return record !== undefined && record.removed !== true && record.orphaned === undefined
}

/** Resolves once the sink is durably past all these places; with `gone` when it was taken out of the configuration, with `stopped` when the signal aborts first. */
export async function passed(
  records: SharedRecords,
  sink: string,
  places: readonly Place[],
  signal: AbortSignal,
): Promise<'settled' | 'gone' | 'stopped'> {
  let said: 'settled' | 'gone' | undefined
  await records.until(() => {
    const found = places.map(({ partition, place }) => ({
      place,
      record: records.get<SinkRecord>(keys.sink(partition, sink)),
    }))
    if (found.some(({ record }) => record?.removed === true || record?.orphaned !== undefined)) said = 'gone'
    else if (found.every(({ record, place }) => (record?.position.sequence ?? -1) >= place * spread)) said = 'settled'
    return said !== undefined
  }, signal)
  return said ?? 'stopped'
}

interface Counted {
  readonly deadLettered: number
  readonly lost: number
}

/** What a sink has not been given, or refused, of a source so far. */
export function countedOf(records: SharedRecords, sink: string, source: string, partition: number): Counted {
  const tally = records.get<SinkRecord>(keys.sink(partition, sink))?.sources[source]
  return tally === undefined
    ? { deadLettered: 0, lost: 0 }
    : { deadLettered: tally.dead_lettered, lost: sum(tally.dropped) + tally.quarantined }
}

/**
 * What became of rows of a source between two counts. Exact when nothing else of the source was under way then; else
 * what is said of these may be true of others; no new row is called delivered that was not.
 */
export function fateBetween(before: Counted, after: Counted, rows: number): Fate {
  if (after.lost > before.lost) return { is: 'dropped', reason: 'behind, or no longer on the bus' }
  const dead = after.deadLettered - before.deadLettered
  return dead > 0 && rows > 0 ? { is: 'dead-lettered', rows: Math.min(dead, rows) } : { is: 'delivered' }
}
