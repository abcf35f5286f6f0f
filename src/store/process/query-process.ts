import type { IsolatedResult, IsolatedQuery, OnProgress } from '../../engine/control.ts'
import type { Log } from '../../engine/contracts.ts'
import { privateBytes, type ChildProcess } from '../../host/child.ts'
import type { Host, Timer } from '../../host/index.ts'
import { WeirError } from '../../model/errors.ts'
import { errorOf } from '../fault.ts'
import type { ReaderFolder } from '../read/reader.ts'
import type { StoredFile } from '../record.ts'
import type { StoreState } from '../state.ts'
import type { Pin } from '../versions.ts'
import { FrameReader, writeFrame, type Order, type ReaderSettings, type Reply } from './frames.ts'
import { memoryMessage, timeoutMessage, type QueryLimits } from './limits.ts'

type QueryProcessOptions = Readonly<{
  child: ChildProcess
  host: Pick<Host, 'clock' | 'timers'>
  log: Log
  limits: QueryLimits
  settings: ReaderSettings
  /** The process ends after one file. */
  file: boolean
  folder: ReaderFolder
}>

const watchEveryMs = 25
const maxStartMs = 30_000
/** Without reads; others need the process. */
const maxPausedMs = 120_000
/** Larger processes are not reused: memory is not fully returned. */
const maxReusedBytes = 192 << 20

export class QueryProcess {
  readonly ended: Promise<string>
  readonly #options: QueryProcessOptions
  readonly #replies: FrameReader<Reply>
  #pid: number | undefined
  #sent: Readonly<{ state: StoreState; files: number }> | undefined
  #reason: Error | undefined
  #over = false
  #pin: Pin | undefined
  #onProgress: OnProgress | undefined
  #idleTimer: Timer | undefined

  constructor(options: QueryProcessOptions) {
    this.#options = options
    const { child } = options
    this.ended = child.ended.then((how) => {
      this.#over = true
      return how
    })
    this.#replies = new FrameReader(child.channel)
    this.#order({ do: 'open', settings: options.settings, file: options.file })
  }

  get usable(): boolean {
    return !this.#over && this.#reason === undefined && !this.#options.file && (this.#bytes() ?? 0) <= maxReusedBytes
  }

  kill(reason: Error = new Error('The query was cancelled.')): void {
    this.#reason ??= reason
    this.#idleTimer?.cancel()
    this.#options.child.kill()
  }

  idleFor(ms: number): void {
    this.#idleTimer = this.#options.host.timers.after(ms, () => this.kill())
  }

