import type { Log } from '../engine/contracts.ts'
import type { OnProgress } from '../engine/control.ts'
import type { Host } from '../host/index.ts'
import { moveToDamaged } from './damaged-files.ts'
import { EndpointCopies } from './endpoint-copies.ts'
import { condemned, expiredAfter, firstGone, removedAfter, isCounted, spanText } from './losses.ts'
import type { Manifest } from './manifest.ts'
import { levels } from './file-sums/levels.ts'
import { checksumText, copyOf, fileName, holdsRows, indexOf, levelSumsOf, sumsOf, temporaryEnding } from './names.ts'
import { perSourceOf, type PendingTable } from './pending.ts'
import type { ManifestRecord, StoredFile } from './record.ts'
import type { RemovalReason } from './retention.ts'
import { schemaVersion } from './schema.ts'
import { aboutFiles, applyRecord, carried, type StoreState } from './state.ts'
import type { TableWriter, Written } from './table-writer.ts'
import { checksumOf, Verification, type Damage } from './verification.ts'
import { Versions } from './versions.ts'

type FileRange = Pick<StoredFile, 'stream' | 'hour' | 'firstSequence' | 'lastSequence'>

type Progress = Pick<ManifestRecord, 'positions' | 'sources' | 'words' | 'nextEndpoint'>

type Replacement = Pick<ManifestRecord, 'added' | 'removed'>

/**
 * Files join or leave the store only here. A commit writes a temporary file, syncs it, renames it, syncs the directory,
 * appends the record and syncs the manifest. After a failed append the record may exist: its files stay, its rows are
 * never written again, and the next generation of the manifest contains it.
 */
export class Folder {
  readonly directory: string
  readonly versions: Versions
  readonly verification: Verification
  readonly copies: EndpointCopies
  readonly #host: Host
  readonly #log: Log
  readonly #writable: boolean
  #moves: Promise<unknown> = Promise.resolve()
  #addressesLost = false
  readonly #manifest: Manifest
  #durable: StoreState
  readonly #unwritten: ManifestRecord[] = []
  #appends: Promise<unknown> = Promise.resolve()

