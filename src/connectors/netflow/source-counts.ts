import { byteClasses, noBytes, type ByteCounts } from '../../codecs/templates/bytes.ts'
import type { ExporterState } from '../../codecs/templates/state.ts'
import type { SourceContext } from '../../engine/contracts.ts'

const counted = {
  rows: 'weir_netflow_rows_total',
  skewed: 'weir_netflow_skewed_rows_total',
  optionRecords: 'weir_netflow_option_records_total',
  malformedSets: 'weir_netflow_malformed_sets_total',
  reservedSets: 'weir_netflow_reserved_sets_total',
  parkedSets: 'weir_netflow_parked_sets_total',
  expiredSets: 'weir_netflow_expired_sets_total',
  refusedTemplates: 'weir_netflow_refused_templates_total',
  missing: 'weir_netflow_missing_flows_total',
  missingDatagrams: 'weir_netflow_missing_datagrams_total',
  late: 'weir_netflow_late_flows_total',
  restarts: 'weir_netflow_restarts_total',
} as const
type Counted = keyof typeof counted
const names = Object.keys(counted) as readonly Counted[]
type Sums = Record<Counted, number>

const zeros = () => Object.fromEntries(names.map((name) => [name, 0])) as Sums

export class NetflowCounts {
  readonly bytes: ByteCounts = noBytes()
  received = 0
  readonly datagrams: Record<'netflow5' | 'netflow9' | 'ipfix', number> = { netflow5: 0, netflow9: 0, ipfix: 0 }
  readonly #context: SourceContext
  readonly #forgotten = zeros()
  readonly #published = zeros()
  readonly #publishedBytes = noBytes()
  readonly #publishedDatagrams = { netflow5: 0, netflow9: 0, ipfix: 0 }
  #publishedReceived = 0

  constructor(context: SourceContext) {
    this.#context = context
  }

  forget(state: ExporterState): void {
    add(this.#forgotten, state)
  }

  publish(states: Iterable<ExporterState>): number {
    const { id: source, metrics } = this.#context
    const sums = { ...this.#forgotten }
    for (const state of states) add(sums, state)
    const expired = sums.expiredSets - this.#published.expiredSets
    for (const name of names) {
      if (sums[name] > this.#published[name])
        metrics.count(counted[name], sums[name] - this.#published[name], { source })
      this.#published[name] = sums[name]
    }
    for (const outcome of byteClasses) {
      if (outcome === 'parked') continue
      if (this.bytes[outcome] > this.#publishedBytes[outcome])
        metrics.count('weir_netflow_accounted_bytes_total', this.bytes[outcome] - this.#publishedBytes[outcome], {
          source,
          outcome,
        })
      this.#publishedBytes[outcome] = this.bytes[outcome]
    }
    metrics.set('weir_netflow_parked_bytes', this.bytes.parked, { source })
    for (const protocol of ['netflow5', 'netflow9', 'ipfix'] as const) {
      const more = this.datagrams[protocol] - this.#publishedDatagrams[protocol]
      if (more > 0) metrics.count('weir_netflow_datagrams_total', more, { source, protocol })
      this.#publishedDatagrams[protocol] = this.datagrams[protocol]
    }
    if (this.received > this.#publishedReceived)
      metrics.count('weir_netflow_received_bytes_total', this.received - this.#publishedReceived, { source })
    this.#publishedReceived = this.received
    return expired
  }
}

function add(sums: Sums, state: ExporterState) {
  sums.rows += state.rows
  sums.skewed += state.skewed
  sums.optionRecords += state.optionRecords
  sums.malformedSets += state.malformedSets
  sums.reservedSets += state.reservedSets
  sums.parkedSets += state.parkedSets
  sums.expiredSets += state.expiredSets
  sums.refusedTemplates += state.refusedTemplates
  sums.missing += state.missing
  sums.missingDatagrams += state.missingDatagrams
  sums.late += state.late
  sums.restarts += state.restarts
}
