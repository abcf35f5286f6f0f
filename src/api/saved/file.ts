import { makeDurableDirectory, replaceFile, type Disk } from '../../host/index.ts'
import { sealed, unsealed } from '../../host/sealed.ts'
import { messageOf } from '../../model/errors.ts'

/** A view of the console that somebody gave a name. */
export interface SavedView {
  readonly id: string
  readonly name: string
  /** The page of the console. */
  readonly page: string
  /** Everything that the page shows, as the query part of its address. */
  readonly search: string
  /** Everybody who logs in finds it; only its owner changes it. */
  readonly shared: boolean
  readonly owner: string
  /** The owner’s name when he last changed it; of older files it is missing. */
  readonly by?: string
  /** Unix ms of the last change. */
  readonly changed: number
}

const version = 1
const fileName = 'saved-views.json'

/** A file that is there and can't be read: nothing is written over it. */
export class DamagedFile extends Error {}

const texts = ['id', 'name', 'page', 'search', 'owner'] as const

function isView(value: unknown): value is SavedView {
  if (typeof value !== 'object' || value === null) return false
  const view = value as Record<string, unknown>
  return (
    texts.every((name) => typeof view[name] === 'string') &&
    typeof view['shared'] === 'boolean' &&
    typeof view['changed'] === 'number'
  )
}

/** Saved views in one file, of which there is always a whole one. */
export class SavedFile {
  readonly #disk: Disk
  readonly #folder: string
  readonly path: string

  constructor(disk: Disk, folder: string) {
    this.#disk = disk
    this.#folder = folder
    this.path = `${folder}/${fileName}`
  }

  /** Throws DamagedFile where the file is there and is none of ours. */
  async read(): Promise<SavedView[]> {
    if ((await this.#disk.stat(this.path)) === undefined) return []
    let content: Readonly<Record<string, unknown>>
    try {
      content = unsealed(Buffer.from(await this.#disk.readFile(this.path)).toString('utf8'))
    } catch (error) {
      throw new DamagedFile(`it is damaged (${messageOf(error)})`)
    }
    const { version: written, views } = content
    if (typeof written === 'number' && written > version)
      throw new DamagedFile(`a later version of Weir wrote it (${written}; this one reads ${version})`)
    if (written !== version || !Array.isArray(views) || !views.every(isView))
      throw new DamagedFile('it does not contain saved views')
    return views
  }

  async write(views: readonly SavedView[]): Promise<void> {
    await makeDurableDirectory(this.#disk, this.#folder)
    await replaceFile(this.#disk, this.#folder, fileName, [Buffer.from(`${sealed({ version, views }, 1)}\n`)])
  }
}
