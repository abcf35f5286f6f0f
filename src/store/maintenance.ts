import type { Log, Metrics, Resolver } from '../engine/contracts.ts'
import type { Host } from '../host/index.ts'
import { EndpointIndexes } from './endpoint-index/indexes.ts'
import { FileSums } from './file-sums/background.ts'
import { MergedSums } from './file-sums/merged.ts'
import { ResolveUnknownAddresses } from './resolve-unknown.ts'
import type { Folder } from './folder.ts'
import { lostRows } from './losses.ts'
import { GiveWay, type Room } from './give-way.ts'
import { isOver, merged, nextMerge } from './merge.ts'
import { holdsRows, msPerHour, type Stream } from './names.ts'
import { bytesOnDisk, type StoredFile } from './record.ts'
import { keepReserve, spendReserve } from './reserve.ts'
import { expired, sizeOf, tooOld, type Retain } from './retention.ts'
import { nextDerivation } from './rollup/cover.ts'
import { isRollup, type Rollup } from './rollup/schema.ts'
import { Scrub } from './scrub.ts'
import { aboutFiles } from './state.ts'
import type { TableWriter } from './table-writer.ts'

export class Maintenance {
  readonly #host: Host
  readonly #folder: Folder
  readonly #writer: () => Promise<TableWriter>
  readonly #retain: Retain
  readonly #log: Log
  readonly #metrics: Metrics
  readonly #again: ResolveUnknownAddresses
  readonly #scrub: Scrub
  readonly #room: GiveWay
  readonly #indexes: EndpointIndexes
  readonly #sums: FileSums
  readonly #merged: MergedSums
  #running: Promise<boolean> | undefined

  constructor(options: {
    host: Host
    folder: Folder
    writer: () => Promise<TableWriter>
    resolver: Resolver
    retain: Retain
    room: Room | undefined
    log: Log
    metrics: Metrics
  }) {
    this.#host = options.host
    this.#folder = options.folder
    this.#writer = options.writer
    this.#retain = options.retain
    this.#log = options.log
    this.#metrics = options.metrics
    this.#again = new ResolveUnknownAddresses(options)
    this.#indexes = new EndpointIndexes({ ...options, directory: options.folder.directory })
    this.#sums = new FileSums(options)
    this.#merged = new MergedSums({ ...options, sums: this.#sums })
    this.#scrub = new Scrub({ ...options, indexes: this.#indexes, sums: this.#sums, merged: this.#merged })
    this.#room = new GiveWay({ ...options, onFull: (error) => this.#onReserve(error) })
  }

  giveWay(): Promise<boolean> {
    return this.#room.run()
  }

  run(): Promise<boolean> {
    this.#running ??= this.#round().finally(() => (this.#running = undefined))
    return this.#running
  }

  async idle(): Promise<void> {
    await this.#running?.catch(() => undefined)
  }

