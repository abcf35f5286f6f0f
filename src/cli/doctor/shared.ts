import { keys, type TotalsRecord } from '../../engine/cluster/names.ts'
import { SharedRecords } from '../../engine/cluster/records.ts'
import { loadJournal } from '../../components/registry.ts'
import { fail, ok, reason, type Finding, type CheckContext } from './finding.ts'

const timeoutMs = 10_000
const check = 'shared journal'
const silent = (): void => undefined
const log = { debug: silent, info: silent, warn: silent, error: silent }

export async function checkShared({
  host,
  config: {
    journal: { on },
  },
}: CheckContext): Promise<Finding[]> {
  if (on.type === 'files') return []
  const stop = new AbortController()
  const timer = host.timers.after(timeoutMs, () => {
    stop.abort()
  })
  try {
    const bus = await (await loadJournal(on.type))(on, { id: 'doctor', host, log, create: false })
    const records = new SharedRecords({ bus, host, log })
    const reading = records.run(stop.signal)
    try {
      await records.sync(stop.signal)
      const sources = records.under<TotalsRecord>(keys.totals('')).length
      const owners = new Set(
        records
          .under<{ owner: string; free: boolean }>(keys.owner(''))
          .filter(({ value }) => !value.free)
          .map(({ value }) => value.owner),
      )
      const delivered =
        owners.size === 0 ? 'delivered by no instance' : `delivered by ${[...owners].toSorted().join(', ')}`
      return [ok(check, `${bus.where}: ${bus.partitions} partitions, ${delivered}; ${sources} sources`)]
    } finally {
      stop.abort()
      await reading
      await bus.close()
    }
  } catch (error) {
    return [fail(check, reason(error), 'Weir starts and waits for it; correct `journal.on`, or check the bus.')]
  } finally {
    timer.cancel()
  }
}
