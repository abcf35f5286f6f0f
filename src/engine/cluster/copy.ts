import type { Host } from '../../host/index.ts'
import type { JournalBus } from '../../journal/index.ts'
import type { Log, Metrics } from '../contracts.ts'
import { lookBack } from './names.ts'
import { Units, type SharedUnit } from './units.ts'

const againMs = 500

export interface CopyOptions {
  readonly bus: JournalBus
  readonly partition: number
  /** What lies up to here has been taken. */
  readonly after: number
  readonly host: Host
  readonly log: Log
  readonly metrics: Metrics
  readonly signal: AbortSignal
  /** Takes all of these units, at least one, or none: when it rejects, it is given the same again. */
  readonly take: (units: readonly SharedUnit[]) => Promise<void>
  /** Of each source, the last that was taken. */
  readonly passed?: Iterable<readonly [source: string, { readonly epoch: number; readonly sequence: number }]>
}

/** Reads a partition as long as the signal says; a bus that is away is asked again. */
export async function copyPartition({
  bus,
  partition,
  after,
  host,
  log,
  metrics,
  signal,
  take,
  passed,
}: CopyOptions): Promise<void> {
  const units = new Units((why, record) => {
    metrics.count('weir_shared_journal_refused_records_total', 1, { reason: why })
    if (why === 'damaged')
      log.error('A record of the journal is not one of ours, or not whole; its rows are quarantined.', {
        partition,
        place: record.place,
        key: record.key,
      })
  }, passed)
  let [place, complained] = [Math.max(0, after - lookBack * (bus.stride ?? 1)), false]
  while (!signal.aborted) {
    try {
      for await (const records of bus.read(partition, place, signal)) {
        const whole = records
          .map((record) => units.take(record))
          .filter((unit) => unit !== undefined)
          .filter((unit) => unit.place > after)
        if (whole.length > 0) await persistently(whole)
        place = records.at(-1)?.place ?? place
        complained = false
      }
    } catch (error) {
      if (!complained && !signal.aborted)
        log.warn('The journal can not be read and is tried again.', { partition, error: String(error) })
      complained = true
    }
    await host.timers.sleep(againMs, signal)
  }

  async function persistently(whole: readonly SharedUnit[]): Promise<void> {
    while (!signal.aborted) {
      try {
        await take(whole)
        return
      } catch (error) {
        log.warn('What comes from the journal finds no room and waits.', { partition, error: String(error) })
        await host.timers.sleep(againMs, signal)
      }
    }
  }
}
