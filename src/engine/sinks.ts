import type { Host } from '../host/index.ts'
import { openReader, type Tail } from '../journal/index.ts'
import { componentOf, nowhere, type Position } from '../model/positions.ts'
import type { Fate } from './control.ts'
import { DeadLetters, type LetterLog } from './delivery/dead-letters.ts'
import { Delivery } from './delivery/delivery.ts'
import { recordFiles, type RecordStore } from './delivery/record-store.ts'
import type { DeliverySettings } from './delivery/settings.ts'
import { add, emptyTally, type SinkRecord } from './delivery/tally.ts'
import type { Follower } from './follower.ts'
import type { Enrichment, Log, Metrics, Sink, SinkDefinition, Traces } from './ports.ts'
import { endsWithin } from './stopping.ts'

export interface SinkEntry {
  readonly id: string
  readonly type: string
  readonly settings: unknown
  readonly delivery: DeliverySettings
  /** Its part of the configuration as written: what is compared to know whether it changed. */
  readonly written: string
}

interface Running {
  readonly entry: SinkEntry
  readonly delivery: Delivery
  readonly stop: AbortController
  readonly done: Promise<void>
}

interface Applied {
  readonly changed: readonly string[]
  /** Nothing was changed: this one can't be built. */
  readonly failed?: { readonly id: string; readonly message: string }
}

export interface SinkSetOptions {
  readonly host: Host
  readonly log: Log
  readonly metrics: Metrics
  /** Undefined: no traces are kept. */
  readonly traces?: Traces | undefined
  /** Journal folder. */
  readonly directory: string
  /** Where offset records are kept; left out: in the journal folder. */
  readonly records?: RecordStore
  /** Where dead letters are kept. */
  readonly letters: (sink: string) => LetterLog
  readonly tail: Tail
  readonly follower: Follower
  readonly load: (type: string) => Promise<SinkDefinition<unknown>>
  /** Rows accepted so far, per source: where a new sink begins. */
  readonly accepted: () => ReadonlyMap<string, number>
  /** What names the ends of flows now, if anything does. */
  readonly enrichment?: () => Enrichment | undefined
}

/** How long a sink that is being replaced may take to come to rest before it is left behind. */
const drainMs = 5000

/** The sinks of a process, brought to what a configuration says. A sink that hangs holds up nobody else. */
export class SinkSet {
  readonly #options: SinkSetOptions
  readonly #records: RecordStore
  readonly #running = new Map<string, Running>()
  /** Resolves when no sink is being replaced. */
  #applied: Promise<unknown> = Promise.resolve()
  /** Places of sinks that rest: being replaced, or stopped with the process. Their segments are still needed. */
  readonly #resting = new Map<string, number>()

  constructor(options: SinkSetOptions) {
    this.#options = options
    this.#records = options.records ?? recordFiles(options.host, options.directory)
  }

  get(id: string): Delivery | undefined {
    return this.#running.get(id)?.delivery
  }

