import { resolve } from 'node:path'
import type { DuckDBConnection, DuckDBDataChunk, DuckDBInstance, DuckDBResult } from '@duckdb/node-api'
import type { EdgesAsked, QueryFormat, StoredEdge, StoreReader } from '../../engine/control.ts'
import type { Timer, Timers } from '../../host/index.ts'
import type { Log } from '../../engine/ports.ts'
import { WeirError } from '../../model/errors.ts'
import { Answer } from './answer.ts'
import { outputColumns } from './cells.ts'
import { unreadableFiles } from './damage.ts'
import { duckMemory, fileList, noExtensions, openDuck } from '../duck.ts'
import { kubernetesViews } from '../kubernetes/views.ts'
import type { Folder } from '../folder.ts'
import { edgesOf } from '../graph/edges.ts'
import { formatter } from './formats.ts'
import { filePrefix } from './newest.ts'
import { fileColumns } from '../schema.ts'
import { spillFolder } from '../names.ts'
import type { KeptOf } from './kept.ts'
import { Memory } from './memory.ts'
import { receivedWithin } from './receipt.ts'
import { rollupViews } from '../rollup/views.ts'
import type { Pin } from '../versions.ts'
import { Permits } from './permits.ts'
import { judge, type Statement } from './statement.ts'
import { eventsView, flowsView, rowsBeforeNames, type ViewInput } from './views.ts'

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
  /** Memory for what is kept of audit traces. */
  readonly keptBytes: number
  readonly timers: Timers
  /** Bytes that large joins and sorts may put into the folder for a while; without it they end with an error instead. */
  readonly spill?: () => Promise<number>
}

interface Opened {
  readonly instance: DuckDBInstance
  readonly judging: DuckDBConnection
  readonly memory: Memory
}

/** Asks the store's files through an instance of its own, whose files are locked to the folder. */
export class DuckReader implements StoreReader {
  readonly #options: ReaderOptions
  readonly #permits: Permits
  /** The lock on files compares absolute paths. */
  readonly #directory: string
  /** Ends whatever is being asked: the engine must not be closed under a running query. */
  readonly #closing = new AbortController()
  /** Questions whose connection is open, each until it is given back. */
  readonly #open = new Set<Promise<void>>()
  #opening: Promise<Opened> | undefined

  constructor(options: ReaderOptions) {
    this.#options = options
    this.#permits = new Permits(options.calls)
    this.#directory = resolve(options.folder.directory)
  }

  query(sql: string, format: QueryFormat, given: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    return this.#answer(sql, format, AbortSignal.any([given, this.#closing.signal])).finally(this.#hold())
  }

  async #answer(sql: string, format: QueryFormat, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    signal.throwIfAborted()
    const { instance, judging, memory } = await this.open()
    signal.throwIfAborted()
    const statement = await refusing(judge(judging, sql), this.#directory)
    return this.#pinned(instance, signal, (pin) => this.#ask(instance, memory.hold(statement, pin), statement, format, pin, signal))
  }

