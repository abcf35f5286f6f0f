/**
 * The one writer of a journal folder. Units are compressed as they come and written in groups: one write, one sync, then
 * every caller of the group learns that its unit is accepted. Headers are made when a group is written, so that a
 * group that failed leaves no trace in the totals.
 */
import { constants, zstdCompressSync } from 'node:zlib'
import type { DiskFile, Host } from '../host/index.ts'
import { WeirError } from '../model/errors.ts'
import type { Position } from '../model/positions.ts'
import { encodeHeader, largestBody } from './frame.ts'
import { segmentName, segmentStart } from './paths.ts'
import { checkpointStream, emptyTotals, encodeCheckpoint, journalSource } from './recover.ts'
import { LocalTail } from './tail.ts'
import type { Appended, JournalWriter, SourceTotals, Tail, Unit } from './types.ts'

export interface JournalLimits {
  /** A new segment begins after this many bytes. */
  readonly segmentBytes: number
  /** Appends are refused while the segments hold this much and no holder lets go. */
  readonly maxBytes: number
  /** Kept after every holder has passed, for sinks that are added later and for `weir journal export`. */
  readonly keepBytes: number
  /** Appends are refused below this much free space, so that offsets and the store can still be written. */
  readonly reserveBytes: number
  /** Bytes written with one sync at most. */
  readonly groupBytes: number
  /** Bytes that may wait for the disk; beyond them appends are refused, so that a slow disk costs no memory. */
  readonly queueBytes: number
}

export const defaultLimits: JournalLimits = {
  segmentBytes: 64 * 1024 * 1024,
  maxBytes: 8 * 1024 * 1024 * 1024,
  keepBytes: 256 * 1024 * 1024,
  reserveBytes: 64 * 1024 * 1024,
  groupBytes: 16 * 1024 * 1024,
  queueBytes: 128 * 1024 * 1024,
}

interface Waiting {
  readonly unit: Unit
  readonly body: Uint8Array
  readonly zstd: boolean
  readonly resolve: (appended: Appended) => void
  readonly reject: (error: Error) => void
}

/** Below this, compressing costs more than it saves. */
const worthCompressing = 256
/** How much may be written before the free space is looked at again. */
const freeCheckBytes = 16 * 1024 * 1024

const nothing = new Uint8Array(0)

export class SegmentWriter implements JournalWriter {
  readonly tail: LocalTail = new LocalTail()
  readonly epoch: number
  readonly #host: Host
  readonly #directory: string
  readonly #limits: JournalLimits
  readonly #totals: Map<string, SourceTotals>
  readonly #queue: Waiting[] = []
  #segments: { name: string; bytes: number }[]
  #file: DiskFile | undefined
  #offset = 0
  #queued = 0
  #sequence: number
  #row: number
  #afterLoss: boolean
  #running: Promise<void> | undefined
  #closed = false
  #released = 0
  #sinceFreeCheck = Number.POSITIVE_INFINITY

  constructor(options: {
    host: Host
    directory: string
    epoch: number
    limits: JournalLimits
    /** Nothing at or below this is ever used again. */
    last: Position
    totals: Map<string, SourceTotals>
    segments: { name: string; bytes: number }[]
    afterLoss: boolean
  }) {
    this.#host = options.host
    this.#directory = options.directory
    this.epoch = options.epoch
    this.#limits = options.limits
    this.#sequence = options.last.sequence
    this.#row = options.last.row
    this.#totals = options.totals
    this.#segments = options.segments
    this.#afterLoss = options.afterLoss
    this.#publish()
  }

