import type { Log, Metrics, Projection, Resolver } from '../engine/contracts.ts'
import type { Host } from '../host/index.ts'
import { decodeBatch } from '../journal/bodies.ts'
import { ColumnRoom } from '../journal/column-room.ts'
import { frameBatch } from '../journal/shared-frames.ts'
import { checkpointTotals, journalSource } from '../journal/checkpoint.ts'
import type { Frame, FrameHeader } from '../journal/types.ts'
import type { Batch, EventBatch, FlowBatch } from '../model/batches.ts'
import { filePartition, nowhere, type Position, type Positions } from '../model/positions.ts'
import { SourceCounts } from './counts.ts'
import { endpointsIn } from './flows/endpoint-names.ts'
import { Endpoints } from './flows/endpoints.ts'
import type { Folder } from './folder.ts'
import { dayOf, holdsRows, hourOf } from './names.ts'
import { extentOfEvents, extentOfSums, receiptOf } from './extent.ts'
import { PendingTables } from './pending.ts'
import { rollupRows } from './rollup/rows.ts'
import { Rollup } from './rollup/rollup.ts'
import { flowRows, StringDictionary } from './flows/rows.ts'
import type { StoredFile } from './record.ts'
import { remainder, type Slice } from './refill.ts'
import type { EventRows, FlowRows, TableWriter } from './table-writer.ts'

type StoreProjectionOptions = Readonly<{
  host: Host
  folder: Folder
  writer: () => Promise<TableWriter>
  resolver: Resolver
  log: Log
  metrics: Metrics
  flushRows: number
  flushBytes: number
  takes?: ((header: FrameHeader) => boolean) | undefined
}>

const flushEventBytes = 4 << 20

/** Calls of `apply` and `commit` never overlap. */
export class StoreProjection implements Projection {
  readonly name = 'store'
  readonly #options: StoreProjectionOptions
  readonly #folder: Folder
  readonly #counts: SourceCounts
  readonly #words: StringDictionary
  #endpoints: Endpoints
  readonly #pending = new PendingTables()
  readonly #room = new ColumnRoom()
  readonly #rollups = new Map<number, Rollup>()
  #emptyRollup: Rollup | undefined
  #reached: Position
  #broken: unknown

  constructor(options: StoreProjectionOptions) {
    const { state } = options.folder
    this.#options = options
    this.#folder = options.folder
    this.#folder.beginAddresses()
    this.#counts = new SourceCounts(state.sources)
    this.#words = new StringDictionary(state.words)
    this.#endpoints = new Endpoints({ resolver: options.resolver, next: state.nextEndpoint })
    this.#reached = state.positions[filePartition] ?? nowhere
  }

  position(): Positions {
    return this.#folder.durable.positions
  }

  /** One commit before `position`: its frames are read again if the last record is lost. */
  holds(): Positions {
    return this.#folder.durable.previous
  }

  wantsCommit(): boolean {
    return (
      this.#pending.rows >= this.#options.flushRows ||
      this.#pending.bytes >= this.#options.flushBytes ||
      this.#pending.eventBytes >= flushEventBytes ||
      this.#pending.tables.length > 64
    )
  }

  /**
   * After a rejection nothing more is accepted, and the store must be reopened. Frames that cannot be decoded do not
   * reject.
   */
  async apply(frames: readonly Frame[]): Promise<void> {
    this.#check()
    try {
      await this.#take(frames)
    } catch (error) {
      this.#broken = error
      throw error
    }
  }

  get mustReopen(): boolean {
    return this.#broken !== undefined || (this.#folder.addressesLost && this.#waits)
  }

