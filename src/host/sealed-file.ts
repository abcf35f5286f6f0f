import { messageOf } from '../model/errors.ts'
import type { Disk } from './disk.ts'
import { makeDurableDirectory } from './directory.ts'
import { replaceFile } from './replace-file.ts'
import { sealed, unsealed } from './sealed.ts'

/** An unreadable file is never overwritten. */
export class DamagedFile extends Error {}

type Parts<Content extends object> = Readonly<{
  disk: Disk
  folder: string
  name: string
  version: number
  /** Content of a file that does not exist. */
  empty: Content
  /** For messages: `saved views`. */
  what: string
  isContent: (value: Readonly<Record<string, unknown>>) => value is Content & Readonly<Record<string, unknown>>
}>

/** State of users: a file with a version and a checksum, which is read and replaced whole. */
export class SealedFile<Content extends object> {
  readonly #parts: Parts<Content>
  readonly path: string

  constructor(parts: Parts<Content>) {
    this.#parts = parts
    this.path = `${parts.folder}/${parts.name}`
  }

  /** Throws DamagedFile for an invalid file. */
  async read(): Promise<Content> {
    const { disk, version, empty, what, isContent } = this.#parts
    if ((await disk.stat(this.path)) === undefined) return empty
    let content: Readonly<Record<string, unknown>>
    try {
      content = unsealed(Buffer.from(await disk.readFile(this.path)).toString('utf8'))
    } catch (error) {
      throw new DamagedFile(`it is damaged (${messageOf(error)})`)
    }
    const { version: written } = content
    if (typeof written === 'number' && written > version)
      throw new DamagedFile(`it was written by a later version of Weir (${written}; this one reads ${version})`)
    if (written !== version || !isContent(content)) throw new DamagedFile(`it does not contain ${what}`)
    return content
  }

  /** Durable when it resolves. */
  async write(content: Content): Promise<void> {
    const { disk, folder, name, version } = this.#parts
    await makeDurableDirectory(disk, folder)
    await replaceFile(disk, folder, name, [Buffer.from(`${sealed({ version, ...content }, 1)}\n`)])
  }
}
