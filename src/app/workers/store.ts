import { dirname } from 'node:path'
import { parentPort, workerData, type MessagePort } from 'node:worker_threads'
import { serve } from '../../engine/rpc.ts'
import { Fence } from '../../host/fence.ts'
import type { Claim } from '../../host/folder-claim.ts'
import { realHost } from '../../host/index.ts'
import { self } from '../../host/process.ts'
import { realThread } from '../../host/thread.ts'
import { openReader, SharedTail, type Evidence } from '../../journal/index.ts'
import type { Frame } from '../../journal/types.ts'
import { componentOf, filePartition, nowhere } from '../../model/positions.ts'
import { staticResolver, WorkloadProjection, WorkloadResolver, type NameSettings } from '../../identity/index.ts'
import {
  openStore,
  returnMemoryAfterGrowth,
  serveStore,
  StoreFeed,
  type QueryLimits,
  type StoreOptions,
} from '../../store/index.ts'
import { messageOf } from '../../model/errors.ts'
import { queryProcesses } from '../query-processes.ts'
import { takeProfile, type ProfileRequest } from '../../telemetry/profile.ts'
import { workerTelemetry } from '../../telemetry/worker.ts'
import type { StoreStatus } from '../../engine/ledger/ledger.ts'
import { StoreSelection, type StoreFrom } from '../../engine/store-selection.ts'

export type StoreOpen = Readonly<{
  directory: string
  networks: string | undefined
  identity: string
  names: NameSettings
  retain: NonNullable<StoreOptions['retain']>
  room: Readonly<{ reserveBytes: number; marginBytes: number; journal: string }>
  memory: string
  sql: QueryLimits
  queries: MessagePort
  claim: Claim
  from: StoreFrom
}>

type StoreFollow = Readonly<{
  journal: string
  tail: SharedArrayBuffer
  clusters: readonly string[]
}>

const memoryEveryMs = 10_000
const settleMs = 60_000

self.stepBack()
const host = realHost()
const telemetry = workerTelemetry(host, workerData)
const { log, metrics } = telemetry
let feed: StoreFeed | undefined
let fence: Fence | undefined
let stop = new AbortController()
let running: Promise<void> | undefined
let clusters: ReadonlySet<string> = new Set()
let workloads: WorkloadProjection | undefined
let selection = new StoreSelection(undefined)
let know: ((until: number) => Promise<void>) | undefined
const waiting = new Set<{ sequence: number; resolve: () => void }>()

