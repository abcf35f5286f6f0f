import type { StoreReader } from '../engine/control.ts'
import type { Log, Metrics } from '../engine/contracts.ts'
import type { Host } from '../host/index.ts'
import { aborted } from '../host/with-timeout.ts'
import { openReader } from '../journal/index.ts'
import type { Frame, Tail } from '../journal/types.ts'
import { filePartition, nowhere } from '../model/positions.ts'
import type { Store } from './index.ts'
import { Refill } from './refill.ts'
import { StoreLag } from './store-lag.ts'
import { ReopeningStore } from './reopening.ts'
import { DelayedFrames, type FeedIdentity } from './delayed-frames.ts'
import { messageOf, stackOf } from '../model/errors.ts'

type FeedOptions = Readonly<{
  host: Host
  log: Log
  metrics: Metrics
  open: () => Promise<Store>
  committed: () => void
  identity?: FeedIdentity
}>

/** Pause after a read with frames: each read and commit has costs, whatever its number of rows. */
const quietReadMs = 5000
/** The same while the store is queried, or has many rows. */
const busyReadMs = 1000
const busyRows = 1 << 16
const queriedMs = 30_000
const maxUnread = 8
/** While a backlog is read, and after a failed commit. */
const commitEveryMs = 1000
/** Each early commit creates a file. */
const freshEveryMs = 250
/** The decoded size is several times larger. */
const readCompressedBytes = 1 << 20
/** Decompressed. */
const applyBytes = 8 << 20
/** Memory of a row of flows. Equal values take no bytes in a frame. */
const rowBytes = 64
const maintainEveryMs = 5000
const refillEveryMs = 5000
const maxRounds = 8
const firstRetryMs = 500
const lastRetryMs = 30_000

/** After a failure it reopens the store and resumes at the last commit: each row is stored exactly once. */
export class StoreFeed {
  readonly #options: FeedOptions
  readonly #refill: Refill
  readonly #reopening: ReopeningStore
  readonly #lag: StoreLag
  #queriedAt = -Infinity
  readonly #fresh = new Set<FreshWaiter>()
  #freshAt = -Infinity
  #problem: string | undefined
  #interrupt: (() => void) | undefined

  private constructor(options: FeedOptions, store: Store) {
    this.#options = options
    this.#lag = new StoreLag(options.host, options.log)
    this.#refill = new Refill(options)
    this.#reopening = new ReopeningStore(store, options.open, options.host.timers)
  }

  static async open(options: FeedOptions): Promise<StoreFeed> {
    return new StoreFeed(options, await options.open())
  }

  get store(): Store {
    return this.#reopening.store
  }

  get reader(): StoreReader & Required<Pick<StoreReader, 'isolated'>> {
    return this.#reopening.reader
  }

  get problem(): string | undefined {
    return this.#problem
  }

  reportQuery(): void {
    const isFirst = !this.#isQueried
    this.#queriedAt = this.#options.host.clock.monotonic()
    if (isFirst) this.#interrupt?.()
  }

