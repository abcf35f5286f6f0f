/**
 * Sums by day and by month and resource, in memory. New rows renew the months of their charges only. Merged files
 * contain no new rows.
 */
import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { fileList, quoted, rowsOf } from '../duck.ts'
import { cachePrefix } from '../read/file-cache.ts'
import { happenedWithin } from '../read/receipt.ts'
import type { StoredFile } from '../record.ts'
import type { Pin } from '../versions.ts'
import { spendTableNames, spendView, tableSql, type SpendTables } from './views.ts'

interface Built extends SpendTables {
  /** Sequences of the first row and of the last one. */
  readonly first: number
  readonly last: number
  readonly lost: string
  readers: number
}

type Options = Readonly<{
  instance: DuckDBInstance
  directory: string
  verify: (files: readonly StoredFile[]) => Promise<boolean>
}>

export type SpendLease = Readonly<{ spend?: SpendTables; release: () => void }>

export class SpendCache {
  readonly #options: Options
  #built: Built | undefined
  #last: Promise<unknown> = Promise.resolve()
  #count = 0

  constructor(options: Options) {
    this.#options = options
  }

  /** Waits for the sums of the version. Without sums, for example after a disk error, queries read the rows. */
  async hold(pin: Pin): Promise<SpendLease> {
    const renewed = this.#last.then(() => this.#renew(pin))
    this.#last = renewed.catch(() => undefined)
    const built = await renewed
    if (built === undefined) return { release: () => undefined }
    built.readers++
    return {
      spend: built,
      release: () => {
        built.readers--
        if (built !== this.#built) this.#last = this.#last.then(() => this.#drop(built)).catch(() => undefined)
      },
    }
  }

  async idle(): Promise<void> {
    await this.#last
  }

  async #drop(built: Built): Promise<void> {
    if (built.readers > 0) return
    const connection = await this.#options.instance.connect()
    try {
      await connection.run(`DETACH ${built.database}`)
    } finally {
      connection.closeSync()
    }
  }

  async #renew(pin: Pin): Promise<Built | undefined> {
    const files = pin.files.filter(
      ({ stream, families, lost }) => stream === 'events' && lost !== true && (families?.includes('cost') ?? true),
    )
    const first = Math.min(...files.map(({ firstSequence }) => firstSequence))
    const last = Math.max(...files.map(({ lastSequence }) => lastSequence))
    const lost = pin.files.flatMap((file) => (file.lost === true ? [file.name] : [])).join()
    const before = this.#built
    if (before?.first === first && before.last === last && before.lost === lost) return before
    // Retention removed rows, or a damaged file is gone.
    const base = before?.first === first && before.lost === lost && last > before.last ? before : undefined
    const fresh = files.filter(({ lastSequence }) => base === undefined || lastSequence > base.last)
    if (!(await this.#options.verify(files))) return undefined
    const database = `${cachePrefix}spend_${++this.#count}`
    const connection = await this.#options.instance.connect()
    try {
      await connection.run(`ATTACH ':memory:' AS ${database} (COMPRESS)`)
      try {
        await this.#fill(connection, database, { pin, files, fresh, base })
      } catch (error) {
        await connection.run(`DETACH ${database}`)
        throw error
      }
    } finally {
      connection.closeSync()
    }
    this.#built = { database, first, last, lost, readers: 0 }
    if (before !== undefined) await this.#drop(before)
    return this.#built
  }

  async #fill(
    connection: DuckDBConnection,
    database: string,
    given: Readonly<{
      pin: Pin
      files: readonly StoredFile[]
      fresh: readonly StoredFile[]
      base: Built | undefined
    }>,
  ): Promise<void> {
    const { pin, files, fresh, base } = given
    const { directory } = this.#options
    const paths = fileList(fresh.map(({ name }) => `${directory}/${name}`))
    const found =
      fresh.length === 0
        ? []
        : await rowsOf(
            connection,
            `SELECT DISTINCT strftime(make_timestamp(epoch_us(time)), '%Y-%m') AS month FROM read_parquet(${paths},
            union_by_name = true) WHERE family = 'cost' AND time IS NOT NULL ORDER BY 1`,
          )
    const months = found.map(([month]) => String(month))
    const input = { directory, sources: [], words: pin.state.words }
    const renewed = months.map(quoted).join(', ')
    const none = `(${spendView({ ...input, files: [] }, { withBody: false })})`
    for (const name of spendTableNames)
      await connection.run(
        base === undefined
          ? `CREATE TABLE ${database}.${name} AS ${tableSql[name](none)}`
          : `CREATE TABLE ${database}.${name} AS SELECT * FROM ${base.database}.${name}
            ${months.length === 0 ? '' : `WHERE month NOT IN (${renewed})`}`,
      )
    for (const month of months) {
      const [from, to] = spanOf(month)
      const view = spendView(
        { ...input, files: happenedWithin(files, { from, to }) },
        {
          withBody: false,
          where: `time >= make_timestamptz(${from * 1000}) AND time < make_timestamptz(${to * 1000})`,
        },
      )
      await connection.run(`CREATE OR REPLACE TEMP TABLE spend_month AS ${view}`)
      for (const name of spendTableNames)
        await connection.run(`INSERT INTO ${database}.${name} ${tableSql[name]('spend_month')}`)
    }
    await connection.run(`DROP TABLE IF EXISTS spend_month; CHECKPOINT ${database}`)
  }
}

/** Unix ms. */
function spanOf(month: string): readonly [from: number, to: number] {
  const [year = 0, number = 1] = month.split('-').map(Number)
  return [Date.UTC(year, number - 1), Date.UTC(year, number)]
}
