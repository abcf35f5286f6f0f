/**
 * The narrow columns of audit traces in memory, compressed, as questions of some time came to need them. Files never change, so what was
 * read of one is good as long as a version names it. Only hours that are over are kept: the files of the newest one are few, and become others soon.
 */
import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { fileList, rowsOf } from '../duck.ts'
import type { StoredFile } from '../record.ts'
import { auditColumns, hasColumn, type AuditColumn, type FileColumn } from '../schema.ts'
import type { Pin } from '../versions.ts'

/** Columns of view `audit` that are kept as text. What differs from trace to trace would take more room than all of these. */
export const keptTexts: readonly ('resource' | 'source' | AuditColumn)[] = ['resource', 'source', ...auditColumns.filter((name) => name !== 'request_id' && name !== 'resource_id')]

/** Of an instance that is in memory itself: a database beside the views, of which no statement may speak. */
export const keptDatabase = 'kept'
const table = `${keptDatabase}.traces`

/** What is in memory of the files of one version. */
export interface Kept {
  readonly names: ReadonlySet<string>
  /** `SELECT time, …` of their rows, and of no other's. */
  readonly sql: string
}

export interface Holding {
  readonly kept: Kept
  readonly release: () => void
}

interface Entry {
  readonly number: number
  readonly rows: number
  /** Question that wanted it last: later ones have higher numbers. */
  wanted: number
  /** Its rows are all there. */
  whole: boolean
}

interface Wish {
  readonly pin: Pin
  readonly wanted: readonly StoredFile[]
  readonly question: number
}

/** Rows that are read at once: so many take some 40 MB until they are compressed. */
const rowsAtOnce = 131_072
/** Of a row, before some were measured. */
const firstGuess = 64

const actorColumn: FileColumn = { name: 'actor', type: 'VARCHAR', since: Infinity, bit: 1 }

export interface KeptOptions {
  readonly instance: DuckDBInstance
  readonly directory: string
  readonly mostBytes: number
  /** Does a call of DuckDB when it may be done. */
  readonly call: <Value>(work: () => Promise<Value>) => Promise<Value>
}

export class KeptTraces {
  readonly #options: KeptOptions
  readonly #files = new Map<string, Entry>()
  /** Files that could not be read: whoever asks of them meets the reason. */
  readonly #refused = new Set<string>()
  /** Of files whose rows are on their way out. */
  readonly #going = new Set<number>()
  #connection: DuckDBConnection | undefined
  #numbers = 0
  #questions = 0
  /** Questions that read from memory now: what they see must stay. */
  #held = 0
  #bytesOfRow = firstGuess
  /** What is read in next: once the question that it is for has its answer. */
  #wish: Wish | undefined
  #taking: Promise<void> | undefined
  #closed = false

  constructor(options: KeptOptions) {
    this.#options = options
  }

