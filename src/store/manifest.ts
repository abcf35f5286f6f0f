import type { Fence } from '../host/fence.ts'
import type { Disk, DiskFile } from '../host/index.ts'
import { manifestGeneration, manifestName, temporaryEnding } from './names.ts'
import { encodeRecord, parseManifest, type ManifestRecord, type ParsedManifest } from './record.ts'
import { applyRecord, emptyState, snapshotRecord, type StoreState } from './state.ts'

/** A manifest is rewritten as one snapshot when it is longer than this and four times the snapshot it began with. */
const compactBytes = 1 << 20

export interface FoundManifest {
  readonly state: StoreState
  /** Newest generation in the folder; 0 in a new folder. */
  readonly generation: number
  /** Everything readable was there, in one piece: the file can be appended to. */
  readonly whole: boolean
  /** No record at all could be read. */
  readonly empty: boolean
  /** Something that was once synced can't be read: files that only it named have to be looked for. */
  readonly damaged: boolean
  /** Names that some record removed. */
  readonly removed: ReadonlySet<string>
  /** Where the next record goes, and how long the snapshot at the head is. */
  readonly end: number
  readonly head: number
}

async function parseGeneration(
  disk: Disk,
  directory: string,
  generation: number,
): Promise<ParsedManifest & { bytes: number; unreadable: boolean }> {
  try {
    const bytes = await disk.readFile(`${directory}/${manifestName(generation)}`)
    return { ...parseManifest(bytes), bytes: bytes.length, unreadable: false }
  } catch {
    return { records: [], torn: true, damaged: true, bytes: 0, unreadable: true }
  }
}

/** Reads the newest manifest; where its head is lost, begins with the generation before it. Changes nothing. */
export async function readManifest(disk: Disk, directory: string): Promise<FoundManifest> {
  const generations = (await disk.list(directory))
    .map(manifestGeneration)
    .filter((found) => found !== undefined)
    .sort((a, b) => a - b)
  let state = emptyState
  let damaged = false
  let whole = true
  let end = 0
  let head = 0
  const removed = new Set<string>()
  const parsed: ParsedManifest[] = []
  for (const generation of generations.toReversed()) {
    const found = await parseGeneration(disk, directory, generation)
    parsed.unshift(found)
    if (parsed.length === 1) {
      whole = !found.torn && !found.damaged
      end = found.bytes
    }
    if (found.records[0]?.snapshot === true) break
    damaged = true
  }
  for (const { records, damaged: lost } of parsed) {
    damaged ||= lost
    for (const record of records) {
      for (const name of record.removed) removed.add(name)
      state = applyRecord(state, record)
    }
  }
  const newest = parsed.at(-1)
  if (newest?.records[0]?.snapshot === true) head = encodeRecord(newest.records[0]).length
  for (const name of state.files.keys()) removed.delete(name)
  const empty = parsed.every(({ records }) => records.length === 0)
  return { state, generation: generations.at(-1) ?? 0, whole, empty, damaged, removed, end, head }
}

/**
 * The manifest that is being written: an append-only file of checksummed records, replaced as a whole by a new generation
 * after any failure. Not for concurrent use: the store appends one record after another.
 */
export class Manifest {
  readonly #disk: Disk
  readonly #directory: string
  #generation: number
  #file: DiskFile | undefined
  readonly #fence: Fence | undefined
  #end = 0
  #head = 0

  constructor(disk: Disk, directory: string, generation: number, fence?: Fence) {
    this.#disk = disk
    this.#fence = fence
    this.#directory = directory
    this.#generation = generation
  }

  /** Goes on with the file that was found, which must be whole. */
  async reopen(found: FoundManifest): Promise<void> {
    this.#file = await this.#disk.open(`${this.#directory}/${manifestName(found.generation)}`, 'write')
    this.#end = found.end
    this.#head = found.head
  }

  /** Is there a file to append to? Otherwise the next commit needs `rotate`. */
  get usable(): boolean {
    return this.#file !== undefined
  }

  get long(): boolean {
    return this.#end > Math.max(compactBytes, 4 * this.#head)
  }

  /** Durable when it resolves. After an error nobody knows whether the record will be read: only `rotate` helps. */
  async append(record: ManifestRecord): Promise<void> {
    const file = this.#file
    if (file === undefined) throw new Error('the manifest has to be rotated first')
    const bytes = encodeRecord(record)
    await this.#fence?.check()
    if ((await file.size()) !== this.#end) this.#fence?.break(`it wrote to ${file.path}`)
    try {
      await file.write(bytes, this.#end)
      await file.sync()
      this.#end += bytes.length
    } catch (error) {
      // A failed sync may have lost what an earlier call wrote: nothing is ever appended to this file again.
      await this.#abandon()
      throw error
    }
  }

  /** Begins a new generation with everything that is live. The generation before stays until the next one. */
  async rotate(state: StoreState): Promise<void> {
    await this.#fence?.check()
    await this.#abandon()
    const generation = this.#generation + 1
    const path = `${this.#directory}/${manifestName(generation)}`
    const temporary = path + temporaryEnding
    const bytes = encodeRecord(snapshotRecord(state))
    await this.#disk.remove(temporary)
    const file = await this.#disk.open(temporary, 'create')
    try {
      await file.write(bytes, 0)
      await file.sync()
    } finally {
      await file.close()
    }
    // The number is used up even when a later step fails: the name may exist after a crash.
    this.#generation = generation
    await this.#disk.rename(temporary, path)
    await this.#disk.syncDirectory(this.#directory)
    this.#file = await this.#disk.open(path, 'write')
    this.#end = bytes.length
    this.#head = bytes.length
    await this.#forget(generation - 1)
  }

  async close(): Promise<void> {
    await this.#abandon()
  }

  async #abandon(): Promise<void> {
    const file = this.#file
    this.#file = undefined
    await file?.close().catch(() => undefined)
  }

  /** Removes generations older than `oldest`. One that stays behind costs only its bytes. */
  async #forget(oldest: number): Promise<void> {
    for (const name of await this.#disk.list(this.#directory)) {
      const generation = manifestGeneration(name)
      if (generation !== undefined && generation < oldest) await this.#disk.remove(`${this.#directory}/${name}`)
    }
  }
}