  get #isQueried(): boolean {
    return this.#options.host.clock.monotonic() - this.#queriedAt < queriedMs
  }

  /** Commits early, so that queries read everything up to `sequence`. False if that is impossible within `ms`. */
  fresh(sequence: number, ms: number): Promise<boolean> {
    if (this.#reached() >= sequence) return Promise.resolve(true)
    const { clock, timers } = this.#options.host
    return new Promise((resolve) => {
      const waiter: FreshWaiter = {
        sequence,
        until: clock.monotonic() + ms,
        end: (is) => {
          timer.cancel()
          this.#fresh.delete(waiter)
          resolve(is)
        },
      }
      const timer = timers.after(ms, () => waiter.end(false))
      this.#fresh.add(waiter)
      this.#interrupt?.()
    })
  }

  /** True if the store removed rows, so that the volume has more room. */
  async giveWay(): Promise<boolean> {
    const isMore = await this.store.giveWay()
    if (isMore) this.#options.committed()
    return isMore
  }

  #reached() {
    return this.store.ledger().positions[filePartition]?.sequence ?? 0
  }

  #notifyFresh(waiting: DelayedFrames) {
    const reached = this.#reached()
    for (const waiter of this.#fresh) {
      if (reached >= waiter.sequence) waiter.end(true)
      else if (waiting.readyUpTo(waiter.sequence) > waiter.until) waiter.end(false)
    }
  }

  async run(directory: string, tail: Tail, signal: AbortSignal): Promise<void> {
    const { host, log } = this.#options
    for (let waitMs = firstRetryMs; !signal.aborted; waitMs = Math.min(lastRetryMs, waitMs * 2)) {
      try {
        await this.#follow(directory, tail, signal)
      } catch (error) {
        this.#failed(error)
        log.error('The store failed and is reopened. The journal keeps the rows.', { error: stackOf(error) })
        await host.timers.sleep(waitMs, signal)
        await this.#reopen(signal)
      }
    }
  }

  #failed(error: unknown) {
    this.#problem = messageOf(error)
    this.#options.committed()
  }

  async #reopen(signal: AbortSignal) {
    try {
      await this.#reopening.reopen(signal)
    } catch (error) {
      this.#failed(error)
      this.#options.log.error('Cannot reopen the store; retrying.', { error: messageOf(error) })
    }
  }

  async #follow(directory: string, tail: Tail, signal: AbortSignal) {
    const { host, log, metrics, committed } = this.#options
    const { projection } = this.store
    const reader = openReader({
      host,
      directory,
      tail,
      after: projection.position()[filePartition] ?? nowhere,
      onUnreadable: (range) => {
        metrics.count('weir_journal_unreadable_bytes_total', range.bytes)
        log.error('A range of the journal is unreadable; its rows are quarantined.', { sink: 'store', ...range })
      },
    })
    const waiting = new DelayedFrames(host.clock, this.#options.identity)
    let uncommitted = false
    let commitAt = 0
    let maintaining: Promise<unknown> | undefined
    let maintainAt = host.clock.monotonic() + maintainEveryMs
    let refillAt = host.clock.monotonic()
    let [lookedAt, read, applied, rows] = [-Infinity, 0, 0, 0]
    const caughtUp = () => tail.durable().sequence - read <= maxUnread
    try {
      while (!signal.aborted) {
        const freshAt = this.#fresh.size > 0 ? this.#freshAt + freshEveryMs : Infinity
        if ((rows > 0 || waiting.some) && caughtUp())
          await this.#untilDue(Math.min(freshAt, lookedAt + this.#pauseMs(rows)), signal, aborted)
        lookedAt = host.clock.monotonic()
        // No file has the ids that it assigned.
        if (projection.mustReopen) throw new Error('Lost a store file that pending rows refer to.')
        const next = Math.min(uncommitted ? commitAt : Infinity, maintainAt, refillAt, waiting.readyAt, freshAt)
        const came = await this.#untilDue(next, signal, (until) => reader.next(readCompressedBytes, until))
        read = came.at(-1)?.header.sequence ?? read
        rows = came.reduce((sum, { header }) => sum + header.count, 0)
        await waiting.add(came)
        const frames = waiting.takeReady()
        if (frames.length > 0) {
          if (!uncommitted) commitAt = host.clock.monotonic() + commitEveryMs
          uncommitted = true
          applied = frames.at(-1)?.header.sequence ?? applied
          await this.#apply(frames, committed)
          const { received, firstRow, count } = frames.at(-1)!.header
          this.#lag.applied(received, Math.max(0, tail.durable().row - firstRow - count))
        }
        const isFreshDue = host.clock.monotonic() >= freshAt
        if (isFreshDue) this.#freshAt = host.clock.monotonic()
        const requested = isFreshDue && [...this.#fresh].some(({ sequence }) => sequence <= applied)
        if (
          uncommitted &&
          (requested || projection.wantsCommit() || caughtUp() || host.clock.monotonic() >= commitAt)
        ) {
          uncommitted = !(await this.#commit())
          commitAt = host.clock.monotonic() + commitEveryMs
          committed()
        }
        if (this.#problem !== undefined && !uncommitted && caughtUp()) {
          this.#problem = undefined
          committed()
        }
        if (this.#fresh.size > 0) this.#notifyFresh(waiting)
        if (host.clock.monotonic() >= maintainAt) {
          maintaining ??= this.#maintain(signal)
            .catch((error: unknown) =>
              log.warn('Merging or retention of the store failed; retrying.', { error: String(error) }),
            )
            .finally(() => (maintaining = undefined))
          maintainAt = host.clock.monotonic() + maintainEveryMs
        }
        if (host.clock.monotonic() >= refillAt) {
          if (await this.#refill.run(this.store, directory, tail)) committed()
          else refillAt = host.clock.monotonic() + refillEveryMs
        }
      }
      await maintaining
      if (uncommitted) await this.#commit()
      committed()
    } finally {
      await reader.close()
    }
  }

  #pauseMs(rows: number): number {
    return this.#isQueried || rows >= busyRows ? busyReadMs : quietReadMs
  }

  /** Merges do not delay commits. */
  async #maintain(signal: AbortSignal) {
    for (let rounds = 0; rounds < maxRounds && !signal.aborted; rounds++) if (!(await this.store.maintain())) return
  }

  /**
   * A read of a mebibyte may expand to gigabytes, so that pending rows are committed between its frames. The timers
   * that return memory run there too.
   */
  async #apply(frames: readonly Frame[], committed: () => void) {
    const { projection } = this.store
    for (let from = 0, end = 0; from < frames.length; from = end) {
      for (let bytes = 0; end < frames.length && bytes < applyBytes; end++) {
        const { rawBytes, count } = frames[end]!.header
        bytes += Math.max(rawBytes, count * rowBytes)
      }
      await projection.apply(frames.slice(from, end))
      if (end === frames.length) return
      if (projection.wantsCommit() && (await this.#commit())) committed()
      await this.#options.host.timers.yield()
    }
  }

  /** After a failure the rows are still pending. */
  async #commit(): Promise<boolean> {
    try {
      await this.store.projection.commit()
      this.#problem = undefined
      return true
    } catch (error) {
      if (this.store.projection.mustReopen) throw error
      this.#failed(error)
      this.#options.log.error('The store cannot commit and retries. Queries do not show the newest rows.', {
        error: messageOf(error),
      })
      return false
    }
  }

  async #untilDue<T>(at: number, signal: AbortSignal, act: (until: AbortSignal) => Promise<T>): Promise<T> {
    const { clock, timers } = this.#options.host
    const until = new AbortController()
    const abort = () => until.abort()
    const timer = timers.after(Math.max(0, at - clock.monotonic()), abort)
    signal.addEventListener('abort', abort, { once: true })
    this.#interrupt = abort
    try {
      return await act(until.signal)
    } finally {
      this.#interrupt = undefined
      timer.cancel()
      signal.removeEventListener('abort', abort)
    }
  }
}

type FreshWaiter = Readonly<{
  sequence: number
  until: number
  end: (isFresh: boolean) => void
}>
