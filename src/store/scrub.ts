import type { Log, Metrics } from '../engine/contracts.ts'
import type { Host } from '../host/index.ts'
import type { EndpointIndexes } from './endpoint-index/indexes.ts'
import type { FileSums } from './file-sums/background.ts'
import type { MergedSums } from './file-sums/merged.ts'
import type { Folder } from './folder.ts'
import { holdsRows } from './names.ts'
import { perSourceOf } from './pending.ts'
import type { StoredFile } from './record.ts'
import type { TableWriter } from './table-writer.ts'
import { expectedChecksum, type Damage } from './verification.ts'

const bytesPerSecond = 1 << 20
const maxAtOnce = 16 << 20
const everyMs = 7 * 24 * 3_600_000

type ScrubOptions = Readonly<{
  host: Host
  folder: Folder
  indexes: EndpointIndexes
  sums: FileSums
  merged: MergedSums
  writer: () => Promise<TableWriter>
  log: Log
  metrics: Metrics
}>

/** Reads every file again, slowly, to detect damage. Adds checksums and counts to early entries. */
export class Scrub {
  readonly #options: ScrubOptions
  #readAt: Map<string, number>
  #budget = 0
  #ranAt: number

  constructor(options: ScrubOptions) {
    this.#options = options
    // Endpoints first: those of earlier versions have no copy.
    this.#readAt = new Map(
      [...options.folder.state.files.values()].map(({ name, stream }) => [
        name,
        stream === 'endpoints' ? -Infinity : -Number.MAX_VALUE,
      ]),
    )
    this.#ranAt = options.host.clock.monotonic()
  }

  async run(): Promise<void> {
    const now = this.#options.host.clock.monotonic()
    this.#budget = Math.min(maxAtOnce, this.#budget + ((now - this.#ranAt) / 1000) * bytesPerSecond)
    this.#ranAt = now
    while (this.#budget > 0) {
      const file = this.#next(now)
      if (file === undefined) return
      this.#readAt.set(file.name, now)
      this.#budget -= file.bytes
      await this.#read(file)
    }
  }

  #next(now: number): StoredFile | undefined {
    const { state, versions } = this.#options.folder
    const cache = new Map<string, number>()
    let next: StoredFile | undefined
    let oldest = now - everyMs
    for (const file of state.files.values()) {
      const at = this.#readAt.get(file.name) ?? now
      cache.set(file.name, at)
      if (versions.missing.has(file.name) || at > oldest || (at === oldest && next !== undefined)) continue
      oldest = at
      next = file
    }
    this.#readAt = cache
    return next
  }

  async #complete(file: StoredFile) {
    const { folder, log } = this.#options
    try {
      await folder.copies.complete(file)
    } catch (error) {
      log.warn('Cannot write the copy of a store file; the next scrub retries.', {
        file: file.name,
        error: String(error),
      })
    }
  }

  async #read(scrubbed: StoredFile) {
    const { folder, metrics, log, sums, merged } = this.#options
    const { damage, bytes, crc } = await folder.verification.again(scrubbed)
    metrics.count('weir_store_scrubbed_bytes_total', bytes)
    if (folder.state.files.get(scrubbed.name) !== scrubbed) return
    if (damage !== undefined) return folder.condemn(new Map([[scrubbed, damage]]))
    const file = await merged.check(await sums.check(scrubbed))
    if (file.stream === 'endpoints') await this.#complete(file)
    if (file.stream === 'flows') await this.#options.indexes.check(file)
    if (expectedChecksum(file) !== undefined && (file.perSource !== undefined || !holdsRows(file.stream))) return
    const writer = await this.#options.writer()
    const inspected = await writer.inspect(file.stream, folder.path(file.name)).catch((error: unknown) => {
      log.warn('Cannot read a store file of an earlier version, which has no checksum.', {
        file: file.name,
        error: String(error),
      })
    })
    if (folder.state.files.get(file.name) !== file) return
    if (inspected === undefined) return folder.condemn(new Map([[file, 'unreadable' satisfies Damage]]))
    await folder.exchange(
      [],
      [
        {
          ...file,
          ...(expectedChecksum(file) === undefined && crc !== undefined ? { crc } : {}),
          ...(holdsRows(file.stream) ? { perSource: perSourceOf(inspected.perSource) } : {}),
        },
      ],
    )
    this.#readAt.set(file.name, this.#ranAt)
    await folder.beginCounting()
  }
}
