import { parentPort, workerData, type MessagePort } from 'node:worker_threads'
import { Admission, type Admitted } from '../../engine/dedupe/admission.ts'
import { awaitedMethods, awaitedSink, type sinkMethods } from '../../engine/sources/awaited.ts'
import { DuplicateWindow, type WindowSize } from '../../engine/dedupe/duplicates.ts'
import { connect, serve } from '../../engine/rpc.ts'
import { httpSource, type Pushed } from '../../engine/sources/pushed.ts'
import { SourceSet, type SourceEntry } from '../../engine/sources/sources.ts'
import { Fence } from '../../host/fence.ts'
import type { Claim } from '../../host/folder-claim.ts'
import { realHost } from '../../host/index.ts'
import { memoryOf } from '../../host/memory-budget.ts'
import { self } from '../../host/process.ts'
import {
  defaultLimits,
  openJournal,
  openReader,
  SharedTail,
  type Appended,
  type Evidence,
  type JournalLimits,
  type SegmentWriter,
  type Unit,
} from '../../journal/index.ts'
import { ListeningSides, openGeo, type GeoFiles } from '../../identity/index.ts'
import { releaseBuffer } from '../../model/release-buffer.ts'
import { placesOf } from '../../model/origins.ts'
import { filePartition, nowhere } from '../../model/positions.ts'
import { SharedIngest } from './shared-ingest.ts'
import type { SharedStart } from '../shared.ts'
import { takeProfile, type ProfileRequest } from '../../telemetry/profile.ts'
import { workerTelemetry } from '../../telemetry/worker.ts'
import { loadSource } from '../../components/registry.ts'

export type IngestStart = Readonly<{
  directory: string
  state: string
  epoch: number
  limits: Partial<JournalLimits>
  evidence: readonly Evidence[]
  tail: SharedArrayBuffer
  duplicates: WindowSize
  geo: GeoFiles
  claim: Claim
  shared?: SharedStart
}>

type IngestStatus = Readonly<{
  bytes: number
  segments: number
  sources: readonly SourceTotalsReport[]
  holds: number
  problem?: string
  tight: boolean
}>

type SourceTotalsReport = Readonly<{
  name: string
  accepted: number
  duplicates: number
  shed: Readonly<Record<string, number>>
}>

const snapshotEveryMs = 10_000

const host = realHost(memoryOf(workerData))
const telemetry = workerTelemetry(host, workerData)
const { log, metrics } = telemetry
let fence: Fence | undefined
let journal: SegmentWriter | undefined
let mirroring: Promise<never> | undefined
let window: DuplicateWindow | undefined
let admission: Admission | undefined
let sources: SourceSet | undefined
let sharedIngest: SharedIngest | undefined
/** Sequences after which sources in other threads need frames. */
const pinned = new Map<string, number>()

const main = parentPort === null ? undefined : connect<ReturnType<typeof sinkMethods>>(parentPort)

/** Releases a buffer from another thread, unless a bus client may still use it. */
function releaseUnit({ raw }: Unit) {
  if (sharedIngest === undefined) releaseBuffer(raw, raw.buffer.byteLength)
}

export const journalMethods = {
  async append(unit: Unit): Promise<Appended> {
    try {
      return await (sharedIngest?.watched ?? appender()).append(unit)
    } finally {
      releaseUnit(unit)
    }
  },
  async appendOnce(unit: Unit): Promise<Admitted> {
    try {
      return await started(admission).append(unit)
    } finally {
      releaseUnit(unit)
    }
  },
  totals: () => appender().totals(),
  hold({ source, sequence }: { source: string; sequence: number }): void {
    pinned.set(source, sequence)
  },
  ...awaitedMethods(awaitedSinkOf),
} as const

