import type { DuckDBConnection, DuckDBDataChunk, DuckDBInstance, DuckDBResult } from '@duckdb/node-api'
import type { QueryFormat, StoreReader } from '../engine/control.ts'
import type { Log } from '../engine/ports.ts'
import { WeirError } from '../model/errors.ts'
import { outputColumns } from './cells.ts'
import { fileList, noExtensions, openDuck, rowsOf } from './duck.ts'
import type { Folder } from './folder.ts'
import { formatter, type Formatter } from './formats.ts'
import type { Pin } from './versions.ts'
import { Permits } from './permits.ts'
import { judge, type Statement } from './statement.ts'
import { eventsView, flowsView, type ViewInput } from './views.ts'

const chunkBytes = 128 * 1024

export interface ReaderOptions {
  readonly folder: Folder
  readonly log: Log
  readonly memoryLimit: string
  readonly threads: number
  /**
   * DuckDB calls at a time. Each keeps a thread of Node's pool busy, and the pool writes files, too: with all of them taken
   * by queries nothing could be synced.
   */
  readonly calls: number
}

/** Asks the store's files through an instance of its own, whose files are locked to the folder. */
export class DuckReader implements StoreReader {
  readonly #options: ReaderOptions
  readonly #permits: Permits
  #opening: Promise<{ instance: DuckDBInstance; judging: DuckDBConnection }> | undefined

  constructor(options: ReaderOptions) {
    this.#options = options
    this.#permits = new Permits(options.calls)
  }

  async query(sql: string, format: QueryFormat, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    signal.throwIfAborted()
    const { instance, judging } = await this.open()
    const statement = await refusing(judge(judging, sql), this.#options.folder.directory)
    const pin = this.#options.folder.versions.pin()
    try {
      return await this.#ask(instance, statement, format, pin, signal)
    } catch (error) {
      await pin.release()
      throw error
    }
  }

  async #ask(instance: DuckDBInstance, statement: Statement, format: QueryFormat, pin: Pin, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    const { directory } = this.#options.folder
    const connection = await instance.connect()
    const interrupt = (): void => connection.interrupt()
    signal.addEventListener('abort', interrupt, { once: true })
    const finish = async (): Promise<void> => {
      signal.removeEventListener('abort', interrupt)
      connection.closeSync()
      await pin.release()
    }
    try {
      const result = await this.#permits.use(signal, () => refusing(start(connection, statement, viewInput(pin, directory)), directory))
      const first = await this.#next(result, signal)
      const api = await import('@duckdb/node-api')
      return this.#stream(result, first, formatter(api, format, outputColumns(result)), signal, finish)
    } catch (error) {
      await finish()
      signal.throwIfAborted()
      throw error
    }
  }

  async #next(result: DuckDBResult, signal: AbortSignal): Promise<DuckDBDataChunk | undefined> {
    const chunk = await this.#permits.use(signal, () => refusing(result.fetchChunk(), this.#options.folder.directory))
    return chunk === null || chunk.rowCount === 0 ? undefined : chunk
  }

  async *#stream(result: DuckDBResult, first: DuckDBDataChunk | undefined, format: Formatter, signal: AbortSignal, finish: () => Promise<void>): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      let text = format.begin()
      for (let chunk = first; chunk !== undefined; chunk = await this.#next(result, signal)) {
        signal.throwIfAborted()
        text += format.chunk(chunk)
        if (text.length < chunkBytes) continue
        yield utf8.encode(text)
        text = ''
      }
      yield utf8.encode(text + format.end())
    } finally {
      await finish()
    }
  }

  /** Opens the instance; before the first query, so that this one does not wait for it. */
  open(): Promise<{ instance: DuckDBInstance; judging: DuckDBConnection }> {
    this.#opening ??= this.#start().catch((error: unknown) => {
      this.#opening = undefined
      throw error
    })
    return this.#opening
  }

  async #start(): Promise<{ instance: DuckDBInstance; judging: DuckDBConnection }> {
    const { memoryLimit, threads, folder } = this.#options
    const instance = await openDuck({ ...noExtensions, memory_limit: memoryLimit, threads: String(threads), temp_directory: '' })
    const judging = await instance.connect()
    await judging.run("SET GLOBAL TimeZone = 'UTC'; SET GLOBAL parquet_metadata_cache = true")
    await judging.run(`SET GLOBAL allowed_directories = ${fileList([`${folder.directory}/`])}`)
    await judging.run('SET GLOBAL enable_external_access = false')
    await judging.run('SET GLOBAL lock_configuration = true')
    return { instance, judging }
  }

  async close(): Promise<void> {
    const opened = await this.#opening?.catch(() => undefined)
    opened?.judging.closeSync()
    opened?.instance.closeSync()
  }
}

const utf8 = new TextEncoder()

function viewInput(pin: Pin, directory: string): ViewInput {
  const sources: (string | undefined)[] = []
  for (const [name, { id }] of Object.entries(pin.state.sources)) sources[id] = name
  return { directory, files: pin.files, sources: Array.from(sources), words: pin.state.words }
}

async function start(connection: DuckDBConnection, statement: Statement, input: ViewInput): Promise<DuckDBResult> {
  await connection.run(`CREATE TEMP VIEW flows AS ${flowsView(input, statement.addresses)}; CREATE TEMP VIEW events AS ${eventsView(input)}`)
  const statements = await connection.extractStatements(statement.sql)
  if (statements.count !== 1) throw new WeirError('WEIR_SQL_REFUSED', 'One statement at a time, please.')
  const prepared = await statements.prepare(0)
  try {
    const { StatementType } = await import('@duckdb/node-api')
    // The syntax tree was judged already; this is the second lock on the same door.
    if (prepared.statementType !== StatementType.SELECT && prepared.statementType !== StatementType.EXPLAIN) throw new WeirError('WEIR_SQL_REFUSED', 'Only a query may be asked here.')
    if (prepared.parameterCount > 0) throw new WeirError('WEIR_SQL_REFUSED', 'Parameters have no values here; write the values into the statement.')
    return await prepared.stream()
  } finally {
    prepared.destroySync()
  }
}

/** DuckDB's errors are the asker's: bad names, failed casts, too little memory. */
async function refusing<Value>(asked: Promise<Value>, directory: string): Promise<Value> {
  try {
    return await asked
  } catch (error) {
    if (error instanceof WeirError) throw error
    const message = (error instanceof Error ? error.message : String(error)).replaceAll(`${directory}/`, '').replaceAll(directory, '')
    throw new WeirError('WEIR_SQL_REFUSED', message, { cause: error })
  }
}

export { rowsOf }