export const storeMethods = {
  async open(options: StoreOpen): Promise<Evidence & { readonly status: StoreStatus }> {
    const watching = () => clusters.size > 0
    selection = new StoreSelection(options.from)
    const projection = new WorkloadProjection({
      host,
      log,
      metrics,
      directory: options.identity,
      names: options.names,
      isCluster: (source) => clusters.has(componentOf(source)),
    })
    workloads = projection
    const start = queryProcesses()
    fence = new Fence(options.claim)
    const store: StoreOptions = {
      host,
      log,
      metrics,
      directory: options.directory,
      retain: options.retain,
      room: {
        ...options.room,
        own: (await volumeOf(options.directory)) !== (await volumeOf(options.room.journal)),
      },
      memoryLimit: { reader: options.memory },
      fence,
      takes: (header) => selection.takes(header),
      verifyAhead: true,
      ...(start === undefined ? {} : { processes: { limits: options.sql, start } }),
      resolver: new WorkloadResolver(await staticResolver(host, options.networks, log), projection.workloads, watching),
    }
    feed = await StoreFeed.open({
      host,
      log,
      metrics,
      committed: report,
      open: () => openStore(store),
      identity: { watching, take },
    })
    host.timers.every(memoryEveryMs, () => {
      feed?.store
        .recordMemory()
        .catch((error: unknown) => log.warn('The memory of DuckDB could not be read.', { error: String(error) }))
    })
    returnMemoryAfterGrowth(host.timers, realThread(), () => need().store.returnMemory())
    serveStore(options.queries, {
      reader: {
        query: (...about) => reader().query(...about),
        edges: (...about) => reader().edges(...about),
        ...(start === undefined
          ? {}
          : { isolated: (...about: Parameters<StoreFeed['reader']['isolated']>) => reader().isolated(...about) }),
      },
      status: () => need().store.status(),
    })
    const { positions, accounted } = feed.store.ledger()
    return { position: positions[filePartition] ?? nowhere, accepted: accounted, status: status() }
  },
  async fenced(): Promise<never> {
    if (fence === undefined) throw new Error('the store worker has not been started')
    throw await fence.broken
  },
  async follow(options: StoreFollow): Promise<void> {
    self.keepCompiled()
    stop = new AbortController()
    const tail = new SharedTail(options.tail)
    clusters = new Set(options.clusters)
    know = (until) =>
      knowWorkloads(options.journal, tail, until).catch((error: unknown) =>
        log.error('The known workloads cannot be read; only flows from now on have workload names.', {
          error: String(error),
        }),
      )
    // Addresses of earlier flows are resolved again at the end of their hour.
    if (clusters.size > 0 && need().store.hasFlows())
      await begin(need().store.ledger().positions[filePartition]?.sequence ?? 0)
    running = need().run(options.journal, tail, stop.signal)
  },
  async clusters(ids: readonly string[]): Promise<void> {
    // Clusters watched before do not emit their objects again.
    if (know === undefined && clusters.size === 0 && ids.length > 0 && workloads?.workloads.empty === true)
      await workloads.open()
    clusters = new Set(ids)
  },
  select: ({ from, after }: { from: StoreFrom; after: number }) => selection.change(from, after),
  status,
  profile: ({ kind, seconds }: ProfileRequest) => takeProfile(kind, () => host.timers.sleep(seconds * 1000)),
  settled(sequence: number): Promise<StoreStatus> {
    return new Promise((resolve) => {
      waiting.add({ sequence, resolve: () => resolve(status()) })
      wake()
      // Without it, a stop waits for the pause between reads.
      need()
        .fresh(sequence, settleMs)
        .catch(() => undefined)
    })
  },
  giveWay: () => need().giveWay(),
  fresh: ({ sequence, ms }: { sequence: number; ms: number }) => need().fresh(sequence, ms),
  async stop(): Promise<StoreStatus> {
    stop.abort()
    await running
    const last = status()
    await feed?.store.close()
    telemetry.flush()
    return last
  },
} as const

/** The folder may not exist yet. */
async function volumeOf(path: string): Promise<number> {
  return (await host.disk.volume(path)) ?? volumeOf(dirname(path))
}

async function take(frames: readonly Frame[]) {
  const [first] = frames
  if (first === undefined) return
  if (know !== undefined && clusters.size > 0 && frames.some(({ header }) => header.kind === 'flows'))
    await begin(first.header.sequence - 1)
  if (know === undefined) workloads?.take(frames)
}

async function begin(until: number) {
  await know?.(until)
  know = undefined
}

async function knowWorkloads(journal: string, tail: SharedTail, sequence: number) {
  if (workloads === undefined) return
  await workloads.open()
  if (workloads.reached.sequence >= sequence) return
  const reader = openReader({ host, directory: journal, tail, after: workloads.reached })
  try {
    while (workloads.reached.sequence < sequence) {
      const frames = await reader.ready(1 << 20)
      if (frames.length === 0) return
      workloads.take(frames.filter(({ header }) => header.sequence <= sequence))
      if ((frames.at(-1)?.header.sequence ?? 0) > sequence) return
    }
  } finally {
    await reader.close()
  }
}

function reader(): StoreFeed['reader'] {
  const open = need()
  open.reportQuery()
  return open.reader
}

function need(): StoreFeed {
  if (feed === undefined) throw new Error('the store worker has not been started')
  return feed
}

function status(): StoreStatus {
  const { positions, stored, quarantined, filtered, expired } = need().store.ledger()
  return {
    sequence: positions[filePartition]?.sequence ?? 0,
    holds: need().store.projection.holds()[filePartition]?.sequence ?? 0,
    stored,
    quarantined,
    filtered,
    expired,
    bytes: need().store.status().bytes,
    problem: need().problem,
  }
}

function wake() {
  const done = status().sequence
  for (const waiter of waiting) {
    if (waiter.sequence > done) continue
    waiting.delete(waiter)
    waiter.resolve()
  }
}

function report() {
  parentPort?.postMessage({ status: status() })
  wake()
}

// DuckDB aborts the process if its thread ends during a query: the thread remains until its last work has ended.
self.onUncaught((error) => parentPort?.postMessage({ failed: messageOf(error) }))

if (parentPort !== null) serve(parentPort, storeMethods)
