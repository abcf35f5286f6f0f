import type { Host } from '../../host/index.ts'
import { openReader, type Tail } from '../../journal/index.ts'
import { SharedFrames } from '../../journal/shared-frames.ts'
import { messageOf, stackOf, WeirError } from '../../model/errors.ts'
import { componentOf, nowhere, type Position } from '../../model/positions.ts'
import type { SinkOutcome } from '../control.ts'
import { DeadLetters, type DeadLetterLog } from './dead-letters.ts'
import { Delivery } from './delivery.ts'
import { recordFiles, type RecordStore } from './record-store.ts'
import type { DeliverySettings } from './settings.ts'
import { add, emptyTally, type SinkRecord } from './tally.ts'
import type { Follower } from '../follower.ts'
import { FormerSinks, type FormerSink, type Orphaned } from './former-sinks.ts'
import type { SinkCounts } from '../ledger/ledger.ts'
import type { Enrichment, Log, Metrics, Sink, SinkDefinition, Traces } from '../contracts.ts'
import { endsWithin } from '../stopping.ts'

export type SinkEntry = Readonly<{
  id: string
  type: string
  settings: unknown
  delivery: DeliverySettings
  written: string
}>

type Running = Readonly<{
  entry: SinkEntry
  delivery: Delivery
  stop: AbortController
  done: Promise<void>
}>

export type Applied = Readonly<{
  changed: readonly string[]
  orphaned: readonly Orphaned[]
  /** The sink that cannot be built; nothing was changed. */
  failed?: Readonly<{ id: string; message: string }>
}>

type SinkSetOptions = Readonly<{
  host: Host
  log: Log
  metrics: Metrics
  traces?: Traces | undefined
  directory: string
  records?: RecordStore
  deadLetters: (sink: string) => DeadLetterLog
  tail: Tail
  follower: Follower
  load: (type: string) => Promise<SinkDefinition<unknown>>
  holdsOrphans?: boolean
  accepted: () => ReadonlyMap<string, number>
  enrichment?: () => Enrichment | undefined
}>

const drainMs = 5000

/** Sinks of a process, reconciled with the configuration. A hanging sink blocks no other. */
export class SinkSet {
  readonly frames = new SharedFrames()
  readonly #options: SinkSetOptions
  readonly #records: RecordStore
  readonly #former: FormerSinks
  readonly #running = new Map<string, Running>()
  #applied: Promise<unknown> = Promise.resolve()
  readonly #stopped = new Map<string, number>()

  constructor(options: SinkSetOptions) {
    this.#options = options
    this.#records = options.records ?? recordFiles(options.host, options.directory)
    this.#former = new FormerSinks({ ...options, records: this.#records })
  }

  get(id: string): Delivery | undefined {
    return this.#running.get(id)?.delivery
  }

