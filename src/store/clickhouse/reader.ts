/** Reads the views in ClickHouse over HTTP. */
import type {
  EdgeQuery,
  IsolatedQuery,
  IsolatedResult,
  QueryFormat,
  StoredEdge,
  StoreReader,
} from '../../engine/control.ts'
import type { SqlParameters } from '../../model/sql-parameters.ts'
import type { ClickHouseClient, Settings } from '../../net/clickhouse/client.ts'
import { ResultStream } from '../read/answer.ts'
import { formatter } from '../read/formats.ts'
import { isGone, queryFailure, type MemoryCode } from './failures.ts'
import { edgesOf } from './edges.ts'
import { parameterFields, withTypes } from './parameters.ts'
import { resultFormat, ResultLines, type ResultRows } from './result.ts'
import { text } from './sql.ts'
import type { StoreNames } from './tables.ts'
import { checkStatement } from './statement.ts'
import { valueSettings } from './values.ts'

export type ClickHouseReaderOptions = Readonly<{
  client: Pick<ClickHouseClient, 'stream' | 'run' | 'place'>
  names: StoreNames
  /** Settings that the statements of the API need. */
  settings: Settings
  /** Limits of one query of the console, and of one SQL statement or export. */
  limits: Readonly<{ memoryBytes: number; sqlMemoryBytes: number; sqlTimeoutMs: number }>
  /** Creates the views; called before the first query, and again when they are gone. */
  prepare(signal: AbortSignal): Promise<void>
  fresh(): Promise<boolean>
  queryId(): string
}>

type Bounds = Readonly<{ limits: Settings; memoryCode: MemoryCode }>

/** No statement may write, however it is written. */
const readOnly = {
  readonly: 1,
  cancel_http_readonly_queries_on_client_close: 1,
  http_response_buffer_size: 256 * 1024,
} as const

export class ClickHouseReader implements StoreReader {
  readonly dialect = 'clickhouse'
  readonly #options: ClickHouseReaderOptions
  #prepared: Promise<void> | undefined

  constructor(options: ClickHouseReaderOptions) {
    this.#options = options
  }

  query(sql: string, format: QueryFormat, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    const limits = { max_memory_usage: this.#options.limits.memoryBytes }
    return this.#query(sql, format, { limits, memoryCode: 'WEIR_QUERY_MEMORY' }, signal)
  }

  /** ClickHouse bounds memory and time of each query itself. */
  async isolated({ sql, format, bound, parameters }: IsolatedQuery, signal: AbortSignal): Promise<IsolatedResult> {
    if (format === 'parquet') throw new Error('the API makes Parquet of rows from ClickHouse')
    const { sqlMemoryBytes, sqlTimeoutMs } = this.#options.limits
    const limits = {
      max_memory_usage: sqlMemoryBytes,
      // In statements of users an alias has priority, as in their other clients.
      ...(bound === 'work' ? { prefer_column_name_to_alias: 0 } : {}),
      ...(bound === 'work' ? { max_execution_time: Math.max(1, Math.ceil(sqlTimeoutMs / 1000)) } : {}),
    }
    return this.#query(sql, format, { limits, memoryCode: 'WEIR_SQL_MEMORY' }, signal, parameters)
  }

  async edges(request: EdgeQuery, signal: AbortSignal): Promise<readonly StoredEdge[]> {
    return edgesOf(request, this.#options.names, (sql) => this.query(sql, 'ndjson', signal))
  }

  fresh(): Promise<boolean> {
    return this.#options.fresh()
  }

  /** Whether the server responds and the views exist. Rejects with the reason. */
  async ready(): Promise<void> {
    // Others wait for it, too: it has its own deadline.
    this.#prepared ??= this.#options.prepare(new AbortController().signal).catch((error: unknown) => {
      this.#prepared = undefined
      throw queryFailure(error, this.#options.client.place, 'WEIR_QUERY_MEMORY')
    })
    await this.#prepared
  }

  async #query(
    sql: string,
    format: QueryFormat,
    bounds: Bounds,
    signal: AbortSignal,
    parameters?: SqlParameters,
  ): Promise<ResultStream<ResultRows>> {
    const checked = checkStatement(sql)
    // Statements of the console have no parameters.
    const statement = parameters === undefined ? checked : withTypes(checked, parameters)
    const limits = { ...bounds.limits, ...parameterFields(parameters ?? {}) }
    const given = { ...bounds, limits }
    for (let attempt = 0; ; attempt++) {
      try {
        signal.throwIfAborted()
        await this.ready()
        return await this.#run(statement, format, given, signal)
      } catch (error) {
        signal.throwIfAborted()
        if (attempt > 0 || !isGone(error)) throw queryFailure(error, this.#options.client.place, bounds.memoryCode)
        this.#prepared = undefined
      }
    }
  }

  async #run(
    statement: string,
    format: QueryFormat,
    { limits, memoryCode }: Bounds,
    signal: AbortSignal,
  ): Promise<ResultStream<ResultRows>> {
    const { client, names, settings } = this.#options
    const id = this.#options.queryId()
    const stopped = new AbortController()
    // The server notices a closed connection late.
    const interrupt = (): void => {
      if (stopped.signal.aborted) return
      stopped.abort()
      client.run(`KILL QUERY WHERE query_id = ${text(id)} ASYNC`, new AbortController().signal).catch(() => undefined)
    }
    signal.addEventListener('abort', interrupt, { once: true })
    let lines: ResultLines | undefined
    try {
      const parameters = {
        ...settings,
        ...valueSettings,
        ...limits,
        ...readOnly,
        database: names.database,
        query_id: id,
        default_format: resultFormat,
      }
      const { body } = await client.stream(statement, parameters, stopped.signal)
      const opened = new ResultLines(body)
      lines = opened
      await opened.open()
      const fetch = async (): Promise<ResultRows | undefined> => {
        try {
          return await opened.next()
        } catch (error) {
          signal.throwIfAborted()
          throw queryFailure(error, client.place, memoryCode)
        }
      }
      const first = await fetch()
      return new ResultStream<ResultRows>({
        format: formatter(format, opened.names, (chunk: ResultRows) => opened.cells(chunk)),
        first,
        fetch,
        interrupt,
        finish: () => opened.close(),
        signal,
      })
    } catch (error) {
      await lines?.close()
      throw error
    } finally {
      signal.removeEventListener('abort', interrupt)
    }
  }
}
