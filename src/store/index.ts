import type { StoreReader } from '../engine/control.ts'
import type { Log, Metrics, Resolver } from '../engine/contracts.ts'
import type { Fence } from '../host/fence.ts'
import type { Host } from '../host/index.ts'
import { Folder } from './folder.ts'
import { openDuckWriter } from './duck-writer.ts'
import { Maintenance } from './maintenance.ts'
import { overlap } from './losses.ts'
import { openFolder } from './open-folder.ts'
import { StoreProjection } from './projection.ts'
import { DuckReader } from './read/reader.ts'
import type { QueryLimits } from './process/limits.ts'
import { QueryProcesses, withProcesses, type StartProcess } from './process/processes.ts'
import type { StoredFile } from './record.ts'
import type { Retain } from './retention.ts'
import { ledgerOf, statusOf, type StoreLedger, type StoreStatus } from './status.ts'
import type { TableWriter } from './table-writer.ts'
import { memoryMetric } from '../telemetry/memory.ts'

export { StoreFeed } from './feed.ts'
export { connectStore, serveStore, type RemoteStore } from './serve.ts'
export { defaultQueryLimits, type QueryLimits } from './process/limits.ts'
export type { StartProcess } from './process/processes.ts'
export { flowTime } from './flows/time.ts'
export { planRollup, type RollupPlan, type RollupQuestion } from './rollup/plan.ts'
export { isServicePort, rollups, type Rollup } from './rollup/schema.ts'
export type { StoreLedger, StoreStatus } from './status.ts'

export interface StoreOptions {
  readonly host: Host
  /** Folder of the store; created 0700 when missing. */
  readonly directory: string
  readonly resolver: Resolver
  readonly log: Log
  readonly metrics: Metrics
  /** Rows that ask for a commit before the second is over. */
  readonly flushRows?: number
  /** Hours whose rows were received longer ago than `ageMs` go, and the oldest hours beyond `bytes`. */
  readonly retain?: Retain
  /** DuckDB's memory for writing and for queries, as it writes sizes: `512MB`. */
  readonly memoryLimit?: { readonly writer?: string; readonly reader?: string }
  readonly threads?: number
  /** Memory of the reader for audit traces that questions come back to: their narrow columns, and edges of the graph; a sixth more is for who talked to whom. */
  readonly keptBytes?: number
  /** Starts processes for users' statements and exports; without it they are not isolated. */
  readonly processes?: { readonly limits: QueryLimits; readonly start: StartProcess } | undefined
  /** Without it nothing guards against another writer. */
  readonly fence?: Fence | undefined
  /** For tests on a disk that DuckDB can't write to. */
  readonly writer?: () => Promise<TableWriter>
}

export interface Store {
  readonly projection: StoreProjection
  readonly reader: StoreReader & { idle(): Promise<void> }
  /**
   * One round of merging and retention; true when there is more to do. Needs not be awaited before the next commit, and
   * rejects when the disk fails: the store is then as it was, and the next round tries again.
   */
  maintain(): Promise<boolean>
  ledger(): StoreLedger
  /** Entries of damaged or missing files whose rows may be refilled from the journal. */
  lost(): readonly StoredFile[]
  /** Is a frame in a live file of the same stream and hour? Its rows must not be stored again. */
  covered(lost: StoredFile): (sequence: number) => boolean
  /** Some file of it has to do with flows. */
  hasFlows(): boolean
  status(): StoreStatus
  /** Sets the memory gauges of both DuckDB instances. */
  recordMemory(): Promise<void>
  close(): Promise<void>
}

/** Opens the folder, mends what a crash or a bad disk left, and is ready for frames and queries. */
export async function openStore(options: StoreOptions): Promise<Store> {
  const { host, directory, resolver, log, metrics } = options
  const threads = options.threads ?? 2
  let opening: Promise<TableWriter> | undefined
  const writer = (): Promise<TableWriter> =>
    (opening ??= (
      options.writer ??
      (() => openDuckWriter({ disk: host.disk, memoryLimit: options.memoryLimit?.writer ?? '512MB', threads: 1 }))
    )())
  const { state, manifest, missing } = await openFolder({ host, directory, writer, log, fence: options.fence })
  const folder = new Folder({ host, directory, state, manifest, missing: new Set(), log, writable: true })
  folder.condemn(missing)
  const projection = new StoreProjection({
    host,
    folder,
    writer,
    resolver,
    log,
    metrics,
    flushRows: options.flushRows ?? 262_144,
    flushBytes: 64 << 20,
  })
  const spill = async (): Promise<number> => Math.min(4e9, (await host.disk.free(directory)) / 4)
  const reader = new DuckReader({
    folder,
    timers: host.timers,
    memoryLimit: options.memoryLimit?.reader ?? '1GB',
    threads,
    calls: 2,
    keptBytes: options.keptBytes ?? 96 << 20,
    spill,
  })
  const processes =
    options.processes === undefined
      ? undefined
      : new QueryProcesses({ host, folder, log, threads, spill, ...options.processes })
  const maintenance = new Maintenance({ host, folder, writer, resolver, retain: options.retain ?? {}, log, metrics })
  return {
    projection,
    reader: processes === undefined ? reader : withProcesses(reader, processes),
    maintain: () => maintenance.run(),
    ledger: () => ledgerOf(folder.durable),
    lost: () => [...folder.state.files.values()].filter(({ lost }) => lost === true),
    covered(lost) {
      const live = [...folder.state.files.values()].filter(
        (file) => file.lost !== true && file.stream === lost.stream && file.hour === lost.hour && overlap(file, lost),
      )
      return (sequence) =>
        live.some(({ firstSequence, lastSequence }) => firstSequence <= sequence && sequence <= lastSequence)
    },
    hasFlows: () => [...folder.state.files.values()].some(({ stream }) => stream !== 'events'),
    status: () => statusOf(folder),
    async recordMemory() {
      metrics.set(memoryMetric, await reader.memory(), { part: 'duckdb queries' })
      metrics.set(memoryMetric, (await (await opening?.catch(() => undefined))?.memory()) ?? 0, {
        part: 'duckdb merges',
      })
    },
    async close() {
      await processes?.close()
      await maintenance.idle()
      await reader.close()
      await (await opening?.catch(() => undefined))?.close()
      await folder.close()
    },
  }
}
