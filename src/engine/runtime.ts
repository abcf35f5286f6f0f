import type { Frame, FrameHeader } from '../journal/types.ts'
import type { EventBatch } from '../model/batches.ts'
import type { ManifestQuery, ManifestState } from '../model/kubernetes.ts'
import type {
  Control,
  DeadLetterAdmin,
  ExporterReport,
  Health,
  Ingested,
  Ledger,
  Pipeline,
  ReloadReport,
  SharedJournal,
  SourceExporters,
  StoreReader,
  TapTarget,
  WatchedCluster,
  TimeRange,
} from './control.ts'
import { withoutUndefined } from '../model/json.ts'
import { PushGroups } from './sources/push-groups.ts'
import { httpSource, pushedUnit, takePushed } from './sources/pushed.ts'
import { deadLetterAdmin, localDeadLetters } from './delivery/dead-letter-admin.ts'
import { Behind } from './behind.ts'
import { Feed } from './feed.ts'
import { eachInstance } from './cluster/names.ts'
import { LedgerMetrics } from './ledger/metrics.ts'
import { makeLedger, storeCounts, storeSink } from './ledger/ledger.ts'
import type { DerivationListener, Preview, SinkBatch, SinkPiece } from './contracts.ts'
import { observe } from './failing.ts'
import { Readiness } from './readiness.ts'
import { SourceRates, StoreLag } from './progress.ts'
import type { RuntimeParts } from './runtime-parts.ts'
import { tapOf } from './tap.ts'
import { messageOf, WeirError } from '../model/errors.ts'
import { componentOf } from '../model/positions.ts'

const maintenanceMs = 1000

export class Runtime implements Control {
  readonly deadLetters: DeadLetterAdmin
  readonly #parts: RuntimeParts
  readonly #readiness: Readiness
  #pending: ReadonlyMap<string, number> = new Map()
  #isFull = false
  #journal = { bytes: 0, segments: 0 }
  readonly #rates = new SourceRates()
  readonly #ledgerMetrics: LedgerMetrics
  readonly #feed: Feed
  readonly #lag = new StoreLag()
  readonly #behind: Behind
  readonly #pushes: PushGroups

  constructor(parts: RuntimeParts) {
    this.#parts = parts
    const { host, ingest } = parts
    this.#pushes = new PushGroups(host, (batch) => ingest.append(pushedUnit(batch, host)))
    this.#ledgerMetrics = new LedgerMetrics(parts.metrics)
    this.#feed = new Feed({ ...parts, frames: parts.sinks.frames })
    this.#readiness = new Readiness(parts.host.clock, parts.log)
    this.#behind = new Behind(parts.host.clock, parts.log)
    this.deadLetters = deadLetterAdmin(parts.shared?.deadLetters ?? localDeadLetters(parts.sinks))
  }

