import type { Disk } from '../host/index.ts'
import { copyOf, temporaryEnding } from './names.ts'
import type { StoredFile } from './record.ts'
import { checksumOf, expectedChecksum } from './verification.ts'

type Copied = Pick<StoredFile, 'name' | 'bytes' | 'crc'>

const pieceBytes = 1 << 20

/**
 * Files of endpoints are small, and all flows of their time need them, so each has a copy with the same checksum. It is
 * written before the record of its file, and removed after it.
 */
export class EndpointCopies {
  readonly #disk: Disk
  readonly #directory: string
  readonly #restoring = new Map<string, Promise<boolean>>()

  constructor(disk: Disk, directory: string) {
    this.#disk = disk
    this.#directory = directory
  }

  /** The caller syncs the directory. */
  async write(name: string): Promise<void> {
    await this.#replace(name, copyOf(name))
  }

  /** Rewrites a damaged or missing file from its copy. False if the copy is damaged too. */
  restore(file: Copied): Promise<boolean> {
    let running = this.#restoring.get(file.name)
    if (running === undefined) {
      running = this.#restore(file).finally(() => this.#restoring.delete(file.name))
      this.#restoring.set(file.name, running)
    }
    return running
  }

  /** For an intact file: writes its copy again unless that is intact. True if it was written. */
  async complete(file: Copied): Promise<boolean> {
    if (await this.isIntact(file)) return false
    await this.write(file.name)
    await this.#disk.syncDirectory(this.#directory)
    return true
  }

  async isIntact(file: Copied): Promise<boolean> {
    const expected = expectedChecksum(file)
    try {
      const { crc, bytes } = await checksumOf(this.#disk, this.#path(copyOf(file.name)))
      return bytes === file.bytes && (expected === undefined || crc === expected)
    } catch {
      return false
    }
  }

  async #restore(file: Copied) {
    // Without a checksum nothing proves that the copy is intact.
    if (expectedChecksum(file) === undefined || !(await this.isIntact(file))) return false
    await this.#replace(copyOf(file.name), file.name)
    await this.#disk.syncDirectory(this.#directory)
    return true
  }

  #path(name: string) {
    return `${this.#directory}/${name}`
  }

  async #replace(from: string, to: string) {
    const temporary = this.#path(to) + temporaryEnding
    await this.#disk.remove(temporary)
    const source = await this.#disk.open(this.#path(from), 'read')
    try {
      const target = await this.#disk.open(temporary, 'create')
      try {
        const buffer = new Uint8Array(Math.min(pieceBytes, Math.max(1, await source.size())))
        for (let at = 0; ;) {
          const read = await source.read(buffer, at)
          if (read === 0) break
          await target.write(buffer.subarray(0, read), at)
          at += read
        }
        await target.sync()
      } finally {
        await target.close()
      }
    } catch (error) {
      await this.#disk.remove(temporary).catch(() => undefined)
      throw error
    } finally {
      await source.close()
    }
    await this.#disk.rename(temporary, this.#path(to))
  }
}
