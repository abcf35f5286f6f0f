import type { Host } from '../../host/index.ts'
import { Fenced, type JournalBus } from '../../journal/index.ts'
import type { Log } from '../contracts.ts'
import { keys } from './names.ts'
import { writeRecord, type SharedRecords } from './records.ts'
import { RetryingWriter } from './retrying-writer.ts'

const retryMs = 100

/** Name of a shared journal, created by the first instance. Rejects when the bus is unreachable. */
export async function sharedName({
  bus,
  records,
  host,
  log,
}: {
  bus: JournalBus
  records: SharedRecords
  host: Host
  log: Log
}): Promise<string> {
  const forever = new AbortController().signal
  const storedName = () => records.get<{ readonly name: string }>(keys.name)?.name
  for (;;) {
    await records.sync(forever)
    const existing = storedName()
    if (existing !== undefined) return existing
    const writer = new RetryingWriter({ writer: await bus.claim('name'), name: 'name', host, log })
    try {
      await writer.fence('records', keys.name)
      await records.sync(forever)
      if (storedName() === undefined)
        await writeRecord(writer, keys.name, { name: Buffer.from(host.random.bytes(6)).toString('base64url') })
    } catch (error) {
      if (!(error instanceof Fenced)) throw error
      await host.timers.sleep(retryMs)
    } finally {
      await writer.close(retryMs)
    }
  }
}
