import type { Log, Metrics } from '../engine/ports.ts'
import type { Clock, Host } from '../host/index.ts'
import { openReader } from '../journal/index.ts'
import type { Frame, Tail } from '../journal/types.ts'
import { filePartition, nowhere } from '../model/positions.ts'
import type { Store } from './index.ts'

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

export interface FeedIdentity {
  /** Some cluster is watched. */
  watching(): boolean
  /** Takes every frame, in order, as soon as it is read; one that it has taken before it passes over. Does not reject. */
  take(frames: readonly Frame[]): Promise<void>
}

/** So long flows wait, from their receipt on: news of who has their addresses comes up to two seconds later than they do, and takes its own way. */
const settleMs = 3500
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
/** Of uncompressed bodies that wait so; beyond it the oldest wait no longer. */
const mostWaiting = 64 << 20

/** Rows that did not wait become visible within this, whatever their number. */
const commitEveryMs = 1000
/** As they lie in the journal: what is compressed grows to several times as much. */
const readBytes = 1 << 20
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
  #askedAt = -Infinity

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

  /** Somebody asks the store: for a while what is stored is newer. */
  asked(): void {
    this.#askedAt = this.#options.host.clock.monotonic()
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
    const waiting = new Waiting(host.clock, this.#options.identity)
    let uncommitted = false
    let commitAt = 0
    // Merging and retention go on beside commits.
    let maintaining: Promise<unknown> | undefined
    let maintainAt = host.clock.monotonic() + maintainEveryMs
    let [lookedAt, read] = [-Infinity, 0]
    const caughtUp = (): boolean => tail.durable().sequence - read <= mostUnread
    try {
      while (!signal.aborted) {
        const late = waiting.some
        if (late && caughtUp()) await host.timers.sleep(Math.max(0, lookedAt + this.#lookMs() - host.clock.monotonic()), signal)
        lookedAt = host.clock.monotonic()
        const next = Math.min(uncommitted ? commitAt : Infinity, maintainAt, waiting.ripeAt)
        const came = await this.#soon(next, signal, (until) => reader.next(readBytes, until))
        read = came.at(-1)?.header.sequence ?? read
        await waiting.add(came)
        const frames = waiting.ripe()
        if (frames.length > 0) {
          if (!uncommitted) commitAt = host.clock.monotonic() + commitEveryMs
          uncommitted = true
          await projection.apply(frames)
        }
        if (uncommitted && (projection.wantsCommit() || (late && caughtUp()) || host.clock.monotonic() >= commitAt)) {
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

  #lookMs(): number {
    return this.#options.host.clock.monotonic() - this.#askedAt < askedMs ? askedLookMs : lookMs
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

/** Frames that were read: flows stay for a while, and what came after them stays behind them. Without identity nothing does. */
class Waiting {
  readonly #clock: Clock
  readonly #identity: FeedIdentity | undefined
  #frames: { readonly frame: Frame; readonly ripeAt: number }[] = []
  #bytes = 0

  constructor(clock: Clock, identity: FeedIdentity | undefined) {
    this.#clock = clock
    this.#identity = identity
  }

  /** Monotonic ms at which the first may go on. */
  get ripeAt(): number {
    return this.#frames[0]?.ripeAt ?? Infinity
  }

  get some(): boolean {
    return this.#frames.length > 0
  }

  async add(frames: readonly Frame[]): Promise<void> {
    await this.#identity?.take(frames)
    const watching = this.#identity?.watching() === true
    const [now, monotonic] = [this.#clock.now(), this.#clock.monotonic()]
    for (const frame of frames) {
      // Whatever the clock does, it is no longer than this.
      const wait = watching && frame.header.kind === 'flows' ? Math.min(settleMs, Math.max(0, frame.header.received + settleMs - now)) : 0
      this.#frames.push({ frame, ripeAt: monotonic + wait })
      this.#bytes += frame.header.rawBytes
    }
  }

  ripe(): readonly Frame[] {
    const now = this.#clock.monotonic()
    const held = this.#frames.findIndex(({ frame, ripeAt }) => {
      if (ripeAt > now && this.#bytes <= mostWaiting) return true
      this.#bytes -= frame.header.rawBytes
      return false
    })
    const ready = held < 0 ? this.#frames : this.#frames.slice(0, held)
    this.#frames = held < 0 ? [] : this.#frames.slice(held)
    return ready.map(({ frame }) => frame)
  }
}
