import type { Host } from '../../host/index.ts'
import { SlotRecord } from '../../journal/slots.ts'
import type { Lease } from '../contracts.ts'

/** For a single process: a counter synced at each start. */
export function counterLease(host: Host, path: string): Lease {
  let record: SlotRecord<{ epoch: number }> | undefined
  return {
    async acquire() {
      record = await SlotRecord.open<{ epoch: number }>(host.disk, path)
      const epoch = (record.value?.epoch ?? 0) + 1
      await record.write({ epoch })
      return epoch
    },
    async release() {
      await record?.close()
      record = undefined
    },
  }
}
