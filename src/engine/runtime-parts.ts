import type { Tail, Unit } from '../journal/types.ts'
import type { ManifestQuery, ManifestState } from '../model/kubernetes.ts'
import type { Pipeline, ReloadReport, StoreReader, TimeRange } from './control.ts'
import type { Log, Metrics } from './contracts.ts'
import type { DeadLetterStore } from './delivery/dead-letter-admin.ts'
import type { SinkSet } from './delivery/sinks.ts'
import type { Follower } from './follower.ts'
import type { SinkCounts, SourceRows, StoreStatus } from './ledger/ledger.ts'
import type { SourceHealth } from './sources/health.ts'
import type { Pushed, PushParts } from './sources/pushed.ts'
import type { StoreSelection } from './store-selection.ts'
import type { SourceFeed } from './sources/feed.ts'
import type { SourceReport } from './sources/sources.ts'

interface IngestPort {
  append(unit: Unit): Promise<Pushed>
  appendAgain(unit: Unit, settled: number): Promise<Pushed>
  release(sequence: number): Promise<
    Readonly<{
      bytes: number
      segments: number
      holds: number
      problem?: string
      /** The margin beyond the reserve is used up, and no settled segment is left. */
      tight: boolean
      sources: readonly Readonly<{
        name: string
        accepted: number
        duplicates: number
        shed: Readonly<Record<string, number>>
      }>[]
    }>
  >
  status(): Promise<Readonly<Record<string, unknown>>>
  feeds(): Promise<Readonly<Record<string, SourceFeed>>>
  manifest(query: ManifestQuery): Promise<ManifestState | undefined>
  health(): Promise<Readonly<Record<string, SourceHealth>>>
  places(): Promise<ReadonlyMap<number, number>>
}

export interface StorePort {
  readonly reader: StoreReader
  status(): StoreStatus
  readonly maxBytes: number
  /** Requests a commit; resolves with the status after it. */
  settled(sequence: number): Promise<StoreStatus>
  /** Removes the oldest rows while the volume lacks room; true if it removed any. */
  giveWay(): Promise<boolean>
}

/** A store of another system. A sink named `store` writes it. */
export type OutsideStore = Readonly<{
  reader: StoreReader
  problem: string | undefined
}>

export interface RuntimeParts extends PushParts {
  readonly log: Log
  readonly metrics: Metrics
  readonly directory: string
  readonly tail: Tail
  readonly ingest: IngestPort
  readonly store: StorePort | undefined
  readonly selection: StoreSelection
  readonly outside?: OutsideStore | undefined
  readonly runs: { stops(): readonly TimeRange[] }
  readonly follower: Follower
  readonly sinks: SinkSet
  readonly reload: () => Promise<ReloadReport>
  readonly sources: () => readonly SourceReport[]
  /** First sequence needed by workload names, and named workloads of a cluster. */
  readonly workloads: { readonly holds: number | undefined; of(cluster: string): number | undefined }
  readonly shared?:
    | (PushParts['shared'] &
        Readonly<{
          deadLetters: DeadLetterStore
          problem: string | undefined
          forget(sink: string): Promise<number>
          name: string | undefined
          partitions: number
          sinks(): Pipeline['sinks']
          books(
            known: readonly SourceRows[],
          ): Promise<Readonly<{ sources: readonly SourceRows[]; sinks: readonly SinkCounts[] }>>
        }>)
    | undefined
}
