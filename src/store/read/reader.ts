import { resolve } from 'node:path'
import type { DuckDBConnection, DuckDBDataChunk, DuckDBInstance } from '@duckdb/node-api'
import type { EdgeQuery, OnProgress, QueryFormat, StoredEdge, StoreReader } from '../../engine/control.ts'
import type { Disk, Timer, Timers } from '../../host/index.ts'
import { WeirError } from '../../model/errors.ts'
import type { SqlParameters } from '../../model/sql-parameters.ts'
import { ResultStream } from './answer.ts'
import { jsonCells, outputColumns } from './cells.ts'
import { DamagedFile, filesIn, unreadableFiles } from './damage.ts'
import { duckMemory, lockDuck, withoutExtensions, openDuck } from '../duck.ts'
import { EndpointIndexReader } from '../endpoint-index/read.ts'
import { intactFor } from '../file-sums/intact.ts'
import { edgesOf } from '../graph/edges.ts'
import { hasImages } from '../insights/rows.ts'
import { formatter } from './formats.ts'
import { spillFolder } from '../names.ts'
import { EndpointIds } from './endpoint-ids.ts'
import { refusing } from './failures.ts'
import type { CachedViews } from './file-cache.ts'
import { Memory } from './memory.ts'
import { narrowed, type EndpointLookups } from './narrow.ts'
import { copyOf, ResultCache } from './result-cache.ts'
import type { StoredFile } from '../record.ts'
import { Verification } from '../verification.ts'
import type { Pin, Versions } from '../versions.ts'
import { Permits } from '../../host/permits.ts'
import { copySql, rejectWithCause, makeViews, start } from './run.ts'
import { SharedMemory } from './shared-memory.ts'
import { checkStatement, type Statement } from './statement.ts'
import { reportProgress } from './statement-progress.ts'
import { viewInput, viewsOf } from './statement-views.ts'
import type { ViewInput } from './views.ts'

export type ReaderFolder = Readonly<{
  directory: string
  versions: Pick<Versions, 'pin'>
  verify(files: readonly StoredFile[], onProgress?: OnProgress): Promise<boolean>
  suspect(files: readonly StoredFile[], message: string): Promise<void>
}>

type ReaderOptions = Readonly<{
  folder: ReaderFolder
  memoryLimit: string
  threads: number
  /** Maximum DuckDB calls: each occupies a thread of Node's pool, which file writes and syncs need too. */
  calls: number
  cacheBytes: number
  timers: Timers
  disk: Disk
  /** Bytes that joins and sorts may spill; if absent, they fail instead. */
  spill?: () => Promise<number>
  spillFolder?: string
  /** The only path to which {@link DuckReader.copy} may write. */
  output?: string
}>

type Request = Readonly<{
  format: QueryFormat
  signal: AbortSignal
  onProgress: OnProgress | undefined
}>

type Copy = Readonly<{ run: () => Promise<number> }>

type Opened = Readonly<{
  instance: DuckDBInstance
  judging: DuckDBConnection
  memory: Memory
}>

export class DuckReader implements StoreReader {
  readonly #options: ReaderOptions
  readonly #permits: Permits
  readonly #directory: string
  readonly #closing = new AbortController()
  readonly #open = new Set<Promise<void>>()
  readonly #results = new ResultCache()
  readonly #shared: SharedMemory
  readonly #endpoints: EndpointLookups
  readonly verifiedSums: Verification
  #opening: Promise<Opened> | undefined
  #warming: Promise<void> | undefined

