import type { SourceContext } from '../../../engine/contracts.ts'
import { self } from '../../../host/process.ts'
import { leaseClient, type LeaseClient, type LeaseRef } from '../../../net/kubernetes/lease.ts'
import type { Client } from '../../../net/kubernetes/client.ts'
import { sharedLeaseClient } from '../client/shared-lease.ts'
import type { ObjectMap } from './objects.ts'
import { checkpointAfter } from './replay.ts'

export type Leadership = Readonly<{
  ref: LeaseRef
  client: LeaseClient
  name: string
}>

/** The means of leader election: the configured `Lease`, else a shared journal. Undefined: there are no replicas. */
export function leadershipOf(
  { id, replay: frames }: Pick<SourceContext, 'id' | 'replay'>,
  lease: LeaseRef | undefined,
  { ask, write }: Client,
  map: ObjectMap,
  keyOf: (object: Readonly<{ group: string; resource: string; namespace?: string }>) => string,
): Leadership | undefined {
  if (lease !== undefined) return { ref: lease, client: leaseClient(lease, ask, write), name: self.hostname }
  const record = frames?.shared?.leaderRecord
  if (frames === undefined || record === undefined) return undefined
  const client = sharedLeaseClient({
    record,
    position: () => map.position.sequence,
    checkpointAfter: (sequence) => checkpointAfter(frames, sequence, keyOf),
  })
  return { ref: { namespace: '', name: id }, client, name: record.instance }
}