  get #waits(): boolean {
    return this.#pending.rows > 0 || this.#rollups.size > 0
  }

  #check() {
    if (this.#folder.addressesLost) {
      if (this.#waits)
        throw new Error('Lost a file of addresses that pending rows refer to. The store must be reopened.')
      this.#endpoints = new Endpoints({ resolver: this.#options.resolver, next: this.#endpoints.next })
      this.#folder.beginAddresses()
    }
    if (this.#broken !== undefined)
      throw new Error('The store failed to apply a frame and must be reopened.', { cause: this.#broken })
  }

  async #take(frames: readonly Frame[]) {
    for (const frame of frames) {
      const { header } = frame
      if (header.sequence <= this.#reached.sequence) {
        this.#options.log.error('Skipped a frame that the store had already applied.', {
          sequence: header.sequence,
          reached: this.#reached.sequence,
        })
        continue
      }
      if (header.source === journalSource) {
        for (const [name, rows] of checkpointTotals(header)) this.#counts.settle(name, rows)
        this.#reached = { sequence: header.sequence, row: header.firstRow + header.count }
        continue
      }
      const source = this.#counts.arrive(header)
      if (header.kind !== 'empty' && header.count > 0) {
        if (this.#options.takes?.(header) ?? true) await this.#store(frame, source)
        else this.#filter(header)
      }
      this.#reached = { sequence: header.sequence, row: header.firstRow + header.count }
    }
  }

  #filter(header: FrameHeader) {
    this.#counts.filter(header, header.count)
    this.#options.metrics.count('weir_sink_filtered_rows_total', header.count, { sink: 'store', reason: 'from' })
  }

  async #store(frame: Frame, source: number) {
    const { header } = frame
    const hour = hourOf(header.received)
    let batch
    try {
      if (header.kind === 'empty') return
      // Clusters may have read events before.
      batch = header.kind === 'events' ? frameBatch(frame) : decodeBatch(header.kind, frame.body(), this.#room)
    } catch (error) {
      // For example of a later version.
      this.#counts.quarantine(header.source, header.count)
      this.#options.log.error('Cannot decode a frame; its rows are quarantined.', {
        source: header.source,
        sequence: header.sequence,
        rows: header.count,
        error: String(error),
      })
      return
    }
    const writer = await this.#options.writer()
    if (batch.kind === 'flows') {
      const rows = await this.#named(batch, frame, source, writer, this.#pending)
      await writer.append(hour, { ...rows, release: () => this.#release(rows) })
      this.#rollup(hour).add(rows, this.#endpoints)
      // From here on they are ids.
      this.#room.recycle(Object.values(rows.batch.columns).filter(({ kind }) => kind === 'ip'))
    } else {
      await writer.append(hour, this.#events(batch, frame, source))
    }
    this.#pending.add(batch.kind, hour, {
      rows: batch.count,
      first: frame.firstSequence,
      header,
      source,
      ...(batch.kind === 'events' ? { extent: extentOfEvents(batch) } : { receipt: receiptOf(batch, header.received) }),
    })
    this.#pending.bytes += header.rawBytes
    if (batch.kind === 'events') this.#pending.eventBytes += header.rawBytes
    this.#counts.store(header, batch.count)
  }

  #release({ batch, release }: FlowRows) {
    release?.()
    this.#room.recycle(Object.values(batch.columns).filter(({ kind }) => kind !== 'ip'))
  }

  async #named(
    batch: FlowBatch,
    frame: Frame,
    source: number,
    writer: TableWriter,
    tables: PendingTables,
  ): Promise<FlowRows> {
    const day = dayOf(hourOf(frame.header.received))
    const rows = flowRows(batch, frame, { day, source }, this.#endpoints, this.#words)
    const fresh = this.#endpoints.take()
    if (fresh.length > 0) {
      await writer.append(day, { stream: 'endpoints', rows: fresh })
      tables.add('endpoints', day, {
        rows: endpointsIn(fresh),
        first: frame.firstSequence,
        header: frame.header,
      })
    }
    return rows
  }

  /** One commit replaces the lost entry. Returns the rows; undefined: repeat. */
  async refill(lost: StoredFile, { frames, reached }: Slice): Promise<number | undefined> {
    // Refilled tables must not mix with pending rows.
    await this.commit()
    try {
      return await this.#refill(lost, frames, reached)
    } catch (error) {
      if (this.#folder.addressesLost) {
        const writer = await this.#options.writer()
        for (const [stream, hour] of [
          [lost.stream, lost.hour],
          ['endpoints', dayOf(lost.hour)],
        ] as const)
          await writer.discard(stream, hour)
        return undefined
      }
      this.#broken = error
      throw error
    }
  }

  async #refill(lost: StoredFile, frames: readonly Frame[], reached: number): Promise<number> {
    const writer = await this.#options.writer()
    const all = new PendingTables()
    const sums = lost.stream === 'flows_1m' ? new Rollup() : undefined
    for (const frame of frames) {
      const { header } = frame
      const batch = decodable(frame)
      const source = this.#folder.state.sources[header.source]?.id
      if (batch === undefined || source === undefined) continue
      if (batch.kind === 'events') await writer.append(lost.hour, this.#events(batch, frame, source))
      else {
        const rows = await this.#named(batch, frame, source, writer, all)
        if (sums === undefined) await writer.append(lost.hour, rows)
        else sums.add(rows, this.#endpoints)
      }
      all.add(batch.kind, lost.hour, {
        rows: batch.count,
        first: frame.firstSequence,
        header,
        source,
        ...(batch.kind === 'events'
          ? { extent: extentOfEvents(batch) }
          : { receipt: receiptOf(batch, header.received) }),
      })
    }
    if (sums !== undefined && all.rows > 0) {
      const rows = rollupRows(sums, this.#endpoints)
      await writer.append(lost.hour, { stream: 'flows_1m', rows })
      all.addRollup(lost.hour, rows.count, extentOfSums(rows))
    }
    this.#endpoints.forget()
    const tables = all.tables.filter(({ stream }) => stream === 'endpoints' || stream === lost.stream)
    const refilled = tables.find(({ stream }) => stream === lost.stream)
    const left = remainder(lost, refilled, reached)
    const { state } = this.#folder
    await this.#folder.commit(
      tables,
      writer,
      {
        positions: state.positions,
        sources: state.sources,
        words: this.#words.strings,
        nextEndpoint: this.#endpoints.next,
      },
      { removed: [lost.name], added: left === undefined ? [] : [left] },
    )
    for (const { stream, hour } of tables) await writer.discard(stream, hour)
    await this.#folder.confirm()
    return holdsRows(lost.stream) ? (refilled?.rows ?? 0) : 0
  }

  #events(batch: EventBatch, frame: Frame, source: number): EventRows {
    const { epoch, sourceSequence, received } = frame.header
    return {
      stream: 'events',
      batch,
      origin: { source, epoch, sequence: sourceSequence, received },
      release: () => frame.release?.(),
    }
  }

  #rollup(hour: number): Rollup {
    let rollup = this.#rollups.get(hour)
    if (rollup !== undefined) return rollup
    rollup = this.#emptyRollup ?? new Rollup()
    this.#emptyRollup = undefined
    this.#rollups.set(hour, rollup)
    return rollup
  }

  async #takeRollups(writer: TableWriter) {
    for (const [hour, rollup] of this.#rollups) {
      const rows = rollupRows(rollup, this.#endpoints)
      this.#rollups.delete(hour)
      this.#emptyRollup = rollup.renewed()
      await writer.append(hour, { stream: 'flows_1m', rows })
      this.#pending.addRollup(hour, rows.count, extentOfSums(rows))
    }
    this.#endpoints.forget()
  }

  async commit(): Promise<void> {
    this.#check()
    const reached = this.#folder.state.positions[filePartition]?.sequence ?? 0
    if (this.#reached.sequence > reached) {
      const writer = this.#pending.rows > 0 ? await this.#options.writer() : undefined
      if (writer !== undefined) await this.#takeRollups(writer)
      const tables = this.#pending.tables
      await this.#folder.commit(tables, writer, {
        positions: { [filePartition]: this.#reached },
        sources: this.#counts.toRecord(),
        words: this.#words.strings,
        nextEndpoint: this.#endpoints.next,
      })
      for (const { stream, rows } of tables)
        if (holdsRows(stream)) this.#options.metrics.count('weir_store_rows_total', rows, { stream })
      this.#options.metrics.count('weir_store_commits_total', 1)
      this.#pending.clear()
      for (const { stream, hour } of tables) await writer?.discard(stream, hour)
    }
    await this.#folder.confirm()
  }
}

function decodable(frame: Frame): Batch | undefined {
  const { kind } = frame.header
  try {
    return kind === 'empty' ? undefined : decodeBatch(kind, frame.body())
  } catch {
    return undefined
  }
}