  constructor(options: {
    host: Host
    directory: string
    manifest: Manifest
    state: StoreState
    missing: ReadonlySet<string>
    log: Log
    writable: boolean
  }) {
    this.directory = options.directory
    this.copies = new EndpointCopies(options.host.disk, options.directory)
    this.verification = new Verification(
      options.host.disk,
      options.directory,
      options.writable ? (file, damage) => this.#restore(file, damage) : undefined,
    )
    this.#host = options.host
    this.#log = options.log
    this.#writable = options.writable
    this.#manifest = options.manifest
    this.#durable = options.state
    this.versions = new Versions(options.state, options.missing, (name) => this.#remove(name))
  }

  get state(): StoreState {
    return this.versions.current
  }

  get durable(): StoreState {
    return this.#durable
  }

  path(name: string): string {
    return `${this.directory}/${name}`
  }

  /** Atomic. After an error write the tables again, otherwise never. Durable after `confirm`. */
  async commit(
    tables: readonly PendingTable[],
    writer: TableWriter | undefined,
    progress: Progress,
    replaces: Replacement = { removed: [], added: [] },
  ): Promise<void> {
    const about = aboutFiles(progress, schemaVersion)
    const addedFiles: StoredFile[] = []
    try {
      for (const table of tables) {
        if (writer === undefined) throw new Error('rows without a writer')
        addedFiles.push(await this.#write(table, (path) => writer.write(table.stream, table.hour, path, about)))
      }
      if (addedFiles.length > 0) await this.#host.disk.syncDirectory(this.directory)
    } catch (error) {
      await this.discard(addedFiles)
      throw error
    }
    const previous = this.#durable.positions
    if (this.#addressesLost) {
      await this.discard(addedFiles)
      throw new Error('Lost a file of addresses; the store must be reopened.')
    }
    this.#record((state) => ({
      ...carried(state),
      ...progress,
      previous,
      added: [...replaces.added, ...addedFiles],
      removed: replaces.removed,
    }))
  }

  /** Only files written from now on contain the ids of a new projection. */
  beginAddresses(): void {
    this.#addressesLost = false
  }

  /** A file of addresses was lost: rows that use its ids must not be committed. */
  get addressesLost(): boolean {
    return this.#addressesLost
  }

  async exchange(removed: readonly string[], added: readonly StoredFile[]): Promise<void> {
    this.#record((state) => ({ ...carried(state), added, removed }))
    await this.confirm()
  }

  async expire(removed: readonly string[], reason: RemovalReason): Promise<void> {
    this.#record((state) => {
      const goneRows = removedAfter(state, removed)
      return {
        ...carried({ ...state, gone: goneRows, expired: expiredAfter(state, removed, reason) }),
        added: [],
        removed,
      }
    })
    await this.confirm()
  }

  /** Removes the newest addresses too, after all flows that use them. */
  async expireAddresses(removed: readonly string[]): Promise<void> {
    this.#addressesLost = true
    await this.expire(removed, 'disk')
  }

  /** Begins to count removed rows in folders of earlier versions, once every entry counts its rows by source. */
  async beginCounting(): Promise<void> {
    if (this.state.gone !== undefined || !isCounted(this.state)) return
    this.#record((state) => ({ ...carried({ ...state, gone: firstGone(state) }), added: [], removed: [] }))
    await this.confirm()
  }

  async #restore(file: StoredFile, damage: Damage): Promise<boolean> {
    if (file.stream !== 'endpoints' || this.state.files.get(file.name) !== file) return false
    if (!(await this.copies.restore(file))) return false
    this.#log.warn('Rewrote a damaged store file from its copy.', { file: file.name, reason: damage })
    return true
  }

  /** Verifies files before they are read. On false a damaged one is excluded from new pins; pin again. */
  async verify(files: readonly StoredFile[], onProgress?: OnProgress): Promise<boolean> {
    const damagedFiles = await this.verification.damaged(files, onProgress)
    if (damagedFiles.size === 0) return true
    this.condemn(damagedFiles)
    // The ledger must count the loss before the result is returned.
    await this.#moves
    return false
  }

  /** Files that DuckDB failed to read. One with a correct checksum is excluded until the next start. */
  async suspect(files: readonly StoredFile[], message: string): Promise<void> {
    for (const file of files) {
      const { damage } = await this.verification.again(file)
      if (damage !== undefined) this.condemn(new Map([[file, damage]]))
      if (this.versions.missing.has(file.name)) continue
      this.versions.exclude(file.name)
      this.#log.error('Cannot read a store file although its checksum is correct. Queries omit its rows.', {
        file: file.name,
        rows: file.rows,
        error: message,
      })
    }
    await this.#moves
  }

  condemn(damaged: ReadonlyMap<StoredFile, Damage>): void {
    const results = [...damaged].filter(
      ([{ name }]) => this.state.files.has(name) && this.state.files.get(name)?.lost !== true,
    )
    if (results.length === 0) return
    const { added, removed } = condemned(
      this.state,
      results.map(([{ name }]) => name),
    )
    const reasons = new Map<string, string>(results.map(([{ name }, damage]) => [name, damage]))
    for (const name of new Set([...added.map((file) => file.name), ...removed])) {
      const file = this.state.files.get(name)
      if (file === undefined || (!this.#writable && this.versions.missing.has(name))) continue
      this.versions.exclude(name)
      this.verification.forget(name)
      const rows = holdsRows(file.stream) ? file.rows : 0
      this.#log.error('Lost a store file. Queries omit its rows, which count as quarantined.', {
        file: name,
        reason: reasons.get(name) ?? 'its addresses were in a lost file',
        rows,
        ...spanText(file),
      })
    }
    if (!this.#writable) return
    const state = this.state
    if (removed.some((name) => state.files.get(name)?.stream === 'endpoints')) this.#addressesLost = true
    this.#record((current) => ({ ...carried(current), added, removed }))
    this.#moves = moveToDamaged(this.#host.disk, this.directory, [...added.map((file) => file.name), ...removed])
      .then(() => this.confirm())
      .catch((error: unknown) =>
        this.#log.warn('Cannot record the loss of a store file yet; the next commit records it.', {
          error: String(error),
        }),
      )
  }

  /** The directory entry is not durable yet. */
  async #write(table: PendingTable, write: (path: string) => Promise<Written>): Promise<StoredFile> {
    const writtenFile = await this.writeFile(table, write, 'synced')
    if (writtenFile.rows !== table.rows) {
      await this.#remove(writtenFile.name)
      throw new Error(`${table.rows} rows became ${writtenFile.rows} in ${writtenFile.name}`)
    }
    const time = (ms: number) => (Number.isFinite(ms) ? ms : null)
    const { stream, hour, firstSequence, lastSequence, receivedMin, receivedMax, timed, endTimes, families } = table
    const actual = {
      ...(timed ? { timed } : {}),
      ...(endTimes ? { endTimes } : {}),
      ...(families === undefined ? {} : { families: [...families].sort() }),
      ...(holdsRows(stream) ? { perSource: perSourceOf(table.perSource) } : {}),
    }
    return {
      stream,
      hour,
      firstSequence,
      lastSequence,
      schema: schemaVersion,
      ...writtenFile,
      timeMin: time(table.timeMin),
      timeMax: time(table.timeMax),
      ...actual,
      receivedMin,
      receivedMax,
    }
  }

  /** Temporary file, sync unless `write` did it, rename. The caller syncs the directory. */
  async writeFile(
    { stream, hour, firstSequence, lastSequence }: FileRange,
    write: (path: string) => Promise<Written>,
    state: 'synced' | 'unsynced' = 'unsynced',
  ): Promise<Omit<Written, 'crc'> & { readonly name: string }> {
    const { disk } = this.#host
    const unique = Buffer.from(this.#host.random.bytes(4)).toString('hex')
    const pathWith = (checksum: string) =>
      this.path(fileName(stream, hour, firstSequence, lastSequence, unique + checksum))
    const temporary = pathWith('') + temporaryEnding
    try {
      const { crc, ...written } = await write(temporary)
      if (state === 'unsynced') await this.#sync(temporary)
      const path = pathWith(checksumText(crc ?? (await checksumOf(disk, temporary)).crc))
      await disk.rename(temporary, path)
      const name = path.slice(this.directory.length + 1)
      if (stream === 'endpoints')
        await this.copies.write(name).catch(async (error: unknown) => {
          await this.#remove(name)
          throw error
        })
      return { ...written, name }
    } catch (error) {
      await disk.remove(temporary).catch(() => undefined)
      throw error
    }
  }

  async #sync(path: string) {
    const file = await this.#host.disk.open(path, 'write')
    try {
      await file.sync()
    } finally {
      await file.close()
    }
  }

  syncDirectory(): Promise<void> {
    return this.#host.disk.syncDirectory(this.directory)
  }

  #record(make: (state: StoreState) => Omit<ManifestRecord, 'version'>) {
    const record: ManifestRecord = { version: this.state.version + 1, ...make(this.state) }
    this.versions.advance(applyRecord(this.state, record))
    this.#unwritten.push(record)
  }

  /** Makes recorded changes durable. After an error, call the method again. */
  async confirm(): Promise<void> {
    const append = this.#appends.then(() => this.#persist())
    this.#appends = append.catch(() => undefined)
    await append
  }

  async #persist() {
    const before = this.#durable
    const { state } = this
    if (before === state) return
    const records = this.#unwritten.splice(0)
    // Otherwise the next snapshot contains all records.
    if (this.#manifest.usable && !this.#manifest.long) await this.#append(records, state)
    else await this.#manifest.rotate(state)
    this.#durable = state
    for (const { name, bytes, ...file } of before.files.values()) {
      if (!state.files.has(name)) await this.versions.retire(name, bytes)
      for (const level of levels) {
        const sums = file[level]
        const isUsed = ({ files }: StoreState) => files.get(name)?.[level]?.files === sums?.files
        if (sums === undefined || isUsed(state)) continue
        await this.versions.retire(levelSumsOf(name, sums.files, level), sums.bytes, isUsed)
      }
    }
  }

  async #append(records: readonly ManifestRecord[], state: StoreState) {
    try {
      for (const record of records) await this.#manifest.append(record)
    } catch {
      await this.#manifest.rotate(state)
    }
  }

  async discard(files: readonly { readonly name: string }[]): Promise<void> {
    for (const { name } of files) await this.#remove(name)
  }

  /** After a failure the next start removes the file. */
  async #remove(name: string) {
    await this.#host.disk.remove(this.path(name)).catch(() => undefined)
    const isFlows = name.startsWith('flows-')
    const companions = name.startsWith('endpoints-') ? [copyOf(name)] : isFlows ? [indexOf(name), sumsOf(name)] : []
    for (const id of companions) await this.#host.disk.remove(this.path(id)).catch(() => undefined)
  }

  async close(): Promise<void> {
    await this.#moves
    await this.#appends
    await this.#manifest.close()
  }
}
