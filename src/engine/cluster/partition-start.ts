import type { JournalBus } from '../../journal/index.ts'
import type { Log } from '../contracts.ts'
import type { RecordStore } from '../delivery/record-store.ts'
import { logEarlier, subscribe, type SinkEntry } from '../delivery/sinks.ts'
import { configuredPlace } from './configured-sinks.ts'
import { lookBack, spread } from './names.ts'
import type { SharedRecords } from './records.ts'
import { Units } from './units.ts'

type StartOptions = Readonly<{
  bus: JournalBus
  records: SharedRecords
  partition: number
  log: Log
  /** End of the partition, and the rows of each source before it. */
  place: number
  accepted: ReadonlyMap<string, number>
}>

/** Stores the positions of new and returning sinks. Returns the sequence after which frames are needed. */
export async function startSinks(
  store: RecordStore,
  entries: readonly SinkEntry[],
  { bus, records, partition, log, place, accepted }: StartOptions,
): Promise<number> {
  const starts: number[] = [place * spread]
  const { before } = await bus.bounds(partition)
  for (const { id, delivery } of entries) {
    const slot = await store.open(id)
    const sinkRecord = slot.value
    if (sinkRecord === undefined || sinkRecord.removed === true) {
      const from = Math.min(place, configuredPlace(records, id, partition) ?? place)
      const earlier = from === place ? accepted : await acceptedAt(from, { bus, partition, place, accepted })
      const record = subscribe(sinkRecord, delivery.from, { sequence: from * spread, row: 0 }, earlier)
      logEarlier(log, id, sinkRecord, record, { partition })
      if (from > 0 && from < before)
        log.warn(`sink ${id} starts late: the bus has expired rows that were accepted after it was configured`, {
          sink: id,
          partition,
        })
      await slot.write(record)
    }
    const { position, holds } = slot.value ?? { position: { sequence: place * spread } }
    starts.push(Math.min(position.sequence, holds?.sequence ?? Infinity))
  }
  return Math.min(...starts)
}

/** Rows of each source before a position: the headers of its next unit have them. */
async function acceptedAt(
  from: number,
  { bus, partition, place, accepted }: Omit<StartOptions, 'records' | 'log'>,
): Promise<ReadonlyMap<string, number>> {
  if (from === 0) return new Map()
  const rows = new Map(accepted)
  const { before } = await bus.bounds(partition)
  if (Math.max(from, before) >= place) return rows
  const units = new Units(() => undefined)
  const results = new Set<string>()
  const after = Math.max(0, from - lookBack * (bus.stride ?? 1))
  for await (const some of bus.read(partition, after, new AbortController().signal)) {
    for (const record of some) {
      const unit = record.position > place ? undefined : units.take(record)
      const header = unit?.pieces.at(-1)?.decoded.header
      if (unit !== undefined && header !== undefined && unit.place > from && !results.has(unit.source)) {
        results.add(unit.source)
        rows.set(unit.source, header.sourceRows)
      }
      if (record.position >= place) return rows
    }
  }
  return rows
}
