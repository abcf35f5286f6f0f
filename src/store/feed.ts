import type { Log, Metrics } from '../engine/ports.ts'
import type { Host } from '../host/index.ts'
import { openReader } from '../journal/index.ts'
import type { Tail } from '../journal/types.ts'
import { filePartition, nowhere } from '../model/positions.ts'
import type { Store } from './index.ts'

export interface FeedOptions {
  readonly host: Host
  readonly log: Log
  readonly metrics: Metrics
  readonly open: () => Promise<Store>
  /** Told after each commit. */
  readonly committed: () => void
}

/** Rows become visible within this, whatever their number. */
const commitEveryMs = 1000
const readBytes = 2 * 1024 * 1024
const maintainEveryMs = 5000
const mostRounds = 8
const firstRetryMs = 500
const lastRetryMs = 30_000

/**
 * Feeds a store from the journal. What fails is begun anew from the last commit with the store opened again: nothing is
 * lost while the journal holds it, and nothing is stored twice.
 */
export class StoreFeed {
  readonly #options: FeedOptions
  #store: Store

  private constructor(options: FeedOptions, store: Store) {
    this.#options = options
    this.#store = store
  }

  /** Rejects when the store cannot be opened the first time. */
  static async open(options: FeedOptions): Promise<StoreFeed> {
    return new StoreFeed(options, await options.open())
  }

  /** The store that is open now: ask each time. */
  get store(): Store {
    return this.#store
  }

  /** Follows the journal in `directory` until the signal aborts. */
  async run(directory: string, tail: Tail, signal: AbortSignal): Promise<void> {
    const { host, log } = this.#options
    for (let waitMs = firstRetryMs; !signal.aborted; waitMs = Math.min(lastRetryMs, waitMs * 2)) {
      try {
        await this.#follow(directory, tail, signal)
      } catch (error) {
        log.error('the store failed and is opened again; rows wait in the journal', { error: error instanceof Error ? (error.stack ?? error.message) : String(error) })
        await host.timers.sleep(waitMs, signal)
        await this.#reopen()
      }
    }
  }

  async #reopen(): Promise<void> {
    try {
      await this.#store.close().catch(() => {})
      this.#store = await this.#options.open()
    } catch (error) {
      this.#options.log.error('the store could not be opened again; it is tried again', { error: error instanceof Error ? error.message : String(error) })
    }
  }

  async #follow(directory: string, tail: Tail, signal: AbortSignal): Promise<void> {
    const { host, log, metrics, committed } = this.#options
    const { projection } = this.#store
    const reader = openReader({
      host, directory, tail,
      after: projection.position()[filePartition] ?? nowhere,
      onUnreadable: (stretch) => {
        metrics.count('weir_journal_unreadable_bytes_total', stretch.bytes)
        log.error('a stretch of the journal cannot be read; its rows are quarantined', { sink: 'store', ...stretch })
      },
    })
    let uncommitted = false
    let commitAt = 0
    // Merging and retention go on beside commits.
    let maintaining: Promise<unknown> | undefined
    let maintainAt = host.clock.monotonic() + maintainEveryMs
    try {
      while (!signal.aborted) {
        const next = uncommitted ? Math.min(commitAt, maintainAt) : maintainAt
        const frames = await this.#soon(next, signal, (until) => reader.next(readBytes, until))
        if (frames.length > 0) {
          if (!uncommitted) commitAt = host.clock.monotonic() + commitEveryMs
          uncommitted = true
          await projection.apply(frames)
        }
        if (uncommitted && (projection.wantsCommit() || host.clock.monotonic() >= commitAt)) {
          uncommitted = !(await this.#commit())
          commitAt = host.clock.monotonic() + commitEveryMs
          committed()
        }
        if (host.clock.monotonic() >= maintainAt) {
          maintaining ??= this.#maintain(signal)
            .catch((error: unknown) => log.warn('merging or retention of the store failed and is tried again', { error: String(error) }))
            .finally(() => (maintaining = undefined))
          maintainAt = host.clock.monotonic() + maintainEveryMs
        }
      }
      await maintaining
      if (uncommitted) await this.#commit()
      committed()
    } finally {
      await reader.close()
    }
  }

  /** As many merges as a busy store needs in the time between two calls, and no more: commits go on beside them. */
  async #maintain(signal: AbortSignal): Promise<void> {
    for (let rounds = 0; rounds < mostRounds && !signal.aborted; rounds++) if (!(await this.#store.maintain())) return
  }

  /** A commit that fails loses nothing: the rows are still pending here and in the journal. */
  async #commit(): Promise<boolean> {
    try {
      await this.#store.projection.commit()
      return true
    } catch (error) {
      this.#options.log.error('the store could not commit and tries again; queries do not show the newest rows', { error: error instanceof Error ? error.message : String(error) })
      return false
    }
  }

  async #soon<T>(at: number, signal: AbortSignal, act: (until: AbortSignal) => Promise<T>): Promise<T> {
    const { clock, timers } = this.#options.host
    const until = new AbortController()
    const abort = (): void => until.abort()
    const timer = timers.after(Math.max(0, at - clock.monotonic()), abort)
    signal.addEventListener('abort', abort, { once: true })
    try {
      return await act(until.signal)
    } finally {
      timer.cancel()
      signal.removeEventListener('abort', abort)
    }
  }
}
