import { makeDurableDirectory, replaceFile, type Disk } from '../../host/index.ts'
import { sealed, unsealed } from '../../host/sealed.ts'
import { messageOf } from '../../model/errors.ts'

export type StoredView = Readonly<{
  id: string
  name: string
  page: string
  search: string
  shared: boolean
  owner: string
  /** Owner’s name; older files lack it. */
  by?: string
  changed: number
}>

const version = 1
const fileName = 'saved-views.json'

/** An unreadable file is never overwritten. */
export class DamagedFile extends Error {}

const texts = ['id', 'name', 'page', 'search', 'owner'] as const

function isView(value: unknown): value is StoredView {
  if (typeof value !== 'object' || value === null) return false
  const view = value as Record<string, unknown>
  return (
    texts.every((name) => typeof view[name] === 'string') &&
    typeof view['shared'] === 'boolean' &&
    typeof view['changed'] === 'number'
  )
}

export class SavedFile {
  readonly #disk: Disk
  readonly #folder: string
  readonly path: string

  constructor(disk: Disk, folder: string) {
    this.#disk = disk
    this.#folder = folder
    this.path = `${folder}/${fileName}`
  }

  /** Throws DamagedFile for an invalid file. */
  async read(): Promise<StoredView[]> {
    if ((await this.#disk.stat(this.path)) === undefined) return []
    let content: Readonly<Record<string, unknown>>
    try {
      content = unsealed(Buffer.from(await this.#disk.readFile(this.path)).toString('utf8'))
    } catch (error) {
      throw new DamagedFile(`it is damaged (${messageOf(error)})`)
    }
    const { version: written, views } = content
    if (typeof written === 'number' && written > version)
      throw new DamagedFile(`it was written by a later version of Weir (${written}; this one reads ${version})`)
    if (written !== version || !Array.isArray(views) || !views.every(isView))
      throw new DamagedFile('it does not contain saved views')
    return views
  }

  async write(views: readonly StoredView[]): Promise<void> {
    await makeDurableDirectory(this.#disk, this.#folder)
    await replaceFile(this.#disk, this.#folder, fileName, [Buffer.from(`${sealed({ version, views }, 1)}\n`)])
  }
}
