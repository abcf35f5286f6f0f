import type { Host } from '../../host/index.ts'
import type { JournalBus } from '../../journal/index.ts'
import type { Log, Metrics } from '../contracts.ts'
import { lookBack } from './names.ts'
import { Units, type SharedUnit } from './units.ts'

const retryMs = 500

type CopyOptions = Readonly<{
  bus: JournalBus
  partition: number
  after: number
  host: Host
  log: Log
  metrics: Metrics
  signal: AbortSignal
  /** Takes all units or none. After a rejection the same units are passed again. */
  take: (units: readonly SharedUnit[]) => Promise<void>
  lastTaken?: Iterable<readonly [source: string, Readonly<{ epoch: number; sequence: number }>]>
}>

export async function copyPartition({
  bus,
  partition,
  after,
  host,
  log,
  metrics,
  signal,
  take,
  lastTaken: passed,
}: CopyOptions): Promise<void> {
  const units = new Units((why, record) => {
    metrics.count('weir_shared_journal_refused_records_total', 1, { reason: why })
    if (why === 'damaged')
      log.error('Skipped a journal record that is corrupt or of unknown format. Its rows are quarantined.', {
        partition,
        place: record.position,
        key: record.key,
      })
  }, passed)
  let [position, warned] = [Math.max(0, after - lookBack * (bus.stride ?? 1)), false]
  while (!signal.aborted) {
    try {
      for await (const records of bus.read(partition, position, signal)) {
        const whole = records
          .map((record) => units.take(record))
          .filter((unit) => unit !== undefined)
          .filter((unit) => unit.place > after)
        if (whole.length > 0) await takeWithRetries(whole)
        position = records.at(-1)?.position ?? position
        warned = false
      }
    } catch (error) {
      if (!warned && !signal.aborted)
        log.warn('Reading the shared journal failed; retrying.', { partition, error: String(error) })
      warned = true
    }
    await host.timers.sleep(retryMs, signal)
  }

  async function takeWithRetries(whole: readonly SharedUnit[]) {
    while (!signal.aborted) {
      try {
        await take(whole)
        return
      } catch (error) {
        log.warn('Copying from the shared journal pauses until there is room.', { partition, error: String(error) })
        await host.timers.sleep(retryMs, signal)
      }
    }
  }
}
