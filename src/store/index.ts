import type { StoreReader } from '../engine/control.ts'
import type { Log, Metrics, Resolver } from '../engine/contracts.ts'
import type { Fence } from '../host/fence.ts'
import type { Host } from '../host/index.ts'
import { Folder } from './folder.ts'
import type { FrameHeader } from '../journal/types.ts'
import { openDuckWriter } from './duck-writer.ts'
import type { Room } from './give-way.ts'
import { Maintenance } from './maintenance.ts'
import { overlap } from './losses.ts'
import { openFolder } from './open-folder.ts'
import { StoreProjection } from './projection.ts'
import { DuckReader } from './read/reader.ts'
import type { QueryLimits } from './process/limits.ts'
import { openMemoryReturn } from './return-memory.ts'
import { QueryProcesses, withProcesses, type StartProcess } from './process/processes.ts'
import { isSkipped, type StoredFile } from './record.ts'
import type { StoreState } from './state.ts'
import type { Retain } from './retention.ts'
import { ledgerOf, StatusReader, type StoreLedger, type StoreStatus } from './status.ts'
import type { TableWriter } from './table-writer.ts'
import { intactSums } from './file-sums/intact.ts'
import { verifyAhead } from './verify-ahead.ts'
import { memoryMetric } from '../telemetry/memory.ts'

export { StoreFeed } from './feed.ts'
export { returnMemoryAfterGrowth } from './return-memory.ts'
export { connectStore, serveStore, type RemoteStore } from './serve.ts'
export type { QueryLimits } from './process/limits.ts'

export type StoreOptions = Readonly<{
  host: Host
  directory: string
  resolver: Resolver
  log: Log
  metrics: Metrics
  flushRows?: number
  /** Removes hours older than `ageMs` by receive time, and the oldest hours beyond `bytes`. */
  retain?: Retain
  /** Free space that the store leaves on its volume; if absent, none. */
  room?: Room
  memoryLimit?: Readonly<{ writer?: string; reader?: string }>
  threads?: number
  /** Bytes of cached audit columns and graph edges; communication edges take one sixth more. */
  cacheBytes?: number
  processes?: Readonly<{ limits: QueryLimits; start: StartProcess }> | undefined
  fence?: Fence | undefined
  writer?: () => Promise<TableWriter>
  takes?: (header: FrameHeader) => boolean
  /** Verifies files in the background, so that the first queries need not. */
  verifyAhead?: boolean
}>

export type Store = Readonly<{
  projection: StoreProjection
  reader: StoreReader & { idle(): Promise<void> }
  /** One round of merging and retention; true if more work remains. Rejects on disk errors. */
  maintain(): Promise<boolean>
  /** Removes the oldest rows while the volume lacks room; true if it removed any. */
  giveWay(): Promise<boolean>
  ledger(): StoreLedger
  lost(): readonly StoredFile[]
  covered(lost: StoredFile): (header: FrameHeader) => boolean
  hasFlows(): boolean
  status(): StoreStatus
  recordMemory(): Promise<void>
  /** Freed memory of the whole process, to the system. */
  returnMemory(): Promise<void>
  close(): Promise<void>
}>

