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
let shared: SharedIngest | undefined
/** Sequences after which sources in other threads need frames. */
const pinned = new Map<string, number>()

const main = parentPort === null ? undefined : connect<ReturnType<typeof sinkMethods>>(parentPort)

/** The buffer was transferred from another thread. A bus client may still use it. */
function done({ raw }: Unit) {
  if (shared === undefined) releaseBuffer(raw, raw.buffer.byteLength)
}

export const journalMethods = {
  async append(unit: Unit): Promise<Appended> {
    try {
      return await (shared?.watched ?? appender()).append(unit)
    } finally {
      done(unit)
    }
  },
  async appendOnce(unit: Unit): Promise<Admitted> {
    try {
      return await need(admission).append(unit)
    } finally {
      done(unit)
    }
  },
  totals: () => appender().totals(),
  hold({ source, sequence }: { source: string; sequence: number }): void {
    pinned.set(source, sequence)
  },
  ...awaitedMethods(awaited),
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
              // Its last snapshot may be ten seconds old, and a small volume fills in less.
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
      shared = await SharedIngest.start(options.shared, {
        host,
        log,
        metrics,
        window,
        journal: local,
        queueBytes: defaultLimits.queueBytes,
      })
    const into = appender()
    admission = new Admission(into, window)
    sources = new SourceSet({
      host,
      log,
      metrics,
      journal: into,
      admission,
      enrichment: new ListeningSides({
        metrics,
        next: Object.keys(options.geo).length === 0 ? undefined : await openGeo(host, options.geo, log),
      }),
      awaited,
      state: `${options.state}/sources`,
      load: loadSource,
    })
    host.timers.every(snapshotEveryMs, () => {
      snapshot().catch(() => {})
    })
    self.keepCompiled()
    return { ...status(), epoch: into.epoch }
  },
  /** Rejects when this thread can no longer do its work. */
  async fenced(): Promise<never> {
    const broken = need(fence).broken.then((error) => Promise.reject<never>(error))
    return Promise.race([broken, need(mirroring)])
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
    return need(sources).apply(entries)
  },
  append: (unit: Unit) => pushed(unit),
  /** As `append`; only rows not settled by the acknowledging sink count as duplicates. */
  appendAgain: ({ unit, settled }: { unit: Unit; settled: number }) => pushed(unit, settled),
  cursor(source: string): Uint8Array | undefined {
    return appender().totals().get(source)?.cursor
  },
  places: (): ReadonlyMap<number, number> => placesOf([...need(journal).totals().values()].map(({ cursor }) => cursor)),
  async release(sequence: number): Promise<IngestStatus> {
    // After a crash the window replays the frames since its last snapshot.
    if (need(journal).problem !== undefined) await snapshot()
    await need(journal).release(Math.min(sequence, status().holds))
    return status()
  },
  async stop(): Promise<IngestStatus> {
    await sources?.stop()
    await snapshot()
    const last = status()
    await shared?.close()
    await journal?.close()
    telemetry.flush()
    return last
  },
  sourceHealth: () => need(sources).health(),
  sourceFeeds: () => need(sources).feeds(),
  sourceStatus(): Readonly<Record<string, unknown>> {
    return need(sources).status()
  },
  profile: ({ kind, seconds }: ProfileRequest) => takeProfile(kind, () => host.timers.sleep(seconds * 1000)),
} as const

async function pushed(unit: Unit, settled?: number): Promise<Pushed> {
  if (unit.source !== httpSource) {
    const { position } = await appender().append(unit)
    return { sequence: position.sequence, accepted: unit.count, duplicates: 0 }
  }
  const { position, accepted, duplicates, repeats, seen } = await need(admission).append(unit, settled)
  return {
    sequence: position.sequence,
    accepted,
    duplicates,
    repeats,
    ...(seen === undefined ? {} : { seen }),
    ...(shared === undefined ? {} : { places: shared.places(httpSource, duplicates) }),
  }
}

function need<T>(part: T | undefined): T {
  if (part === undefined) throw new Error('the ingest worker has not been started')
  return part
}

function awaited(sink: string, source: string) {
  return shared?.awaited(sink, source) ?? awaitedSink(need(main), sink, host.timers)
}

function appender() {
  return shared?.writer ?? need(journal)
}

function status(): IngestStatus {
  const writer = need(journal)
  const windowHolds =
    shared === undefined ? (need(window).holds()[filePartition]?.sequence ?? 0) : Number.POSITIVE_INFINITY
  return {
    bytes: writer.size(),
    segments: writer.segments().length,
    holds: Math.min(windowHolds, ...[...pinned.values()].map((sequence) => sequence + 1)),
    ...problem(shared?.problem ?? writer.problem),
    tight: writer.tight,
    sources: [...(shared?.totals() ?? writer.totals())].map(([name, total]) => ({
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
  const forever = new AbortController().signal
  for (;;) {
    const seen = writer.tail.durable()
    shared.publish(seen)
    await writer.tail.moved(seen.sequence, forever)
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
    if (journal !== undefined && shared === undefined && admission?.idle === true) {
      const { sequence, row } = journal.tail.durable()
      window?.reached({ sequence, row })
    }
    await window?.commit()
    // The next start skips the saved units, so the window must contain them.
    await shared?.save()
  } catch (error) {
    log.warn('the deduplication window could not be saved; retrying', { error: String(error) })
  }
}

if (parentPort !== null) serve(parentPort, ingestMethods)
