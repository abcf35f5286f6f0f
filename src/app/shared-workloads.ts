import type { Enrichment } from '../engine/contracts.ts'
import { partitionOf } from '../engine/cluster/names.ts'
import { sharedState } from '../engine/cluster/shared-state.ts'
import { followUnits, retryUntilAborted, type SharedSourceOptions } from '../engine/cluster/source-units.ts'
import { frameOf } from '../engine/cluster/units.ts'
import { RangeNames, WorkloadFeed, type NameSettings, type StaticResolver } from '../identity/index.ts'
import type { ResourceData } from '../model/kubernetes.ts'
import type { Metrics } from '../telemetry/ports.ts'

const firstMs = 30_000

interface Following {
  readonly stop: AbortController
  readonly done: Promise<void>
  /** Events up to here are applied; undefined before the initial state. */
  position: number | undefined
}

interface SharedWorkloadsOptions extends Omit<SharedSourceOptions, 'signal'> {
  readonly metrics: Metrics
  readonly names?: NameSettings
  readonly networks?: StaticResolver
}

export class SharedWorkloads {
  readonly #options: Omit<SharedSourceOptions, 'signal'>
  readonly #feed: WorkloadFeed
  readonly #ranges: RangeNames
  readonly #following = new Map<string, Following>()
  readonly #waiting = new Set<() => void>()

  constructor({ metrics, names, networks, ...options }: SharedWorkloadsOptions) {
    this.#options = options
    this.#ranges = new RangeNames(networks)
    this.#feed = new WorkloadFeed({
      log: options.log,
      metrics,
      names,
      networks,
      caughtUp: (signal) => this.#caughtUp(signal),
    })
  }

  get enrichment(): Enrichment {
    return this.#following.size === 0 ? this.#ranges : this.#feed
  }

  use(clusters: readonly string[]): void {
    for (const [id, { stop }] of this.#following) {
      if (clusters.includes(id)) continue
      stop.abort()
      this.#following.delete(id)
    }
    for (const id of clusters) if (!this.#following.has(id)) this.#follow(id)
  }

  /** Resolves when all events before the call are applied, or at the time limit. */
  async first(signal: AbortSignal): Promise<void> {
    const late = new AbortController()
    const timer = this.#options.host.timers.after(firstMs, () => {
      this.#options.log.warn('Reading known workloads from the journal; flows may have no names until it is done.')
      late.abort()
    })
    await this.#caughtUp(AbortSignal.any([signal, late.signal]))
    timer.cancel()
  }

  async stop(): Promise<void> {
    const all = [...this.#following.values()]
    this.use([])
    await Promise.all(all.map(({ done }) => done))
  }

  #follow(id: string) {
    const stop = new AbortController()
    const following: Following = {
      stop,
      position: undefined,
      done: this.#run(id, { ...this.#options, signal: stop.signal }, (position) => {
        following.position = position
        for (const look of this.#waiting) look()
      }).catch((error: unknown) => {
        if (!stop.signal.aborted)
          this.#options.log.error('Stopped following cluster resources; flow names are stale or missing.', {
            source: id,
            error: String(error),
          })
      }),
    }
    this.#following.set(id, following)
  }

  async #run(id: string, options: SharedSourceOptions, onPosition: (position: number) => void) {
    const state = sharedState(id, options)
    const note = await state.newest()
    if (note !== undefined) {
      try {
        for await (const { stream, bytes } of state.pieces(note))
          if (stream === 'resources') this.#feed.update(linesOf(bytes))
      } catch (error) {
        options.log.warn(
          'The stored workloads of a cluster are incomplete in the journal; only flows from now on have names.',
          { source: id, error: String(error) },
        )
      }
    }
    const start = note?.from ?? 0
    onPosition(start)
    await followUnits(
      id,
      start,
      options,
      (unit) => {
        const frame = unit.pieces[0]?.decoded.header.kind === 'events' ? frameOf(unit) : undefined
        if (frame !== undefined) this.#feed.take(frame)
      },
      onPosition,
    )
  }

  async #caughtUp(signal: AbortSignal) {
    const { bus, host, log } = this.#options
    const ends = await Promise.all(
      [...this.#following].map(async ([id, following]) => ({
        following,
        last: (await retryUntilAborted(() => bus.bounds(partitionOf(id, bus.partitions)), { host, log, signal })).last,
      })),
    ).catch(() => [])
    const { promise, resolve } = Promise.withResolvers<void>()
    const look = () => {
      if (
        signal.aborted ||
        ends.every(
          ({ following: { position, stop }, last }) =>
            stop.signal.aborted || (position !== undefined && position >= last),
        )
      )
        resolve()
    }
    this.#waiting.add(look)
    signal.addEventListener('abort', look, { once: true })
    look()
    await promise
    this.#waiting.delete(look)
    signal.removeEventListener('abort', look)
  }
}

function linesOf(bytes: Uint8Array) {
  return new TextDecoder()
    .decode(bytes)
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as ResourceData)
}
