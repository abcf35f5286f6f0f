import { backoffMs } from '../../host/backoff.ts'
import type { Host, Timer } from '../../host/index.ts'
import { encodeBatch } from '../../journal/bodies.ts'
import type { Frame, FrameHeader, JournalReader } from '../../journal/types.ts'
import type { Batch, BatchKind } from '../../model/batches.ts'
import type { Position } from '../../model/positions.ts'
import { oneRow } from '../../model/select.ts'
import type { SinkState } from '../control.ts'
import type {
  DerivationListener,
  Enrichment,
  Idempotency,
  Log,
  Metrics,
  Preview,
  Sink,
  SinkBatch,
  SinkPiece,
  Traces,
} from '../contracts.ts'
import { toDeadLetter, type DeadLetters } from './dead-letters.ts'
import { BatchOutcomes } from './batch-outcomes.ts'
import { redeliver } from './redeliver.ts'
import { RangeSource } from './range-source.ts'
import { namedRange } from './named-range.ts'
import { planRange, rowsOf, type Range } from './range.ts'
import { compileRoute, filterRows, takesFrom, type Route } from './route.ts'
import { sendAll, type Rejected, type Sender, type SendReport } from './send.ts'
import type { RecordSlot } from './record-store.ts'
import type { DeliverySettings } from './settings.ts'
import { add, addTally, countTally, emptyTally, sum, type SinkRecord } from './tally.ts'
import { closeWindows, heldBy, holdsOf, restoreWindows } from './windows.ts'
import { messageOf } from '../../model/errors.ts'

type DeliveryOptions = Readonly<{
  id: string
  host: Host
  log: Log
  metrics: Metrics
  traces?: Traces | undefined
  sink: Sink
  accepts: readonly BatchKind[]
  idempotency: Idempotency
  settings: DeliverySettings
  record: RecordSlot
  start: SinkRecord
  deadLetters: DeadLetters
  reader: JournalReader
  readerAfter?: (position: Position) => JournalReader
  enrichment?: () => Enrichment | undefined
}>

const readRetryMs = 1000
const diskRetries = { firstMs: 50, maxMs: 5000, jitter: 0 }
const nothingSent: Settling = { rejected: [], dropped: [], filtered: new Map() }

type Settling = Pick<SendReport, 'rejected' | 'dropped' | 'filtered'>

export class Delivery {
  readonly id: string
  readonly deadLetters: DeadLetters
  readonly outcomes: BatchOutcomes
  #sink: Sink
  #idempotency: Idempotency
  #settings: DeliverySettings
  #route: Route
  #state: SinkState = 'running'
  #error: string | undefined
  #record: SinkRecord
  #dirty = false
  readonly #source: RangeSource
  #unreadable = false
  #nudge = new AbortController()
  #signal: AbortSignal = new AbortController().signal
  #droppingSince: number | undefined
  readonly #options: DeliveryOptions

  constructor(options: DeliveryOptions) {
    this.#options = options
    this.id = options.id
    this.deadLetters = options.deadLetters
    this.#sink = options.sink
    this.#idempotency = options.idempotency
    this.#settings = options.settings
    this.#route = compileRoute(options.accepts, options.settings)
    this.#record = structuredClone(options.start)
    this.#source = new RangeSource(options.reader, options.host.timers, () => this.#save())
    this.outcomes = new BatchOutcomes(options.start.position.sequence)
    this.#held = heldBy(options.start)
  }

  get record(): Readonly<SinkRecord> {
    return this.#record
  }
  get state(): SinkState {
    return this.#state
  }
  get error(): string | undefined {
    return this.#error
  }
  get idempotency(): Idempotency {
    return this.#idempotency
  }
  get settings(): DeliverySettings {
    return this.#settings
  }
  get held(): number {
    return this.#held
  }
  #held: number

  /** A late response of an abandoned send must not move the offset. */
  abandon(): void {
    this.#abandoned = true
  }
  #abandoned = false

  get oldest(): number | undefined {
    return this.#oldest
  }
  #oldest: number | undefined

