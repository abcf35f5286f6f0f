/** The newest flows as tables of DuckDB in memory, which the statements over stored files read. */
import type { DuckDBConnection } from '@duckdb/node-api'
import type { StoredSums, StoreReader } from '../../engine/control.ts'
import type { Holders, Log, Resolver } from '../../engine/contracts.ts'
import type { Host, Timer } from '../../host/index.ts'
import { frameBatch } from '../../journal/shared-frames.ts'
import type { Frame, FrameHeader } from '../../journal/types.ts'
import type { FlowBatch } from '../../model/batches.ts'
import { Endpoints } from '../flows/endpoints.ts'
import { flowRows, StringDictionary } from '../flows/rows.ts'
import { Numbering } from '../numbering.ts'
import { DuckReader } from '../read/reader.ts'
import type { StoredFile } from '../record.ts'
import { flowColumns, type FlowColumn } from '../schema.ts'
import { emptyState, type StoreState } from '../state.ts'
import { Versions } from '../versions.ts'
import { Segment } from './segment.ts'
import { columnsOf } from './vectors.ts'

/** Frames of flows that a client may query, oldest first. */
export interface NewestFrames {
  /** Frames up to this sequence of the journal are gone. */
  readonly evicted: number
  /** Unix ms since which every received row is present; Infinity: unknown. */
  readonly since: number
  after(sequence: number): readonly { readonly frame: Frame }[]
}

type NewestOptions = Readonly<{
  host: Host
  log: Log
  frames: NewestFrames
  resolver: Resolver | undefined
  /** Maximum number of rows of `frames`. */
  rows: number
  /** Bytes of the tables; the oldest segment is dropped above. */
  bytes: number
}>

/** Segments of all rows. Frames are evicted by a condition, and memory is freed by segments. */
const segments = 4
const sliceMs = 8
/** More loose rows than these are compressed. */
const looseRows = 100_000
const [everyMs, idleMs] = [1000, 300_000]
/** Memory that statements over the tables need besides the tables. */
const workBytes = 256 << 20

const unresolved: Resolver = { generation: 0, resolve: () => ({ is: 'unknown' }) }

/** Folder in the names of tables; no file has this path. */
const directory = '/weir-newest-flows'

export class NewestFlows {
  readonly reader: StoreReader
  readonly #duck: DuckReader
  readonly #options: NewestOptions
  readonly #versions: Versions
  readonly #retired = new Map<string, Segment>()
  readonly #sources = new Numbering<string, string>([''])
  readonly #words = new StringDictionary(emptyState.words)
  readonly #resolver: Resolver
  readonly #endpoints: Endpoints
  #generation: number
  #holders: Holders | undefined
  #holdersChanged = false
  #unwatch: () => void = () => {}
  #columns: readonly FlowColumn[] = []
  #segments: Segment[] = []
  #numbers = 0
  #reached = 0
  #evicted = 0
  #since = -Infinity
  /** Number of rows that are not compressed. */
  #loose = 0
  #connection: Promise<DuckDBConnection> | undefined
  #working: Promise<void> = Promise.resolve()
  #usedAt = -Infinity
  #timer: Timer | undefined

