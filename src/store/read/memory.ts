import type { EdgeQuery } from '../../engine/control.ts'
import { timesOf } from '../graph/edges-sql.ts'
import { Refs } from '../graph/refs.ts'
import type { Talks } from '../graph/talks.ts'
import { talksCacheKind } from '../graph/traffic.ts'
import { rollupFiles } from '../rollup/views.ts'
import type { Pin } from '../versions.ts'
import { FileCache, type CacheLease, type CachedRows, type FileCacheOptions } from './file-cache.ts'
import { tracesCacheKind, cachedRows, type CachedTraces } from './cached-traces.ts'
import { happenedWithin, type TimeBounds } from './receipt.ts'
import type { Statement } from './statement.ts'

const communicationShare = 1 / 6

export interface HeldEdges {
  readonly refs: Refs
  readonly traces: CacheLease<CachedTraces>
  readonly talks: CacheLease<Talks>
  readonly release: () => void
}

export class Memory {
  readonly #refs = new Refs()
  readonly #traces: FileCache<CachedTraces>
  readonly #talks: FileCache<Talks>
  #last: Promise<unknown> = Promise.resolve()

  /** `talksPart` of the limit is additional. */
  constructor({
    maxBytes,
    call,
    verify,
    directory,
    instance,
  }: Omit<FileCacheOptions<CachedTraces>, 'kind'> & { readonly directory: string }) {
    // Each load measures the memory that it adds.
    const serialized = <Value>(work: () => Promise<Value>): Promise<Value> => {
      const done = this.#last.then(() => call(work))
      this.#last = done.catch(() => undefined)
      return done
    }
    this.#traces = new FileCache({
      instance,
      call: serialized,
      verify,
      kind: tracesCacheKind(directory, this.#refs),
      maxBytes,
    })
    this.#talks = new FileCache({
      instance,
      call: serialized,
      verify,
      kind: talksCacheKind(directory, this.#refs),
      maxBytes: maxBytes * communicationShare,
    })
  }

  hold(
    { narrow, eventTimes: times }: Statement,
    pin: Pin,
  ): { readonly traces?: CachedRows; readonly release: () => void } {
    if (!narrow) return { release: () => undefined }
    const holding = this.#holdTraces(pin, times.audit)
    return { traces: cachedRows(holding), release: holding.release }
  }

  holdEdges(span: EdgeQuery['span'], pin: Pin): HeldEdges {
    const times = timesOf(span)
    const traces = this.#holdTraces(pin, times.audit)
    const talks = this.#talks.hold(
      pin,
      isCacheable(times.traffic) ? rollupFiles('flows_1h', pin.files, times.traffic) : [],
    )
    return {
      refs: this.#refs,
      traces,
      talks,
      release: () => {
        for (const { release } of [traces, talks]) release()
      },
    }
  }

  #holdTraces(pin: Pin, when: TimeBounds | undefined): CacheLease<CachedTraces> {
    return this.#traces.hold(pin, isCacheable(when) ? happenedWithin(pin.files, when) : [])
  }

  async idle(): Promise<void> {
    await Promise.all([this.#traces.idle(), this.#talks.idle()])
  }

  async close(): Promise<void> {
    await Promise.all([this.#traces.close(), this.#talks.close()])
  }
}

function isCacheable(when: TimeBounds | undefined): when is TimeBounds {
  return when !== undefined && when.from !== -Infinity
}