  async run(
    query: IsolatedQuery,
    pin: Pin,
    {
      signal,
      onProgress,
      done,
    }: Readonly<{ signal: AbortSignal; onProgress: OnProgress | undefined; done: () => void }>,
  ): Promise<IsolatedResult> {
    this.#idleTimer?.cancel()
    this.#pin = pin
    this.#onProgress = onProgress
    const { timers } = this.#options.host
    const watching = timers.every(watchEveryMs, () => this.#watch())
    const aborted = () => {
      this.kill(signal.reason as Error)
      finish()
    }
    let finished = false
    const finish = () => {
      if (finished) return
      finished = true
      watching.cancel()
      signal.removeEventListener('abort', aborted)
      done()
    }
    signal.addEventListener('abort', aborted, { once: true })
    const within = this.#bounded(query)
    try {
      if (this.#pid === undefined) await this.#bounded({ ...query, bound: 'wait' }, maxStartMs)(() => this.#next())
      this.#sendVersion(pin)
      this.#order({ do: 'query', query })
      await within(() => this.#next())
    } catch (error) {
      finish()
      signal.throwIfAborted()
      throw error
    }
    return this.#bytesOf(query, within, finish)
  }

  async *#bytesOf(
    { format }: IsolatedQuery,
    within: Within,
    finish: () => void,
  ): AsyncGenerator<Uint8Array, number | undefined> {
    const {
      child,
      host: { timers },
    } = this.#options
    const paused = () =>
      timers.after(maxPausedMs, () => {
        this.kill(
          new WeirError(
            'WEIR_SQL_TIMEOUT',
            `The query was stopped because its rows were not read for ${maxPausedMs / 1000} s.`,
          ),
        )
        // The consumer may have stopped.
        finish()
      })
    let pause = paused()
    let whole = false
    try {
      const file = format === 'parquet' ? child.file?.[Symbol.asyncIterator]() : undefined
      for (;;) {
        pause.cancel()
        const step = file === undefined ? undefined : await within(() => file.next())
        if (step !== undefined && step.done !== true) {
          pause = paused()
          yield new Uint8Array(step.value as Uint8Array)
          continue
        }
        const reply = await within(() => this.#next())
        if (reply.is === 'end') {
          whole = true
          return reply.rows
        }
        if (reply.is !== 'chunk') continue
        pause = paused()
        yield reply.bytes
      }
    } finally {
      pause.cancel()
      if (!whole) this.kill()
      finish()
    }
  }

  async #next(): Promise<Exclude<Reply, { is: 'failed' }>> {
    for (;;) {
      const reply = await this.#replies.next()
      if (reply === undefined) throw await this.#death()
      if (reply.is === 'failed') throw errorOf(reply.fault)
      if (reply.is === 'started') this.#pid = reply.pid
      if (reply.is === 'verify') this.#order({ do: 'verified', damaged: await this.#damaged(this.#files(reply.names)) })
      else if (reply.is === 'progress') this.#onProgress?.(reply.progress)
      else if (reply.is === 'unreadable') await this.#options.folder.suspect(this.#files(reply.names), reply.message)
      else return reply
    }
  }

  #files(names: readonly string[]): readonly StoredFile[] {
    const requested = new Set(names)
    return this.#pin?.files.filter(({ name }) => requested.has(name)) ?? []
  }

  async #damaged(files: readonly StoredFile[]): Promise<readonly string[]> {
    const { folder } = this.#options
    if (await folder.verify(files, this.#onProgress)) return []
    const left = folder.versions.pin()
    const intact = new Set(left.files.map(({ name }) => name))
    await left.release()
    return files.map(({ name }) => name).filter((name) => !intact.has(name))
  }

  async #death(): Promise<Error> {
    const { child, limits, log } = this.#options
    const how = await child.ended
    if (this.#reason !== undefined) return this.#reason
    const errors = child.errors()
    if (how === 'SIGKILL' || /out of memory|bad_alloc|allocation failed|Cannot allocate/i.test(errors))
      return new WeirError('WEIR_SQL_MEMORY', memoryMessage(limits.memoryBytes))
    log.error('A query process ended unexpectedly.', { how, errors })
    return new WeirError('WEIR_SQL_PROCESS', `The query process ended unexpectedly (${how}).`)
  }

  #order(order: Order) {
    // A broken channel fails the next read.
    writeFrame(this.#options.child.channel, order).catch(() => undefined)
  }

  #sendVersion({ state, files }: Pin) {
    if (this.#sent?.state === state && this.#sent.files === files.length) return
    this.#sent = { state, files: files.length }
    this.#order({ do: 'version', state: { ...state, files: new Map(files.map((file) => [file.name, file])) } })
  }

  #bytes() {
    return this.#pid === undefined ? undefined : privateBytes(this.#pid)
  }

  #watch() {
    const { memoryBytes } = this.#options.limits
    if ((this.#bytes() ?? 0) > memoryBytes) this.kill(new WeirError('WEIR_SQL_MEMORY', memoryMessage(memoryBytes)))
  }

  #bounded({ bound }: IsolatedQuery, timeoutMs = this.#options.limits.timeoutMs): Within {
    const { clock, timers } = this.#options.host
    let left = timeoutMs
    return async (act) => {
      const began = clock.monotonic()
      const timer = timers.after(left, () =>
        this.kill(new WeirError('WEIR_SQL_TIMEOUT', timeoutMessage(timeoutMs, bound))),
      )
      try {
        return await act()
      } finally {
        timer.cancel()
        if (bound === 'work') left = Math.max(0, left - (clock.monotonic() - began))
      }
    }
  }
}

type Within = <Value>(act: () => Promise<Value>) => Promise<Value>
