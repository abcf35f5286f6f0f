import type { SourceContext } from '../../engine/contracts.ts'
import { self } from '../../host/process.ts'
import { leaseClient, type LeaseClient, type LeasePlace } from '../../net/kubernetes/lease.ts'
import type { Client } from '../../net/kubernetes/client.ts'
import { turnClient } from './client-turn.ts'
import type { ObjectMap } from './source-objects.ts'
import { checkpointAfter } from './source-replay.ts'

export interface Turns {
  readonly place: LeasePlace
  readonly client: LeaseClient
  /** Name of this process. */
  readonly name: string
}

/** The means of leader election: the configured `Lease`, else a shared journal. Undefined: there are no replicas. */
export function turnsOf(
  { id, replay: frames }: Pick<SourceContext, 'id' | 'replay'>,
  lease: LeasePlace | undefined,
  { ask, write }: Client,
  map: ObjectMap,
  keyOf: (object: { readonly group: string; readonly resource: string; readonly namespace?: string }) => string,
): Turns | undefined {
  if (lease !== undefined) return { place: lease, client: leaseClient(lease, ask, write), name: self.hostname }
  const record = frames?.shared?.leaderRecord
  if (frames === undefined || record === undefined) return undefined
  const client = turnClient({
    record,
    place: () => map.position.sequence,
    toldBehind: (place) => checkpointAfter(frames, place, keyOf),
  })
  return { place: { namespace: '', name: id }, client, name: record.instance }
}