  /** What there is of a version's files. Those that are wanted are there for later questions, as far as there is room for them: this one does not wait. */
  hold(pin: Pin, wanted: readonly StoredFile[]): Holding {
    const newest = pin.files.reduce((hour, file) => (file.stream === 'events' ? Math.max(hour, file.hour) : hour), -Infinity)
    const fit = wanted.filter((file) => file.hour < newest && file.families?.includes('audit') === true && hasColumn(file, actorColumn) && !this.#refused.has(file.name))
    const question = ++this.#questions
    for (const { name } of fit) {
      const entry = this.#files.get(name)
      if (entry !== undefined) entry.wanted = question
    }
    if (fit.some(({ name }) => !this.#files.has(name))) this.#wish ??= { pin: pin.again(), wanted: fit, question }
    return this.#holding(pin.files)
  }

  #begin(): void {
    if (this.#wish === undefined || this.#taking !== undefined) return
    const wish = this.#wish
    this.#wish = undefined
    // What can't be had is read from files.
    const ended = (): Promise<void> => wish.pin.release().catch(() => undefined)
    this.#taking = this.#take(wish).then(ended, ended).finally(() => (this.#taking = undefined))
  }

  /** Resolves when nothing is being read into memory. */
  async idle(): Promise<void> {
    await this.#taking
  }

  #holding(files: readonly StoredFile[]): Holding {
    const names = new Set(files.filter(({ name }) => this.#files.get(name)?.whole === true).map(({ name }) => name))
    const others = [...this.#files].filter(([name]) => !names.has(name)).map(([, { number }]) => number).concat([...this.#going])
    // Whatever is read in meanwhile has higher numbers.
    const where = [`file <= ${this.#numbers}`, ...(others.length === 0 ? [] : [`file NOT IN (${others.join(', ')})`])]
    this.#held++
    let held = true
    return {
      kept: { names, sql: `SELECT time, ${keptTexts.map((name) => `"${name}"`).join(', ')} FROM ${table} WHERE ${where.join(' AND ')}` },
      release: () => {
        if (held) this.#held--
        held = false
        this.#begin()
      },
    }
  }

  /** The newest first. */
  async #take({ pin, wanted, question }: Wish): Promise<void> {
    const { mostBytes, call } = this.#options
    const connection = await this.#open()
    const missing = wanted.filter(({ name }) => !this.#files.has(name)).toSorted((a, b) => b.hour - a.hour || b.firstSequence - a.firstSequence)
    const rowsOfAll = missing.reduce((sum, { rows }) => sum + rows, 0)
    await call(() => this.#forget(connection, new Set(pin.files.map(({ name }) => name)), rowsOfAll, question))
    while (missing.length > 0 && !this.#closed) {
      const free = mostBytes / this.#bytesOfRow - this.#rows()
      const some: StoredFile[] = []
      for (let rows = 0; missing[0] !== undefined && rows < rowsAtOnce && rows + missing[0].rows <= free;) {
        rows += missing[0].rows
        some.push(missing.shift() as StoredFile)
      }
      if (some.length === 0) return
      await call(() => this.#read(connection, some, question))
    }
  }

  #rows(): number {
    return [...this.#files.values()].reduce((sum, { rows }) => sum + rows, 0)
  }

  /** Lets go what the version names no more and, until there is room for so many rows, what was not wanted for the longest time. */
  async #forget(connection: DuckDBConnection, named: ReadonlySet<string>, rowsToCome: number, question: number): Promise<void> {
    if (this.#held > 0) return
    let over = rowsToCome + this.#rows() - this.#options.mostBytes / this.#bytesOfRow
    for (const [name, { number, rows, wanted }] of [...this.#files].toSorted(([, a], [, b]) => a.wanted - b.wanted)) {
      if (named.has(name) && (over <= 0 || wanted >= question)) continue
      over -= rows
      this.#going.add(number)
      this.#files.delete(name)
    }
    if (this.#going.size === 0) return
    await connection.run(`DELETE FROM ${table} WHERE file IN (${[...this.#going].join(', ')})`)
    this.#going.clear()
    await connection.run(`CHECKPOINT ${keptDatabase}`)
  }

  async #read(connection: DuckDBConnection, files: readonly StoredFile[], question: number): Promise<void> {
    const entries = files.map(({ name, rows }): [string, Entry] => [name, { number: ++this.#numbers, rows, wanted: question, whole: false }])
    for (const [name, entry] of entries) this.#files.set(name, entry)
    const columns = keptTexts.map((name) => (name === 'resource' ? 'ref AS resource' : `"${name}"`)).join(', ')
    try {
      const first = entries[0]?.[1].number ?? 0
      await connection.run(`INSERT INTO ${table} SELECT file_index + ${first}, time, ${columns} FROM read_parquet(${fileList(files.map(({ name }) => `${this.#options.directory}/${name}`))}, union_by_name = true) WHERE family = 'audit'`)
      for (const [, entry] of entries) entry.whole = true
      // Only then it is compressed.
      await connection.run(`CHECKPOINT ${keptDatabase}`)
      const [[bytes] = []] = await rowsOf(connection, "SELECT sum(memory_usage_bytes)::DOUBLE FROM duckdb_memory() WHERE tag = 'IN_MEMORY_TABLE'")
      if (this.#rows() >= rowsAtOnce) this.#bytesOfRow = Math.max(1, Number(bytes) / this.#rows())
    } catch {
      for (const [name, { whole }] of entries) {
        if (whole) continue
        this.#files.delete(name)
        this.#refused.add(name)
      }
    }
  }

  async #open(): Promise<DuckDBConnection> {
    if (this.#connection !== undefined) return this.#connection
    const connection = await this.#options.instance.connect()
    await connection.run(`CREATE TABLE ${table} (file UINTEGER, time TIMESTAMPTZ, ${keptTexts.map((name) => `"${name}" VARCHAR`).join(', ')})`)
    return (this.#connection = connection)
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#taking
    this.#connection?.closeSync()
  }
}
