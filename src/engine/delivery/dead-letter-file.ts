/**
 * Dead letters of one sink in an append-only file of checksummed lines.
 *
 * line: <crc32 hex> <json>\n
 */
import { crc32 } from 'node:zlib'
import { makeDurableDirectory, type DiskFile, type Host } from '../../host/index.ts'
import { directoryOf } from '../../journal/paths.ts'
import type { DeadLetterLine, DeadLetterLog } from './dead-letters.ts'

export class DeadLetterFile implements DeadLetterLog {
  readonly #host: Host
  readonly #path: string
  #file: DiskFile | undefined
  #size = 0
  /** The next line must not merge with a torn one. */
  #torn = false

  constructor(host: Host, directory: string, sink: string) {
    this.#host = host
    this.#path = `${directory}/${sink}.letters`
  }

  async lines(): Promise<readonly DeadLetterLine[]> {
    if ((await this.#host.disk.stat(this.#path)) === undefined) return []
    const bytes = await this.#host.disk.readFile(this.#path)
    this.#size = bytes.length
    this.#torn = bytes.length > 0 && bytes.at(-1) !== 10
    return new TextDecoder()
      .decode(bytes)
      .split('\n')
      .map(decodeLine)
      .filter((line) => line !== undefined)
  }

  async write(lines: readonly DeadLetterLine[]): Promise<void> {
    const bytes = new TextEncoder().encode((this.#torn ? '\n' : '') + lines.map(encodeLine).join(''))
    const file = await this.#named()
    try {
      await file.write(bytes, this.#size)
      await file.sync()
    } catch (error) {
      // The written part is unknown.
      this.#size += bytes.length
      this.#torn = true
      this.#file = undefined
      await file.close().catch(() => {})
      throw error
    }
    this.#size += bytes.length
    this.#torn = false
  }

  async close(): Promise<void> {
    await this.#file?.close()
    this.#file = undefined
  }

  async #named(): Promise<DiskFile> {
    if (this.#file !== undefined) return this.#file
    const { disk } = this.#host
    const directory = directoryOf(this.#path)
    await makeDurableDirectory(disk, directory)
    const file = await disk.open(this.#path, 'write')
    try {
      await disk.syncDirectory(directory)
    } catch (error) {
      await file.close().catch(() => {})
      throw error
    }
    this.#file = file
    return file
  }
}

function encodeLine(line: DeadLetterLine) {
  const json = JSON.stringify(line)
  return `${crc32(json).toString(16).padStart(8, '0')} ${json}\n`
}

function decodeLine(text: string): DeadLetterLine | undefined {
  const json = text.slice(9)
  if (json === '' || Number.parseInt(text.slice(0, 8), 16) !== crc32(json)) return undefined
  return JSON.parse(json) as DeadLetterLine
}