  all(): readonly { readonly entry: SinkEntry; readonly delivery: Delivery }[] {
    return [...this.#running.values()]
  }

  /**
   * What became of a frame at a sink, once that is durable, also when the sink is replaced meanwhile; `pending` when the signal aborts
   * first. Undefined: the sink is not there, or not any more.
   */
  async fate(id: string, sequence: number, signal?: AbortSignal): Promise<Fate | undefined> {
    for (;;) {
      await this.#applied
      const delivery = this.get(id)
      if (delivery === undefined) return undefined
      const fate = await delivery.fates.of(sequence, signal)
      if (fate.is !== 'pending' || signal?.aborted === true) return fate
    }
  }

  /** Least sequence that some sink still needs; undefined without sinks. */
  holds(): number | undefined {
    const places = [...[...this.#running.values()].map(({ delivery }) => delivery.held), ...this.#resting.values()]
    return places.length === 0 ? undefined : Math.min(...places)
  }

  /**
   * Builds every new or changed sink first; when one cannot be built nothing has changed. Then each changed one is drained
   * and its successor goes on from the same offset.
   */
  apply(entries: readonly SinkEntry[]): Promise<Applied> {
    const applying = this.#apply(entries)
    this.#applied = applying.catch(() => undefined)
    return applying
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#running.values()].map((running) => this.#stop(running)))
  }

  async #apply(entries: readonly SinkEntry[]): Promise<Applied> {
    const wanted = new Map(entries.map((entry) => [entry.id, entry]))
    const leaving = [...this.#running.values()].filter(({ entry }) => !same(wanted.get(entry.id), entry))
    const coming = entries.filter((entry) => !same(this.#running.get(entry.id)?.entry, entry))
    const built: { entry: SinkEntry; sink: Sink; definition: SinkDefinition<unknown> }[] = []
    for (const entry of coming) {
      try {
        const definition = await this.#options.load(entry.type)
        const { host, log, metrics } = this.#options
        built.push({ entry, definition, sink: await definition.build(entry.settings, { id: entry.id, host, log, metrics }) })
      } catch (error) {
        await Promise.all(built.map(({ sink }) => sink.close().catch(() => {})))
        return { changed: [], failed: { id: entry.id, message: error instanceof Error ? error.message : String(error) } }
      }
    }
    await Promise.all(leaving.map((running) => this.#stop(running)))
    // Also those whose configuration went away while nothing ran.
    for (const { sink, record } of await this.#records.all()) {
      if (!wanted.has(sink) && record.removed !== true) await this.#retire(sink)
    }
    for (const { entry, sink, definition } of built) await this.#start(entry, sink, definition)
    return { changed: [...new Set([...leaving, ...built].map(({ entry }) => entry.id))] }
  }

  async #start(entry: SinkEntry, sink: Sink, definition: SinkDefinition<unknown>): Promise<void> {
    const { host, log, metrics, traces, directory, tail, follower, enrichment } = this.#options
    const record = await this.#records.open(entry.id)
    await follower.catchUp()
    const start = subscribe(record.value, entry.delivery.from, { sequence: follower.sequence, row: tail.durable().row }, this.#options.accepted())
    // Where a new sink begins is a fact of its own: without it a crash before its first delivery would begin later.
    if (record.value === undefined || JSON.stringify(record.value) !== JSON.stringify(start)) await record.write(start)
    const letters = await DeadLetters.from(this.#options.letters(entry.id), host.clock, entry.id, start.position.sequence)
    const delivery = new Delivery({
      id: entry.id, host, log, metrics, traces, sink,
      accepts: definition.accepts, idempotency: definition.idempotency,
      settings: entry.delivery, record, start, letters,
      ...(enrichment === undefined ? {} : { enrichment }),
      reader: openReader({
        host, directory, tail, after: start.position,
        onUnreadable: (stretch) => {
          metrics.count('weir_journal_unreadable_bytes_total', stretch.bytes)
          log.error('a stretch of the journal cannot be read; its rows are quarantined', { sink: entry.id, ...stretch })
        },
      }),
    })
    follower.follow(entry.id, start.position.sequence, (source) => delivery.takes(source), Object.entries(start.sources).map(([name, tally]) => [name, tally.accounted]))
    const stop = new AbortController()
    const done = delivery.run(stop.signal).catch((error: unknown) => {
      log.error(`sink ${entry.id} stopped: its offset or dead letters cannot be written`, { error: error instanceof Error ? (error.stack ?? error.message) : String(error) })
    })
    this.#running.set(entry.id, { entry, delivery, stop, done })
    this.#resting.delete(entry.id)
  }

  async #stop(running: Running): Promise<void> {
    running.stop.abort()
    // A sink that ignores its signal is left behind with its offset as it last was: its rows are sent again, not lost.
    if (await endsWithin(running.done, drainMs, this.#options.host.timers)) await running.delivery.close()
    else this.#options.log.error(`sink ${running.entry.id} did not stop within ${drainMs} ms and is left behind; what it had under way is sent again`)
    running.delivery.abandon()
    this.#resting.set(running.entry.id, running.delivery.held)
    this.#running.delete(running.entry.id)
    running.delivery.fates.close()
    this.#options.follower.forget(running.entry.id)
  }

  /** A sink that left the configuration holds nothing back; should it return, it begins anew and says what it missed. */
  async #retire(id: string): Promise<void> {
    const record = await this.#records.open(id)
    if (record.value !== undefined) await record.write({ ...record.value, removed: true })
    await record.close()
    this.#resting.delete(id)
    this.#options.log.info(`sink ${id} was removed; what it had not been given is dropped for it`)
  }
}

/**
 * The record a sink starts with. What came before a sink, or a source of it, was configured is filtered; what a removed sink
 * missed is dropped.
 */
export function subscribe(
  stored: SinkRecord | undefined, from: readonly string[] | undefined, end: Position, accepted: ReadonlyMap<string, number>,
): SinkRecord {
  const record: SinkRecord = structuredClone(stored ?? { position: end, sources: {} })
  const returning = record.removed === true
  const before = record.from
  delete record.removed
  for (const [source, rows] of accepted) {
    const id = componentOf(source)
    if (from !== undefined && !from.includes(id)) continue
    const fresh = stored === undefined || (before !== undefined && !before.includes(id))
    if (!fresh && !returning) continue
    const tally = (record.sources[source] ??= emptyTally())
    const missed = Math.max(0, rows - tally.accounted)
    tally.accounted += missed
    if (returning && !fresh) add(tally.dropped, 'removed', missed)
    else add(tally.filtered, 'before_start', missed)
  }
  if (returning) {
    record.position = end
    delete record.intent
  }
  if (from === undefined) delete record.from
  else record.from = from
  return record
}

/** The place before everything that these sinks still need. */
export function leastPlace(positions: readonly Position[]): Position {
  return positions.reduce((least, position) => (position.sequence < least.sequence ? position : least), positions[0] ?? nowhere)
}

function same(a: SinkEntry | undefined, b: SinkEntry | undefined): boolean {
  return a !== undefined && b !== undefined && a.type === b.type && a.written === b.written
}