  constructor(options: ReaderOptions) {
    this.#options = options
    this.#permits = new Permits(options.calls)
    this.#shared = new SharedMemory(options.timers)
    this.#directory = resolve(options.folder.directory)
    const indexes = new EndpointIndexReader(options.disk, this.#directory)
    this.#endpoints = { indexes, known: new EndpointIds(this.#directory) }
    this.verifiedSums = new Verification(options.disk, this.#directory)
  }

  query(
    sql: string,
    format: QueryFormat,
    given: AbortSignal,
    onProgress?: OnProgress,
    parameters: SqlParameters = {},
  ): Promise<AsyncIterable<Uint8Array>> {
    const signal = AbortSignal.any([given, this.#closing.signal])
    return this.#answer(sql, parameters, { format, signal, onProgress }).finally(this.#hold())
  }

  async #answer(sql: string, parameters: SqlParameters, request: Request): Promise<AsyncIterable<Uint8Array>> {
    const { signal } = request
    signal.throwIfAborted()
    const { instance, judging, memory } = await this.open()
    signal.throwIfAborted()
    const statement = { ...(await refusing(checkStatement(judging, sql), this.#directory)), parameters }
    const run = () =>
      this.#pinned(instance, signal, async (pin) =>
        this.#query(instance, await memory.hold(statement, pin), statement, pin, request),
      )
    return this.#shared.use(run, signal)
  }

  /** Prepares a Parquet file. It cannot be cancelled; kill its process instead. */
  async copy(sql: string, path: string, signal: AbortSignal): Promise<Copy> {
    signal.throwIfAborted()
    const { instance, judging } = await this.open()
    const directory = this.#directory
    const statement = await refusing(checkStatement(judging, sql), directory)
    const connection = await instance.connect()
    const { pin, input, views } = await this.#verified(connection, statement).catch((error: unknown) => {
      connection.closeSync()
      throw error
    })
    const givenBack = this.#hold()
    const finish = async (error: unknown) => {
      connection.closeSync()
      try {
        if (error !== undefined) await this.#excludeUnreadable(instance, pin, error)
        await pin.release()
      } finally {
        givenBack()
      }
    }
    const orFinish = async <Value>(work: () => Promise<Value>) => {
      try {
        return await refusing(work(), directory)
      } catch (error) {
        await finish(error)
        throw error
      }
    }
    const prepared = await orFinish(async () => {
      await makeViews(connection, this.#endpoints.known, statement, { input, cached: {}, text: views })
      return connection.prepare(copySql(sql, path))
    })
    return {
      run: async () => {
        const result = await orFinish(() => prepared.run())
        await finish(undefined)
        return result.rowsChanged
      },
    }
  }

  async #verified(
    connection: DuckDBConnection,
    statement: Statement,
  ): Promise<Readonly<{ pin: Pin; input: ViewInput; views: string }>> {
    for (;;) {
      const pin = this.#options.folder.versions.pin()
      try {
        const input = await this.#inputOf(connection, statement, pin)
        const views = viewsOf(statement, input, {})
        if (await this.#options.folder.verify(filesIn(views, pin))) return { pin, input, views }
      } catch (error) {
        await pin.release()
        if (!(error instanceof DamagedFile)) throw error
        continue
      }
      await pin.release()
    }
  }

  async edges(request: EdgeQuery, given: AbortSignal, onProgress?: OnProgress): Promise<readonly StoredEdge[]> {
    const signal = AbortSignal.any([given, this.#closing.signal])
    const releaseHold = this.#hold()
    try {
      signal.throwIfAborted()
      const { instance, memory } = await this.open()
      return await this.#pinned(instance, signal, async (pin) => {
        const heldEdges = memory.holdEdges(request.span, pin)
        try {
          return await edgesOf(request, pin.files, heldEdges, (statement, cached) =>
            this.#query(instance, { ...cached, release: () => undefined }, statement, pin, {
              format: 'ndjson',
              signal,
              onProgress,
            }),
          )
        } finally {
          heldEdges.release()
        }
      })
    } finally {
      releaseHold()
    }
  }

  async #pinned<Value>(
    instance: DuckDBInstance,
    signal: AbortSignal,
    act: (pin: Pin) => Promise<Value>,
  ): Promise<Value> {
    for (;;) {
      signal.throwIfAborted()
      const pin = this.#options.folder.versions.pin()
      try {
        return await act(pin)
      } catch (error) {
        if (!(error instanceof DamagedFile) && !(await this.#excludeUnreadable(instance, pin, error))) throw error
      } finally {
        await pin.release()
      }
    }
  }

  async #query(
    instance: DuckDBInstance,
    { release, ...cached }: CachedViews & { readonly release: () => void },
    statement: Statement,
    given: Pin,
    { format, signal, onProgress }: Request,
  ): Promise<AsyncIterable<Uint8Array>> {
    const directory = this.#directory
    const pin = given.again()
    const connection = await instance.connect()
    const givenBack = this.#hold()
    const endShared = this.#shared.begin()
    let interrupting: Timer | undefined
    let unreported: () => void = () => undefined
    // DuckDB forgets an interrupt between two steps of a query.
    const interrupt = () => {
      connection.interrupt()
      interrupting ??= this.#options.timers.every(20, () => connection.interrupt())
    }
    const finish = async (error: unknown) => {
      interrupting?.cancel()
      unreported()
      connection.closeSync()
      endShared()
      release()
      try {
        if (error !== undefined) await this.#excludeUnreadable(instance, pin, error)
        await pin.release()
      } finally {
        givenBack()
      }
    }
    signal.addEventListener('abort', interrupt, { once: true })
    let key: string | undefined
    let stream: ResultStream<DuckDBDataChunk>
    try {
      const input = await this.#inputOf(connection, statement, pin)
      const views = viewsOf(statement, input, cached)
      const files = filesIn(views, pin)
      if (!(await this.#options.folder.verify(files, onProgress))) throw new DamagedFile()
      key = format === 'json' ? this.#results.keyOf(views, statement) : undefined
      const bytes = key === undefined ? undefined : await this.#results.find(key)
      if (bytes !== undefined) {
        await finish(undefined)
        return copyOf(bytes)
      }
      const begin = async () => {
        await makeViews(connection, this.#endpoints.known, statement, { input, cached, text: views })
        unreported = await reportProgress(connection, this.#options.timers, { files, onProgress })
        return start(connection, statement, input)
      }
      const result = await this.#permits.use(() => refusing(begin(), directory), signal)
      const streaming = result.isStreaming
      const fetch = async () => {
        const chunk = await this.#permits.use(() => refusing(result.fetchChunk(), directory), signal)
        if (chunk !== null && chunk.rowCount > 0) return chunk
        // The binding ends a failed stream like a finished one.
        if (streaming && !result.isStreaming) {
          signal.throwIfAborted()
          return this.#permits.use(() => refusing(rejectWithCause(connection, statement), directory), signal)
        }
        return undefined
      }
      const first = await fetch()
      const api = await import('@duckdb/node-api')
      const columns = outputColumns(result)
      stream = new ResultStream<DuckDBDataChunk>({
        format: formatter(
          format,
          columns.map(({ name }) => name),
          (chunk) => columns.map(({ type }, index) => jsonCells(api, chunk, index, type)),
        ),
        first,
        fetch,
        interrupt,
        finish,
        signal,
      })
    } catch (error) {
      if (key !== undefined) this.#results.fail(key)
      await finish(undefined)
      signal.throwIfAborted()
      throw error
    } finally {
      signal.removeEventListener('abort', interrupt)
    }
    return key === undefined ? stream : this.#results.keep(key, stream)
  }

  async #inputOf(connection: DuckDBConnection, statement: Statement, pin: Pin): Promise<ViewInput> {
    const { needle, receiveTime, sumReads = [] } = statement
    const summed = sumReads.length > 0 ? await intactFor(sumReads, pin.files, this.verifiedSums) : undefined
    const input = { ...viewInput(pin, this.#directory, statement), summed }
    if (needle === undefined) return input
    const endpoints = input.files.filter(({ stream }) => stream === 'endpoints')
    if (!(await this.#options.folder.verify(endpoints))) throw new DamagedFile()
    return this.#permits.use(
      () => refusing(narrowed(connection, this.#endpoints, { needle, receiveTime }, input), this.#directory),
      this.#closing.signal,
    )
  }

  async #excludeUnreadable(instance: DuckDBInstance, pin: Pin, error: unknown): Promise<boolean> {
    if (!(error instanceof WeirError)) return false
    const connection = await instance.connect()
    try {
      const brokenFiles = await unreadableFiles(connection, this.#directory, pin.files, error.message)
      if (brokenFiles.length > 0) await this.#options.folder.suspect(brokenFiles, error.message)
      return brokenFiles.length > 0
    } finally {
      connection.closeSync()
    }
  }

  open(): Promise<Opened> {
    this.#opening ??= this.#start().catch((error: unknown) => {
      this.#opening = undefined
      throw error
    })
    return this.#opening
  }

  async #start(): Promise<Opened> {
    const { memoryLimit, threads, output } = this.#options
    const directory = this.#directory
    const temporary = this.#options.spillFolder ?? `${directory}/${spillFolder}`
    const spill = Math.floor((await this.#options.spill?.()) ?? 0)
    const instance = await openDuck({
      ...withoutExtensions,
      memory_limit: memoryLimit,
      threads: String(threads),
      temp_directory: spill > 0 ? temporary : '',
    })
    const judging = await instance.connect()
    await lockDuck(judging, { directory, output, spill })
    return {
      instance,
      judging,
      memory: new Memory({
        instance,
        directory,
        maxBytes: this.#options.cacheBytes,
        verify: (files) => this.#options.folder.verify(files),
        call: (work) => this.#permits.use(work, this.#closing.signal),
      }),
    }
  }

  async memory(): Promise<number> {
    const opened = await this.#opening?.catch(() => undefined)
    return opened === undefined || this.#closing.signal.aborted ? 0 : duckMemory(opened.instance)
  }

  /** Loads the rows that queries of images read from memory, so that the first ones need not. */
  warm(): void {
    if (this.#options.cacheBytes === 0 || this.#closing.signal.aborted) return
    const releaseHold = this.#hold()
    // The next query reports the error.
    this.#warming = this.#warm()
      .catch(() => undefined)
      .finally(releaseHold)
  }

  async #warm() {
    const pin = this.#options.folder.versions.pin()
    try {
      if (pin.files.some(hasImages)) (await this.open()).memory.warm(pin)
    } finally {
      await pin.release()
    }
  }

  async idle(): Promise<void> {
    await this.#warming
    await (await this.#opening?.catch(() => undefined))?.memory.idle()
  }

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