  all(): readonly Readonly<{ entry: SinkEntry; delivery: Delivery }>[] {
    return [...this.#running.values()]
  }

  /** Durable outcome of a frame; `pending` after an abort. Undefined for an unknown or removed sink. */
  async outcome(id: string, sequence: number, signal?: AbortSignal): Promise<SinkOutcome | undefined> {
    for (;;) {
      await this.#applied
      const delivery = this.get(id)
      if (delivery === undefined) return undefined
      const outcome = await delivery.outcomes.of(sequence, signal)
      if (outcome.is !== 'pending' || signal?.aborted === true) return outcome
    }
  }

  former(): readonly FormerSink[] {
    return this.#former.all()
  }

  books(): readonly SinkCounts[] {
    const { follower } = this.#options
    const sinkCounts = this.all().map(({ entry, delivery }): SinkCounts => ({
      name: entry.id,
      takes: (source) => delivery.takes(source),
      tallies: delivery.record.sources,
      deadLetters: delivery.deadLetters,
      ahead: new Map(
        [...follower.seen(entry.id)].map(([source, rows]) => [
          source,
          rows - (delivery.record.sources[source]?.accounted ?? 0),
        ]),
      ),
    }))
    return [...sinkCounts, ...this.#former.books()]
  }

  /** Sequence settled by an idempotent sink (by id); undefined for other sinks. */
  repeatable(id: string): number | undefined {
    return this.get(id)?.idempotency === 'id' ? this.get(id)?.outcomes.settled : undefined
  }

  holds(): number | undefined {
    return leastOf([...this.#positions(), ...(this.#options.holdsOrphans === false ? [] : this.#former.holds())])
  }

  liveHolds(): number | undefined {
    return leastOf(this.#positions())
  }

  #positions() {
    return [...[...this.#running.values()].map(({ delivery }) => delivery.held), ...this.#stopped.values()]
  }

  dropOrphaned(sequence: number): Promise<void> {
    return this.#former.dropOrphaned(sequence)
  }

  async forget(id: string): Promise<number> {
    await this.#applied
    if (this.#running.has(id)) throw new WeirError('WEIR_SINK_CONFIGURED', `sink ${id} is configured`)
    const rows = await this.#former.forget(id)
    if (rows === undefined) throw new WeirError('WEIR_SINK_UNKNOWN', `no removed sink ${id} has pending rows`)
    return rows
  }

  /** Builds every new or changed sink first; if one fails, nothing changes. Successors resume from the same offset. */
  apply(entries: readonly SinkEntry[]): Promise<Applied> {
    const applying = this.#apply(entries)
    this.#applied = applying.catch(() => undefined)
    return applying
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#running.values()].map((running) => this.#stop(running)))
    await this.#former.close()
  }

  async #apply(entries: readonly SinkEntry[]): Promise<Applied> {
    const wantedEntries = new Map(entries.map((entry) => [entry.id, entry]))
    const leaving = [...this.#running.values()].filter(({ entry }) => !isSameEntry(wantedEntries.get(entry.id), entry))
    const coming = entries.filter((entry) => !isSameEntry(this.#running.get(entry.id)?.entry, entry))
    const built: { entry: SinkEntry; sink: Sink; definition: SinkDefinition<unknown> }[] = []
    for (const entry of coming) {
      try {
        const definition = await this.#options.load(entry.type)
        const { host, log, metrics } = this.#options
        built.push({
          entry,
          definition,
          sink: await definition.build(entry.settings, { id: entry.id, host, log, metrics }),
        })
      } catch (error) {
        await Promise.all(built.map(({ sink }) => sink.close().catch(() => {})))
        return { changed: [], orphaned: [], failed: { id: entry.id, message: messageOf(error) } }
      }
    }
    await Promise.all(
      leaving.map(async (running) => {
        if (!wantedEntries.has(running.entry.id)) await this.#deliverRest(running.delivery)
        await this.#stop(running)
      }),
    )
    const orphaned: Orphaned[] = []
    for (const { sink: id, record } of await this.#records.all()) {
      if (wantedEntries.has(id) || (record.removed === true && record.forgotten === undefined)) continue
      const rows = await this.#former.leave(id)
      this.#stopped.delete(id)
      if (rows > 0) orphaned.push({ id, rows })
    }
    for (const { entry, sink, definition } of built) await this.#start(entry, sink, definition)
    return { changed: [...new Set([...leaving, ...built].map(({ entry }) => entry.id))], orphaned }
  }

  async #start(entry: SinkEntry, sink: Sink, definition: SinkDefinition<unknown>) {
    const { host, log, metrics, traces, directory, tail, follower, enrichment } = this.#options
    await this.#former.returns(entry.id)
    const record = await this.#records.open(entry.id)
    await follower.catchUp()
    const before = record.value
    const start = subscribe(
      before,
      entry.delivery.from,
      { sequence: follower.sequence, row: tail.durable().row },
      this.#options.accepted(),
    )
    // After a crash the sink must start here.
    if (record.value === undefined || JSON.stringify(record.value) !== JSON.stringify(start)) await record.write(start)
    logEarlier(log, entry.id, before, start)
    const deadLetters = await DeadLetters.from(
      this.#options.deadLetters(entry.id),
      host.clock,
      entry.id,
      start.position.sequence,
    )
    const delivery = new Delivery({
      id: entry.id,
      host,
      log,
      metrics,
      traces,
      sink,
      accepts: definition.accepts,
      idempotency: definition.idempotency,
      settings: entry.delivery,
      record,
      start,
      deadLetters,
      ...(enrichment === undefined ? {} : { enrichment }),
      readerAfter: (after) => openReader({ host, directory, tail, after }),
      reader: openReader({
        host,
        directory,
        tail,
        after: start.position,
        shared: this.frames,
        onUnreadable: (stretch) => {
          metrics.count('weir_journal_unreadable_bytes_total', stretch.bytes)
          log.error('a stretch of the journal cannot be read; its rows are quarantined', { sink: entry.id, ...stretch })
        },
      }),
    })
    follower.follow(
      entry.id,
      start.position.sequence,
      (source) => delivery.takes(source),
      Object.entries(start.sources).map(([name, tally]) => [name, tally.accounted]),
    )
    const stop = new AbortController()
    sink.open?.(stop.signal).catch(() => undefined)
    const delivered = delivery.run(stop.signal).catch((error: unknown) => {
      log.error(`sink ${entry.id} stopped: writing its offset or dead letters failed`, { error: stackOf(error) })
    })
    this.#running.set(entry.id, { entry, delivery, stop, done: delivered })
    this.#stopped.delete(entry.id)
  }

  async #stop(running: Running) {
    running.stop.abort()
    // Rows of an abandoned sink are sent again.
    if (await endsWithin(running.done, drainMs, this.#options.host.timers)) await running.delivery.close()
    else
      this.#options.log.error(
        `sink ${running.entry.id} did not stop within ${drainMs} ms and is abandoned; its unsettled rows are ` +
          'sent again',
      )
    running.delivery.abandon()
    this.#stopped.set(running.entry.id, running.delivery.held)
    this.#running.delete(running.entry.id)
    running.delivery.outcomes.close()
    this.#options.follower.forget(running.entry.id)
  }

  async #deliverRest(delivery: Delivery) {
    const { follower, host } = this.#options
    if (delivery.state !== 'running') return
    await follower.catchUp()
    const drainAbort = new AbortController()
    const timer = host.timers.after(drainMs, () => drainAbort.abort())
    await delivery.outcomes.of(follower.sequence, drainAbort.signal)
    timer.cancel()
  }
}

function leastOf(places: readonly number[]) {
  return places.length === 0 ? undefined : Math.min(...places)
}

/** Rows before the sink or source was configured are filtered; rows missed by a removed sink are dropped. */
export function subscribe(
  stored: SinkRecord | undefined,
  from: readonly string[] | undefined,
  end: Position,
  accepted: ReadonlyMap<string, number>,
): SinkRecord {
  const record = structuredClone(stored ?? { position: end, sources: {} })
  const returning = record.removed === true
  const wasForgotten = record.forgotten !== undefined
  const before = record.from
  delete record.removed
  delete record.orphaned
  delete record.forgotten
  for (const [source, rows] of accepted) {
    const id = componentOf(source)
    if (from !== undefined && !from.includes(id)) continue
    const isNewSource = stored === undefined || (before !== undefined && !before.includes(id))
    if (!isNewSource && !returning) continue
    const tally = (record.sources[source] ??= emptyTally())
    const missed = Math.max(0, rows - tally.accounted)
    tally.accounted += missed
    if (wasForgotten && !isNewSource) add(tally.filtered, 'forgotten', missed)
    else if (returning && !isNewSource) add(tally.dropped, 'removed', missed)
    else add(tally.filtered, 'before_start', missed)
  }
  if (returning) {
    record.position = end
    delete record.intent
    delete record.holds
  }
  if (from === undefined) delete record.from
  else record.from = from
  return record
}

/** Logs the rows that a new sink, or a sink with a new source, does not receive. */
export function logEarlier(
  log: Log,
  id: string,
  before: SinkRecord | undefined,
  after: SinkRecord,
  fields: Readonly<Record<string, unknown>> = {},
): void {
  const earlier = (record: SinkRecord | undefined) =>
    Object.values(record?.sources ?? {}).reduce((rows, { filtered }) => rows + (filtered['before_start'] ?? 0), 0)
  const rows = earlier(after) - earlier(before)
  if (rows === 0) return
  const newPart = before === undefined ? `sink ${id}` : `a source of sink ${id}`
  log.info(`${newPart} is new: rows accepted before it was configured are not sent to it`, { rows, ...fields })
}

export function lowestPosition(positions: readonly Position[]): Position {
  return positions.reduce(
    (least, position) => (position.sequence < least.sequence ? position : least),
    positions[0] ?? nowhere,
  )
}

function isSameEntry(a: SinkEntry | undefined, b: SinkEntry | undefined) {
  return a !== undefined && b !== undefined && a.type === b.type && a.written === b.written
}
