import type { Enrichment, Log } from '../engine/contracts.ts'
import type { Host } from '../host/index.ts'
import { openReader } from '../journal/index.ts'
import type { Tail } from '../journal/types.ts'
import { filePartition } from '../model/positions.ts'
import { enrichFlows } from './enrich.ts'
import type { WorkloadProjection } from './workload-projection.ts'
import { messageOf } from '../model/errors.ts'

/** What was told is written down so often, and sooner when so much of the journal waits for it, though not all the time: it is written as a whole. */
const commitEveryMs = 900_000
const commitBytes = 256 << 20
const leastCommitMs = 60_000
const tryAgainMs = 1000
const readBytes = 1 << 18
/** The journal is looked at so often while somebody asks for names, and at once for whoever waits: each look costs the same, however little there is. */
const lookMs = 1000
/** While nobody does. */
const idleMs = 10_000

export interface FollowOptions {
  readonly host: Host
  /** Folder of the journal. */
  readonly journal: string
  readonly tail: Tail
  readonly log: Log
}

/** Keeps a projection of workloads at the end of the journal, and writes down what it has. */
export class WorkloadFollower implements Enrichment {
  readonly projection: WorkloadProjection
  readonly #options: FollowOptions
  readonly #waiting = new Set<{ readonly sequence: number; readonly resolve: () => void }>()
  #running: Promise<void> | undefined
  #hurry: () => void = () => undefined
  /** Somebody asked since the last look. */
  #asked = false
  /** Ends a long rest. */
  #rouse: () => void = () => undefined

  constructor(projection: WorkloadProjection, options: FollowOptions) {
    this.projection = projection
    this.#options = options
  }

  /** Sequence after which frames are needed again after a crash. */
  get holds(): number {
    return this.projection.holds()[filePartition]?.sequence ?? 0
  }

  /** Follows until the signal aborts; `stopped` then resolves when all is written. A second call goes on with the first. */
  start(signal: AbortSignal): void {
    this.#running ??= this.#run(signal)
  }

  async stopped(): Promise<void> {
    await this.#running
  }

  /** Names are asked for now: for a while news is looked for often, and at once if it was not. */
  wanted(): void {
    if (this.#asked) return
    this.#asked = true
    this.#rouse()
  }

  async ready(sequence: number, signal: AbortSignal): Promise<void> {
    if (this.projection.reached.sequence >= sequence || signal.aborted) return
    const { promise, resolve } = Promise.withResolvers<void>()
    const waiter = { sequence, resolve }
    this.#waiting.add(waiter)
    this.wanted()
    this.#hurry()
    const give = (): void => resolve()
    signal.addEventListener('abort', give, { once: true })
    await promise
    signal.removeEventListener('abort', give)
    this.#waiting.delete(waiter)
  }

  enrich(...[batch, received]: Parameters<Enrichment['enrich']>): ReturnType<Enrichment['enrich']> {
    return enrichFlows(batch, received, this.projection.workloads)
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { timers, clock } = this.#options.host
    let committed = clock.monotonic()
    while (!signal.aborted) {
      try {
        committed = await this.#follow(signal, committed)
      } catch (error) {
        this.#options.log.error('The journal cannot be followed for the workloads of clusters; it is tried again.', {
          error: messageOf(error),
        })
        await timers.sleep(tryAgainMs, signal)
      }
    }
    await this.#commit()
  }

  async #follow(signal: AbortSignal, since: number): Promise<number> {
    const { host, journal, tail } = this.#options
    let committed = since
    let bytes = 0
    const reader = openReader({ host, directory: journal, tail, after: this.projection.reached })
    try {
      while (!signal.aborted) {
        const until = new AbortController()
        const timer = host.timers.after(leastCommitMs, () => until.abort())
        const frames = await reader.next(readBytes, AbortSignal.any([signal, until.signal]))
        timer.cancel()
        await this.projection.apply(frames)
        this.#wake()
        let came = 0
        for (const frame of frames) {
          came += frame.header.bodyBytes
          // Read for nobody else.
          frame.release?.()
        }
        bytes += came
        if (came < readBytes) await this.#rest(signal)
        const passed = host.clock.monotonic() - committed
        if (passed < (bytes > commitBytes ? leastCommitMs : commitEveryMs)) continue
        committed = host.clock.monotonic()
        bytes = 0
        await this.#commit()
      }
    } finally {
      await reader.close()
    }
    return committed
  }

  #wake(): void {
    const { sequence } = this.projection.reached
    for (const waiter of this.#waiting) {
      if (waiter.sequence > sequence) continue
      this.#waiting.delete(waiter)
      waiter.resolve()
    }
  }

  /** Until it is time to look again, or somebody waits. */
  async #rest(signal: AbortSignal): Promise<void> {
    if (this.#waiting.size > 0) return
    const hurry = new AbortController()
    this.#hurry = () => hurry.abort()
    if (!this.#asked) this.#rouse = this.#hurry
    const ms = this.#asked ? lookMs : idleMs
    this.#asked = false
    await this.#options.host.timers.sleep(ms, AbortSignal.any([signal, hurry.signal]))
    this.#rouse = () => undefined
  }

  /** What cannot be written now is still held back in the journal. */
  async #commit(): Promise<void> {
    try {
      await this.projection.commit()
    } catch (error) {
      this.#options.log.error('The workloads of clusters cannot be written down; it is tried again.', {
        error: messageOf(error),
      })
    }
  }
}
