import type { Host } from '../../host/index.ts'
import type { JournalBus } from '../../journal/index.ts'
import { componentOf } from '../../model/positions.ts'
import type { Log } from '../contracts.ts'
import { partitionOf } from './names.ts'
import type { SharedRecords } from './records.ts'
import { Units, type SharedUnit } from './units.ts'

export type SharedSourceOptions = Readonly<{
  bus: JournalBus
  records: SharedRecords
  instance: string
  host: Host
  log: Log
  signal: AbortSignal
}>

const retryMs = 500

export async function* unitsOf(id: string, after: number, options: SharedSourceOptions): AsyncGenerator<SharedUnit> {
  const { bus } = options
  const { before, last } = await retryUntilAborted(() => bus.bounds(partitionOf(id, bus.partitions)), options)
  if (Math.max(after, before) < last) yield* readingOf(id, Math.max(after, before), options, last)
}

export async function followUnits(
  id: string,
  after: number,
  options: SharedSourceOptions,
  onUnit: (unit: SharedUnit) => void,
  onPlace: (place: number) => void,
): Promise<void> {
  for await (const unit of readingOf(id, after, options, Infinity, onPlace)) onUnit(unit)
}

async function* readingOf(
  id: string,
  after: number,
  { bus, log, host, signal }: SharedSourceOptions,
  last: number,
  onPlace?: (place: number) => void,
): AsyncGenerator<SharedUnit> {
  const partition = partitionOf(id, bus.partitions)
  const units = new Units((why, { position }) =>
    log.warn('Skipped an unreadable journal record.', { source: id, partition, place: position, why }),
  )
  for (let position = after; !signal.aborted;) {
    try {
      for await (const records of bus.read(partition, position, signal)) {
        for (const record of records) {
          position = record.position
          const unit = position <= last && componentOf(record.key) === id ? units.take(record) : undefined
          if (unit !== undefined) yield unit
        }
        onPlace?.(position)
        if (position >= last) return
      }
    } catch (error) {
      if (!signal.aborted)
        log.warn("Reading a source's units from the journal failed; retrying.", {
          source: id,
          error: String(error),
        })
    }
    await host.timers.sleep(retryMs, signal)
  }
  if (last !== Infinity) signal.throwIfAborted()
}

export async function retryUntilAborted<T>(
  act: () => Promise<T>,
  { log, host, signal }: Pick<SharedSourceOptions, 'log' | 'host' | 'signal'>,
): Promise<T> {
  for (;;) {
    try {
      return await act()
    } catch (error) {
      signal.throwIfAborted()
      log.warn('The shared journal does not respond; retrying.', { error: String(error) })
      await host.timers.sleep(retryMs, signal)
    }
  }
}