  append(unit: Unit): Promise<Appended> {
    return new Promise((resolve, reject) => {
      if (this.#closed) return reject(new WeirError('WEIR_JOURNAL_SYNC', 'the journal is closed'))
      if (this.#queued > this.#limits.queueBytes) {
        return reject(new WeirError('WEIR_JOURNAL_FULL', `${this.#queued} bytes wait to be synced: the disk of the journal does not keep up`))
      }
      const { body, zstd } = compress(unit.raw)
      this.#queued += body.length
      this.#queue.push({ unit, body, zstd, resolve, reject })
      this.#running ??= this.#run()
    })
  }

  totals(): ReadonlyMap<string, Readonly<SourceTotals>> {
    return this.#totals
  }

  size(): number {
    return this.#segments.reduce((sum, segment) => sum + segment.bytes, 0)
  }

  segments(): readonly { readonly name: string; readonly bytes: number }[] {
    return this.#segments
  }

  async release(sequence: number): Promise<void> {
    this.#released = Math.max(this.#released, sequence)
    let bytes = this.size()
    while (this.#segments.length > 1) {
      const [first, second] = this.#segments
      if (first === undefined || second === undefined) return
      const last = (segmentStart(second.name) ?? 0) - 1
      const spare = bytes - first.bytes >= this.#limits.keepBytes || bytes > this.#limits.maxBytes
      if (last > this.#released || !spare) return
      await this.#host.disk.remove(`${this.#directory}/${first.name}`)
      this.#segments.shift()
      bytes -= first.bytes
    }
  }

  /** Begins a new segment, and with it a checkpoint, at once; a disk that refuses is asked again by the next append. */
  async checkpoint(): Promise<void> {
    try {
      await this.#roll()
      this.#publish()
    } catch {
      await this.#abandon()
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#running
    await this.#file?.close()
    this.#file = undefined
  }

  async #run(): Promise<void> {
    // One turn later, so that everything that arrives in this turn shares the first sync.
    await this.#host.timers.yield()
    while (this.#queue.length > 0) {
      const group = this.#take()
      try {
        await this.#room()
        const places = await this.#write(group)
        group.forEach((waiting, index) => waiting.resolve(places[index] as Appended))
      } catch (error) {
        const reason = error instanceof WeirError ? error : this.#explain(error)
        for (const waiting of group) waiting.reject(reason)
      }
    }
    this.#running = undefined
  }

  #take(): Waiting[] {
    let bytes = 0
    let count = 0
    while (count < this.#queue.length && (count === 0 || bytes < this.#limits.groupBytes)) {
      bytes += this.#queue[count]?.body.length ?? 0
      count++
    }
    this.#queued -= bytes
    return this.#queue.splice(0, count)
  }

  async #room(): Promise<void> {
    if (this.size() > this.#limits.maxBytes) await this.release(this.#released)
    if (this.size() > this.#limits.maxBytes) {
      throw new WeirError('WEIR_JOURNAL_FULL', `the journal holds ${this.size()} bytes, its limit, and a sink still needs them`)
    }
    if (this.#sinceFreeCheck < freeCheckBytes) return
    const free = await this.#host.disk.free(this.#directory)
    if (free < this.#limits.reserveBytes) {
      throw new WeirError('WEIR_JOURNAL_FULL', `only ${free} bytes are free on the disk of the journal; ${this.#limits.reserveBytes} are kept in reserve`)
    }
    this.#sinceFreeCheck = 0
  }

  async #write(group: readonly Waiting[]): Promise<Appended[]> {
    const rowBefore = this.#row
    const lossBefore = this.#afterLoss
    const changed = new Map<string, SourceTotals>()
    const pieces: Uint8Array[] = []
    const places: Appended[] = []
    try {
      if (this.#file === undefined || this.#offset >= this.#limits.segmentBytes) await this.#roll()
      for (const waiting of group) places.push(this.#frame(waiting, changed, pieces))
      const file = this.#file as unknown as DiskFile
      await file.writeAll(pieces, this.#offset)
      await file.sync()
    } catch (error) {
      // The group never happened: its rows are free again, its sequences are not, and the segment is not trusted any more.
      if (await this.#abandon()) {
        this.#row = rowBefore
        this.#afterLoss = lossBefore
      } else {
        // It could not be cut off and may come back as frames that nobody was promised: count it as accepted, so that
        // it adds up whether it is read (delivered once more than promised) or not (unreadable).
        // Its cursors were promised to nobody either.
        for (const [name, { cursor: _, ...total }] of changed) {
          const kept = this.#totals.get(name)?.cursor
          this.#totals.set(name, { ...total, ...(kept === undefined ? {} : { cursor: kept }) })
        }
      }
      throw error
    }
    for (const [name, total] of changed) this.#totals.set(name, total)
    const bytes = pieces.reduce((sum, piece) => sum + piece.length, 0)
    this.#offset += bytes
    this.#sinceFreeCheck += bytes
    const current = this.#segments.at(-1)
    if (current !== undefined) current.bytes = this.#offset
    this.#publish()
    return places
  }

  /** Headers and bodies of one unit; larger ones become parts that carry nothing until the last. */
  #frame(waiting: Waiting, changed: Map<string, SourceTotals>, pieces: Uint8Array[]): Appended {
    const { unit, body } = waiting
    const before = changed.get(unit.source) ?? this.#totals.get(unit.source) ?? emptyTotals()
    const shed = { ...before.shed }
    for (const [reason, rows] of Object.entries(unit.shed ?? {})) shed[reason] = (shed[reason] ?? 0) + rows
    const after: SourceTotals = {
      accepted: before.accepted + unit.count,
      duplicates: before.duplicates + (unit.duplicates ?? 0),
      shed,
      sequence: before.sequence + 1,
      ...(unit.cursor === undefined ? (before.cursor === undefined ? {} : { cursor: before.cursor }) : { cursor: unit.cursor }),
    }
    const parts = Math.max(1, Math.ceil(body.length / largestBody))
    for (let part = 0; part < parts; part++) {
      const piece = body.subarray(part * largestBody, (part + 1) * largestBody)
      const last = part === parts - 1
      const header = encodeHeader({
        sequence: ++this.#sequence,
        firstRow: this.#row,
        kind: unit.kind,
        more: !last,
        part,
        zstd: waiting.zstd,
        afterLoss: this.#afterLoss,
        source: unit.source,
        stream: unit.stream,
        epoch: this.epoch,
        sourceSequence: after.sequence,
        sourceRows: before.accepted,
        sourceDuplicates: after.duplicates,
        sourceShed: after.shed,
        count: last ? unit.count : 0,
        received: unit.received,
        timeMin: unit.timeMin,
        timeMax: unit.timeMax,
        rawBytes: unit.raw.length,
        ...(last && unit.cursor !== undefined ? { cursor: unit.cursor } : {}),
      }, piece)
      this.#afterLoss = false
      pieces.push(header, piece)
    }
    this.#row += unit.count
    changed.set(unit.source, after)
    return {
      position: { sequence: this.#sequence, row: this.#row },
      epoch: this.epoch,
      sourceSequence: after.sequence,
    }
  }

  /** A new segment: created, its checkpoint written, its name durable, before anything is accepted into it. */
  async #roll(): Promise<void> {
    await this.#file?.close()
    this.#file = undefined
    const first = this.#sequence + 1
    const name = segmentName(first)
    const file = await this.#host.disk.open(`${this.#directory}/${name}`, 'create')
    this.#file = file
    this.#offset = 0
    this.#segments.push({ name, bytes: 0 })
    const cursor = encodeCheckpoint(this.#totals)
    const now = this.#host.clock.now()
    const checkpoint = encodeHeader({
      sequence: ++this.#sequence, firstRow: this.#row, kind: 'empty', more: false, part: 0, zstd: false,
      afterLoss: this.#afterLoss, source: journalSource, stream: checkpointStream, epoch: this.epoch,
      sourceSequence: 0, sourceRows: 0, sourceDuplicates: 0, sourceShed: {}, count: 0,
      received: now, timeMin: Number.NaN, timeMax: Number.NaN, rawBytes: 0, cursor,
    }, nothing)
    this.#afterLoss = false
    await file.write(checkpoint, 0)
    await file.sync()
    await this.#host.disk.syncDirectory(this.#directory)
    this.#offset = checkpoint.length
    const current = this.#segments.at(-1)
    if (current !== undefined) current.bytes = this.#offset
    this.#sinceFreeCheck = Number.POSITIVE_INFINITY
  }

  /** Cuts off what was not synced, so that nobody reads what nobody was promised, and leaves the segment for good. */
  async #abandon(): Promise<boolean> {
    const file = this.#file
    const current = this.#segments.at(-1)
    const durable = this.tail.durable()
    this.#file = undefined
    this.#sinceFreeCheck = Number.POSITIVE_INFINITY
    if (file === undefined || current === undefined) return true
    const kept = durable.segment === current.name ? durable.offset : 0
    try {
      await file.truncate(kept)
      await file.sync()
      await file.close()
      current.bytes = kept
      if (kept === 0) {
        await this.#host.disk.remove(file.path)
        this.#segments.pop()
      }
      return true
    } catch {
      await file.close().catch(() => {})
      return false
    }
  }

  #explain(error: unknown): WeirError {
    const message = error instanceof Error ? error.message : String(error)
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'ENOSPC' || code === 'EDQUOT') return new WeirError('WEIR_JOURNAL_FULL', `the disk of the journal is full: ${message}`, { cause: error })
    return new WeirError('WEIR_JOURNAL_SYNC', `the journal could not be written: ${message}`, { cause: error })
  }

  #publish(): void {
    this.tail.publish({
      segment: this.#segments.at(-1)?.name ?? '',
      offset: this.#segments.at(-1)?.bytes ?? 0,
      sequence: this.#sequence,
      row: this.#row,
    })
  }
}

function compress(raw: Uint8Array): { body: Uint8Array; zstd: boolean } {
  if (raw.length < worthCompressing) return { body: raw, zstd: false }
  const packed = zstdCompressSync(raw, { params: { [constants.ZSTD_c_compressionLevel]: 1 } })
  return packed.length < raw.length ? { body: packed, zstd: true } : { body: raw, zstd: false }
}

export type { Tail }
