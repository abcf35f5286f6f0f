import type { Log } from '../../engine/contracts.ts'
import type { Host } from '../../host/index.ts'
import type { Folder } from '../folder.ts'
import { daySumsOf, sumsOf, temporaryEnding } from '../names.ts'
import type { StoredFile, SumsOfDay } from '../record.ts'
import type { TableWriter } from '../table-writer.ts'
import { checksumOf, Verification } from '../verification.ts'
import type { FileSums } from './background.ts'
import { daysWithSums, digestOf, flowDays } from './days.ts'
import { intactDays, intactSums } from './intact.ts'
import { areReadable, sumParts, sumsVersion } from './parts.ts'

const retryMs = 3_600_000

type DueDay = Readonly<{ files: readonly StoredFile[]; digest: string }>

/** Merges the sums of the files of each day that is over, and removes those of days with other files. */
export class DailySums {
  readonly #host: Host
  readonly #folder: Folder
  readonly #log: Log
  readonly #sums: FileSums
  /** Times by digest. */
  readonly #failed = new Map<string, number>()

  constructor({ host, folder, log, sums }: Readonly<{ host: Host; folder: Folder; log: Log; sums: FileSums }>) {
    this.#host = host
    this.#folder = folder
    this.#log = log
    this.#sums = sums
  }

  /** `files`: readable ones. False if no day needs anything. */
  async run(
    files: readonly StoredFile[],
    isOver: (hour: number) => boolean,
    writer: () => Promise<TableWriter>,
  ): Promise<boolean> {
    const current = new Set(daysWithSums(files).map(({ sums }) => sums))
    const stale = [...this.#folder.state.files.values()].filter(({ day }) => day !== undefined && !current.has(day))
    if (stale.length > 0) {
      await this.#folder.exchange([], stale.map(withoutDay))
      return true
    }
    const due = this.#due(files, isOver)
    if (due === undefined) return false
    const pin = this.#folder.versions.pin()
    try {
      const intact = await intactSums(new Verification(this.#host.disk, this.#folder.directory), due.files)
      if (intact.size === due.files.length) await this.#write(due, await writer())
      else for (const file of due.files) await this.#sums.check(file)
    } finally {
      await pin.release()
    }
    return true
  }

  /** The newest one. Retention takes hours of the oldest day, so that its sums would change with each. */
  #due(files: readonly StoredFile[], isOver: (hour: number) => boolean): DueDay | undefined {
    const now = this.#host.clock.monotonic()
    const have = new Set(daysWithSums(files).flatMap(({ files: [first] }) => (first === undefined ? [] : [first])))
    const days = [...flowDays(files)].sort(([a], [b]) => b - a).slice(0, -1)
    for (const [day, ofDay] of days) {
      const isComplete = ofDay.length > 1 && ofDay.every(({ sums }) => areReadable(sums))
      if (!isComplete || have.has(ofDay[0]!) || !isOver(day + 23)) continue
      const digest = digestOf(ofDay)
      if ((this.#failed.get(digest) ?? -Infinity) <= now - retryMs) return { files: ofDay, digest }
    }
    return undefined
  }

  /** Not synced: a torn file has another checksum. */
  async #write({ files, digest }: DueDay, writer: TableWriter): Promise<void> {
    const { disk, clock } = this.#host
    const holder = files.reduce((newest, file) => (file.lastSequence > newest.lastSequence ? file : newest))
    const path = this.#folder.path(daySumsOf(holder.name, digest))
    const temporary = path + temporaryEnding
    try {
      await disk.remove(temporary)
      const parts = await this.#merge(files, temporary, writer)
      if (parts === undefined) {
        this.#failed.set(digest, Infinity)
        return
      }
      const { crc, bytes } = await checksumOf(disk, temporary)
      const [from, to] = [
        Math.min(...files.map(({ sums }) => sums!.from)),
        Math.max(...files.map(({ sums }) => sums!.to)),
      ]
      const day: SumsOfDay = { version: sumsVersion, bytes, crc, parts, from, to, files: digest }
      const isCurrent = files.every((file) => this.#folder.state.files.get(file.name) === file)
      if (!isCurrent) return
      await disk.rename(temporary, path)
      await this.#folder.exchange([], [{ ...holder, day }])
    } catch (error) {
      this.#failed.set(digest, clock.monotonic())
      this.#log.warn('Cannot write the sums of a day; top lists read those of its files.', {
        file: holder.name,
        error: String(error),
      })
    } finally {
      await disk.remove(temporary).catch(() => undefined)
    }
  }

  /** Only parts that all files have. */
  async #merge(
    files: readonly StoredFile[],
    into: string,
    writer: TableWriter,
  ): Promise<SumsOfDay['parts'] | undefined> {
    const parts = sumParts.filter(({ name }) => files.every(({ sums }) => sums?.parts[name] !== undefined))
    return parts.length === 0
      ? undefined
      : writer.mergeSums(
          files.map(({ name }) => this.#folder.path(sumsOf(name))),
          parts.map(({ name }) => name),
          into,
        )
  }

  /** The entry of the file, without damaged sums of its day, so that they are written again. */
  async check(file: StoredFile): Promise<StoredFile> {
    const daySums = daysWithSums(this.#folder.state.files.values()).find(({ sums }) => sums === file.day)
    if (daySums === undefined) return file
    if ((await intactDays(new Verification(this.#host.disk, this.#folder.directory), [daySums])).length > 0) return file
    const without = withoutDay(file)
    await this.#folder.exchange([], [without])
    return without
  }
}

function withoutDay({ day: _, ...file }: StoredFile): StoredFile {
  return file
}