  takes(source: string): boolean {
    return takesFrom(this.#settings.from, source)
  }

  select(batch: Batch, header: FrameHeader): Readonly<{ batch: Batch; rows: Uint32Array }> {
    const { rows } = this.#route(batch)
    const filter = this.#settings.only?.filter
    if (filter === undefined || rows.length === 0) return { batch, rows }
    const enrichment = this.#options.enrichment?.()
    const namedSources =
      batch.kind === 'flows' && enrichment !== undefined ? enrichment.enrich(batch, header.received).batch : batch
    return { batch: namedSources, rows: filterRows(filter, namedSources, header, rows) }
  }

  preview(batch: SinkBatch): Iterable<Preview> | undefined {
    return this.#sink.preview?.(batch)
  }

  watch(listener: DerivationListener): (() => void) | undefined {
    return this.#sink.watch?.(listener)
  }

  nudge(): void {
    this.#nudge.abort()
    this.#nudge = new AbortController()
  }

  async run(signal: AbortSignal): Promise<void> {
    this.#signal = signal
    try {
      await this.#withRetries(() => this.deadLetters.settleVoids())
      await this.#restore(signal)
      while (!signal.aborted) {
        await redeliver(this.deadLetters, this.#sender(undefined), (act) => this.#withRetries(act), signal)
        const timer = this.#windowTimer()
        const frames = await this.#nextFrames(signal)
        timer?.cancel()
        if (frames.length > 0) await this.#deliver(frames, signal)
        else {
          await this.#save()
          await this.#closeWindows(signal)
        }
      }
    } catch (error) {
      // The sink is not ready until a restart.
      this.#error = `its delivery ended: ${messageOf(error)}`
      throw error
    } finally {
      await this.#save()
      this.#state = 'stopped'
    }
  }

  async close(): Promise<void> {
    await this.#options.reader.close()
    await this.#sink.close()
    await this.deadLetters.close()
    await this.#options.record.close()
  }

  /** Passes the rows that the sink's memory was made of. */
  async #restore(signal: AbortSignal) {
    const windows = this.#sink.windows
    if (windows === undefined) return
    const { host, readerAfter, accepts } = this.#options
    await restoreWindows(windows, this.#record, {
      read: (after) => readerAfter?.(after),
      bytes: this.#settings.batch.bytes,
      plan: (frames, record, enrichment) => this.#plan(frames, record, enrichment),
      enrichment: accepts.includes('flows') ? this.#options.enrichment?.() : undefined,
      retried: (act) => this.#withRetries(act),
      host,
      signal,
    })
  }

