/** Watched clusters. */
import {
  Array as ArrayOf,
  Boolean as Flag,
  Integer,
  Number as Num,
  Object as ObjectOf,
  Optional,
  String as Text,
} from 'typebox'
import { oneOf, type Of } from '../schema.ts'

const WatchedKind = ObjectOf({
  kind: Text(),
  group: Text(),
  namespace: Optional(Text()),
  state: Text(),
  reason: Optional(Text({ description: 'Reason why it is not watched.' })),
  objects: Integer(),
  lists: Integer(),
  watches: Integer(),
  lastByte: Optional(Num({ description: 'Unix ms of the last byte from the server.' })),
})

const WatchedLease = ObjectOf(
  {
    namespace: Text(),
    name: Text(),
    state: oneOf(['holds', 'stands by']),
    holder: Optional(Text()),
    since: Optional(Text({ description: 'ISO 8601, by the clock of the holder.' })),
    epoch: Optional(
      Integer({ description: 'Fencing epoch: increases with each new holder; included in every event.' }),
    ),
    problem: Optional(Text({ description: 'Error of reading the lease.' })),
    waiting: Integer({ description: 'Events that wait for leadership, or for confirmation by the leader.' }),
  },
  { description: 'Leader election between replicas.' },
)

const WatchedCluster = ObjectOf({
  name: Text(),
  type: Text(),
  cluster: Text(),
  reached: Optional(Num({ description: 'Unix ms of the last successful list or bookmark.' })),
  problem: Optional(Text({ description: 'Why it cannot be watched: the log message and its cause.' })),
  objects: Integer(),
  changes: Integer({ description: 'Changes emitted since the start.' }),
  hidden: Integer({ description: 'Changes hidden by noise rules since the start.' }),
  unavailable: ArrayOf(Text(), { description: 'API groups without a response from their server.' }),
  synced: Flag({ description: 'Whether all permitted kinds are watched.' }),
  workloads: Optional(Integer({ description: 'Pods, nodes and services that currently provide names of flows.' })),
  lease: Optional(WatchedLease),
  kinds: ArrayOf(WatchedKind),
})

export const Clusters = ObjectOf({ clusters: ArrayOf(WatchedCluster) }, { $id: 'Clusters' })
export type Clusters = Of<typeof Clusters>
