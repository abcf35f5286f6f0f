import { crc32 } from 'node:zlib'
import type { OnProgress } from '../engine/control.ts'
import type { Disk } from '../host/index.ts'
import { checksumInName } from './names.ts'
import type { StoredFile } from './record.ts'

export type Damage = 'missing' | 'wrong size' | 'wrong checksum' | 'unreadable'

export type Verified = Readonly<{
  damage: Damage | undefined
  bytes: number
  crc: number | undefined
}>

const pieceBytes = 1 << 20
const statsAtOnce = 64
/** One is read while the checksum of another is computed. */
const filesAtOnce = 2

export function expectedChecksum({ name, crc }: Pick<StoredFile, 'name' | 'crc'>): number | undefined {
  return checksumInName(name) ?? crc
}

class UnreadableError extends Error {}

export async function checksumOf(
  disk: Disk,
  path: string,
  pause: (bytes: number) => Promise<void> = () => Promise.resolve(),
): Promise<Readonly<{ crc: number; bytes: number }>> {
  const file = await disk.open(path, 'read')
  try {
    const size = await file.size()
    const buffer = Buffer.allocUnsafeSlow(Math.min(pieceBytes, Math.max(1, size)))
    let [crc, at] = [0, 0]
    while (at < size) {
      const into = buffer.subarray(0, Math.min(buffer.length, size - at))
      const read = await file.read(into, at).catch(async (error: unknown) => {
        if (codeOf(error) !== 'EIO') throw error
        // A second failure at the same offset is damage.
        return file.read(into, at).catch((again: unknown) => {
          throw codeOf(again) === 'EIO' ? new UnreadableError() : again
        })
      })
      if (read === 0) break
      crc = crc32(buffer.subarray(0, read), crc)
      at += read
      await pause(read)
    }
    return { crc, bytes: at }
  } finally {
    await file.close()
  }
}

function codeOf(error: unknown) {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}

/** Rejects on errors other than damage: too many open files, no permission. */
export async function verifyFile(
  disk: Disk,
  directory: string,
  file: StoredFile,
  pause?: (bytes: number) => Promise<void>,
): Promise<Verified> {
  try {
    const { crc, bytes } = await checksumOf(disk, `${directory}/${file.name}`, pause)
    const expected = expectedChecksum(file)
    return {
      bytes,
      crc,
      damage:
        bytes !== file.bytes ? 'wrong size' : expected !== undefined && expected !== crc ? 'wrong checksum' : undefined,
    }
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return { bytes: 0, crc: undefined, damage: 'missing' }
    if (error instanceof UnreadableError) return { bytes: 0, crc: undefined, damage: 'unreadable' }
    throw error
  }
}

/** True if the file was rewritten and is worth another look. */
export type Restore = (file: StoredFile, damage: Damage) => Promise<boolean>

/** Before they are read, once per process; later checks compare size and change time. */
export class Verification {
  readonly #disk: Disk
  readonly #directory: string
  readonly #intact = new Map<string, string>()
  readonly #running = new Map<string, Promise<Damage | undefined>>()
  readonly #restore: Restore | undefined

  constructor(disk: Disk, directory: string, restore?: Restore) {
    this.#disk = disk
    this.#directory = directory
    this.#restore = restore
  }

  /** `onProgress` is called before each file that has to be read. */
  async damaged(files: readonly StoredFile[], onProgress?: OnProgress): Promise<Map<StoredFile, Damage>> {
    const results = new Map<StoredFile, Damage>()
    for (let from = 0; from < files.length; from += statsAtOnce) {
      const storedFiles = files.slice(from, from + statsAtOnce)
      const identities = await Promise.all(storedFiles.map((file) => this.#identity(file)))
      const unread = storedFiles.flatMap((file, at) => {
        const identity = identities[at]
        return identity !== undefined && this.#intact.get(file.name) === identity ? [] : [{ file, at: from + at }]
      })
      let next = 0
      const read = async () => {
        for (let file = unread[next++]; file !== undefined; file = unread[next++]) {
          onProgress?.({ unit: 'files', done: file.at, total: files.length })
          const damage = await this.#verify(file.file)
          if (damage !== undefined) results.set(file.file, damage)
        }
      }
      await Promise.all(Array.from({ length: filesAtOnce }, read))
    }
    return new Map([...results].sort(([a], [b]) => files.indexOf(a) - files.indexOf(b)))
  }

  async again(file: StoredFile, pause?: (bytes: number) => Promise<void>): Promise<Verified> {
    let identity = await this.#identity(file)
    let verified = await verifyFile(this.#disk, this.#directory, file, pause)
    if (verified.damage !== undefined && (await this.#restore?.(file, verified.damage)) === true)
      [identity, verified] = [await this.#identity(file), await verifyFile(this.#disk, this.#directory, file, pause)]
    if (verified.damage === undefined && identity !== undefined) this.#intact.set(file.name, identity)
    else this.#intact.delete(file.name)
    return verified
  }

  forget(name: string): void {
    this.#intact.delete(name)
  }

  #verify(file: StoredFile): Promise<Damage | undefined> {
    let running = this.#running.get(file.name)
    if (running === undefined) {
      running = this.again(file)
        .then(({ damage }) => damage)
        .finally(() => this.#running.delete(file.name))
      this.#running.set(file.name, running)
    }
    return running
  }

  async #identity({ name }: StoredFile): Promise<string | undefined> {
    const stat = await this.#disk.stat(`${this.#directory}/${name}`)
    return stat === undefined ? undefined : `${stat.size} ${stat.changed}`
  }
}
