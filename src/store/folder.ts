import type { Log } from '../engine/contracts.ts'
import type { Host } from '../host/index.ts'
import { putAside } from './aside.ts'
import { condemned, firstGone, goneAfter, isCounted, spanText } from './losses.ts'
import type { Manifest } from './manifest.ts'
import { checksumText, fileName, holdsRows, temporaryEnding } from './names.ts'
import { perSourceOf, type PendingTable } from './pending.ts'
import type { ManifestRecord, StoredFile } from './record.ts'
import { schemaVersion } from './schema.ts'
import { aboutFiles, applyRecord, carried, type StoreState } from './state.ts'
import type { TableWriter, Written } from './table-writer.ts'
import { checksumOf, Verification, type Damage } from './verification.ts'
import { Versions } from './versions.ts'

/** What the name of a data file says, except its checksum. */
export type FileRange = Pick<StoredFile, 'stream' | 'hour' | 'firstSequence' | 'lastSequence'>

type Progress = Pick<ManifestRecord, 'positions' | 'sources' | 'words' | 'nextEndpoint'>

/** Entries that a commit replaces besides adding its own files. */
export type Replacement = Pick<ManifestRecord, 'added' | 'removed'>

/**
 * The store's folder and its manifest: the one place where files become part of the store or leave it.
 *
 * A commit writes a temporary file, syncs it, renames it, syncs the directory, appends the record and syncs that, in this
 * order. `state` is what the last record says; `durable` follows when it is known to be on disk. The two differ only after
 * a failed append: then nobody knows whether the record will be found, so its files stay, its rows are never written again,
 * and the next generation of the manifest will hold it for certain.
 */
export class Folder {
  readonly directory: string
  readonly versions: Versions
  readonly verification: Verification
  readonly #host: Host
  readonly #log: Log
  /** False: nothing in the folder is changed, and damaged files are only left out. */
  readonly #writable: boolean
  /** Resolves when the last lost files are moved and recorded. */
  #aside: Promise<unknown> = Promise.resolve()
  /** Addresses that the projection gave out are in no file any more. */
  #addressesLost = false
  readonly #manifest: Manifest
  #durable: StoreState
  /** Records between `durable` and `state`. */
  readonly #unwritten: ManifestRecord[] = []
  /** Appends are one after another; a merge may come beside a commit. */
  #turn: Promise<unknown> = Promise.resolve()

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
    this.verification = new Verification(options.host.disk, options.directory)
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

