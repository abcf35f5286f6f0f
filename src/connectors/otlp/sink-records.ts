import { flowForm } from '../../codecs/flow-forms/index.ts'
import { logsRequest, type FlowLogOptions, type OtlpResource } from '../../codecs/otlp/index.ts'
import type { Context, Preview, Probe, Sink, SinkBatch } from '../../engine/contracts.ts'
import { deliverInChunks } from '../../engine/delivery/in-chunks.ts'
import type { Attempt } from '../../engine/delivery/in-order.ts'
import type { Failure } from '../../model/outcome.ts'
import { probe, resourceOf, type Exporter } from './client.ts'
import type { OtlpConfig } from './config.ts'
import { describeLog } from './map-preview.ts'
import { logRows } from './map-rows.ts'
import { attributesOf } from './map.ts'

/** Receivers accept messages of 4 MiB by default. */
const requestBytes = 3 * 1024 * 1024

export class LogSink implements Sink {
  readonly #config: OtlpConfig
  readonly #context: Context
  readonly #exporter: Exporter
  readonly #resource: OtlpResource
  readonly #options: FlowLogOptions

  constructor(config: OtlpConfig, context: Context, exporter: Exporter) {
    this.#config = config
    this.#context = context
    this.#exporter = exporter
    this.#resource = resourceOf(config)
    this.#options = { mapping: attributesOf(config.fields_mapping), body: flowForm(config).write }
  }

  send(batch: SinkBatch, signal: AbortSignal): Promise<readonly Failure[]> {
    const { request_events: rows, timeout: budgetMs } = this.#config
    const options = { limits: { rows, bytes: requestBytes }, budgetMs, clock: this.#context.host.clock, signal }
    return deliverInChunks(
      logRows(batch, this.#options),
      options,
      (row) => row.encode(),
      (records: readonly Uint8Array[]) => this.#export(records, signal),
    )
  }

  probe(signal: AbortSignal): Promise<Probe> {
    return probe(this.#exporter, this.#config, signal)
  }

  *preview(batch: SinkBatch): Generator<Preview> {
    for (const row of logRows(batch, this.#options)) {
      const record = row.encode()
      yield 'is' in record ? { problem: record.reason } : { to: this.#exporter.to, ...describeLog(record) }
    }
  }

  close(): Promise<void> {
    this.#exporter.close()
    return Promise.resolve()
  }

  /**
   * The server does not name refused records. Each is sent again alone: accepted ones arrive twice, under one
   * `log.record.uid`.
   */
  async #export(records: readonly Uint8Array[], signal: AbortSignal): Promise<Attempt> {
    const outcome = await this.#exporter.export(logsRequest(records, this.#resource), signal)
    if (outcome.is === 'accepted') return undefined
    if (outcome.is !== 'partial') return outcome
    return { is: 'reject', reason: outcome.message === '' ? 'the receiver refused the record' : outcome.message }
  }
}
