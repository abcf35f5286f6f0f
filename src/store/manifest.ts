import type { Fence } from '../host/fence.ts'
import type { Disk, DiskFile } from '../host/index.ts'
import { manifestGeneration, manifestName, temporaryEnding } from './names.ts'
import { encodeRecord, parseManifest, type ManifestRecord, type ParsedManifest } from './record.ts'
import { applyRecord, emptyState, snapshotRecord, type StoreState } from './state.ts'

/** Also beyond four times the first snapshot. */
const compactBytes = 1 << 20

type FoundManifest = Readonly<{
  state: StoreState
  generation: number
  whole: boolean
  empty: boolean
  damaged: boolean
  removed: ReadonlySet<string>
  /** Offset of the next record; length of the first snapshot. */
  end: number
  head: number
}>

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

export async function readManifest(disk: Disk, directory: string): Promise<FoundManifest> {
  const generations = (await disk.list(directory))
    .map(manifestGeneration)
    .filter((number) => number !== undefined)
    .sort((a, b) => a - b)
  let state = emptyState
  let damaged = false
  let whole = true
  let end = 0
  let head = 0
  const removed = new Set<string>()
  const parsed: ParsedManifest[] = []
  for (const generation of generations.toReversed()) {
    const parsedGeneration = await parseGeneration(disk, directory, generation)
    parsed.unshift(parsedGeneration)
    if (parsed.length === 1) {
      whole = !parsedGeneration.torn && !parsedGeneration.damaged
      end = parsedGeneration.bytes
    }
    if (parsedGeneration.records[0]?.snapshot === true) break
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

/** Append-only checksummed records. After any failure a new generation replaces the file. Not for concurrent use. */
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

  async reopen(read: FoundManifest): Promise<void> {
    this.#file = await this.#disk.open(`${this.#directory}/${manifestName(read.generation)}`, 'write')
    this.#end = read.end
    this.#head = read.head
  }

  get usable(): boolean {
    return this.#file !== undefined
  }

  get long(): boolean {
    return this.#end > Math.max(compactBytes, 4 * this.#head)
  }

  /** After an error it is unknown whether the record is readable; call `rotate`. */
  async append(record: ManifestRecord): Promise<void> {
    const file = this.#file
    if (file === undefined) throw new Error('the manifest must be rotated first')
    const bytes = encodeRecord(record)
    await this.#fence?.check()
    if ((await file.size()) !== this.#end) this.#fence?.break(`wrote to ${file.path}`)
    try {
      await file.write(bytes, this.#end)
      await file.sync()
      this.#end += bytes.length
    } catch (error) {
      // A failed sync can lose earlier writes.
      await this.#abandon()
      throw error
    }
  }

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
    // The name can exist after a crash.
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

  async #abandon() {
    const file = this.#file
    this.#file = undefined
    await file?.close().catch(() => undefined)
  }

  async #forget(oldest: number) {
    for (const name of await this.#disk.list(this.#directory)) {
      const generation = manifestGeneration(name)
      if (generation !== undefined && generation < oldest) await this.#disk.remove(`${this.#directory}/${name}`)
    }
  }
}
