import type { Disk, DiskFile, Host } from '../../host/index.ts'
import {
  defaultLimits,
  SegmentWriter,
  type CopiedFrame,
  type JournalBus,
  type JournalLimits,
} from '../../journal/index.ts'
import { storedRecord, type RecordStore } from '../delivery/record-store.ts'
import type { SinkRecord } from '../delivery/tally.ts'
import { Follower } from '../follower.ts'
import type { LoadedTransform } from '../sources/derive.ts'
import type { Enrichment, Log, Metrics, SinkDefinition, Traces } from '../contracts.ts'
import { SinkSet, type Applied, type SinkEntry } from '../delivery/sinks.ts'
import { messageOf } from '../../model/errors.ts'
import { copyPartition } from './copy.ts'
import { Derived } from './derived.ts'
import { startSinks } from './partition-start.ts'
import { runCommands } from './dead-letter-commands.ts'
import { sharedDeadLetterLog } from './shared-dead-letters.ts'
import { keys, spread, type ReachedRecord } from './names.ts'
import { writeRecord, type SharedRecords } from './records.ts'
import { RetryingWriter } from './retrying-writer.ts'
import { totalsUpTo, type SharedUnit } from './units.ts'

export type PartitionWorkerOptions = Readonly<{
  bus: JournalBus
  records: SharedRecords
  partition: number
  instance: string
  host: Host
  log: Log
  metrics: Metrics
  traces?: Traces | undefined
  directory: string
  maxBytes: number
  load: (type: string) => Promise<SinkDefinition<unknown>>
  loadTransform?: (type: string) => Promise<LoadedTransform> | undefined
  enrichment?: () => Enrichment | undefined
}>

export type PartitionRecord = Readonly<{
  owner: string
  free: boolean
}>

const closeMs = 5000
/** Time for the copied rows to be delivered before a partition is left. */
const settleMs = 2000
const maintenanceMs = 1000
/** Number of rounds between two saves of the position. */
const saveEvery = 10

type OpenedPartition = Readonly<{
  writer: RetryingWriter
  derived: Derived
  segments: SegmentWriter
  sinks: SinkSet
  follower: Follower
  /** Position in the partition after which the copy starts. */
  start: number
}>

/** Delivers one partition of a shared journal from a local copy of its frames. */
export class PartitionWorker {
  readonly sinks: SinkSet
  readonly follower: Follower
  readonly #options: PartitionWorkerOptions
  readonly #writer: RetryingWriter
  readonly #derived: Derived
  readonly #segments: SegmentWriter
  readonly #stop = new AbortController()
  readonly #copying: Promise<void>
  readonly #running: Promise<unknown>