  constructor(options: NewestOptions) {
    const { host, bytes, resolver = unresolved } = options
    this.#options = options
    this.#resolver = resolver
    this.#generation = resolver.generation
    this.#endpoints = new Endpoints({ resolver, next: 1 })
    this.#versions = new Versions(emptyState, new Set(), (name) => this.#drop(name))
    this.#duck = new DuckReader({
      folder: {
        directory,
        versions: this.#versions,
        verify: () => Promise.resolve(true),
        suspect: () => Promise.resolve(),
      },
      timers: host.timers,
      disk: host.disk,
      memoryLimit: `${Math.ceil((bytes + workBytes) / 1e6)}MB`,
      threads: 2,
      calls: 3,
      cacheBytes: 0,
    })
    this.reader = {
      query: async (...about) => {
        await this.#use()
        return this.#duck.query(...about)
      },
      sums: async () => {
        await this.#use()
        return this.#sums()
      },
      edges: () => Promise.resolve([]),
    }
  }

  #use(): Promise<void> {
    const { clock, timers } = this.#options.host
    this.#usedAt = clock.monotonic()
    this.#timer ??= timers.every(everyMs, () => this.#tick())
    return this.update()
  }

  /** The newest flows have no rollups. */
  #sums(): StoredSums {
    const hours = this.#segments.map(({ receivedRows }) => receivedRows)
    return {
      since: { flows_1m: Infinity, flows_5m: Infinity, flows_1h: Infinity },
      oldest: Infinity,
      flows: {
        rows: hours.reduce((sum, { rows }) => sum + rows, 0),
        first: Math.min(...hours.map(({ from }) => from)),
        hours,
      },
      endpoints: this.#segments.reduce((sum, { endpoints }) => sum + endpoints, 0),
    }
  }

  /** Small updates while there are queries; without them, no rows and no work. */
  #tick() {
    const { host, log } = this.#options
    const isUsed = host.clock.monotonic() - this.#usedAt < idleMs
    const work = isUsed ? this.update().then(() => this.compress()) : this.#next(() => this.#rest())
    work.catch((error: unknown) => log.error('The newest flows cannot be updated.', { error: String(error) }))
  }

  /** Runs the steps one after another. */
  #next(step: () => Promise<void>): Promise<void> {
    const next = this.#working.then(step)
    this.#working = next.catch(() => undefined)
    return next
  }

  #rest(): Promise<void> {
    this.#timer?.cancel()
    this.#timer = undefined
    return this.#forget()
  }

  /** Unix ms since which the tables have every received row. */
  get since(): number {
    return Math.max(this.#since, this.#options.frames.since)
  }

  /** Takes the frames that arrived since, and drops those that are gone. */
  update(): Promise<void> {
    return this.#next(() => this.#update())
  }

  async #update() {
    const { frames, host } = this.#options
    const { clock, timers } = host
    // All rows are named again if earlier names may have changed.
    if (this.#resolver.generation !== this.#generation) await this.#forget()
    this.#generation = this.#resolver.generation
    this.#evicted = Math.max(this.#evicted, frames.evicted)
    let began = clock.monotonic()
    let last: FrameHeader | undefined
    try {
      for (const { frame } of frames.after(Math.max(this.#reached, this.#evicted))) {
        if (clock.monotonic() - began > sliceMs) {
          await timers.yield()
          began = clock.monotonic()
        }
        last = frame.header
        await this.#append(frame)
        this.#reached = last.sequence
      }
      for (const segment of this.#segments) segment.flush()
    } catch (error) {
      // A part of a frame may be in the tables.
      await this.#forget()
      if (last !== undefined) this.#evictTo(last.sequence, last.received)
      throw error
    }
    await this.#nameUnknown()
    await this.#advance()
  }

  async #nameUnknown() {
    const { holders } = this.#resolver
    if (holders !== this.#holders) {
      this.#holders = holders
      this.#unwatch()
      this.#unwatch = holders?.onChange(() => (this.#holdersChanged = true)) ?? (() => {})
    }
    if (holders === undefined || !this.#holdersChanged) return
    this.#holdersChanged = false
    for (const segment of this.#segments) await segment.nameUnknown(holders)
  }

  async #append(frame: Frame) {
    const { header } = frame
    if (header.kind !== 'flows' || header.count === 0) return
    const batch = this.#decoded(frame)
    if (batch === undefined) return
    const segment = await this.#segmentFor(batch)
    // Ids of a segment are of its own endpoints.
    const about = { day: segment.number, source: this.#sources.number(header.source) }
    const rows = flowRows(batch, frame, about, this.#endpoints, this.#words)
    await segment.takeEndpoints(this.#endpoints.take())
    this.#endpoints.forget()
    segment.append(rows, header.sequence)
    this.#loose += batch.count
    rows.release?.()
  }

  #decoded(frame: Frame): FlowBatch | undefined {
    const { source, sequence, count: rows } = frame.header
    try {
      const batch = frameBatch(frame)
      return batch.kind === 'flows' ? batch : undefined
    } catch (error) {
      // For example, a later version wrote the frame.
      this.#options.log.error('Cannot decode a frame; queries of the newest flows lack its rows.', {
        source,
        sequence,
        rows,
        error: String(error),
      })
      return undefined
    }
  }

  async #segmentFor(batch: FlowBatch): Promise<Segment> {
    const { rows, bytes } = this.#options
    const last = this.#segments.at(-1)
    const columns = columnsOf(batch)
    const isFull = last === undefined || last.rows >= rows / segments || last.bytes >= bytes / segments
    if (!isFull && columns.every((column) => last.columns.includes(column))) return last
    this.#columns = flowColumns.filter((column) => this.#columns.includes(column) || columns.includes(column))
    this.#connection ??= this.#duck.open().then(({ instance }) => instance.connect())
    const [api, connection] = [await import('@duckdb/node-api'), await this.#connection]
    const segment = await Segment.create(++this.#numbers, { api, connection, columns: this.#columns })
    last?.flush()
    this.#segments.push(segment)
    return segment
  }

  #evictTo(sequence: number, received: number) {
    this.#evicted = Math.max(this.#evicted, sequence)
    this.#since = Math.max(this.#since, received + 1)
  }

  /** The next version of the tables, without frames that are gone. */
  async #advance() {
    let bytes = this.#segments.reduce((sum, segment) => sum + segment.bytes, 0)
    const isGone = (segment: Segment) => {
      const exceeds = bytes > this.#options.bytes && segment !== this.#segments.at(-1)
      if (exceeds) this.#evictTo(segment.last, segment.received)
      if (segment.last > this.#evicted) return false
      bytes -= segment.bytes
      return true
    }
    const goneSegments = this.#segments.filter(isGone)
    this.#segments = this.#segments.filter((segment) => !goneSegments.includes(segment))
    const files = this.#segments.flatMap((segment) => segment.files(this.#evicted))
    this.#publish(files)
    for (const segment of goneSegments) await this.#retire(segment)
  }

  /** DuckDB compresses tables at checkpoints only, which fail while a statement runs. */
  compress(): Promise<void> {
    return this.#next(() => this.#compress())
  }

  async #compress() {
    if (this.#loose < looseRows) return
    const checkpoint = (await this.#connection)?.run('CHECKPOINT')
    await checkpoint?.then(
      () => (this.#loose = 0),
      () => undefined,
    )
  }

  #publish(files: readonly StoredFile[]) {
    const { current } = this.#versions
    const sources = this.#sources.list.slice(1).map((name, at) => [name, { id: at + 1, stored: 0, quarantined: 0 }])
    this.#versions.advance({
      ...emptyState,
      version: current.version + 1,
      files: new Map(files.map((file) => [file.name, file])),
      sources: Object.fromEntries(sources) as StoreState['sources'],
      words: [...this.#words.strings],
    })
  }

  async #retire(segment: Segment) {
    this.#retired.set(segment.name, segment)
    await this.#versions.retire(segment.name, segment.bytes)
  }

  async #drop(name: string) {
    const segment = this.#retired.get(name)
    this.#retired.delete(name)
    await segment?.drop()
  }

  /** The next update reads all frames again. */
  async #forget() {
    const goneSegments = this.#segments.splice(0)
    this.#reached = 0
    this.#publish([])
    for (const segment of goneSegments) await this.#retire(segment)
  }

  /** Bytes of memory that DuckDB uses. */
  memory(): Promise<number> {
    return this.#duck.memory()
  }

  async close(): Promise<void> {
    this.#timer?.cancel()
    this.#unwatch()
    await this.#working
    ;(await this.#connection)?.closeSync()
    await this.#duck.close()
  }
}
