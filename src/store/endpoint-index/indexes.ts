import type { Log } from '../../engine/contracts.ts'
import type { Host } from '../../host/index.ts'
import { indexed, indexOf, isIndex, temporaryEnding } from '../names.ts'
import { finalBytes } from '../merge.ts'
import type { StoredFile } from '../record.ts'
import { endpointColumn } from '../schema.ts'
import type { TableWriter } from '../table-writer.ts'
import { indexPieces } from './build.ts'
import { EndpointIndexReader } from './read.ts'

/** Fields by which files are selected. */
export const indexedFields: readonly string[] = ['src_addr', 'dst_addr', 'exporter_addr']
const columns = indexedFields.map(endpointColumn)

/** Smaller files of an open hour are merged, and their indexes would be built again. */
const leastBytes = finalBytes
/** Whether a file of flows is worth an index and sums. */
export function needsFileBeside({ stream, bytes, hour }: StoredFile, isOver: (hour: number) => boolean): boolean {
  return stream === 'flows' && (bytes >= leastBytes || isOver(hour))
}

const retryMs = 3_600_000

/** Writes the indexes of files, of earlier versions too, after their commit. None is ever needed for a result. */
export class EndpointIndexes {
  readonly #host: Host
  readonly #directory: string
  readonly #log: Log
  readonly #reader: EndpointIndexReader
  #present: Set<string> | undefined
  readonly #failed = new Map<string, number>()

  constructor({ host, directory, log }: Readonly<{ host: Host; directory: string; log: Log }>) {
    this.#host = host
    this.#directory = directory
    this.#log = log
    this.#reader = new EndpointIndexReader(host.disk, directory)
  }

  /** The newest file without an index that needs one. */
  async next(files: Iterable<StoredFile>, isOver: (hour: number) => boolean): Promise<StoredFile | undefined> {
    const present = (this.#present ??= new Set(
      (await this.#host.disk.list(this.#directory)).filter(isIndex).map(indexed),
    ))
    const now = this.#host.clock.monotonic()
    const isDue = (file: StoredFile) =>
      needsFileBeside(file, isOver) &&
      !present.has(file.name) &&
      (this.#failed.get(file.name) ?? -Infinity) <= now - retryMs
    const names = new Set<string>()
    let newest: StoredFile | undefined
    for (const file of files) {
      names.add(file.name)
      if (isDue(file) && file.lastSequence > (newest?.lastSequence ?? -1)) newest = file
    }
    for (const name of [...present, ...this.#failed.keys()])
      if (!names.has(name)) {
        present.delete(name)
        this.#failed.delete(name)
      }
    return newest
  }

  /** Writes the index of a verified file. After a failure the file stays without an index for an hour. */
  async write({ name }: StoredFile, writer: TableWriter): Promise<void> {
    const path = `${this.#directory}/${indexOf(name)}`
    const { disk, clock } = this.#host
    try {
      const use = await writer.endpointUse(`${this.#directory}/${name}`, columns)
      const isWritten = use !== undefined && (await this.#save(path, indexPieces(name, use)))
      if (isWritten) this.#present?.add(name)
      else this.#failed.set(name, Infinity)
    } catch (error) {
      this.#failed.set(name, clock.monotonic())
      await disk.remove(path + temporaryEnding).catch(() => undefined)
      this.#log.warn('Cannot write the index of a store file; queries by address read the whole file.', {
        file: name,
        error: String(error),
      })
    }
  }

  /** Not synced: a torn index has no correct checksum. False without pieces. */
  async #save(path: string, pieces: AsyncIterable<Uint8Array>): Promise<boolean> {
    const { disk } = this.#host
    const temporary = path + temporaryEnding
    await disk.remove(temporary)
    const file = await disk.open(temporary, 'create')
    let at = 0
    try {
      for await (const piece of pieces) {
        await file.write(piece, at)
        at += piece.length
      }
    } finally {
      await file.close()
    }
    if (at === 0) await disk.remove(temporary)
    else await disk.rename(temporary, path)
    return at > 0
  }

  /** Removes the index of a file unless it is intact, so that it is written again. */
  async check({ name }: StoredFile): Promise<void> {
    if (this.#present?.has(name) === false || (await this.#reader.isIntact(name))) return
    await this.remove(name)
  }

  async remove(name: string): Promise<void> {
    this.#present?.delete(name)
    await this.#host.disk.remove(`${this.#directory}/${indexOf(name)}`).catch(() => undefined)
  }
}