  /**
   * Makes the tables' rows part of the store together with the progress they stand for. All or nothing: after an error the
   * tables are to be written again, else never. Durable after `confirm`.
   */
  async commit(
    tables: readonly PendingTable[],
    writer: TableWriter | undefined,
    progress: Progress,
    replaces: Replacement = { removed: [], added: [] },
  ): Promise<void> {
    const about = aboutFiles(progress, schemaVersion)
    const added: StoredFile[] = []
    try {
      for (const table of tables) {
        if (writer === undefined) throw new Error('rows without a writer')
        added.push(await this.#write(table, (path) => writer.write(table.stream, table.hour, path, about)))
      }
      if (added.length > 0) await this.#host.disk.syncDirectory(this.directory)
    } catch (error) {
      // No record names these files: they can go, and the tables are written again.
      await this.discard(added)
      throw error
    }
    // Not the positions of a record that may yet be lost: those that are on disk without it.
    const previous = this.#durable.positions
    if (this.#addressesLost) {
      await this.discard(added)
      throw new Error('A file of addresses is lost: the store has to be opened again.')
    }
    this.#record((state) => ({
      ...carried(state),
      ...progress,
      previous,
      added: [...replaces.added, ...added],
      removed: replaces.removed,
    }))
  }

  /** A projection begins: the ids that it gives out are in files to come. */
  beginAddresses(): void {
    this.#addressesLost = false
  }

  /** A file of addresses was lost since the projection began: rows that use its ids must not be committed. */
  get addressesLost(): boolean {
    return this.#addressesLost
  }

  /** Replaces or removes files; nothing else changes. Resolves when it is durable. */
  async exchange(removed: readonly string[], added: readonly StoredFile[]): Promise<void> {
    this.#record((state) => ({ ...carried(state), added, removed }))
    await this.confirm()
  }

  /** Removes files whose rows are too old or too many. */
  async expire(removed: readonly string[]): Promise<void> {
    this.#record((state) => ({ ...carried({ ...state, gone: goneAfter(state, removed) }), added: [], removed }))
    await this.confirm()
  }

  /** In a folder of an earlier version: begins to account for every row, once every entry counts its rows by source. */
  async beginCounting(): Promise<void> {
    if (this.state.gone !== undefined || !isCounted(this.state)) return
    this.#record((state) => ({ ...carried({ ...state, gone: firstGone(state) }), added: [], removed: [] }))
    await this.confirm()
  }

  /**
   * Verifies files before they are read. False: at least one is damaged. From then on it is in no new pin, its rows count as
   * quarantined, and the caller pins again. Call this with the files of a pin, in the process that owns the store, before any
   * reader opens them.
   */
  async verify(files: readonly StoredFile[]): Promise<boolean> {
    const damaged = await this.verification.damaged(files)
    if (damaged.size === 0) return true
    this.condemn(damaged)
    // The ledger names the loss before an answer lacks the rows.
    await this.#aside
    return false
  }

  /** DuckDB failed to read these files. One whose checksum is right all the same is only left out until the next start. */
  async suspect(files: readonly StoredFile[], message: string): Promise<void> {
    for (const file of files) {
      const { damage } = await this.verification.again(file)
      if (damage !== undefined) this.condemn(new Map([[file, damage]]))
      if (this.versions.missing.has(file.name)) continue
      this.versions.exclude(file.name)
      this.#log.error(
        'A file of the store can’t be read, though its checksum is right; queries answer without its rows.',
        { file: file.name, rows: file.rows, error: message },
      )
    }
    await this.#aside
  }

  /** Excludes files from the store, at once for new pins and durably with the next record. */
  condemn(damaged: ReadonlyMap<StoredFile, Damage>): void {
    const found = [...damaged].filter(
      ([{ name }]) => this.state.files.has(name) && this.state.files.get(name)?.lost !== true,
    )
    if (found.length === 0) return
    const { added, removed } = condemned(
      this.state,
      found.map(([{ name }]) => name),
    )
    const reasons = new Map<string, string>(found.map(([{ name }, damage]) => [name, damage]))
    for (const name of new Set([...added.map((file) => file.name), ...removed])) {
      const file = this.state.files.get(name)
      if (file === undefined || (!this.#writable && this.versions.missing.has(name))) continue
      this.versions.exclude(name)
      this.verification.forget(name)
      const rows = holdsRows(file.stream) ? file.rows : 0
      this.#log.error('A file of the store is lost; queries answer without its rows, which count as quarantined.', {
        file: name,
        reason: reasons.get(name) ?? 'its addresses are in a lost file',
        rows,
        ...spanText(file),
      })
    }
    if (!this.#writable) return
    const state = this.state
    if (removed.some((name) => state.files.get(name)?.stream === 'endpoints')) this.#addressesLost = true
    this.#record((current) => ({ ...carried(current), added, removed }))
    this.#aside = putAside(this.#host.disk, this.directory, [...added.map((file) => file.name), ...removed])
      .then(() => this.confirm())
      .catch((error: unknown) =>
        this.#log.warn('The loss of a file of the store could not be recorded yet; the next commit records it.', {
          error: String(error),
        }),
      )
  }

  /** Writes one file, durable but for its directory entry. Checks that no row was lost on the way. */
  async #write(table: PendingTable, write: (path: string) => Promise<Written>): Promise<StoredFile> {
    const written = await this.writeFile(table, write, true)
    if (written.rows !== table.rows) {
      await this.#remove(written.name)
      throw new Error(`${written.rows} of ${table.rows} rows were written to ${written.name}`)
    }
    const time = (ms: number): number | null => (Number.isFinite(ms) ? ms : null)
    const { stream, hour, firstSequence, lastSequence, receivedMin, receivedMax, timed, families } = table
    const told = {
      ...(timed ? { timed } : {}),
      ...(families === undefined ? {} : { families: [...families].sort() }),
      ...(holdsRows(stream) ? { perSource: perSourceOf(table.perSource) } : {}),
    }
    return {
      stream,
      hour,
      firstSequence,
      lastSequence,
      schema: schemaVersion,
      ...written,
      timeMin: time(table.timeMin),
      timeMax: time(table.timeMax),
      ...told,
      receivedMin,
      receivedMax,
    }
  }

  /**
   * Temporary file, sync unless `write` has done so, rename. The caller syncs the directory. The name is made last, because the
   * checksum is part of it.
   */
  async writeFile(
    { stream, hour, firstSequence, lastSequence }: FileRange,
    write: (path: string) => Promise<Written>,
    synced = false,
  ): Promise<Omit<Written, 'crc'> & { readonly name: string }> {
    const { disk } = this.#host
    const unique = Buffer.from(this.#host.random.bytes(4)).toString('hex')
    const named = (checksum: string): string =>
      this.path(fileName(stream, hour, firstSequence, lastSequence, unique + checksum))
    const temporary = named('') + temporaryEnding
    try {
      const { crc, ...written } = await write(temporary)
      if (!synced) await this.#sync(temporary)
      const path = named(checksumText(crc ?? (await checksumOf(disk, temporary)).crc))
      await disk.rename(temporary, path)
      return { ...written, name: path.slice(this.directory.length + 1) }
    } catch (error) {
      await disk.remove(temporary).catch(() => undefined)
      throw error
    }
  }

  async #sync(path: string): Promise<void> {
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

  /** Takes a change into the state that queries see. `confirm` makes it durable. */
  #record(make: (state: StoreState) => Omit<ManifestRecord, 'version'>): void {
    const record: ManifestRecord = { version: this.state.version + 1, ...make(this.state) }
    this.versions.advance(applyRecord(this.state, record))
    this.#unwritten.push(record)
  }

  /** Resolves when everything recorded is durable. After an error it is still open: call again. */
  async confirm(): Promise<void> {
    const turn = this.#turn.then(() => this.#persist())
    this.#turn = turn.catch(() => undefined)
    await turn
  }

  async #persist(): Promise<void> {
    const before = this.#durable
    const { state } = this
    if (before === state) return
    const records = this.#unwritten.splice(0)
    // After a failed rotation there is nothing to append to, and no records are kept: the next snapshot has them all.
    if (this.#manifest.usable && !this.#manifest.long) await this.#append(records, state)
    else await this.#manifest.rotate(state)
    this.#durable = state
    for (const name of before.files.keys()) if (!state.files.has(name)) await this.versions.retire(name)
  }

  async #append(records: readonly ManifestRecord[], state: StoreState): Promise<void> {
    try {
      for (const record of records) await this.#manifest.append(record)
    } catch {
      await this.#manifest.rotate(state)
    }
  }

  async discard(files: readonly { readonly name: string }[]): Promise<void> {
    for (const { name } of files) await this.#remove(name)
  }

  /** A file that can't be removed is no harm: no record names it, so the next start removes it. */
  async #remove(name: string): Promise<void> {
    await this.#host.disk.remove(this.path(name)).catch(() => undefined)
  }

  async close(): Promise<void> {
    await this.#aside
    await this.#turn
    await this.#manifest.close()
  }
}
