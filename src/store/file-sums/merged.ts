import type { Log } from '../../engine/contracts.ts'
import type { Host } from '../../host/index.ts'
import type { Folder } from '../folder.ts'
import { levelSumsOf, sumLevels, sumsOf, temporaryEnding, type SumLevel } from '../names.ts'
import type { StoredFile, SumsOfFiles } from '../record.ts'
import type { TableWriter } from '../table-writer.ts'
import { checksumOf, Verification } from '../verification.ts'
import type { FileSums } from './background.ts'
import { digestOf, flowGroups, levels, levelSums, type LevelSums } from './levels.ts'
import { intactLevels, intactSums } from './intact.ts'
import { areReadable, sumParts, sumsVersion } from './parts.ts'

const retryMs = 3_600_000

type DueSums = Readonly<{ level: SumLevel; files: readonly StoredFile[]; digest: string }>

/** Merges the sums of the files of each day and block that is over, and removes those of other files. */
export class MergedSums {
  readonly #host: Host
  readonly #folder: Folder
  readonly #log: Log
  readonly #sums: FileSums
  /** Times of failures by digest. */
  readonly #failed = new Map<string, number>()

  constructor({ host, folder, log, sums }: Readonly<{ host: Host; folder: Folder; log: Log; sums: FileSums }>) {
    this.#host = host
    this.#folder = folder
    this.#log = log
    this.#sums = sums
  }

  /** `files`: readable ones. False if nothing is to be done. */
  async run(
    files: readonly StoredFile[],
    isOver: (hour: number) => boolean,
    writer: () => Promise<TableWriter>,
  ): Promise<boolean> {
    const current = new Set(levelSums(files).map(({ sums }) => sums))
    for (const level of levels) {
      const isStale = ({ [level]: sums }: StoredFile) => sums !== undefined && !current.has(sums)
      const stale = [...this.#folder.state.files.values()].filter(isStale)
      if (stale.length === 0) continue
      await this.#folder.exchange(
        [],
        stale.map((file) => withoutLevel(level, file)),
      )
      return true
    }
    // Blocks are merged first: the current day has finished blocks.
    const dueSums = this.#due('block', files, isOver) ?? this.#due('day', files, isOver)
    if (dueSums === undefined) return false
    const pin = this.#folder.versions.pin()
    try {
      const intact = await intactSums(new Verification(this.#host.disk, this.#folder.directory), dueSums.files)
      if (intact.size === dueSums.files.length) await this.#write(dueSums, await writer())
      else for (const file of dueSums.files) await this.#sums.check(file)
    } finally {
      await pin.release()
    }
    return true
  }

  /** The newest files that need sums. The oldest files get none: retention removes their hours one by one. */
  #due(level: SumLevel, files: readonly StoredFile[], isOver: (hour: number) => boolean): DueSums | undefined {
    const now = this.#host.clock.monotonic()
    const existingSums = new Set(
      levelSums(files).flatMap((sums) => (sums.level === level && !isOutdated(sums) ? sums.files : [])),
    )
    const groups = [...flowGroups(files, level)].sort(([a], [b]) => b - a).slice(0, -1)
    for (const [first, group] of groups) {
      const isComplete = group.length > 1 && group.every(({ sums }) => areReadable(sums))
      if (!isComplete || existingSums.has(group[0]!) || !isOver(first + sumLevels[level] - 1)) continue
      const digest = digestOf(group)
      if ((this.#failed.get(level + digest) ?? -Infinity) <= now - retryMs) return { level, files: group, digest }
    }
    return undefined
  }

  /** Writes sums without a sync: a torn file has another checksum. */
  async #write({ level, files, digest }: DueSums, writer: TableWriter): Promise<void> {
    const { disk, clock } = this.#host
    const holder = files.reduce((newest, file) => (file.lastSequence > newest.lastSequence ? file : newest))
    const path = this.#folder.path(levelSumsOf(holder.name, digest, level))
    const temporary = path + temporaryEnding
    try {
      await disk.remove(temporary)
      const parts = await this.#merge(files, temporary, writer)
      if (parts === undefined) {
        this.#failed.set(level + digest, Infinity)
        return
      }
      const { crc, bytes } = await checksumOf(disk, temporary)
      const [from, to] = [
        Math.min(...files.map(({ sums }) => sums!.from)),
        Math.max(...files.map(({ sums }) => sums!.to)),
      ]
      const merged: SumsOfFiles = { version: sumsVersion, bytes, crc, parts, from, to, files: digest }
      const isCurrent = files.every((file) => this.#folder.state.files.get(file.name) === file)
      if (!isCurrent) return
      await disk.rename(temporary, path)
      await this.#folder.exchange([], [{ ...holder, [level]: merged }])
    } catch (error) {
      this.#failed.set(level + digest, clock.monotonic())
      this.#log.warn('Cannot write the sums of several files; top lists read those of each.', {
        file: holder.name,
        error: String(error),
      })
    } finally {
      await disk.remove(temporary).catch(() => undefined)
    }
  }

  /** Merges the parts that all files have. */
  async #merge(
    files: readonly StoredFile[],
    into: string,
    writer: TableWriter,
  ): Promise<SumsOfFiles['parts'] | undefined> {
    const parts = sumParts.filter(({ name }) => files.every(({ sums }) => sums?.parts[name] !== undefined))
    return parts.length === 0
      ? undefined
      : writer.mergeSums(
          files.map(({ name }) => this.#folder.path(sumsOf(name))),
          parts.map(({ name }) => name),
          into,
        )
  }

  /** The entry of the file, without damaged sums of several files, so that they are written again. */
  async check(file: StoredFile): Promise<StoredFile> {
    const verification = new Verification(this.#host.disk, this.#folder.directory)
    const relatedSums = levelSums([...this.#folder.state.files.values()]).filter(
      ({ level, sums }) => sums === file[level],
    )
    const intact = await intactLevels(verification, relatedSums)
    const damagedSums = relatedSums.filter((sums) => !intact.includes(sums))
    if (damagedSums.length === 0) return file
    const repaired = damagedSums.reduce((rest, { level }) => withoutLevel(level, rest), file)
    await this.#folder.exchange([], [repaired])
    return repaired
  }
}

/** True if its files received additional parts since. */
function isOutdated({ sums, files }: LevelSums): boolean {
  return sums.version !== sumsVersion && files.every((file) => file.sums?.version === sumsVersion)
}

function withoutLevel(level: SumLevel, { [level]: _, ...file }: StoredFile): StoredFile {
  return file
}
