import { aggregatorOf, exposition, type FlowAggregator, type MetricSeries } from '../../codecs/flow-metrics/index.ts'
import { inChunks, samplesOf, seriesText, type Entry } from '../../codecs/remote-write/index.ts'
import type { Context, Preview, Sink, SinkBatch } from '../../engine/contracts.ts'
import { defineSink } from '../../engine/define.ts'
import { CountedRows } from '../../engine/delivery/counted-rows.ts'
import type { Failure } from '../../model/outcome.ts'
import { withoutSecretsOf } from '../../model/url-text.ts'
import { Pusher, type Pushed, type Retry } from './client.ts'
import type { RemoteWriteConfig, remoteWriteSchema } from './config.ts'
import { keyOf, Refusals, type KnownRefusal } from './sink-refusals.ts'

export const sink = defineSink<typeof remoteWriteSchema>('remote-write', {
  accepts: ['flows'],
  idempotency: 'token',
  build: async (config, context) => new RemoteWriteSink(config, context, await Pusher.open(config, context)),
})

/** If no series is refused alone: entries in one request of those that were refused together. */
const togetherAgain = 8
/** Batches of which all samples are out of time are retried this long, as after a clock that stepped back. */
const outOfTimeMs = 300_000

type Which = Readonly<{
  include: (changed: number) => boolean
  /** Includes refused series before their wait ends. */
  force?: boolean
}>

/** Sums only grow, so a repeated push counts nothing twice. A series that the receiver refuses is pushed apart. */
class RemoteWriteSink implements Sink {
  readonly #config: RemoteWriteConfig
  readonly #context: Context
  readonly #pusher: Pusher
  readonly #aggregator: FlowAggregator
  readonly #counted = new CountedRows()
  readonly #refusals = new Refusals()
  readonly #timer: { cancel(): void }
  readonly #stop = new AbortController()
  #pushing: Promise<unknown> = Promise.resolve()
  #pushed = 0
  #pushedAt = 0
  #lateSince: number | undefined
  #problem: string | undefined

  constructor(config: RemoteWriteConfig, context: Context, pusher: Pusher) {
    this.#config = config
    this.#context = context
    this.#pusher = pusher
    this.#aggregator = aggregatorOf(config)
    this.#timer = context.host.timers.every(config.interval, () => void this.#repeat())
  }

