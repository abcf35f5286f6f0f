import { aggregatorOf, exposition, type FlowAggregator } from '../../codecs/flow-metrics/index.ts'
import { metricsRequests, type OtlpResource } from '../../codecs/otlp/index.ts'
import type { Context, Preview, Probe, Sink, SinkBatch } from '../../engine/contracts.ts'
import { CountedRows } from '../../engine/delivery/counted-rows.ts'
import type { Attempt } from '../../engine/delivery/in-order.ts'
import type { Failure } from '../../model/outcome.ts'
import { probe, resourceOf, type Exporter } from './client.ts'
import type { OtlpConfig } from './config.ts'

const noMetrics = 'metrics are made of flows; let the sink take flows only (`only: {family: [flow]}`)'

export class MetricSink implements Sink {
  readonly #config: OtlpConfig
  readonly #context: Context
  readonly #exporter: Exporter
  readonly #resource: OtlpResource
  readonly #aggregator: FlowAggregator
  readonly #counted = new CountedRows()
  readonly #timer: { cancel(): void }
  readonly #stop = new AbortController()
  #exporting: Promise<unknown> = Promise.resolve()
  #exported = 0
  #exportedAt = 0
  #problem: string | undefined

  constructor(config: OtlpConfig, context: Context, exporter: Exporter) {
    this.#config = config
    this.#context = context
    this.#exporter = exporter
    this.#resource = resourceOf(config)
    this.#aggregator = aggregatorOf(config)
    this.#timer = context.host.timers.every(config.interval, () => void this.#repeat())
  }

  send(batch: SinkBatch, signal: AbortSignal): Promise<readonly Failure[]> {
    if (signal.aborted)
      return Promise.resolve(failures(batch, { is: 'retry', reason: 'not sent: the sink is stopping' }))
    return this.#alone(async () => {
      this.#count(batch)
      const after = this.#exported
      const { version } = this.#aggregator
      const outcome = await this.#export((changed) => changed > after, signal)
      if (outcome?.is === 'retry') return failures(batch, outcome)
      this.#exported = version
      if (outcome === undefined) return failures(batch, undefined)
      this.#counted.rejected(batch)
      const reason = `${outcome.reason}; the sums still include the flow, so it need not be sent again`
      return failures(batch, { is: 'reject', reason })
    })
  }

  probe(signal: AbortSignal): Promise<Probe> {
    return probe(this.#exporter, this.#config, signal)
  }

  *preview({ pieces }: SinkBatch): Generator<Preview> {
    for (const { batch, rows } of pieces)
      for (const row of rows) {
        if (batch.kind !== 'flows') {
          yield { problem: noMetrics }
          continue
        }
        const alone = aggregatorOf(this.#config)
        alone.add(batch, Uint32Array.of(row), this.#context.host.clock.now())
        const text = exposition(alone, 'prometheus').replaceAll(/^#.*\n/gm, '')
        yield text === ''
          ? { problem: 'no metric includes this flow' }
          : { to: this.#exporter.to, body: Buffer.from(text) }
      }
  }

  async close(): Promise<void> {
    this.#timer.cancel()
    this.#stop.abort()
    await this.#exporting
    this.#exporter.close()
  }

  #count(batch: SinkBatch) {
    const { id, host, metrics } = this.#context
    this.#counted.once(batch, (piece, rows) => {
      if (piece.kind === 'flows') this.#aggregator.add(piece, rows, host.clock.now())
    })
    const surplus = this.#aggregator.takeSurplus()
    if (surplus > 0)
      metrics.count('weir_flow_metrics_surplus_samples_total', surplus, { sink: id, reason: 'max_series' })
  }

  async #repeat() {
    const { id, host, metrics, log } = this.#context
    await this.#alone(async () => {
      this.#aggregator.sweep(host.clock.now())
      metrics.set('weir_flow_metrics_sets', this.#aggregator.size, { sink: id })
      const outcome = await this.#export((changed) => changed <= this.#exported, this.#stop.signal)
      if (outcome !== undefined && outcome.reason !== this.#problem && !this.#stop.signal.aborted)
        log.warn(`sink ${id} could not export its series again: ${outcome.reason}`)
      this.#problem = outcome?.reason
    })
  }

  async #export(include: (changed: number) => boolean, signal: AbortSignal): Promise<Attempt> {
    const { clock } = this.#context.host
    const { request_events: points, timeout } = this.#config
    this.#exportedAt = Math.max(clock.now(), this.#exportedAt + 1)
    const deadline = clock.monotonic() + timeout
    const options = { resource: this.#resource, at: this.#exportedAt, points, include }
    let rejected: Attempt
    for (const { body } of metricsRequests(this.#aggregator.families(), options)) {
      if (clock.monotonic() > deadline)
        return {
          is: 'retry',
          reason: 'the series were not exported within `timeout`; raise it, or choose fewer metrics',
        }
      const outcome = await this.#exporter.export(body, signal)
      if (outcome.is === 'retry') return outcome
      if (outcome.is === 'partial')
        rejected = { is: 'reject', reason: `${outcome.rejected} data points: ${outcome.message}` }
      if (outcome.is === 'reject') rejected = outcome
    }
    return rejected
  }

  #alone<T>(act: () => Promise<T>): Promise<T> {
    const next = this.#exporting.then(act, act)
    this.#exporting = next.catch(() => undefined)
    return next
  }
}

/** The outcome for each flow; events are rejected in any case. */
function failures({ pieces }: SinkBatch, outcome: Attempt): Failure[] {
  const all: Failure[] = []
  let index = 0
  for (const { batch, rows } of pieces)
    for (let i = 0; i < rows.length; i++, index++) {
      if (batch.kind !== 'flows') all.push({ index, is: 'reject', reason: noMetrics })
      else if (outcome?.is === 'reject') all.push({ index, is: 'reject', reason: outcome.reason })
      else if (outcome !== undefined)
        all.push({
          index,
          is: 'retry',
          reason: outcome.reason,
          ...(outcome.afterMs === undefined ? {} : { afterMs: outcome.afterMs }),
        })
    }
  return all
}
