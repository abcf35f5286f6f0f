import type { Host } from '../host/index.ts'
import type { Manifest } from './manifest.ts'
import { fileName, reserveBytes, reserveName, temporaryEnding, type Stream } from './names.ts'
import type { PendingTable } from './pending.ts'
import type { ManifestRecord, StoredFile } from './record.ts'
import { schemaVersion } from './schema.ts'
import { aboutFiles, applyRecord, type StoreState } from './state.ts'
import type { TableWriter } from './table-writer.ts'
import { Versions } from './versions.ts'

type Progress = Pick<ManifestRecord, 'positions' | 'sources' | 'words' | 'nextEndpoint'>

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
  readonly #host: Host
  readonly #manifest: Manifest
  #durable: StoreState
  /** Records between `durable` and `state`. */
  readonly #unwritten: ManifestRecord[] = []
  /** Appends are one after another; a merge may come beside a commit. */
  #turn: Promise<unknown> = Promise.resolve()

  constructor(options: { host: Host; directory: string; manifest: Manifest; state: StoreState; missing: ReadonlySet<string> }) {
    this.directory = options.directory
    this.#host = options.host
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
  async commit(tables: readonly PendingTable[], writer: TableWriter | undefined, progress: Progress): Promise<void> {
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
    this.#record(() => ({ ...progress, previous, added, removed: [] }))
  }

  /** Replaces or removes files; nothing else changes. Resolves when it is durable. */
  async exchange(removed: readonly string[], added: readonly StoredFile[]): Promise<void> {
    this.#record(({ positions, previous, sources, words, nextEndpoint }) => ({ positions, previous, sources, words, nextEndpoint, added, removed }))
    await this.confirm()
  }

  /** Writes one file, durable but for its directory entry. Checks that no row was lost on the way. */
  async #write(table: PendingTable, write: (path: string) => Promise<{ rows: number; bytes: number }>): Promise<StoredFile> {
    const name = this.newName(table.stream, table.hour, table.firstSequence, table.lastSequence)
    const written = await this.writeFile(name, write, true)
    if (written.rows !== table.rows) {
      await this.#remove(name)
      throw new Error(`${written.rows} of ${table.rows} rows were written to ${name}`)
    }
    const time = (ms: number): number | null => (Number.isFinite(ms) ? ms : null)
    const { stream, hour, firstSequence, lastSequence, receivedMin, receivedMax, timed, families } = table
    const told = { ...(timed ? { timed } : {}), ...(families === undefined ? {} : { families: [...families].sort() }) }
    return { name, stream, hour, firstSequence, lastSequence, schema: schemaVersion, ...written, timeMin: time(table.timeMin), timeMax: time(table.timeMax), ...told, receivedMin, receivedMax }
  }

  newName(stream: Stream, hour: number, first: number, last: number): string {
    const unique = Buffer.from(this.#host.random.bytes(4)).toString('hex')
    return fileName(stream, hour, first, last, unique)
  }

  /** Temporary file, sync unless `write` has done so, rename. The caller syncs the directory. */
  async writeFile<Written>(name: string, write: (path: string) => Promise<Written>, synced = false): Promise<Written> {
    const { disk } = this.#host
    const temporary = this.path(name) + temporaryEnding
    try {
      const written = await write(temporary)
      if (!synced) await this.#sync(temporary)
      await disk.rename(temporary, this.path(name))
      return written
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

  /** Puts bytes aside for the next full disk; without room for them there is no reserve. */
  async keepReserve(): Promise<void> {
    const { disk } = this.#host
    const path = this.path(reserveName)
    try {
      if (((await disk.stat(path))?.size ?? 0) >= reserveBytes) return
      const reserve = await disk.open(path, 'write')
      try {
        await reserve.write(new Uint8Array(reserveBytes), 0)
        await reserve.sync()
      } finally {
        await reserve.close()
      }
    } catch {
      await disk.remove(path).catch(() => undefined)
    }
  }

  /** Gives the reserve back to the disk; false when there is none. */
  async spendReserve(): Promise<boolean> {
    const { disk } = this.#host
    if ((await disk.stat(this.path(reserveName))) === undefined) return false
    await disk.remove(this.path(reserveName))
    return true
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
    await this.#turn
    await this.#manifest.close()
  }
}
