import type { Ledger, SourceLedger } from '../control.ts'
import type { Metrics } from '../contracts.ts'

export class LedgerMetrics {
  readonly #metrics: Metrics
  readonly #counted = new Map<string, Pick<SourceLedger, 'accepted' | 'duplicates'>>()

  constructor(metrics: Metrics) {
    this.#metrics = metrics
  }

  take({ sources, sinks }: Ledger, isLocal: (source: string) => boolean): void {
    for (const { name, accepted, duplicates } of sources) {
      if (!isLocal(name)) continue
      const last = this.#counted.get(name) ?? { accepted: 0, duplicates: 0 }
      this.#metrics.count('weir_source_accepted_rows_total', Math.max(0, accepted - last.accepted), { source: name })
      this.#metrics.count('weir_source_duplicate_rows_total', Math.max(0, duplicates - last.duplicates), {
        source: name,
      })
      this.#counted.set(name, {
        accepted: Math.max(accepted, last.accepted),
        duplicates: Math.max(duplicates, last.duplicates),
      })
    }
    for (const { name, pending, state } of sinks) {
      this.#metrics.set('weir_sink_pending_rows', pending, { sink: name })
      this.#metrics.set('weir_sink_orphaned_rows', state === 'orphaned' ? pending : 0, { sink: name })
    }
  }
}
