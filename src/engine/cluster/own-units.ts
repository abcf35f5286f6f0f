import type { Host } from '../../host/index.ts'
import type { JournalBus } from '../../journal/index.ts'
import { componentOf } from '../../model/positions.ts'
import type { Log } from '../contracts.ts'
import { partitionOf } from './names.ts'
import type { SharedRecords } from './records.ts'
import { Units, type SharedUnit } from './units.ts'

export interface OwnOptions {
  readonly bus: JournalBus
  readonly records: SharedRecords
  readonly instance: string
  readonly host: Host
  readonly log: Log
  /** Until then a bus that is away is asked again. */
  readonly signal: AbortSignal
}

const againMs = 500

/** Units of a source, told by whichever instance, behind a place at which one of them ends, and up to what is there when they are asked for. */
export async function* unitsOf(id: string, after: number, options: OwnOptions): AsyncGenerator<SharedUnit> {
  const { bus } = options
  const { before, last } = await steadily(() => bus.bounds(partitionOf(id, bus.partitions)), options)
  if (Math.max(after, before) < last) yield* readingOf(id, Math.max(after, before), options, last)
}

/** As they come, until the signal aborts. `onPlace`: nothing of the source lies up to there that was not given out. */
export async function followUnits(
  id: string,
  after: number,
  options: OwnOptions,
  onUnit: (unit: SharedUnit) => void,
  onPlace: (place: number) => void,
): Promise<void> {
  for await (const unit of readingOf(id, after, options, Infinity, onPlace)) onUnit(unit)
}

/** Up to a place that is there, or will be. */
async function* readingOf(
  id: string,
  after: number,
  { bus, log, host, signal }: OwnOptions,
  last: number,
  onPlace?: (place: number) => void,
): AsyncGenerator<SharedUnit> {
  const partition = partitionOf(id, bus.partitions)
  const units = new Units((why, { place }) =>
    log.warn('A record of the journal is passed over.', { source: id, partition, place, why }),
  )
  for (let place = after; !signal.aborted;) {
    try {
      for await (const records of bus.read(partition, place, signal)) {
        for (const record of records) {
          place = record.place
          const unit = place <= last && componentOf(record.key) === id ? units.take(record) : undefined
          if (unit !== undefined) yield unit
        }
        onPlace?.(place)
        if (place >= last) return
      }
    } catch (error) {
      if (!signal.aborted)
        log.warn('What the journal has of a source can not be read and is tried again.', {
          source: id,
          error: String(error),
        })
    }
    await host.timers.sleep(againMs, signal)
  }
  if (last !== Infinity) signal.throwIfAborted()
}

/** Asks again until there is an answer. Rejects when the signal aborts. */
export async function steadily<T>(
  act: () => Promise<T>,
  { log, host, signal }: Pick<OwnOptions, 'log' | 'host' | 'signal'>,
): Promise<T> {
  for (;;) {
    try {
      return await act()
    } catch (error) {
      signal.throwIfAborted()
      log.warn('The journal does not answer and is asked again.', { error: String(error) })
      await host.timers.sleep(againMs, signal)
    }
  }
}
