import { aggregatorOf, exposition, type FlowAggregator } from '../../codecs/flow-metrics/index.ts'
import { writeRequests, type WriteOptions, type WriteRequest } from '../../codecs/remote-write/index.ts'
import type { Context, Preview, Sink, SinkBatch } from '../../engine/contracts.ts'
import { defineSink } from '../../engine/define.ts'
import { CountedRows } from '../../engine/delivery/counted-rows.ts'
import type { Attempt } from '../../engine/delivery/in-order.ts'
import type { Failure } from '../../model/outcome.ts'
import { Pusher } from './client.ts'
import type { RemoteWriteConfig, remoteWriteSchema } from './config.ts'

export const sink = defineSink<typeof remoteWriteSchema>('remote-write', {
  accepts: ['flows'],
  idempotency: 'token',
  build: async (config, context) => new RemoteWriteSink(config, context, await Pusher.open(config, context)),
})

/**
 * A row is delivered when a push that includes it was accepted. Sums only grow, so a repeated push counts nothing
 * twice.
 */
class RemoteWriteSink implements Sink {
  readonly #config: RemoteWriteConfig
  readonly #context: Context
  readonly #pusher: Pusher
  readonly #aggregator: FlowAggregator
  readonly #counted = new CountedRows()
  readonly #timer: { cancel(): void }
  readonly #stop = new AbortController()
  /** Pushes happen one after the other. */
  #pushing: Promise<unknown> = Promise.resolve()
  /** Last change that a complete push included. */
  #pushed = 0
  #pushedAt = 0
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
    if (signal.aborted) return failures(batch, { is: 'retry', reason: 'not sent: the sink is stopping' })
    return this.#alone(async () => {
      this.#counted.once(batch, (piece, rows) => {
        if (piece.kind === 'flows') this.#aggregator.add(piece, rows, clock.now())
      })
      const surplus = this.#aggregator.takeSurplus()
      const labels = { sink: this.#context.id, reason: 'max_series' }
      if (surplus > 0) this.#context.metrics.count('weir_flow_metrics_surplus_samples_total', surplus, labels)
      const after = this.#pushed
      const { version } = this.#aggregator
      const outcome = await this.#push({ include: (changed) => changed > after }, signal)
      if (outcome?.is === 'retry') return failures(batch, outcome)
      // Refused series are pushed again when they change.
      this.#pushed = version
      if (outcome === undefined) return []
      this.#counted.rejected(batch)
      return failures(batch, {
        ...outcome,
        reason: `${outcome.reason}; the sums still include the flow, so it need not be sent again`,
      })
    })
  }

  probe(signal: AbortSignal): Promise<{ is: 'ok' | 'warn' | 'fail'; message: string }> {
    return this.#pusher.probe(signal)
  }

  /** The series that each row alone would yield. */
  *preview({ pieces }: SinkBatch): Generator<Preview> {
    for (const { batch, rows } of pieces)
      for (const row of rows) {
        const alone = aggregatorOf(this.#config)
        if (batch.kind === 'flows') alone.add(batch, Uint32Array.of(row), this.#context.host.clock.now())
        const text = exposition(alone, 'prometheus').replaceAll(/^#.*\n/gm, '')
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

  /** Pushes all series again, and ends expired ones. The next batch repeats the sums: failures lose nothing. */
  async #repeat(): Promise<void> {
    await this.#alone(async () => {
      const { clock } = this.#context.host
      const ended: WriteRequest[] = []
      this.#aggregator.sweep(clock.now(), (oldest) => {
        ended.push(...this.#requests({ include: (changed) => changed < oldest, stale: true }))
      })
      this.#context.metrics.set('weir_flow_metrics_sets', this.#aggregator.size, { sink: this.#context.id })
      const outcome =
        (await this.#pusher.push(ended, this.#stop.signal, this.#count)) ??
        (await this.#push({ include: (changed) => changed <= this.#pushed }, this.#stop.signal))
      if (outcome !== undefined && outcome.reason !== this.#problem && !this.#stop.signal.aborted)
        this.#context.log.warn(`sink ${this.#context.id} could not push its series again: ${outcome.reason}`)
      this.#problem = outcome?.reason
    })
  }

  #push(which: Pick<WriteOptions, 'include'>, signal: AbortSignal): Promise<Attempt> {
    return this.#pusher.push(this.#requests(which), signal, this.#count)
  }

  readonly #count = ({ samples }: WriteRequest, outcome: Attempt): void => {
    this.#context.metrics.count('weir_remote_write_samples_total', samples, {
      sink: this.#context.id,
      outcome: outcome === undefined ? 'accepted' : outcome.is === 'reject' ? 'refused' : 'failed',
    })
  }

  #requests(which: Pick<WriteOptions, 'include' | 'stale'>): Iterable<WriteRequest> {
    // Later than all earlier samples, also when the clock steps back.
    this.#pushedAt = Math.max(this.#context.host.clock.now(), this.#pushedAt + 1)
    const { labels, request_samples: samples } = this.#config
    return writeRequests(this.#aggregator.families(), { labels, at: this.#pushedAt, samples, ...which })
  }

  #alone<T>(act: () => Promise<T>): Promise<T> {
    const next = this.#pushing.then(act, act)
    this.#pushing = next.catch(() => undefined)
    return next
  }
}

function failures({ count }: SinkBatch, outcome: Exclude<Attempt, undefined>): Failure[] {
  const { is, reason } = outcome
  const afterMs = is === 'retry' ? outcome.afterMs : undefined
  return Array.from(
    { length: count },
    (_, index) => ({ index, is, reason, ...(afterMs === undefined ? {} : { afterMs }) }) as Failure,
  )
}
