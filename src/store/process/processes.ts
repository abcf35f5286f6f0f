import { resolve } from 'node:path'
import type { IsolatedResult, IsolatedQuery, OnProgress, StoreReader } from '../../engine/control.ts'
import type { Log } from '../../engine/contracts.ts'
import type { ChildProcess } from '../../host/child.ts'
import type { Host } from '../../host/index.ts'
import type { DuckReader, ReaderFolder } from '../read/reader.ts'
import { spillFolderOf } from '../names.ts'
import type { QueryLimits } from './limits.ts'
import { QueryProcess } from './query-process.ts'

/** `file`: standard output is a pipe that the child can open by its path. */
export type StartProcess = (options: Readonly<{ file: boolean; memoryBytes: number }>) => ChildProcess

type QueryProcessesOptions = Readonly<{
  host: Host
  folder: ReaderFolder
  log: Log
  limits: QueryLimits
  threads: number
  start: StartProcess
  /** Bytes; if absent, none. */
  spill?: () => Promise<number>
}>

const keepMs = 30_000

/** A process that writes a file serves one query. */
type ResultKind = 'file' | 'rows'

export class QueryProcesses {
  readonly #options: QueryProcessesOptions
  readonly #closing = new AbortController()
  readonly #all = new Map<QueryProcess, number>()
  #idle: QueryProcess | undefined

  constructor(options: QueryProcessesOptions) {
    this.#options = options
  }

  get count(): number {
    return this.#all.size
  }

  async isolated(query: IsolatedQuery, given: AbortSignal, onProgress?: OnProgress): Promise<IsolatedResult> {
    const { folder } = this.#options
    const signal = AbortSignal.any([given, this.#closing.signal])
    signal.throwIfAborted()
    const process = await this.#take(query.format === 'parquet' ? 'file' : 'rows')
    if (signal.aborted) this.#release(process)
    signal.throwIfAborted()
    const pin = folder.versions.pin()
    const done = () => {
      this.#release(process)
      pin.release().catch(() => undefined)
    }
    return process.run(query, pin, { signal, onProgress, done })
  }

  async #take(result: ResultKind): Promise<QueryProcess> {
    const idle = result === 'file' ? undefined : this.#idle
    if (idle === undefined) return this.#start(result)
    this.#idle = undefined
    if (!idle.usable) return this.#start(result)
    return idle
  }

  async #start(result: ResultKind): Promise<QueryProcess> {
    const file = result === 'file'
    const { host, folder, limits, threads, start, log } = this.#options
    const directory = resolve(folder.directory)
    const spillBytes = Math.floor((await this.#options.spill?.()) ?? 0)
    const slot = freeNumber(new Set(this.#all.values()))
    const child = start({ file, memoryBytes: limits.memoryBytes })
    const spill = spillBytes > 0 ? { folder: `${directory}/${spillFolderOf(slot)}`, bytes: spillBytes } : undefined
    // DuckDB allocates up to a quarter of the whole outside of its limit.
    const duckBytes = limits.memoryBytes * 0.65
    const process = new QueryProcess({
      child,
      host,
      log,
      limits,
      file,
      folder,
      settings: { directory, duckBytes, processBytes: limits.memoryBytes, threads, spill },
    })
    this.#all.set(process, slot)
    const gone = async () => {
      if (this.#idle === process) this.#idle = undefined
      if (spill !== undefined)
        for (const name of await host.disk.list(spill.folder)) await host.disk.remove(`${spill.folder}/${name}`)
      this.#all.delete(process)
    }
    process.ended.then(gone).catch(() => this.#all.delete(process))
    return process
  }

  #release(process: QueryProcess) {
    if (!process.usable || this.#closing.signal.aborted || this.#idle !== undefined) return process.kill()
    this.#idle = process
    process.idleFor(keepMs)
  }

  async close(): Promise<void> {
    this.#closing.abort(new Error('The store has ended.'))
    for (const process of this.#all.keys()) process.kill()
    await Promise.all([...this.#all.keys()].map(({ ended }) => ended))
  }
}

function freeNumber(taken: ReadonlySet<number>) {
  for (let number = 1; ; number++) if (!taken.has(number)) return number
}

export function withProcesses(reader: DuckReader, processes: QueryProcesses): StoreReader & Pick<DuckReader, 'idle'> {
  return {
    query: (sql, format, signal, onProgress) => reader.query(sql, format, signal, onProgress),
    isolated: (query, signal, onProgress) => processes.isolated(query, signal, onProgress),
    edges: (request, signal, onProgress) => reader.edges(request, signal, onProgress),
    idle: () => reader.idle(),
  }
}
