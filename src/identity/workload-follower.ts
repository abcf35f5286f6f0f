import type { Enrichment, Log } from '../engine/contracts.ts'
import type { Host } from '../host/index.ts'
import { openReader } from '../journal/index.ts'
import type { Tail } from '../journal/types.ts'
import { filePartition } from '../model/positions.ts'
import { enrichFlows, type Names } from './enrich.ts'
import type { WorkloadProjection } from './workload-projection.ts'
import { messageOf } from '../model/errors.ts'

/** Interval of commits; shorter if the journal retains much data for them. Each commit writes the whole state. */
const commitEveryMs = 900_000
const commitBytes = 256 << 20
const leastCommitMs = 60_000
const tryAgainMs = 1000
const readBytes = 1 << 18
const readIntervalMs = 1000
const idleMs = 10_000

type FollowOptions = Readonly<{
  host: Host
  journal: string
  tail: Tail
  log: Log
  networks?: Names['networks']
}>

export class WorkloadFollower implements Enrichment {
  readonly projection: WorkloadProjection
  readonly #options: FollowOptions
  readonly #waiting = new Set<Readonly<{ sequence: number; resolve: () => void }>>()
  #running: Promise<void> | undefined
  #hurry: () => void = () => undefined
  #requested = false
  #rouse: () => void = () => undefined

  constructor(projection: WorkloadProjection, options: FollowOptions) {
    this.projection = projection
    this.#options = options
  }

  get holds(): number {
    return this.projection.holds()[filePartition]?.sequence ?? 0
  }

  /** `stopped` resolves after the last commit. A second call continues the first. */
  start(signal: AbortSignal): void {
    this.#running ??= this.#run(signal)
  }

  async stopped(): Promise<void> {
    await this.#running
  }

  wanted(): void {
    if (this.#requested) return
    this.#requested = true
    this.#rouse()
  }

  async ready(sequence: number, signal: AbortSignal): Promise<void> {
    if (this.projection.reached.sequence >= sequence || signal.aborted) return
    const { promise, resolve } = Promise.withResolvers<void>()
    const waiter = { sequence, resolve }
    this.#waiting.add(waiter)
    this.wanted()
    this.#hurry()
    const give = () => resolve()
    signal.addEventListener('abort', give, { once: true })
    await promise
    signal.removeEventListener('abort', give)
    this.#waiting.delete(waiter)
  }

  enrich(...[batch, received]: Parameters<Enrichment['enrich']>): ReturnType<Enrichment['enrich']> {
    const { networks } = this.#options
    const { workloads, labels } = this.projection
    return enrichFlows(batch, received, { holders: workloads, networks, labels })
  }

  async #run(signal: AbortSignal) {
    const { timers, clock } = this.#options.host
    let committed = clock.monotonic()
    while (!signal.aborted) {
      try {
        committed = await this.#follow(signal, committed)
      } catch (error) {
        this.#options.log.error('Cannot follow the journal for cluster workloads; retrying.', {
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

  #wake() {
    const { sequence } = this.projection.reached
    for (const waiter of this.#waiting) {
      if (waiter.sequence > sequence) continue
      this.#waiting.delete(waiter)
      waiter.resolve()
    }
  }

  async #rest(signal: AbortSignal) {
    if (this.#waiting.size > 0) return
    const hurry = new AbortController()
    this.#hurry = () => hurry.abort()
    if (!this.#requested) this.#rouse = this.#hurry
    const ms = this.#requested ? readIntervalMs : idleMs
    this.#requested = false
    await this.#options.host.timers.sleep(ms, AbortSignal.any([signal, hurry.signal]))
    this.#rouse = () => undefined
  }

  /** After a failure the journal still retains the frames. */
  async #commit() {
    try {
      await this.projection.commit()
    } catch (error) {
      this.#options.log.error('Cannot write the cluster workloads; retrying.', {
        error: messageOf(error),
      })
    }
  }
}
