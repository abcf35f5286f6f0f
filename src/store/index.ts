import type { StoreReader } from '../engine/control.ts'
import type { Log, Metrics, Positions, Projection, Resolver } from '../engine/ports.ts'
import type { Host } from '../host/index.ts'
import { Folder } from './folder.ts'
import { openDuckWriter } from './duck-writer.ts'
import { openFolder } from './open-folder.ts'
import { StoreProjection } from './projection.ts'
import { DuckReader } from './reader.ts'
import type { TableWriter } from './table-writer.ts'

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
  readonly retain?: { readonly ageMs?: number; readonly bytes?: number }
  /** DuckDB's memory for writing and for queries, as it writes sizes: `512MB`. */
  readonly memoryLimit?: { readonly writer?: string; readonly reader?: string }
  readonly threads?: number
  /** For tests on a disk that DuckDB can't write to. */
  readonly writer?: () => Promise<TableWriter>
}

/** What the store has accounted for, as its last durable commit says. Rows once stored stay counted after retention. */
export interface StoreLedger {
  readonly stored: Readonly<Record<string, number>>
  readonly quarantined: Readonly<Record<string, number>>
  /** stored + quarantined */
  readonly accounted: Readonly<Record<string, number>>
  readonly positions: Positions
}

export interface Store {
  readonly projection: Projection & { wantsCommit(): boolean }
  readonly reader: StoreReader
  ledger(): StoreLedger
  close(): Promise<void>
}

/** Opens the folder, mends what a crash or a bad disk left, and is ready for frames and queries. */
export async function openStore(options: StoreOptions): Promise<Store> {
  const { host, directory, resolver, log, metrics } = options
  const threads = options.threads ?? 2
  let opening: Promise<TableWriter> | undefined
  const writer = (): Promise<TableWriter> => (opening ??= (options.writer ?? (() => openDuckWriter({ disk: host.disk, memoryLimit: options.memoryLimit?.writer ?? '512MB', threads })))())
  const opened = await openFolder({ host, directory, writer, log })
  const folder = new Folder({ host, directory, ...opened })
  const projection = new StoreProjection({ host, folder, writer, resolver, log, metrics, flushRows: options.flushRows ?? 262_144, flushBytes: 64 << 20 })
  const reader = new DuckReader({ folder, log, memoryLimit: options.memoryLimit?.reader ?? '1GB', threads, calls: 2 })
  return {
    projection,
    reader,
    ledger() {
      const { sources, positions } = folder.durable
      const each = (pick: (count: { stored: number; quarantined: number }) => number): Record<string, number> => Object.fromEntries(Object.entries(sources).map(([name, count]) => [name, pick(count)]))
      return { stored: each(({ stored }) => stored), quarantined: each(({ quarantined }) => quarantined), accounted: each(({ stored, quarantined }) => stored + quarantined), positions }
    },
    async close() {
      await reader.close()
      await (await opening?.catch(() => undefined))?.close()
      await folder.close()
    },
  }
}