  #windowTimer(): Timer | undefined {
    const dueTime = this.#sink.windows?.due()
    if (dueTime === undefined) return undefined
    const { clock, timers } = this.#options.host
    return timers.after(Math.max(1, dueTime - clock.now()), () => this.nudge())
  }

  async #closeWindows(signal: AbortSignal) {
    const windows = this.#sink.windows
    const { log, host } = this.#options
    if (windows === undefined) return
    const reportFailure = (error: unknown) => {
      this.#setState('retrying', messageOf(error))
      log.warn(`transform ${this.id} cannot write its results and tries again`, { error: messageOf(error) })
    }
    const hasClosed = await closeWindows(windows, { host, retry: this.#settings.retry, failed: reportFailure, signal })
    if (hasClosed && this.#state === 'retrying') this.#setState('running', undefined)
  }

  async #nextFrames(signal: AbortSignal): Promise<Frame[]> {
    try {
      const frames = await this.#source.next(
        this.#settings.batch,
        this.#record.intent?.to,
        AbortSignal.any([signal, this.#nudge.signal]),
      )
      if (this.#unreadable) this.#setState('running', undefined)
      this.#unreadable = false
      if (frames === 'gone') {
        const { intent: _, ...without } = this.#record
        this.#record = without
        return []
      }
      return frames
    } catch (error) {
      this.#unreadable = true
      this.#setState('retrying', `the journal cannot be read: ${messageOf(error)}`)
      this.#options.log.error(`sink ${this.id} cannot read the journal and tries again`, { error: String(error) })
      await this.#options.host.timers.sleep(readRetryMs, signal)
      return []
    }
  }

  #setState(state: SinkState, error: string | undefined) {
    this.#state = state
    this.#error = error
  }
  async #deliver(frames: Frame[], signal: AbortSignal) {
    const plan = (enrichment: Enrichment | undefined) => this.#plan(frames, this.#record, enrichment)
    const range = await namedRange(
      plan,
      this.#options.accepts.includes('flows') ? this.#options.enrichment?.() : undefined,
      frames,
      this.#options.host,
      signal,
    )
    if (range === undefined) return this.#source.putBack(frames)
    this.#oldest = range.rows > 0 ? range.oldest : undefined
    if (range.rows === 0) return this.#settle(range, nothingSent, [])
    // A sink that works also receives old rows.
    if (await this.#isBehind(range, { failing: this.#state === 'retrying' }))
      return this.#settle(range, nothingSent, range.pieces)
    this.#droppingSince = undefined

    this.#sink.windows?.at(this.#record.position)
    const events = this.#record.intent?.events ?? this.#settings.batch.events
    await this.#persist({ ...this.#record, intent: { to: range.position.sequence, events } })
    const report = await sendAll(this.#sender(range), range.pieces, events, signal)
    // The intent remains, so that the next start repeats this range.
    if ((!report.settled && signal.aborted) || this.#abandoned) {
      this.#source.putBack(frames)
      return
    }
    await this.#settle(range, report, report.unsettled)
  }

  #plan(frames: readonly Frame[], record: Readonly<SinkRecord>, enrichment: Enrichment | undefined): Range {
    return planRange(frames, record, {
      takes: (source) => this.takes(source),
      route: this.#route,
      enrichment,
      filter: this.#settings.only?.filter,
      onBroken: (frame, error) => {
        this.#options.log.error(`a frame could not be decoded for sink ${this.id} and is quarantined`, {
          sequence: frame.header.sequence,
          error: String(error),
        })
      },
    })
  }

  /** Stores dead letters first, then tallies and position in one record. */
  async #settle(range: Range, { rejected, dropped: stopped, filtered }: Settling, dropped: readonly SinkPiece[]) {
    if (rejected.length > 0) await this.#storeDeadLetters(rejected)
    const lostRows = (source: string) => rowsOf(dropped, source)
    const deadLettered = new Map<string, number>()
    for (const { piece } of rejected)
      deadLettered.set(piece.header.source, (deadLettered.get(piece.header.source) ?? 0) + 1)
    for (const [source, change] of range.changes) {
      const rowsBehind = lostRows(source)
      change.dead_lettered = deadLettered.get(source) ?? 0
      add(change.dropped, 'behind', rowsBehind)
      let stoppedRows = 0
      for (const { piece, reason } of stopped) {
        if (piece.header.source !== source) continue
        add(change.dropped, reason, 1)
        stoppedRows++
      }
      const consumed = filtered.get(source) ?? {}
      for (const [reason, rows] of Object.entries(consumed)) add(change.filtered, reason, rows)
      change.delivered = rowsOf(range.pieces, source) - rowsBehind - change.dead_lettered - stoppedRows - sum(consumed)
      addTally((this.#record.sources[source] ??= emptyTally()), change)
      countTally(this.#options.metrics, this.id, change)
    }
    if (dropped.length > 0) this.#logDropping(dropped)
    const { intent: _, ...rest } = this.#record
    this.#record = { ...rest, position: range.position, ...holdsOf(this.#sink.windows, range.position) }
    this.#oldest = undefined
    this.#dirty = true
    this.outcomes.settle(rejected, dropped)
    if (rejected.length > 0 || dropped.length > 0 || this.outcomes.waiting > 0) await this.#save()
  }

  async #storeDeadLetters(rejected: readonly Rejected[]) {
    const time = this.#options.host.clock.now()
    const deadLetters = rejected.map(({ piece, row, reason, attempts }) => {
      const body = encodeBatch(oneRow(piece.batch, row))
      return toDeadLetter(piece.header, piece.firstRow + row, body, { reason, attempts, time })
    })
    await this.#withRetries(() => this.deadLetters.add(deadLetters))
    this.#options.log.error(`sink ${this.id} rejected ${rejected.length} rows; they are stored as dead letters`, {
      reason: rejected[0]?.reason ?? '',
    })
  }

  #sender(range: Range | undefined): Sender {
    const { host, log, traces } = this.#options
    return {
      id: this.id,
      sink: () => this.#sink,
      idempotency: this.#idempotency,
      settings: () => this.#settings,
      clock: host.clock,
      timers: host.timers,
      random: () => host.random.next(),
      log,
      traces,
      behind: () => (range === undefined ? Promise.resolve(false) : this.#isBehind(range, { failing: true })),
      onState: (state, error) => {
        if (error !== undefined) this.#options.metrics.count('weir_sink_retries_total', 1, { sink: this.id })
        this.#setState(state, error)
      },
    }
  }

  async #isBehind(range: Range, { failing }: Readonly<{ failing: boolean }>): Promise<boolean> {
    const { retain, whenBehind } = this.#settings
    if (whenBehind === 'block') return false
    if (failing && this.#options.host.clock.now() - range.oldest > retain.ageMs) return true
    return range.bytes + this.#source.aheadBytes + (await this.#options.reader.pendingBytes()) > retain.bytes
  }

  #logDropping(dropped: readonly SinkPiece[]) {
    const now = this.#options.host.clock.monotonic()
    if (this.#droppingSince !== undefined && now - this.#droppingSince < 10_000) return
    this.#droppingSince = now
    const rows = dropped.reduce((sum, piece) => sum + piece.rows.length, 0)
    this.#options.log.error(`sink ${this.id} exceeds its retention: its oldest rows are dropped for this sink only`, {
      rows,
      error: this.#error ?? '',
    })
  }

  async #save() {
    if (this.#dirty) await this.#persist(this.#record)
  }

  async #persist(record: SinkRecord) {
    if (this.#abandoned) return
    await this.#withRetries(() => this.#options.record.write(record))
    this.#record = record
    this.#held = heldBy(record)
    this.#dirty = false
    this.outcomes.committed(record.position.sequence)
  }

  async #withRetries<T>(act: () => Promise<T>): Promise<T> {
    for (let attempt = 0, last = 0; ; attempt++) {
      try {
        return await act()
      } catch (error) {
        this.#options.log.error(`writing the offset or dead letters of sink ${this.id} failed; retrying`, {
          error: String(error),
        })
        // At a stop, an older record only causes a redelivery.
        if (this.#signal.aborted && last++ >= 3) throw error
        await this.#options.host.timers.sleep(
          backoffMs(diskRetries, attempt, 0),
          this.#signal.aborted ? undefined : this.#signal,
        )
      }
    }
  }
}