  async edges(asked: EdgesAsked, given: AbortSignal): Promise<readonly StoredEdge[]> {
    const signal = AbortSignal.any([given, this.#closing.signal])
    const ended = this.#hold()
    try {
      signal.throwIfAborted()
      const { instance, memory } = await this.open()
      return await this.#pinned(instance, signal, async (pin) => {
        const held = memory.holdEdges(asked.span, pin)
        try {
          return await edgesOf(asked, pin.files, held, (statement, kept) => this.#ask(instance, { ...kept, release: () => undefined }, statement, 'ndjson', pin, signal))
        } finally {
          held.release()
        }
      })
    } finally {
      ended()
    }
  }

  /** Does something with a version that stays meanwhile. A file that can't be read costs its own rows, not the answer. */
  async #pinned<Value>(instance: DuckDBInstance, signal: AbortSignal, act: (pin: Pin) => Promise<Value>): Promise<Value> {
    for (;;) {
      signal.throwIfAborted()
      const pin = this.#options.folder.versions.pin()
      try {
        return await act(pin)
      } catch (error) {
        if (!(await this.#excludeUnreadable(instance, pin, error))) throw error
      } finally {
        // An answer holds a pin of its own.
        await pin.release()
      }
    }
  }

  async #ask(instance: DuckDBInstance, { release, ...kept }: KeptOf & { readonly release: () => void }, statement: Statement, format: QueryFormat, given: Pin, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    const directory = this.#directory
    const pin = given.again()
    const connection = await instance.connect()
    const givenBack = this.#hold()
    let interrupting: Timer | undefined
    // An interrupt that comes between two steps of a query is forgotten by the next one: it is repeated until the end.
    const interrupt = (): void => {
      connection.interrupt()
      interrupting ??= this.#options.timers.every(20, () => connection.interrupt())
    }
    const finish = async (error: unknown): Promise<void> => {
      interrupting?.cancel()
      connection.closeSync()
      release()
      try {
        if (error !== undefined) await this.#excludeUnreadable(instance, pin, error)
        await pin.release()
      } finally {
        givenBack()
      }
    }
    signal.addEventListener('abort', interrupt, { once: true })
    try {
      const result = await this.#permits.use(signal, () => refusing(start(connection, statement, viewInput(pin, directory, statement), kept), directory))
      const streaming = result.isStreaming
      const fetch = async (): Promise<DuckDBDataChunk | undefined> => {
        const chunk = await this.#permits.use(signal, () => refusing(result.fetchChunk(), directory))
        if (chunk !== null && chunk.rowCount > 0) return chunk
        // The binding ends a failed stream like a finished one. What tells them apart: a failed result streams no more.
        if (streaming && !result.isStreaming) {
          signal.throwIfAborted()
          return this.#permits.use(signal, () => refusing(failure(connection, statement), directory))
        }
        return undefined
      }
      const first = await fetch()
      const api = await import('@duckdb/node-api')
      return new Answer({ format: formatter(api, format, outputColumns(result)), first, fetch, interrupt, finish, signal })
    } catch (error) {
      await finish(undefined)
      signal.throwIfAborted()
      throw error
    } finally {
      signal.removeEventListener('abort', interrupt)
    }
  }

  /** True when files were found that can't be read: from now on queries do without them. */
  async #excludeUnreadable(instance: DuckDBInstance, pin: Pin, error: unknown): Promise<boolean> {
    if (!(error instanceof WeirError)) return false
    const { folder, log } = this.#options
    const connection = await instance.connect()
    try {
      const broken = await unreadableFiles(connection, this.#directory, pin.files, error.message)
      for (const { name, rows } of broken) {
        folder.versions.exclude(name)
        log.error('A file of the store can’t be read; queries answer without its rows.', { file: name, rows, error: error.message })
      }
      return broken.length > 0
    } finally {
      connection.closeSync()
    }
  }

  /** Opens the instance; before the first query, so that this one does not wait for it. */
  open(): Promise<Opened> {
    this.#opening ??= this.#start().catch((error: unknown) => {
      this.#opening = undefined
      throw error
    })
    return this.#opening
  }

  async #start(): Promise<Opened> {
    const { memoryLimit, threads } = this.#options
    const directory = this.#directory
    const spill = Math.floor((await this.#options.spill?.()) ?? 0)
    const instance = await openDuck({ ...noExtensions, memory_limit: memoryLimit, threads: String(threads), temp_directory: spill > 0 ? `${directory}/${spillFolder}` : '' })
    const judging = await instance.connect()
    await judging.run("SET GLOBAL TimeZone = 'UTC'; SET GLOBAL parquet_metadata_cache = true")
    if (spill > 0) await judging.run(`SET GLOBAL max_temp_directory_size = '${spill}B'`)
    await judging.run(`SET GLOBAL allowed_directories = ${fileList([`${directory}/`])}`)
    await judging.run('SET GLOBAL enable_external_access = false')
    await judging.run('SET GLOBAL lock_configuration = true')
    return { instance, judging, memory: new Memory({ instance, directory, mostBytes: this.#options.keptBytes, call: (work) => this.#permits.use(this.#closing.signal, work) }) }
  }

  /** Bytes that the instance accounts for; 0 before the first query. */
  async memory(): Promise<number> {
    const opened = await this.#opening?.catch(() => undefined)
    return opened === undefined || this.#closing.signal.aborted ? 0 : duckMemory(opened.instance)
  }

  /** Resolves when nothing is being read for later questions. */
  async idle(): Promise<void> {
    await (await this.#opening?.catch(() => undefined))?.memory.idle()
  }

  /** Until the returned function is called, `close` waits. */
  #hold(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#open.add(promise)
    return () => {
      this.#open.delete(promise)
      resolve()
    }
  }

  async close(): Promise<void> {
    this.#closing.abort(new Error('The store has ended.'))
    while (this.#open.size > 0) await Promise.all(this.#open)
    const opened = await this.#opening?.catch(() => undefined)
    await opened?.memory.close()
    opened?.judging.closeSync()
    opened?.instance.closeSync()
  }
}

function viewInput(pin: Pin, directory: string, { receipt }: Statement): ViewInput {
  const sources: (string | undefined)[] = []
  for (const [name, { id }] of Object.entries(pin.state.sources)) sources[id] = name
  return { directory, files: receivedWithin(pin.files, receipt), sources: Array.from(sources), words: pin.state.words }
}

async function start(connection: DuckDBConnection, statement: Statement, input: ViewInput, kept: KeptOf): Promise<DuckDBResult> {
  await connection.run(viewsOf(statement, input, kept))
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

/** Definitions of views that the statement may speak of: making one opens the first of its files and looks for all the others. */
function viewsOf(statement: Statement, input: ViewInput, kept: KeptOf): string {
  const asked = statement.sql.toLowerCase()
  const own = statement.own === undefined ? '' : `; CREATE TEMP VIEW ${statement.own.name} AS ${statement.own.sql(input)}`
  const others = `${rollupViews(statement, input)}${kubernetesViews(statement, input, kept)}${own}`
  // What names none of them may ask which there are.
  const wanted = (name: string): boolean => statement.reads?.has(name) ?? (others === '' || new RegExp(`\\b${name}\\b`).test(asked))
  return [...(wanted('flows') ? [flowsViews(statement, input)] : []), ...(wanted('events') ? [`CREATE TEMP VIEW events AS ${eventsView(input)}`] : [])].join('; ') + others
}

function flowsViews({ addresses, selection }: Statement, input: ViewInput): string {
  if (selection === undefined) return `CREATE TEMP VIEW flows AS ${flowsView(input, addresses)}`
  const columns = fileColumns.flows.map((column) => (selection.columns.includes(column) ? `"${filePrefix}${column.name}" AS "${column.name}"` : `NULL::${column.type} AS "${column.name}"`))
  const rows = `SELECT ${columns.join(', ')} FROM (${selection.sql.replace(/;\s*$/, '')})`
  return `CREATE TEMP VIEW ${rowsBeforeNames} AS ${flowsView(input, selection.addresses, { prefix: filePrefix })}; CREATE TEMP VIEW flows AS ${flowsView(input, addresses, { rows })}`
}

/** Finds out why a stream failed: asks again for all of it as one value, which costs no memory. Always rejects. */
async function failure(connection: DuckDBConnection, { sql }: Statement): Promise<never> {
  const again = await connection.extractStatements(`SELECT bit_xor(hash(q)) FROM (${sql.replace(/[\s;]+$/, '')}\n) q`).catch(() => undefined)
  if (again?.count === 1) {
    const prepared = await again.prepare(0)
    try {
      await prepared.run()
    } finally {
      prepared.destroySync()
    }
  }
  throw new Error('The query failed while its rows were read; some were sent already.')
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
