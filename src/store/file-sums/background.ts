import type { Log } from '../../engine/contracts.ts'
import type { Host } from '../../host/index.ts'
import { needsFileBeside } from '../endpoint-index/indexes.ts'
import type { Folder } from '../folder.ts'
import { dayOf, sumsOf, temporaryEnding } from '../names.ts'
import type { StoredFile, SumsOfFile } from '../record.ts'
import { aboutFiles } from '../state.ts'
import type { TableWriter } from '../table-writer.ts'
import { checksumOf, Verification } from '../verification.ts'
import { intactSums } from './intact.ts'
import { sumsVersion } from './parts.ts'

const retryMs = 3_600_000

/** Writes the sums of files, of earlier versions too, after their commit. None is ever needed for a result. */
export class FileSums {
  readonly #host: Host
  readonly #folder: Folder
  readonly #log: Log
  readonly #failed = new Map<string, number>()

  constructor({ host, folder, log }: Readonly<{ host: Host; folder: Folder; log: Log }>) {
    this.#host = host
    this.#folder = folder
    this.#log = log
  }

  /** The newest file without sums that needs them. */
  next(files: readonly StoredFile[], isOver: (hour: number) => boolean): StoredFile | undefined {
    const now = this.#host.clock.monotonic()
    const names = new Set(files.map(({ name }) => name))
    for (const name of this.#failed.keys()) if (!names.has(name)) this.#failed.delete(name)
    return files
      .filter(
        (file) =>
          needsFileBeside(file, isOver) &&
          file.sums?.version !== sumsVersion &&
          (this.#failed.get(file.name) ?? -Infinity) <= now - retryMs,
      )
      .reduce<StoredFile | undefined>(
        (newest, file) => (file.lastSequence > (newest?.lastSequence ?? -1) ? file : newest),
        undefined,
      )
  }

  /** Writes the sums of a verified file. After a failure the file stays without sums for an hour. */
  async write(file: StoredFile, writer: TableWriter): Promise<void> {
    const { name } = file
    const path = this.#folder.path(sumsOf(name))
    const { disk, clock } = this.#host
    try {
      const sums = await this.#save(file, path, writer)
      if (sums === undefined) this.#failed.set(name, Infinity)
      else if (this.#folder.state.files.get(name) === file) await this.#folder.exchange([], [{ ...file, sums }])
      else await disk.remove(path)
    } catch (error) {
      this.#failed.set(name, clock.monotonic())
      await disk.remove(path + temporaryEnding).catch(() => undefined)
      this.#log.warn('Cannot write the sums of a store file; top lists read its flows.', {
        file: name,
        error: String(error),
      })
    }
  }

  /** Not synced: a torn file has another checksum. */
  async #save(file: StoredFile, path: string, writer: TableWriter): Promise<SumsOfFile | undefined> {
    const { disk } = this.#host
    const temporary = path + temporaryEnding
    await disk.remove(temporary)
    const endpoints = await this.#endpointsOf(file)
    const about = aboutFiles(this.#folder.state, sumsVersion)
    const built = await writer.sums(this.#folder.path(file.name), temporary, about, endpoints)
    if (built === undefined) {
      await disk.remove(temporary)
      return undefined
    }
    const { crc, bytes } = await checksumOf(disk, temporary)
    await disk.rename(temporary, path)
    return { version: sumsVersion, bytes, crc, ...built }
  }

  /** Verified files of its day; none if one is damaged. */
  async #endpointsOf({ hour }: StoredFile): Promise<readonly string[]> {
    const { state, versions } = this.#folder
    const files = [...state.files.values()].filter(
      (file) => file.stream === 'endpoints' && dayOf(file.hour) === dayOf(hour) && !versions.missing.has(file.name),
    )
    return (await this.#folder.verify(files)) ? files.map(({ name }) => this.#folder.path(name)) : []
  }

  /** The entry of the file, without its sums if they are damaged, so that they are written again. */
  async check(file: StoredFile): Promise<StoredFile> {
    if (file.sums === undefined || (await intactSums(this.#verification(), [file])).has(file.name)) return file
    const { sums: _, ...without } = file
    await this.#folder.exchange([], [without])
    return without
  }

  #verification() {
    return new Verification(this.#host.disk, this.#folder.directory)
  }
}
