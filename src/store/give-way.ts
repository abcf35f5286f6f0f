import type { Log, Metrics } from '../engine/contracts.ts'
import type { Host } from '../host/index.ts'
import type { Folder } from './folder.ts'
import { holdsRows, hourOf, msPerHour } from './names.ts'
import type { StoredFile } from './record.ts'
import { newestDay, oldestFirst, sizeOf } from './retention.ts'

export type Room = Readonly<{
  reserveBytes: number
  marginBytes: number
  /** The journal is on another volume. */
  own: boolean
}>

/** Also without a reserve, the record of a removal needs room. */
const leastBytes = 4 << 20
/** Merges that always run, so that files do not multiply. */
const smallMergeBytes = 1 << 20

/**
 * While the volume lacks room, the oldest rows are removed first. Settled segments of a journal on the same volume go
 * before them, so that the journal has to call. Nothing is removed if all of the store were not enough.
 */
export class GiveWay {
  readonly #host: Host
  readonly #folder: Folder
  readonly #log: Log
  readonly #metrics: Metrics
  readonly #room: Room | undefined
  readonly #onFull: (error: unknown) => Promise<void>
  #running: Promise<boolean> | undefined

  constructor(options: {
    host: Host
    folder: Folder
    log: Log
    metrics: Metrics
    room: Room | undefined
    /** Repeats a record that found no room. */
    onFull: (error: unknown) => Promise<void>
  }) {
    this.#host = options.host
    this.#folder = options.folder
    this.#log = options.log
    this.#metrics = options.metrics
    this.#room = options.room
    this.#onFull = options.onFull
  }

  /** True if it removed files. */
  run(): Promise<boolean> {
    this.#running ??= this.#run().finally(() => (this.#running = undefined))
    return this.#running
  }

  /** As part of maintenance. */
  async runOwn(): Promise<void> {
    if (this.#room?.own === true) await this.run()
  }

  /** A merge writes a copy before it removes its files. */
  async mergeBytes(): Promise<number> {
    if (this.#room === undefined) return Infinity
    const free = await this.#host.disk.free(this.#folder.directory)
    return Math.max(smallMergeBytes, free - this.#room.reserveBytes)
  }

  async #run(): Promise<boolean> {
    if (this.#room === undefined) return false
    const { reserveBytes, marginBytes } = this.#room
    const free = await this.#host.disk.free(this.#folder.directory)
    const wanted = Math.max(leastBytes, reserveBytes + marginBytes)
    const lacking = wanted - free - this.#folder.versions.retiredBytes
    if (lacking <= 0) return false
    const removed = this.#choose(lacking, wanted - marginBytes - free)
    if (removed.length === 0) return false
    const rows = removed.reduce((sum, file) => sum + (holdsRows(file.stream) && file.lost !== true ? file.rows : 0), 0)
    const bytes = sizeOf(removed)
    const names = removed.map(({ name }) => name)
    const newest = newestDay([...this.#folder.state.files.values()])
    const isOfToday = removed.some(({ stream, hour }) => stream === 'endpoints' && hour === newest)
    await (isOfToday ? this.#folder.expireAddresses(names) : this.#folder.expire(names, 'disk')).catch(this.#onFull)
    const hours = removed.map(({ hour }) => hour)
    this.#log.warn('The store removed its oldest rows: the volume lacks room.', {
      reason: 'disk',
      rows,
      bytes,
      files: removed.length,
      from: new Date(Math.min(...hours) * msPerHour).toISOString(),
      to: new Date((Math.max(...hours) + 1) * msPerHour).toISOString(),
      free,
      wanted,
    })
    this.#metrics.count('weir_store_expired_rows_total', rows, { reason: 'disk' })
    return true
  }

  #choose(lacking: number, needed: number): readonly StoredFile[] {
    const files = [...this.#folder.state.files.values()]
    if (sizeOf(files) < needed) return []
    const removed: StoredFile[] = []
    let left = lacking
    for (const unit of oldestFirst(files, hourOf(this.#host.clock.now()))) {
      if (left <= 0) return removed
      removed.push(...unit.files)
      left -= sizeOf(unit.files)
    }
    const rest = files.filter((file) => file.stream === 'endpoints' && !removed.includes(file))
    return left > 0 && sizeOf(rest) >= left ? [...removed, ...rest] : removed
  }
}
