/** The store worker: feeds the store from the journal and answers queries. A query can hold up neither a datagram nor main. */
import { parentPort, workerData, type MessagePort } from 'node:worker_threads'
import { serve } from '../../engine/rpc.ts'
import { realHost } from '../../host/index.ts'
import { self } from '../../host/process.ts'
import { openReader, SharedTail, type Evidence } from '../../journal/index.ts'
import { filePartition, nowhere } from '../../model/positions.ts'
import { staticResolver } from '../../identity/index.ts'
import { openStore, serveStore, type Store, type StoreOptions } from '../../store/index.ts'
import { workerTelemetry } from '../../telemetry/worker.ts'
import type { StoreStatus } from '../../engine/ledger.ts'

export interface StoreOpen {
  readonly directory: string
  readonly networks: string | undefined
  readonly retain: NonNullable<StoreOptions['retain']>
  readonly memory: string
  readonly queries: MessagePort
}

export interface StoreFollow {
  readonly journal: string
  readonly tail: SharedArrayBuffer
}

/** Rows become visible within this, whatever their number. */
const commitEveryMs = 1000
const readBytes = 2 * 1024 * 1024
const maintainEveryMs = 5000
const firstRetryMs = 500
const lastRetryMs = 30_000

const host = realHost()
const telemetry = workerTelemetry(host, workerData)
const { log, metrics } = telemetry
let store: Store | undefined
let opened: StoreOptions | undefined
let stop = new AbortController()
let running: Promise<void> | undefined
const waiting = new Set<{ sequence: number; resolve: () => void }>()

export const storeMethods = {
  async open(options: StoreOpen): Promise<Evidence & { readonly status: StoreStatus }> {
    opened = {
      host, log, metrics, directory: options.directory, retain: options.retain,
      memoryLimit: { reader: options.memory },
      resolver: await staticResolver(host, options.networks, log),
    }
    store = await openStore(opened)
    // Answers come from whichever store is open when they are asked for.
    serveStore(options.queries, {
      reader: { query: (sql, format, signal) => need().reader.query(sql, format, signal) },
      status: () => need().status(),
    })
    const { positions, accounted } = store.ledger()
    return { position: positions[filePartition] ?? nowhere, accepted: accounted, status: status() }
  },
  follow(options: StoreFollow): void {
    self.keepCompiled()
    stop = new AbortController()
    running = keep(options, stop.signal)
  },
  status,
  /** Resolves once everything up to the sequence is committed. */
  settled(sequence: number): Promise<StoreStatus> {
    return new Promise((resolve) => {
      waiting.add({ sequence, resolve: () => resolve(status()) })
      wake()
    })
  },
  async stop(): Promise<StoreStatus> {
    stop.abort()
    await running
    const last = status()
    await store?.close()
    telemetry.flush()
    return last
  },
} as const

function need(): Store {
  if (store === undefined) throw new Error('the store worker has not been started')
  return store
}

function status(): StoreStatus {
  const { positions, stored, quarantined } = need().ledger()
  return {
    sequence: positions[filePartition]?.sequence ?? 0,
    holds: need().projection.holds()[filePartition]?.sequence ?? 0,
    stored,
    quarantined,
  }
}

function wake(): void {
  const done = status().sequence
  for (const waiter of waiting) {
    if (waiter.sequence > done) continue
    waiting.delete(waiter)
    waiter.resolve()
  }
}

/** Feeds the store until the signal aborts. What fails is begun anew from the last commit; nothing is lost while the journal holds it. */
async function keep(options: StoreFollow, signal: AbortSignal): Promise<void> {
  for (let waitMs = firstRetryMs; !signal.aborted; waitMs = Math.min(lastRetryMs, waitMs * 2)) {
    try {
      await run(options, signal)
    } catch (error) {
      log.error('the store failed and is opened again; rows wait in the journal', { error: error instanceof Error ? (error.stack ?? error.message) : String(error) })
      await host.timers.sleep(waitMs, signal)
      await reopen()
    }
  }
}

async function reopen(): Promise<void> {
  try {
    await store?.close().catch(() => {})
    if (opened !== undefined) store = await openStore(opened)
  } catch (error) {
    log.error('the store could not be opened again; it is tried again', { error: error instanceof Error ? error.message : String(error) })
  }
}

async function run({ journal, tail }: StoreFollow, signal: AbortSignal): Promise<void> {
  const { projection } = need()
  const reader = openReader({
    host, directory: journal, tail: new SharedTail(tail),
    after: projection.position()[filePartition] ?? nowhere,
    onUnreadable: (stretch) => {
      metrics.count('weir_journal_unreadable_bytes_total', stretch.bytes)
      log.error('a stretch of the journal cannot be read; its rows are quarantined', { sink: 'store', ...stretch })
    },
  })
  let uncommitted = false
  let commitAt = 0
  // Merging and retention go on beside commits.
  let maintaining: Promise<unknown> | undefined
  let maintainAt = host.clock.monotonic() + maintainEveryMs
  try {
    while (!signal.aborted) {
      const next = uncommitted ? Math.min(commitAt, maintainAt) : maintainAt
      const frames = await soon(next, signal, (until) => reader.next(readBytes, until))
      if (frames.length > 0) {
        if (!uncommitted) commitAt = host.clock.monotonic() + commitEveryMs
        uncommitted = true
        await projection.apply(frames)
      }
      if (uncommitted && (projection.wantsCommit() || host.clock.monotonic() >= commitAt)) {
        uncommitted = !(await committed(projection))
        commitAt = host.clock.monotonic() + commitEveryMs
        tell()
      }
      if (host.clock.monotonic() >= maintainAt) {
        maintaining ??= need().maintain()
          .catch((error: unknown) => log.warn('merging or retention of the store failed and is tried again', { error: String(error) }))
          .finally(() => (maintaining = undefined))
        maintainAt = host.clock.monotonic() + maintainEveryMs
      }
    }
    await maintaining
    if (uncommitted) await committed(projection)
    tell()
  } finally {
    await reader.close()
  }
}

/** A commit that fails loses nothing: the rows are still pending here and in the journal. */
async function committed(projection: Store['projection']): Promise<boolean> {
  try {
    await projection.commit()
    return true
  } catch (error) {
    log.error('the store could not commit and tries again; queries do not show the newest rows', { error: error instanceof Error ? error.message : String(error) })
    return false
  }
}

async function soon<T>(at: number, signal: AbortSignal, act: (until: AbortSignal) => Promise<T>): Promise<T> {
  const until = new AbortController()
  const abort = (): void => until.abort()
  const timer = host.timers.after(Math.max(0, at - host.clock.monotonic()), abort)
  signal.addEventListener('abort', abort, { once: true })
  try {
    return await act(until.signal)
  } finally {
    timer.cancel()
    signal.removeEventListener('abort', abort)
  }
}

function tell(): void {
  parentPort?.postMessage({ status: status() })
  wake()
}

if (parentPort !== null) serve(parentPort, storeMethods)