  private constructor(
    options: PartitionWorkerOptions,
    { writer, derived, segments, sinks, follower, start }: OpenedPartition,
  ) {
    this.#options = options
    this.#writer = writer
    this.#derived = derived
    this.#segments = segments
    this.sinks = sinks
    this.follower = follower
    this.#copying = copyPartition({
      ...options,
      after: start,
      signal: this.#stop.signal,
      take: (units) => this.#take(units),
    })
    this.#running = Promise.all([
      this.#copying,
      this.#maintain(),
      runCommands({ ...options, writer, sinks, signal: this.#stop.signal }),
    ])
  }

  static async open(options: PartitionWorkerOptions, entries: readonly SinkEntry[]): Promise<PartitionWorker> {
    const { bus, records, partition, instance, host, log, metrics, traces, directory } = options
    const name = `partition/${partition}`
    const writer = new RetryingWriter({ writer: await bus.claim(name), name, host, log })
    const derivedSources = new Derived({
      bus,
      records,
      partition,
      host,
      log,
      confirm: () => writer.fence('records', keys.owner(partition)),
    })
    const neverAborted = new AbortController().signal
    try {
      await Promise.all(
        [keys.owner(partition), keys.reached(partition), ...entries.map(({ id }) => keys.sink(partition, id))].map(
          (key) => writer.fence('records', key),
        ),
      )
      await records.sync(neverAborted)
      await writeRecord(writer, keys.owner(partition), { owner: instance, free: false } satisfies PartitionRecord)
      const { totals, place } = await totalsUpTo({ bus, records, partition, signal: neverAborted })
      const accepted = new Map([...totals].map(([source, total]) => [source, total.accepted]))
      const store = sharedRecords(records, writer, partition)
      const start = await startSinks(store, entries, { bus, records, partition, log, place, accepted })
      for (const file of await host.disk.list(directory)) await host.disk.remove(`${directory}/${file}`)
      await host.disk.makeDirectory(directory, 0o700)
      const limits: JournalLimits = {
        ...defaultLimits,
        segmentBytes: 8 * 1024 * 1024,
        keepBytes: 0,
        maxBytes: options.maxBytes,
      }
      const segments = new SegmentWriter({
        // Frames lost in a crash are copied again.
        host: { ...host, disk: withoutSyncs(host.disk) },
        directory,
        epoch: 1,
        limits,
        last: { sequence: start, row: 0 },
        totals: new Map(),
        segments: [],
        afterLoss: false,
        metrics: undefined,
      })
      const follower = new Follower({
        host,
        directory,
        tail: segments.tail,
        after: { sequence: start, row: 0 },
        accepted,
      })
      const sinks = new SinkSet({
        host,
        log,
        metrics,
        traces,
        directory,
        records: store,
        deadLetters: (sink) => sharedDeadLetterLog({ records, writer, host, partition, sink }),
        tail: segments.tail,
        follower,
        load: (type) => loadFor(options, derivedSources, type),
        accepted: () => follower.accepted(),
        holdsOrphans: false,
        ...(options.enrichment === undefined ? {} : { enrichment: options.enrichment }),
      })
      const opened = { writer, derived: derivedSources, segments, sinks, follower, start: Math.floor(start / spread) }
      const worker = new PartitionWorker(options, opened)
      const up = await sinks.apply(entries)
      if (up.failed === undefined) return worker
      await worker.close()
      throw new Error(`sink ${up.failed.id}: ${up.failed.message}`)
    } catch (error) {
      await writer.close(0)
      throw error
    }
  }

  /** The first sink that cannot be built, with the reason. */
  async unbuildable(entries: readonly SinkEntry[]): Promise<Applied['failed']> {
    const { host, log, metrics } = this.#options
    for (const { id, type, settings } of entries) {
      try {
        const definition = await loadFor(this.#options, this.#derived, type)
        const sink = await definition.build(settings, { id, host, log, metrics })
        await sink.close()
      } catch (error) {
        return { id, message: messageOf(error) }
      }
    }
    return undefined
  }

  get lost(): boolean {
    return this.#writer.ended !== undefined || this.#derived.lost
  }

  async close(): Promise<void> {
    this.#stop.abort()
    await Promise.race([this.#copying, this.#options.host.timers.sleep(settleMs)])
    if (!this.lost) await this.#settle()
    await this.sinks.stop()
    await this.#running
    const lostSignal = this.lost
    await this.#derived.close()
    if (!lostSignal)
      await writeRecord(this.#writer, keys.owner(this.#options.partition), {
        owner: this.#options.instance,
        free: true,
      } satisfies PartitionRecord).catch(() => undefined)
    await this.#writer.close(closeMs)
    await this.follower.close()
    await this.#segments.close()
  }

  /** A send that is ended is repeated later. Sinks that fail are not awaited. */
  async #settle() {
    const timeoutAbort = new AbortController()
    const timer = this.#options.host.timers.after(settleMs, () => timeoutAbort.abort())
    await this.follower.catchUp()
    const working = this.sinks.all().filter(({ delivery }) => delivery.state === 'running')
    await Promise.all(working.map(({ delivery }) => delivery.outcomes.of(this.follower.sequence, timeoutAbort.signal)))
    timer.cancel()
  }

  async #take(units: readonly SharedUnit[]) {
    const frames = units.flatMap(({ pieces, place }) =>
      pieces.map(({ decoded, body }, at): CopiedFrame => ({
        header: decoded.header,
        zstd: decoded.zstd,
        body,
        sequence: place * spread - (pieces.length - 1 - at),
        ...(decoded.header.cursor === undefined ? {} : { cursor: decoded.header.cursor }),
      })),
    )
    await this.#segments.copy(frames)
  }

  async #saveReached() {
    const position = this.follower.sequence / spread
    const key = keys.reached(this.#options.partition)
    // Between parts of a unit, or already saved.
    if (!Number.isInteger(position) || position <= (this.#options.records.get<ReachedRecord>(key)?.place ?? 0)) return
    await writeRecord(this.#writer, key, {
      place: position,
      accepted: Object.fromEntries(this.follower.accepted()),
    } satisfies ReachedRecord)
  }

  async #maintain() {
    const { host, log } = this.#options
    for (let round = 1; !this.#stop.signal.aborted; round++) {
      await host.timers.sleep(maintenanceMs, this.#stop.signal)
      try {
        if (round % saveEvery === 0) await this.#derived.save()
        await this.follower.catchUp()
        if (round % saveEvery === 0) await this.#saveReached()
        await this.#segments.release(Math.min(this.sinks.holds() ?? this.follower.sequence, this.follower.sequence))
      } catch (error) {
        log.warn('Maintenance of a journal partition failed; retrying.', {
          partition: this.#options.partition,
          error: String(error),
        })
      }
    }
  }
}