  get store(): StoreReader | undefined {
    return (this.#parts.store ?? this.#parts.outside)?.reader
  }

  stops(): readonly TimeRange[] {
    return this.#parts.runs.stops()
  }

  storeLag(): number | undefined {
    const { store, tail, host } = this.#parts
    const now = host.clock.now()
    if (store === undefined)
      return this.#sinkStates(now).find(({ name, lagMs }) => name === storeSink && lagMs > 0)?.lagMs
    const [stored, end] = [store.status().sequence, tail.durable().sequence]
    return stored < end ? this.#lag.of(stored, end, now) : undefined
  }

  acknowledges(source: string): boolean {
    const knownSource = this.#parts.sources().find(({ id }) => id === componentOf(source))
    return knownSource?.addresses.some((address) => /^(http|grpc)s?:/.test(address)) ?? true
  }

  ready(): void {
    this.#readiness.started()
  }
  /** No longer ready, but still accepting. */
  leave(): void {
    this.#readiness.drain()
  }
  drain(): void {
    this.#readiness.drain()
    this.#feed.stop()
  }

  ingest(batch: EventBatch): Promise<Ingested> {
    return takePushed(this.#parts, this.#pushes, batch)
  }

  async ledger(): Promise<Ledger> {
    const { follower, sinks, store } = this.#parts
    // A sink may settle during the walk.
    for (let round = 0; round < 20; round++) {
      await follower.catchUp()
      const isBehind = sinks.all().some(({ delivery }) => delivery.record.position.sequence > follower.sequence)
      if (!isBehind && (store?.status().sequence ?? 0) <= follower.sequence) break
    }
    // Includes sources without accepted rows.
    const names = new Set([
      ...follower.accepted().keys(),
      ...(this.#parts.shared === undefined ? [httpSource, ...this.#parts.sources().map(({ id }) => id)] : []),
    ])
    const sources = [...names].map((name) => ({
      name,
      accepted: follower.accepted().get(name) ?? 0,
      duplicates: follower.duplicates(name),
      shed: follower.shed(name),
    }))
    const books = [...sinks.books()]
    if (store !== undefined) books.unshift(storeCounts(store.status(), follower.seen(storeSink)))
    const all = await this.#parts.shared?.books(sources)
    return all === undefined ? makeLedger(sources, books) : makeLedger(all.sources, [...books, ...all.sinks])
  }

  async pipeline(): Promise<Pipeline> {
    const { sources, host, tail, follower, ingest } = this.#parts
    const [health, feeds] = await Promise.all([ingest.health(), ingest.feeds(), follower.catchUp()])
    const now = host.clock.now()
    return {
      sources: eachInstance([...sources(), { id: httpSource, type: 'http', addresses: [] }], this.#rates.sources()).map(
        ({ id, type, addresses }) => {
          const silentMs = this.#rates.silence(id, host.clock.monotonic())
          const rate = this.#rates.of(id)
          return {
            name: id,
            type,
            addresses,
            rate,
            ...withoutUndefined({ silentMs, error: health[id]?.why, feed: feeds[id] }),
          }
        },
      ),
      sinks: this.#sinkStates(now),
      journal: { ...this.#journal, sequence: tail.durable().sequence },
    }
  }

  #sinkStates(now: number): Pipeline['sinks'] {
    const { sinks, shared } = this.#parts
    return [
      ...this.#storeState(now),
      ...(shared?.sinks() ?? []),
      ...sinks.all().map(({ entry, delivery }) => ({
        name: entry.id,
        type: entry.type,
        from: delivery.settings.from ?? [],
        lagMs: delivery.oldest === undefined ? 0 : Math.max(0, now - delivery.oldest),
        ...(delivery.settings.batch.waitMs > 0 ? { waitMs: delivery.settings.batch.waitMs } : {}),
        state: delivery.state,
        ...(delivery.error === undefined ? {} : { error: delivery.error }),
      })),
      ...sinks.former().flatMap(({ id, orphaned }) =>
        orphaned === undefined
          ? []
          : [
              {
                name: id,
                type: '',
                from: [],
                lagMs: now - orphaned,
                state: 'orphaned' as const,
                error: 'The sink is not configured and has pending rows.',
              },
            ],
      ),
    ]
  }

  async exporters(): Promise<readonly SourceExporters[]> {
    const status = await this.#parts.ingest.status()
    return this.#parts.sources().flatMap(({ id, type, addresses }) => {
      const value = status[id]
      const listens =
        typeof value === 'object' && value !== null && 'exporters' in value && Array.isArray(value.exporters)
      return listens
        ? [{ ...value, exporters: value.exporters as readonly ExporterReport[], name: id, type, addresses }]
        : []
    })
  }

  async clusters(): Promise<readonly WatchedCluster[]> {
    const status = await this.#parts.ingest.status()
    return this.#parts.sources().flatMap(({ id, type }) => {
      const value = status[id]
      return typeof value === 'object' && value !== null && 'kinds' in value
        ? [this.#known({ ...(value as WatchedCluster), name: id, type })]
        : []
    })
  }

  manifest(query: ManifestQuery): Promise<ManifestState | undefined> {
    return this.#parts.ingest.manifest(query)
  }

