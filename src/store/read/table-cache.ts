/**
 * Tables in memory that are derived from all rows of a family. New files renew them; merged files contain no new rows.
 */
import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import type { StoredFile } from '../record.ts'
import type { Pin } from '../versions.ts'
import { cachePrefix, type CachedTables } from './file-cache.ts'

export type TableChange = Readonly<{
  pin: Pin
  directory: string
  /** All files with rows of the family, and those that the base lacks. */
  files: readonly StoredFile[]
  fresh: readonly StoredFile[]
  base: CachedTables | undefined
}>

export type TableKind = Readonly<{
  name: string
  family: string
  /** Creates the tables in the new database. False if the base has no new rows and stays valid. */
  fill(connection: DuckDBConnection, create: () => Promise<string>, change: TableChange): Promise<boolean>
}>

interface Built extends CachedTables {
  /** Sequences of the first row and of the last one. */
  readonly first: number
  readonly last: number
  readonly lost: string
}

type Options = Readonly<{
  instance: DuckDBInstance
  directory: string
  verify: (files: readonly StoredFile[]) => Promise<boolean>
}>

export type TableLease = Readonly<{ tables?: CachedTables; release: () => void }>

export class TableCache {
  readonly #options: Options
  readonly #kind: TableKind
  readonly #readers = new Map<string, number>()
  #built: Built | undefined
  #last: Promise<unknown> = Promise.resolve()
  #count = 0

  constructor(options: Options, kind: TableKind) {
    this.#options = options
    this.#kind = kind
  }

  /** Waits for the tables of the version. Without tables, for example after a disk error, queries read the rows. */
  async hold(pin: Pin): Promise<TableLease> {
    const renewed = this.#last.then(() => this.#renew(pin))
    this.#last = renewed.catch(() => undefined)
    const built = await renewed
    if (built === undefined) return { release: () => undefined }
    const { database } = built
    const add = (readers: number) => this.#readers.set(database, (this.#readers.get(database) ?? 0) + readers)
    add(1)
    return {
      tables: built,
      release: () => {
        add(-1)
        if (database !== this.#built?.database)
          this.#last = this.#last.then(() => this.#drop(database)).catch(() => undefined)
      },
    }
  }

  async idle(): Promise<void> {
    await this.#last
  }

  async #drop(database: string): Promise<void> {
    if ((this.#readers.get(database) ?? 0) > 0) return
    this.#readers.delete(database)
    const connection = await this.#options.instance.connect()
    try {
      await connection.run(`DETACH ${database}`)
    } finally {
      connection.closeSync()
    }
  }

  async #renew(pin: Pin): Promise<Built | undefined> {
    const { name, family, fill } = this.#kind
    const { instance, directory, verify } = this.#options
    const files = pin.files.filter(
      ({ stream, families, lost }) => stream === 'events' && lost !== true && (families?.includes(family) ?? true),
    )
    const first = Math.min(...files.map(({ firstSequence }) => firstSequence))
    const last = Math.max(...files.map(({ lastSequence }) => lastSequence))
    const lost = pin.files.flatMap((file) => (file.lost === true ? [file.name] : [])).join()
    const before = this.#built
    if (before?.first === first && before.last === last && before.lost === lost) return before
    // Retention removed rows, or a damaged file is gone.
    const base = before?.first === first && before.lost === lost && last > before.last ? before : undefined
    const fresh = files.filter(({ lastSequence }) => base === undefined || lastSequence > base.last)
    if (!(await verify(files))) return undefined
    const connection = await instance.connect()
    let created: string | undefined
    try {
      const create = async () => {
        created = `${cachePrefix}${name}_${++this.#count}`
        await connection.run(`ATTACH ':memory:' AS ${created} (COMPRESS)`)
        return created
      }
      const isNew = await fill(connection, create, { pin, directory, files, fresh, base })
      if (!isNew && base !== undefined) return (this.#built = { ...base, first, last, lost })
      await connection.run(`CHECKPOINT ${created}`)
    } catch (error) {
      if (created !== undefined) await connection.run(`DETACH ${created}`)
      throw error
    } finally {
      connection.closeSync()
    }
    this.#built = { database: created!, first, last, lost }
    if (before !== undefined) await this.#drop(before.database)
    return this.#built
  }
}