  async #round(): Promise<boolean> {
    // No file may be replaced twice.
    await this.#folder.confirm().catch((error: unknown) => this.#onReserve(error))
    await this.#again.run(this.#host.clock.now())
    await this.#expire()
    await this.#room.runOwn()
    await keepReserve(this.#host.disk, this.#folder.directory)
    await this.#folder.beginCounting()
    await this.#scrub.run()
    this.#measure()
    const { state, versions } = this.#folder
    const run = nextMerge(state.files.values(), versions.missing, this.#host.clock.now(), await this.#room.mergeBytes())
    if (run !== undefined) {
      await this.#merge(run, run[0]?.stream ?? 'flows')
      return true
    }
    const now = this.#host.clock.now()
    const isRetained = (stream: Rollup, hour: number) => !tooOld(stream, hour, this.#retain, now)
    const derivation = nextDerivation(
      [...state.files.values()],
      versions.missing,
      (hour) => isOver(hour, now),
      isRetained,
    )
    if (derivation === undefined) return this.#index()
    await this.#merge(derivation.from, derivation.stream)
    return true
  }

  async #index(): Promise<boolean> {
    const { state, versions } = this.#folder
    const now = this.#host.clock.now()
    const isOverNow = (hour: number) => isOver(hour, now)
    const files = [...state.files.values()].filter(({ name }) => !versions.missing.has(name))
    const indexing = await this.#indexes.next(files, isOverNow)
    const file = indexing ?? this.#sums.next(files, isOverNow)
    if (file === undefined) return this.#merged.run(files, isOverNow, this.#writer)
    const pin = versions.pin()
    try {
      const beside = indexing === undefined ? this.#sums : this.#indexes
      if (await this.#folder.verify([file])) await beside.write(file, await this.#writer())
      if (!this.#folder.state.files.has(file.name)) await this.#indexes.remove(file.name)
    } finally {
      await pin.release()
    }
    return true
  }

  async #expire() {
    for (const { reason, hour, files } of expired(
      this.#folder.state.files.values(),
      this.#retain,
      this.#host.clock.now(),
    )) {
      if (files.some(({ name }) => !this.#folder.state.files.has(name))) continue
      const rows = files.reduce((sum, file) => sum + (holdsRows(file.stream) ? file.rows : 0), 0)
      const bytes = sizeOf(files)
      await this.#folder
        .expire(
          files.map(({ name }) => name),
          reason,
        )
        .catch((error: unknown) => this.#onReserve(error))
      if (files.some(({ stream }) => stream !== 'endpoints'))
        this.#log.warn('Retention removed an hour from the store.', {
          reason,
          hour: new Date(hour * msPerHour).toISOString(),
          rows,
          bytes,
          files: files.length,
        })
      this.#metrics.count('weir_store_expired_rows_total', rows, { reason })
    }
  }

  /** On a full disk the record that frees space needs the reserve. */
  async #onReserve(error: unknown) {
    if (!(await spendReserve(this.#host.disk, this.#folder.directory))) throw error
    await this.#folder.confirm()
  }

  #measure() {
    let bytes = 0
    for (const file of this.#folder.state.files.values()) bytes += bytesOnDisk(file)
    this.#metrics.set('weir_store_size_bytes', bytes)
    this.#metrics.set('weir_store_files', this.#folder.state.files.size)
    this.#metrics.set(
      'weir_store_lost_rows',
      [...lostRows(this.#folder.state).values()].reduce((sum, rows) => sum + rows, 0),
    )
  }

  async #merge(run: readonly StoredFile[], stream: Stream) {
    const target = { ...merged(run), stream }
    const inPlace = run[0]?.stream === stream
    const writer = await this.#writer()
    const pin = this.#folder.versions.pin()
    try {
      // A merge would give damaged rows a correct checksum.
      if (!(await this.#folder.verify(run))) return
      const { name, ...written } = await this.#folder
        .writeFile(target, (path) =>
          writer.merge(
            stream,
            run.map((file) => this.#folder.path(file.name)),
            path,
            aboutFiles(this.#folder.state, target.schema),
          ),
        )
        .catch(async (error: unknown) => {
          await this.#excludeUnreadable(writer, run)
          throw error
        })
      if (!isRollup(stream) && written.rows !== target.rows) {
        await this.#folder.discard([{ name }])
        throw new Error(`merge of ${target.rows} rows wrote ${written.rows}`)
      }
      await this.#folder.syncDirectory()
      // Nothing may wait between this and the exchange: removed rows must not return.
      if (!(await this.#folder.verify(run)) || run.some((file) => this.#folder.state.files.get(file.name) !== file)) {
        await this.#folder.discard([{ name }])
        return
      }
      await this.#folder.exchange(inPlace ? run.map((file) => file.name) : [], [{ ...target, name, ...written }])
      this.#metrics.count('weir_store_merged_files_total', run.length)
    } finally {
      await pin.release()
    }
  }

  async #excludeUnreadable(writer: TableWriter, run: readonly StoredFile[]) {
    for (const { name, rows, stream } of run) {
      try {
        await writer.inspect(stream, this.#folder.path(name))
      } catch (error) {
        this.#folder.versions.exclude(name)
        this.#log.error('Cannot read a store file. Queries omit its rows.', {
          file: name,
          rows,
          error: String(error),
        })
      }
    }
  }
}