export const ingestMethods = {
  async start(options: IngestStart): Promise<IngestStatus & { readonly epoch: number }> {
    const tail = new SharedTail(options.tail)
    fence = new Fence(options.claim)
    journal = await openJournal({
      ...options,
      host,
      metrics,
      fence,
      onRefusing,
      onTorn: (torn) => log.info('Removed a write that the last kill interrupted; none of it was acknowledged.', torn),
      ...(main === undefined
        ? {}
        : {
            async makeRoom(sequence: number) {
              // The last snapshot may be ten seconds old, and a small volume fills in less time.
              if (status().holds < sequence) await snapshot()
              return Math.min(await main.call('makeRoom', sequence), status().holds)
            },
            relieve: () => main.call('relieve', undefined as never),
          }),
    })
    const local = journal
    tail.publish(local.tail.durable())
    mirroring = mirror(local, tail)
    window = await DuplicateWindow.open(host, `${options.state}/duplicates`, options.duplicates)
    if (options.shared === undefined) await replay(window, options.directory, local)
    else
      sharedIngest = await SharedIngest.start(options.shared, {
        host,
        log,
        metrics,
        window,
        journal: local,
        queueBytes: defaultLimits.queueBytes,
      })
    const journalAppender = appender()
    admission = new Admission(journalAppender, window)
    sources = new SourceSet({
      host,
      log,
      metrics,
      journal: journalAppender,
      admission,
      enrichment: new ListeningSides({
        metrics,
        next: Object.keys(options.geo).length === 0 ? undefined : await openGeo(host, options.geo, log),
      }),
      awaited: awaitedSinkOf,
      state: `${options.state}/sources`,
      load: loadSource,
    })
    host.timers.every(snapshotEveryMs, () => {
      snapshot().catch(() => {})
    })
    self.keepCompiled()
    return { ...status(), epoch: journalAppender.epoch }
  },
  /** Rejects when this thread can no longer do its work. */
  async fenced(): Promise<never> {
    const fenceBroken = started(fence).broken.then((error) => Promise.reject<never>(error))
    return Promise.race([fenceBroken, started(mirroring)])
  },
  letGo(source: string): void {
    pinned.delete(source)
  },
  serve(port: MessagePort): void {
    serve(port, journalMethods)
    port.unref()
  },
  async apply(entries: readonly SourceEntry[]) {
    for (const { packaged } of entries) if (packaged !== undefined) metrics.declare(packaged.metrics)
    return started(sources).apply(entries)
  },
  append: (unit: Unit) => pushed(unit),
  /** As `append`; only rows not settled by the acknowledging sink count as duplicates. */
  appendAgain: ({ unit, settled }: { unit: Unit; settled: number }) => pushed(unit, settled),
  cursor(source: string): Uint8Array | undefined {
    return appender().totals().get(source)?.cursor
  },
  places: (): ReadonlyMap<number, number> =>
    placesOf([...started(journal).totals().values()].map(({ cursor }) => cursor)),
  async release(sequence: number): Promise<IngestStatus> {
    // After a crash the window replays the frames since its last snapshot.
    if (started(journal).problem !== undefined) await snapshot()
    await started(journal).release(Math.min(sequence, status().holds))
    return status()
  },
  async stop(): Promise<IngestStatus> {
    await sources?.stop()
    await snapshot()
    const last = status()
    await sharedIngest?.close()
    await journal?.close()
    telemetry.flush()
    return last
  },
  sourceHealth: () => started(sources).health(),
  sourceFeeds: () => started(sources).feeds(),
  sourceStatus(): Readonly<Record<string, unknown>> {
    return started(sources).status()
  },
  profile: ({ kind, seconds }: ProfileRequest) => takeProfile(kind, () => host.timers.sleep(seconds * 1000)),
} as const

async function pushed(unit: Unit, settled?: number): Promise<Pushed> {
  if (unit.source !== httpSource) {
    const { position } = await appender().append(unit)
    return { sequence: position.sequence, accepted: unit.count, duplicates: 0 }
  }
  const { position, accepted, duplicates, repeats, seen } = await started(admission).append(unit, settled)
  return {
    sequence: position.sequence,
    accepted,
    duplicates,
    repeats,
    ...(seen === undefined ? {} : { seen }),
    ...(sharedIngest === undefined ? {} : { places: sharedIngest.places(httpSource, duplicates) }),
  }
}

function started<T>(part: T | undefined): T {
  if (part === undefined) throw new Error('the ingest worker has not been started')
  return part
}

function awaitedSinkOf(sink: string, source: string) {
  return sharedIngest?.awaited(sink, source) ?? awaitedSink(started(main), sink, host.timers)
}

function appender() {
  return sharedIngest?.writer ?? started(journal)
}

function status(): IngestStatus {
  const writer = started(journal)
  const windowHolds =
    sharedIngest === undefined ? (started(window).holds()[filePartition]?.sequence ?? 0) : Number.POSITIVE_INFINITY
  return {
    bytes: writer.size(),
    segments: writer.segments().length,
    holds: Math.min(windowHolds, ...[...pinned.values()].map((sequence) => sequence + 1)),
    ...problem(sharedIngest?.problem ?? writer.problem),
    tight: writer.tight,
    sources: [...(sharedIngest?.totals() ?? writer.totals())].map(([name, total]) => ({
      name,
      accepted: total.accepted,
      duplicates: total.duplicates,
      shed: total.shed,
    })),
  }
}

let refusingSince = 0

async function onRefusing(why: string | undefined) {
  if (why === undefined)
    log.info('Accepting data again.', {
      seconds: Math.round((host.clock.monotonic() - refusingSince) / 1000),
    })
  else {
    refusingSince = host.clock.monotonic()
    log.error('Data is refused until this ends: sources that can wait do so, and datagrams are shed.', { reason: why })
  }
  await main?.call('refusing', why)
}

const problem = (why: string | undefined): { readonly problem?: string } => (why === undefined ? {} : { problem: why })

async function mirror(writer: SegmentWriter, shared: SharedTail): Promise<never> {
  const neverAborted = new AbortController().signal
  for (;;) {
    const durableEnd = writer.tail.durable()
    shared.publish(durableEnd)
    await writer.tail.moved(durableEnd.sequence, neverAborted)
  }
}

async function replay(into: DuplicateWindow, directory: string, writer: SegmentWriter) {
  const reader = openReader({ host, directory, after: into.position()[filePartition] ?? nowhere, tail: writer.tail })
  try {
    for (;;) {
      const frames = await reader.ready(8 * 1024 * 1024)
      if (frames.length === 0) break
      await into.apply(frames)
    }
  } finally {
    await reader.close()
  }
}

let saving: Promise<void> = Promise.resolve()

function snapshot(): Promise<void> {
  saving = saving.then(save)
  return saving
}

async function save() {
  try {
    if (journal !== undefined && sharedIngest === undefined && admission?.idle === true) {
      const { sequence, row } = journal.tail.durable()
      window?.reached({ sequence, row })
    }
    await window?.commit()
    // The next start skips the saved units, so the window must contain them.
    await sharedIngest?.save()
  } catch (error) {
    log.warn('the deduplication window could not be saved; retrying', { error: String(error) })
  }
}

if (parentPort !== null) serve(parentPort, ingestMethods)
