import type { Host } from '../host/index.ts'
import { openReader } from '../journal/reader.ts'
import type { SharedFrames } from '../journal/shared-frames.ts'
import type { Frame, Tail } from '../journal/types.ts'
import type { Log } from './contracts.ts'

type FeedOptions = Readonly<{
  host: Host
  log: Log
  directory: string
  tail: Tail
  frames: SharedFrames
}>

/** Live views are sent less often. Without it, each synced group wakes the thread for a separate read. */
const pauseMs = 100
/** Without a view, the newest rows only have to be complete when one opens. */
const unviewedPauses = 10

type Watcher = Readonly<{
  listener: (frame: Frame) => void
  isViewed: () => boolean
}>

export class Feed {
  readonly #options: FeedOptions
  readonly #watchers = new Set<Watcher>()
  #reading: AbortController | undefined

  constructor(options: FeedOptions) {
    this.#options = options
  }

  /** `isViewed`: false while no client shows the rows, which are then up to a second late. */
  watch(listener: (frame: Frame) => void, isViewed = () => true): () => void {
    const watcher = { listener, isViewed }
    this.#watchers.add(watcher)
    if (this.#reading === undefined) {
      this.#reading = new AbortController()
      this.#follow(this.#reading.signal).catch((error: unknown) =>
        this.#options.log.error('the live view stopped', { error: String(error) }),
      )
    }
    return () => {
      this.#watchers.delete(watcher)
      if (this.#watchers.size > 0) return
      this.#reading?.abort()
      this.#reading = undefined
    }
  }

  stop(): void {
    this.#reading?.abort()
  }

  async #follow(signal: AbortSignal) {
    const { host, directory, tail, frames: shared } = this.#options
    const { sequence, row } = tail.durable()
    const reader = openReader({ host, directory, tail, after: { sequence, row }, shared })
    try {
      while (!signal.aborted) {
        const frames = await reader.next(1024 * 1024, signal)
        for (const frame of frames) for (const { listener } of this.#watchers) listener(frame)
        const last = frames.at(-1)?.header.sequence
        if (last !== undefined && last >= tail.durable().sequence) await this.#pause(signal)
      }
    } finally {
      await reader.close()
    }
  }

  async #pause(signal: AbortSignal) {
    let pauses = 0
    do await this.#options.host.timers.sleep(pauseMs, signal)
    while (++pauses < unviewedPauses && !signal.aborted && ![...this.#watchers].some(({ isViewed }) => isViewed()))
  }
}
