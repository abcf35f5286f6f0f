import type { StoreReader } from '../engine/control.ts'
import type { Log, Metrics } from '../engine/contracts.ts'
import type { Host } from '../host/index.ts'
import { openReader } from '../journal/index.ts'
import type { Tail } from '../journal/types.ts'
import { filePartition, nowhere } from '../model/positions.ts'
import type { Store } from './index.ts'
import { Refill } from './refill.ts'
import { ReopeningStore } from './reopening.ts'
import { Waiting, type FeedIdentity } from './waiting.ts'
import { messageOf, stackOf } from '../model/errors.ts'

export interface FeedOptions {
  readonly host: Host
  readonly log: Log
  readonly metrics: Metrics
  readonly open: () => Promise<Store>
  /** Told after each commit. */
  readonly committed: () => void
  /** What explains addresses, where a cluster is watched: flows wait for it. */
  readonly identity?: FeedIdentity
}

/**
 * While flows wait, the journal is looked at so often, not whenever something comes, and what has waited is committed with the look: both
 * cost the same, however little there is. (bar `enrichment`, 20,000 flows/s: flows of a cluster that is watched cost 1.2 times what others do instead of 1.35.)
 */
const lookMs = 3000
/** While somebody asks the store, and for a while after. */
const askedLookMs = 1000
const askedMs = 30_000
/** While more frames than these are unread, the next look is at once. */
const mostUnread = 8
/** Rows that did not wait become visible within this, whatever their number. */
const commitEveryMs = 1000
/** Readers who wait for the newest rows make the store commit earlier, but not more often than this: each commit is a file. */
const freshEveryMs = 250
/** As they lie in the journal: what is compressed grows to several times as much. */
const readBytes = 1 << 20
const maintainEveryMs = 5000
/** A lost file is refilled soon after it was found. */
const refillEveryMs = 1000
const mostRounds = 8
const firstRetryMs = 500
const lastRetryMs = 30_000

/**
 * Feeds a store from the journal. What fails is begun anew from the last commit with the store opened again: nothing is
 * lost while the journal holds it, and nothing is stored twice.
 */
export class StoreFeed {
  readonly #options: FeedOptions
  readonly #refill: Refill
  readonly #reopening: ReopeningStore
  #askedAt = -Infinity
  readonly #fresh = new Set<FreshWaiter>()
  /** Of the last look for readers who wait. */
  #freshAt = -Infinity
  #problem: string | undefined
  /** Ends the wait of the loop. */
  #interrupt: (() => void) | undefined

  private constructor(options: FeedOptions, store: Store) {
    this.#options = options
    this.#refill = new Refill(options)
    this.#reopening = new ReopeningStore(store, options.open, options.host.timers)
  }

  /** Rejects when the store cannot be opened the first time. */
  static async open(options: FeedOptions): Promise<StoreFeed> {
    return new StoreFeed(options, await options.open())
  }

  /** The store that is open now: ask each time. */
  get store(): Store {
    return this.#reopening.store
  }

  /** Queries of whichever store is open. They wait while it is opened again. */
  get reader(): StoreReader & Required<Pick<StoreReader, 'isolated'>> {
    return this.#reopening.reader
  }

  /** Why the newest rows are not stored now. */
  get problem(): string | undefined {
    return this.#problem
  }

  /** Somebody asks the store: for a while what is stored is newer. */
  asked(): void {
    this.#askedAt = this.#options.host.clock.monotonic()
  }

  /**
   * Resolves with true when queries read everything up to a sequence of the journal, for which the store commits early. With false
   * after `ms`, or at once where it cannot be so in time, as for flows that wait for names.
   */
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

