import { makeDurableDirectory, replaceFile, type Disk } from '../host/index.ts'
import { sealed, unsealed } from '../host/sealed.ts'
import { messageOf } from '../model/errors.ts'
import { isRecord } from '../model/json.ts'
import type { Settings } from './stored-rule.ts'
import type { Silence } from './silences.ts'

export type StoredRule = Readonly<{
  name: string
  settings: Settings
  /** Name of the user of this version. */
  by: string
  /** Of this version; Unix ms. */
  changed: number
}>

export type Content = Readonly<{ rules: readonly StoredRule[]; silences: readonly Silence[] }>

const version = 1
const fileName = 'alert-rules.json'

function isStoredRule(value: unknown): value is StoredRule {
  return (
    isRecord(value) &&
    typeof value['name'] === 'string' &&
    isRecord(value['settings']) &&
    typeof value['by'] === 'string' &&
    typeof value['changed'] === 'number'
  )
}

function isSilence(value: unknown): value is Silence {
  return (
    isRecord(value) &&
    ['id', 'rule', 'reason', 'by'].every((name) => typeof value[name] === 'string') &&
    isRecord(value['labels']) &&
    ['from', 'until'].every((name) => typeof value[name] === 'number')
  )
}

export class BookFile {
  readonly #disk: Disk
  readonly #folder: string
  readonly path: string

  constructor(disk: Disk, folder: string) {
    this.#disk = disk
    this.#folder = folder
    this.path = `${folder}/${fileName}`
  }

  /** Throws if it is damaged. An unreadable file is never overwritten. */
  async read(): Promise<Content> {
    if ((await this.#disk.stat(this.path)) === undefined) return { rules: [], silences: [] }
    let content: Readonly<Record<string, unknown>>
    try {
      content = unsealed(Buffer.from(await this.#disk.readFile(this.path)).toString('utf8'))
    } catch (error) {
      throw new Error(`it is damaged (${messageOf(error)})`, { cause: error })
    }
    const { version: written, rules, silences } = content
    if (typeof written === 'number' && written > version)
      throw new Error(`it was written by a later version of Weir (${written}; this one reads ${version})`)
    if (
      written !== version ||
      !Array.isArray(rules) ||
      !rules.every(isStoredRule) ||
      !Array.isArray(silences) ||
      !silences.every(isSilence)
    )
      throw new Error('it does not contain alert rules')
    return { rules, silences }
  }

  async write({ rules, silences }: Content): Promise<void> {
    await makeDurableDirectory(this.#disk, this.#folder)
    await replaceFile(this.#disk, this.#folder, fileName, [Buffer.from(`${sealed({ version, rules, silences }, 1)}\n`)])
  }
}