  async send(batch: SinkBatch, signal: AbortSignal): Promise<readonly Failure[]> {
    const { clock } = this.#context.host
    if (signal.aborted) return retries(batch, { is: 'retry', reason: 'not sent: the sink is stopping' })
    return this.#alone(async () => {
      this.#counted.once(batch, (piece, rows) => {
        if (piece.kind === 'flows') this.#aggregator.add(piece, rows, clock.now())
      })
      const surplus = this.#aggregator.takeSurplus()
      const labels = { sink: this.#context.id, reason: 'max_series' }
      if (surplus > 0) this.#context.metrics.count('weir_flow_metrics_surplus_samples_total', surplus, labels)
      const after = this.#pushed
      const { version } = this.#aggregator
      const retry = await this.#push({ include: (changed) => changed > after, force: batch.retried }, signal)
      if (retry !== undefined) return retries(batch, retry)
      this.#pushed = version
      return this.#refusals.size === 0 ? [] : this.#rejects(batch)
    })
  }

  probe(signal: AbortSignal): Promise<{ is: 'ok' | 'warn' | 'fail'; message: string }> {
    return this.#pusher.probe(signal)
  }

  *preview({ pieces }: SinkBatch): Generator<Preview> {
    for (const { batch, rows } of pieces)
      for (const row of rows) {
        const previewSeries = aggregatorOf(this.#config)
        if (batch.kind === 'flows') previewSeries.add(batch, Uint32Array.of(row), this.#context.host.clock.now())
        const text = exposition(previewSeries, 'prometheus').replaceAll(/^#.*\n/gm, '')
        yield text === ''
          ? { problem: 'no metric includes this flow' }
          : { to: this.#config.url, body: Buffer.from(text) }
      }
  }

  async close(): Promise<void> {
    this.#timer.cancel()
    this.#stop.abort()
    this.#pusher.close()
    await this.#pushing
  }

  async #repeat() {
    await this.#alone(async () => {
      const { clock } = this.#context.host
      const { signal } = this.#stop
      const endedSeries: Entry[] = []
      this.#aggregator.sweep(clock.now(), (oldest) => {
        for (const { entry, changed, refusal } of this.#entries())
          if (changed < oldest && refusal === undefined) endedSeries.push(lasting(entry))
      })
      this.#refusals.prune(clock.now() - Math.max(this.#config.expiry, outOfTimeMs))
      this.#context.metrics.set('weir_flow_metrics_sets', this.#aggregator.size, { sink: this.#context.id })
      const retry =
        (await this.#send(inChunks(endedSeries, this.#config.request_samples), signal, 'stale')).retry ??
        (await this.#push({ include: (changed) => changed <= this.#pushed }, signal))
      if (retry !== undefined && retry.reason !== this.#problem && !signal.aborted)
        this.#context.log.warn(`sink ${this.#context.id} could not push its series again: ${retry.reason}`)
      this.#problem = retry?.reason
    })
  }

  async #push(which: Which, signal: AbortSignal): Promise<Retry | undefined> {
    const { clock } = this.#context.host
    const before = this.#refusals.size
    const first = await this.#send(this.#chunks(which), signal)
    if (first.retry !== undefined) {
      // The next push continues without the refused series.
      if (first.accepted > 0) this.#remember(first)
      return first.retry
    }
    if (first.accepted > 0 || first.refused.length === 0) this.#lateSince = undefined
    const lateRefusals = first.refused.filter(({ outOfTime }) => outOfTime)
    if (lateRefusals.length === 0) return this.#remember(first)
    if (first.accepted === 0 && before === 0 && lateRefusals.length === first.refused.length) {
      this.#lateSince ??= clock.monotonic()
      if (clock.monotonic() - this.#lateSince < outOfTimeMs)
        return {
          is: 'retry',
          reason:
            `${this.#reasonOf(lateRefusals[0]!.reason)}: the receiver has newer samples of the series; if another ` +
            'instance pushes them, give each its own `labels`, and check the clocks',
        }
    }
    this.#remember({ refused: first.refused.filter(({ outOfTime }) => !outOfTime) })
    // Another instance may have pushed a sample in between: a later time is accepted.
    const retriedEntries = lateRefusals.map(({ entry }) => entry)
    const second = await this.#send(inChunks(retriedEntries, this.#config.request_samples), signal)
    this.#remember(second.retry === undefined ? second : first)
    return second.retry
  }

  async #send(
    chunks: Iterable<readonly Entry[]>,
    signal: AbortSignal,
    kind: 'values' | 'stale' = 'values',
  ): Promise<Pushed> {
    // The time must exceed that of all earlier samples, also when the clock steps back.
    this.#pushedAt = Math.max(this.#context.host.clock.now(), this.#pushedAt + 1)
    const { labels } = this.#config
    return this.#pusher.push(chunks, {
      write: { labels, at: this.#pushedAt, stale: kind === 'stale' },
      signal,
      sent: (entries, outcome) => {
        const samples = entries.reduce((sum, entry) => sum + samplesOf(entry), 0)
        this.#context.metrics.count('weir_remote_write_samples_total', samples, { sink: this.#context.id, outcome })
        if (outcome === 'accepted') this.#refusals.accept(entries)
      },
    })
  }

  *#chunks({ include, force = false }: Which): Generator<readonly Entry[]> {
    const { request_samples: samples } = this.#config
    const now = this.#context.host.clock.now()
    const isolatedEntries: Entry[] = []
    const groupedEntries: Entry[] = []
    const includedEntries = function* (this: RemoteWriteSink): Generator<Entry> {
      for (const { entry, changed, refusal } of this.#entries())
        if (refusal === undefined) {
          if (include(changed)) yield entry
        } else if (force || refusal.until <= now) (refusal.isolated ? isolatedEntries : groupedEntries).push(entry)
    }
    yield* inChunks(includedEntries.call(this), samples)
    yield* inChunks(isolatedEntries, samples)
    for (let at = 0; at < groupedEntries.length; at += togetherAgain) yield groupedEntries.slice(at, at + togetherAgain)
  }

  *#entries(): Generator<{ entry: Entry; changed: number; refusal: KnownRefusal | undefined }> {
    for (const family of this.#aggregator.families()) {
      const { changed } = family.series
      const refusals = this.#refusals.of(family.name)
      for (let set = 0; set < changed.length; set++) {
        if (changed[set] === 0) continue
        const entry = { family, set }
        yield { entry, changed: changed[set]!, refusal: refusals?.get(keyOf(entry)) }
      }
    }
  }

  #remember({ refused }: Pick<Pushed, 'refused'>): undefined {
    const [first] = refused
    if (first === undefined) return
    const isNew = this.#refusals.size === 0
    for (const refusal of refused) this.#refusals.add(refusal, this.#context.host.clock.now())
    if (isNew)
      this.#context.log.warn(
        `sink ${this.#context.id}: the receiver refuses series, which become dead letters; the others continue: ` +
          `${seriesText(first.entry)}: ${this.#reasonOf(first.reason)}`,
        { refused: refused.length },
      )
  }

  #rejects(batch: SinkBatch): Failure[] {
    const reasons = new Map<MetricSeries, Map<number, string>>()
    for (const { entry, refusal } of this.#entries()) {
      if (refusal === undefined) continue
      const sets = reasons.get(entry.family.series) ?? new Map<number, string>()
      reasons.set(entry.family.series, sets.set(entry.set, `${seriesText(entry)}: ${this.#reasonOf(refusal.reason)}`))
    }
    const results = new Map<number, string>()
    let first = 0
    for (const { batch: rows, rows: chosen } of batch.pieces) {
      const index = new Map(Array.from(chosen, (row, i) => [row, first + i]))
      if (rows.kind === 'flows')
        this.#aggregator.eachRowOf(rows, chosen, reasons, (row, series, set) => {
          results.set(index.get(row)!, reasons.get(series)!.get(set)!)
        })
      first += chosen.length
    }
    this.#counted.rejected(batch, new Set(results.keys()))
    return [...results]
      .map(([index, reason]): Failure => {
        const note = 'the sums still include the flow, so it need not be sent again'
        return { index, is: 'reject', reason: `${reason}; ${note}` }
      })
      .sort((a, b) => a.index - b.index)
  }

  #reasonOf(reason: string) {
    const { url } = this.#config
    return withoutSecretsOf(url, `${url}: ${reason}`)
  }

  #alone<T>(act: () => Promise<T>): Promise<T> {
    const next = this.#pushing.then(act, act)
    this.#pushing = next.catch(() => undefined)
    return next
  }
}

/** An entry for a stale marker, which outlives the sweep of its set. */
function lasting({ family, set }: Entry): Entry {
  const values = family.valuesOf(set)
  return { family: { ...family, valuesOf: () => values }, set }
}

function retries({ count }: SinkBatch, { reason, afterMs }: Retry): Failure[] {
  return Array.from({ length: count }, (_, index) => ({
    index,
    is: 'retry' as const,
    reason,
    ...(afterMs === undefined ? {} : { afterMs }),
  }))
}