  /** The last durable commit. */
  #reached(): number {
    return this.store.ledger().positions[filePartition]?.sequence ?? 0
  }

  #tellFresh(waiting: Waiting): void {
    const reached = this.#reached()
    for (const waiter of this.#fresh) {
      if (reached >= waiter.sequence) waiter.end(true)
      else if (waiting.ripeUpTo(waiter.sequence) > waiter.until) waiter.end(false)
    }
  }

  /** Follows the journal in `directory` until the signal aborts. */
  async run(directory: string, tail: Tail, signal: AbortSignal): Promise<void> {
    const { host, log } = this.#options
    for (let waitMs = firstRetryMs; !signal.aborted; waitMs = Math.min(lastRetryMs, waitMs * 2)) {
      try {
        await this.#follow(directory, tail, signal)
      } catch (error) {
        this.#failed(error)
        log.error('the store failed and is opened again; rows wait in the journal', { error: stackOf(error) })
        await host.timers.sleep(waitMs, signal)
        await this.#reopen(signal)
      }
    }
  }

  #failed(error: unknown): void {
    this.#problem = messageOf(error)
    this.#options.committed()
  }

  async #reopen(signal: AbortSignal): Promise<void> {
    try {
      await this.#reopening.reopen(signal)
    } catch (error) {
      this.#failed(error)
      this.#options.log.error('the store could not be opened again; it is tried again', { error: messageOf(error) })
    }
  }

  async #follow(directory: string, tail: Tail, signal: AbortSignal): Promise<void> {
    const { host, log, metrics, committed } = this.#options
    const { projection } = this.store
    const reader = openReader({
      host,
      directory,
      tail,
      after: projection.position()[filePartition] ?? nowhere,
      onUnreadable: (stretch) => {
        metrics.count('weir_journal_unreadable_bytes_total', stretch.bytes)
        log.error('a stretch of the journal cannot be read; its rows are quarantined', { sink: 'store', ...stretch })
      },
    })
    const waiting = new Waiting(host.clock, this.#options.identity)
    let uncommitted = false
    let commitAt = 0
    // Merging and retention go on beside commits.
    let maintaining: Promise<unknown> | undefined
    let maintainAt = host.clock.monotonic() + maintainEveryMs
    let refillAt = host.clock.monotonic()
    let [lookedAt, read, applied] = [-Infinity, 0, 0]
    const caughtUp = (): boolean => tail.durable().sequence - read <= mostUnread
    try {
      while (!signal.aborted) {
        const late = waiting.some
        const freshAt = this.#fresh.size > 0 ? this.#freshAt + freshEveryMs : Infinity
        if (late && caughtUp()) await this.#soon(Math.min(freshAt, lookedAt + this.#lookMs()), signal, aborted)
        lookedAt = host.clock.monotonic()
        // Ids of addresses that it gave out are in no file any more.
        if (projection.mustReopen) throw new Error('A file of the store is lost that rows to come need.')
        const next = Math.min(uncommitted ? commitAt : Infinity, maintainAt, refillAt, waiting.ripeAt, freshAt)
        const came = await this.#soon(next, signal, (until) => reader.next(readBytes, until))
        read = came.at(-1)?.header.sequence ?? read
        await waiting.add(came)
        const frames = waiting.ripe()
        if (frames.length > 0) {
          if (!uncommitted) commitAt = host.clock.monotonic() + commitEveryMs
          uncommitted = true
          applied = frames.at(-1)?.header.sequence ?? applied
          await projection.apply(frames)
        }
        const isFreshDue = host.clock.monotonic() >= freshAt
        if (isFreshDue) this.#freshAt = host.clock.monotonic()
        const wanted = isFreshDue && [...this.#fresh].some(({ sequence }) => sequence <= applied)
        if (
          uncommitted &&
          (wanted || projection.wantsCommit() || (late && caughtUp()) || host.clock.monotonic() >= commitAt)
        ) {
          uncommitted = !(await this.#commit())
          commitAt = host.clock.monotonic() + commitEveryMs
          committed()
        }
        if (this.#problem !== undefined && !uncommitted && caughtUp()) {
          this.#problem = undefined
          committed()
        }
        if (this.#fresh.size > 0) this.#tellFresh(waiting)
        if (host.clock.monotonic() >= maintainAt) {
          maintaining ??= this.#maintain(signal)
            .catch((error: unknown) =>
              log.warn('merging or retention of the store failed and is tried again', { error: String(error) }),
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

  #lookMs(): number {
    return this.#options.host.clock.monotonic() - this.#askedAt < askedMs ? askedLookMs : lookMs
  }

  /** As many merges as a busy store needs in the time between two calls, and no more: commits go on beside them. */
  async #maintain(signal: AbortSignal): Promise<void> {
    for (let rounds = 0; rounds < mostRounds && !signal.aborted; rounds++) if (!(await this.store.maintain())) return
  }

  /** A commit that fails loses nothing: the rows are still pending here and in the journal. */
  async #commit(): Promise<boolean> {
    try {
      await this.store.projection.commit()
      this.#problem = undefined
      return true
    } catch (error) {
      if (this.store.projection.mustReopen) throw error
      this.#failed(error)
      this.#options.log.error('the store could not commit and tries again; queries do not show the newest rows', {
        error: messageOf(error),
      })
      return false
    }
  }

  async #soon<T>(at: number, signal: AbortSignal, act: (until: AbortSignal) => Promise<T>): Promise<T> {
    const { clock, timers } = this.#options.host
    const until = new AbortController()
    const abort = (): void => until.abort()
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

/** Resolves when the signal aborts. */
function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

/** A reader who waits for the newest rows. */
interface FreshWaiter {
  readonly sequence: number
  /** Monotonic ms. */
  readonly until: number
  readonly end: (isFresh: boolean) => void
}
