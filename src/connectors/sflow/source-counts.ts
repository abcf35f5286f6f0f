import type { Malformed } from '../../codecs/sflow5/datagram.ts'
import type { Decoded } from '../../codecs/sflow5/decode.ts'
import type { SourceContext } from '../../engine/contracts.ts'
import type { metrics } from './metrics.ts'

type Name = keyof typeof metrics

type ByteOutcome = 'decoded' | 'padding' | 'skipped' | 'malformed' | 'shed' | 'not_allowed'

/** Counters of one source, summed within one turn of the event loop: each metric update is expensive. */
export class SflowCounts {
  readonly #context: SourceContext
  readonly #plain = new Map<Name, number>()
  readonly #bytes = new Map<ByteOutcome, number>()

  constructor(context: SourceContext) {
    this.#context = context
  }

  received(bytes: number): void {
    this.#add('weir_sflow_datagrams_total', 1)
    this.#add('weir_sflow_received_bytes_total', bytes)
  }

  bytes(outcome: ByteOutcome, bytes: number): void {
    if (bytes > 0) this.#bytes.set(outcome, (this.#bytes.get(outcome) ?? 0) + bytes)
  }

  decoded(what: Readonly<Decoded>): void {
    this.#add('weir_sflow_rows_total', what.rows)
    this.#add('weir_sflow_counter_samples_total', what.counterSamples)
    this.#add('weir_sflow_unknown_samples_total', what.unknownSamples)
    this.bytes('decoded', what.decodedBytes)
    this.bytes('padding', what.paddingBytes)
    this.bytes('skipped', what.skippedBytes)
    this.bytes('malformed', what.malformedBytes)
  }

  losses(missing: number, late: number, missingSamples: number, lateSamples: number, restarts: number): void {
    this.#add('weir_sflow_missing_datagrams_total', missing)
    this.#add('weir_sflow_late_datagrams_total', late)
    this.#add('weir_sflow_missing_samples_total', missingSamples)
    this.#add('weir_sflow_late_samples_total', lateSamples)
    this.#add('weir_sflow_restarts_total', restarts)
  }

  malformed(reason: Malformed): void {
    this.#context.metrics.count('weir_sflow_malformed_datagrams_total', 1, { source: this.#context.id, reason })
  }

  exporters(count: number): void {
    this.#context.metrics.set('weir_sflow_exporters', count, { source: this.#context.id })
  }

  flush(): void {
    const { id: source, metrics } = this.#context
    for (const [name, by] of this.#plain) metrics.count(name, by, { source })
    for (const [outcome, by] of this.#bytes) metrics.count('weir_sflow_accounted_bytes_total', by, { source, outcome })
    this.#plain.clear()
    this.#bytes.clear()
  }

  #add(name: Name, by: number) {
    if (by > 0) this.#plain.set(name, (this.#plain.get(name) ?? 0) + by)
  }
}