  #known(watched: WatchedCluster): WatchedCluster {
    const workloads = this.#parts.workloads.of(watched.cluster)
    return workloads === undefined ? watched : { ...watched, workloads }
  }

  #storeState(now: number): Pipeline['sinks'] {
    const { store, tail } = this.#parts
    if (store === undefined) return []
    const { sequence, bytes = 0 } = store.status()
    const lagMs = this.#lag.of(sequence, tail.durable().sequence, now)
    const size = { bytes, maxBytes: store.maxBytes }
    return [{ name: storeSink, type: 'parquet', from: this.#parts.selection.from ?? [], lagMs, state: 'running', size }]
  }

  watch(listener: (frame: Frame) => void, isViewed?: () => boolean): () => void {
    return this.#feed.watch(listener, isViewed)
  }

  shows(header: FrameHeader): boolean {
    return this.#parts.selection.takes(header)
  }

  async shared(): Promise<SharedJournal | undefined> {
    const { shared, ingest } = this.#parts
    return shared?.name === undefined
      ? undefined
      : { name: shared.name, partitions: shared.partitions, places: await ingest.places() }
  }

  tap(target: TapTarget, listener: (piece: SinkPiece) => void): () => void {
    const { sinks, sources, follower } = this.#parts
    const pick = tapOf(
      target,
      { sinks, stored: (header) => this.shows(header) },
      new Set([httpSource, ...sources().map(({ id }) => id), ...follower.accepted().keys()]),
    )
    return this.watch((frame) => {
      const piece = pick(frame)
      if (piece !== undefined) listener(piece)
    })
  }

  derivations(transform: string, listener: DerivationListener): () => void {
    const stop = this.#parts.sinks.get(transform)?.watch(listener)
    if (stop === undefined)
      throw new WeirError('WEIR_SINK_UNKNOWN', `there is no transform ${transform} in this instance`)
    return stop
  }

  preview(sink: string, batch: SinkBatch): Iterable<Preview> | undefined {
    return this.#parts.sinks.get(sink)?.preview(batch)
  }

  forgetSink(sink: string): Promise<number> {
    return this.#parts.shared?.forget(sink) ?? this.#parts.sinks.forget(sink)
  }

  /** Removed sinks drop rows up to a sequence, unless others need the frames. */
  async makeRoom(sequence: number): Promise<number> {
    const { sinks, follower } = this.#parts
    await follower.catchUp()
    if (this.#settled(sinks.liveHolds(), 'sequence') >= sequence) await sinks.dropOrphaned(sequence)
    return this.#settled(sinks.holds(), 'sequence')
  }

  /** True if the store removed rows, so that the journal has more room. */
  async giveWay(): Promise<boolean> {
    return (await this.#parts.store?.giveWay()) ?? false
  }

  /** Called without delay: a client that is refused must not find this process ready. */
  refusing(why: string | undefined): void {
    this.#isFull = why !== undefined
    this.#readiness.refuse(why)
  }

  /**
   * @param position of the store: `sequence` is its last commit, `holds` the one before, to repair a damaged last
   * commit.
   */
  #settled(sinks: number | undefined, position: 'sequence' | 'holds'): number {
    const { store, workloads, follower } = this.#parts
    const storeStatus = store?.status()
    return Math.min(
      ...[sinks, storeStatus?.[position], workloads.holds, follower.sequence].filter(
        (reached) => reached !== undefined,
      ),
    )
  }

  reload(): Promise<ReloadReport> {
    return this.#parts.reload()
  }

  health(): Health {
    return this.#readiness.health()
  }

  async runMaintenance(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#parts.host.timers.tick(maintenanceMs, signal)
      try {
        await this.#maintain()
      } catch (error) {
        this.#parts.log.warn('Maintenance failed; retrying.', { error: String(error) })
      }
    }
  }

  async #maintain() {
    const { sinks, ingest, follower, metrics, host } = this.#parts
    const unread = await follower.catchUp().then(
      () => undefined,
      (error: unknown) => `the journal cannot be read: ${messageOf(error)}`,
    )
    // Together they wake the thread once.
    const [status, sources] = await Promise.all([
      ingest.release(unread === undefined ? this.#settled(sinks.holds(), this.#isFull ? 'sequence' : 'holds') : 0),
      ingest.health(),
    ])
    const isTight = status.tight && this.#isFull
    this.#isFull = status.tight || status.problem !== undefined
    // Rows are removed only after all settled segments.
    if (isTight) this.#relieve()
    this.#readiness.update(
      observe({
        refusal: status.problem ?? unread,
        unacknowledged: this.#unacknowledged(),
        delivery: this.#parts.shared?.problem,
        store: this.#parts.store?.status().problem ?? this.#parts.outside?.problem,
        former: sinks.former(),
        pending: this.#pending,
        behind: this.#behind.warnings,
        sinks: sinks.all().map(({ entry: { id }, delivery: { error } }) => ({ id, error })),
        sources,
      }),
    )
    this.#journal = { bytes: status.bytes, segments: status.segments }
    metrics.set('weir_journal_size_bytes', status.bytes)
    metrics.set('weir_journal_segments', status.segments)
    this.#lag.moved(this.#parts.tail.durable().sequence, host.clock.now())
    this.#behind.update(this.#sinkStates(host.clock.now()), this.#pending)
    this.#rates.update(status.sources, host.clock.monotonic())
    this.#count(await this.ledger())
    const now = host.clock.now()
    for (const { entry, delivery } of sinks.all()) {
      metrics.set(
        'weir_sink_lag_seconds',
        delivery.oldest === undefined ? 0 : Math.max(0, now - delivery.oldest) / 1000,
        { sink: entry.id },
      )
    }
  }

  #relieve() {
    this.giveWay().catch((error: unknown) =>
      this.#parts.log.warn('The store could not remove rows to make room; retrying.', { error: String(error) }),
    )
  }

  async count(): Promise<void> {
    // On a bus this may be slow.
    if (this.#parts.shared !== undefined) return
    try {
      this.#count(await this.ledger())
    } catch {
      // Maintenance reports the error.
    }
  }

  #count(ledger: Ledger) {
    this.#pending = new Map(ledger.sinks.map(({ name, pending }) => [name, pending]))
    // Only sources of this instance.
    this.#ledgerMetrics.take(ledger, (source) => this.#parts.shared === undefined || this.#rates.has(source))
  }

  #unacknowledged(): string | undefined {
    const { http, sinks, shared } = this.#parts
    const { ack } = http()
    if (ack === undefined) return undefined
    const error =
      shared === undefined
        ? sinks.get(ack)?.error
        : shared.settling(ack) === undefined
          ? 'no deliverer has started it yet'
          : undefined
    return error === undefined ? undefined : `posts are acknowledged by sink ${ack}, which fails: ${error}`
  }
}
