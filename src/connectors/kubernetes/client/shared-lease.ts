/** Leader election by a record of the shared journal instead of a `Lease`. */
import type { LeaderRecord } from '../../../engine/contracts.ts'
import type { LeaseClient, LeaseRecord, LeaseUpdate, LeaseCheckpoint } from '../../../net/kubernetes/lease.ts'

interface SharedLease extends LeaseUpdate {
  readonly instance: string
  readonly position: number
}

type SharedLeaseOptions = Readonly<{
  record: LeaderRecord
  /** Position in the journal up to which {@link LeaseUpdate.checkpoint} is complete. */
  position: () => number
  checkpointAfter: (sequence: number) => Promise<LeaseCheckpoint>
}>

export function sharedLeaseClient({ record, position, checkpointAfter }: SharedLeaseOptions): LeaseClient {
  let identity: string | undefined
  const recordOf = ({ version, value }: { version: string; value: unknown }): LeaseRecord => {
    const lease: SharedLease = {
      ...(value as SharedLease),
      checkpoint: (value as Partial<SharedLease>).checkpoint ?? {},
    }
    // An earlier start under the same name: the journal has fenced it.
    const over = lease.instance === record.instance && lease.holder !== identity
    return {
      version,
      holder: over ? '' : lease.holder,
      seconds: lease.seconds,
      epoch: lease.epoch,
      acquired: lease.acquired,
      checkpoint: lease.checkpoint,
      object: { lease },
    }
  }
  return {
    async read(signal) {
      const versioned = await record.read(signal)
      return versioned === undefined ? undefined : recordOf(versioned)
    },
    async write(before, next, signal) {
      if (next.holder !== '') identity = next.holder
      const value: SharedLease = { ...next, instance: record.instance, position: position() }
      const version = await record.write(before?.version, value, signal)
      if (version === undefined) return undefined
      const last = before?.object['lease'] as SharedLease | undefined
      const written = recordOf({ version, value })
      return last === undefined || last.holder === next.holder
        ? written
        : { ...written, emittedSince: await checkpointAfter(last.position) }
    },
  }
}