async function loadFor(
  { load, loadTransform }: PartitionWorkerOptions,
  derived: Derived,
  type: string,
): Promise<SinkDefinition<unknown>> {
  const transform = await loadTransform?.(type)
  return transform === undefined ? load(type) : transform(derived)
}

function sharedRecords(records: SharedRecords, writer: RetryingWriter, partition: number): RecordStore {
  const writtenRecords = new Map<string, SinkRecord>()
  return {
    open(sink) {
      const key = keys.sink(partition, sink)
      return Promise.resolve({
        get value() {
          return writtenRecords.get(key) ?? records.get<SinkRecord>(key)
        },
        async write(next: SinkRecord) {
          const copy = structuredClone(next)
          await writeRecord(writer, key, copy)
          writtenRecords.set(key, copy)
        },
        close: () => Promise.resolve(),
      })
    },
    all: () =>
      Promise.resolve(
        records.under<SinkRecord>(keys.sink(partition, '')).map(({ name, value }) => storedRecord(name, value)),
      ),
  }
}

function withoutSyncs(disk: Disk): Disk {
  const skipSync = () => Promise.resolve()
  const loose = (file: DiskFile): DiskFile => ({
    path: file.path,
    sync: skipSync,
    write: (bytes, at) => file.write(bytes, at),
    writeAll: (pieces, at) => file.writeAll(pieces, at),
    read: (into, at) => file.read(into, at),
    truncate: (size) => file.truncate(size),
    size: () => file.size(),
    close: () => file.close(),
  })
  return {
    open: async (path, mode) => loose(await disk.open(path, mode)),
    syncDirectory: skipSync,
    list: (path) => disk.list(path),
    stat: (path) => disk.stat(path),
    rename: (from, to) => disk.rename(from, to),
    remove: (path) => disk.remove(path),
    makeDirectory: (path, mode) => disk.makeDirectory(path, mode),
    readFile: (path) => disk.readFile(path),
    free: (path) => disk.free(path),
    capacity: (path) => disk.capacity(path),
    freeFiles: (path) => disk.freeFiles(path),
    volume: (path) => disk.volume(path),
  }
}