export async function openStore(options: StoreOptions): Promise<Store> {
  const { host, directory, resolver, log, metrics } = options
  let opening: Promise<TableWriter> | undefined
  const open =
    options.writer ??
    (() => openDuckWriter({ disk: host.disk, memoryLimit: options.memoryLimit?.writer ?? '512MB', threads: 1 }))
  const writer = () => (opening ??= open())
  const opened = async () => opening?.catch(() => undefined)
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
    takes: options.takes,
  })
  const { reader, processes } = openReaders(options, folder)
  const maintenance = new Maintenance({
    host,
    folder,
    writer,
    resolver,
    retain: options.retain ?? {},
    room: options.room,
    log,
    metrics,
  })
  const status = new StatusReader(folder)
  reader.warm()
  const closing = new AbortController()
  const memory = memoryOf({ reader, writer: opened, metrics, signal: closing.signal })
  const verifying = options.verifyAhead === true ? verifyStored(options, folder, reader, closing.signal) : undefined
  return {
    projection,
    reader: processes === undefined ? reader : withProcesses(reader, processes),
    async maintain() {
      const isMore = await maintenance.run()
      // A merge replaces files, and so what queries keep of them.
      if (!isMore) reader.warm()
      return isMore
    },
    giveWay: () => maintenance.giveWay(),
    ledger: () => ledgerOf(folder.durable),
    lost: () => [...folder.state.files.values()].filter(({ lost }) => lost === true),
    covered: (lost) => coveredBy(folder.state, lost),
    hasFlows: () => [...folder.state.files.values()].some(({ stream }) => stream !== 'events'),
    status: () => status.read(),
    recordMemory: memory.record,
    returnMemory: memory.release,
    async close() {
      closing.abort()
      await Promise.allSettled([verifying, memory.idle()])
      await processes?.close()
      await maintenance.idle()
      await reader.close()
      await (await opened())?.close()
      await memory.close()
      await folder.close()
    },
  }
}

function openReaders(options: StoreOptions, folder: Folder) {
  const { host, directory, log, threads = 2 } = options
  const spill = async () => Math.min(4e9, (await host.disk.free(directory)) / 4)
  const reader = new DuckReader({
    folder,
    timers: host.timers,
    disk: host.disk,
    memoryLimit: options.memoryLimit?.reader ?? '1GB',
    threads,
    // Two large queries and a small one.
    calls: 3,
    cacheBytes: options.cacheBytes ?? 96 << 20,
    spill,
  })
  const processes =
    options.processes === undefined
      ? undefined
      : new QueryProcesses({ host, folder, log, threads, spill, ...options.processes })
  return { reader, processes }
}

async function verifyStored(
  { host, log }: StoreOptions,
  folder: Folder,
  reader: DuckReader,
  signal: AbortSignal,
): Promise<void> {
  try {
    await verifyAhead({
      ...host,
      files: [...folder.state.files.values()].filter(({ lost }) => lost !== true),
      verify: async (file) => {
        if (folder.state.files.get(file.name) !== file) return
        await folder.verify([file])
        await intactSums(reader.verifiedSums, [file])
      },
      signal,
    })
  } catch (error) {
    log.warn('Cannot verify the files of the store in advance; queries verify them.', { error: String(error) })
  }
}

/** Whether stored files have the rows of a frame, so that those of `lost` need not be replaced. */
function coveredBy({ files, sources }: StoreState, lost: StoredFile): (header: FrameHeader) => boolean {
  const live = [...files.values()].filter(
    (file) => file.lost !== true && file.stream === lost.stream && file.hour === lost.hour && overlap(file, lost),
  )
  return ({ source, sequence }) =>
    live.some(({ firstSequence, lastSequence }) => firstSequence <= sequence && sequence <= lastSequence) ||
    isSkipped(sources[source] ?? {}, sequence)
}

type Measured = Readonly<{
  reader: DuckReader
  writer: () => Promise<TableWriter | undefined>
  metrics: Metrics
  signal: AbortSignal
}>

/** Calls after the end of `signal` do nothing. */
function memoryOf({ reader, writer, metrics, signal }: Measured) {
  let returning: ReturnType<typeof openMemoryReturn> | undefined
  const running = new Set<Promise<void>>()
  /** A connection that is closed during a call is read after it is freed. */
  const untilClosed = (work: () => Promise<void>) => async () => {
    if (signal.aborted) return
    const done = work()
    running.add(done)
    await done.finally(() => running.delete(done))
  }
  return {
    record: untilClosed(async () => {
      metrics.set(memoryMetric, await reader.memory(), { part: 'duckdb queries' })
      metrics.set(memoryMetric, (await (await writer())?.memory()) ?? 0, { part: 'duckdb merges' })
    }),
    release: untilClosed(async () => (await (returning ??= openMemoryReturn())).run()),
    idle: () => Promise.allSettled(running),
    close: async () => (await returning?.catch(() => undefined))?.close(),
  }
}
