import type { MetricInfo } from './metric-table.ts'
import type { MetricStore } from './metrics.ts'
import type { MetricName } from './ports.ts'
import type { Sample } from './series-text.ts'

export type NetObservNames = Readonly<{
  prefix: string
  /** Types by id of the stages that receive flows. */
  sources: ReadonlyMap<string, string>
  /** Types by id of the stages that write flows; transforms are none. */
  sinks: ReadonlyMap<string, string>
}>

type NamedMetric = Readonly<{
  name: string
  info: MetricInfo
  samples: Iterable<Sample>
}>

interface Origin extends MetricInfo {
  readonly name: string
  /** Their first label is a source or sink, the second a reason. */
  readonly from: readonly MetricName[]
  readonly of: 'sources' | 'sinks'
  readonly type?: string
}

const total = (name: string, help: string, of: Origin['of'], ...from: readonly MetricName[]): Origin => {
  return { name, kind: 'counter', help, labels: ['stage'], of, from }
}

const metrics: readonly Origin[] = [
  total('ingest_flows_processed', 'Flows accepted by a source', 'sources', 'weir_source_accepted_rows_total'),
  {
    ...total('ingest_errors', 'Flows or datagrams that a source did not accept', 'sources', 'weir_source_shed_total'),
    labels: ['stage', 'type', 'code'],
  },
  total('records_written', 'Flows that a sink delivered', 'sinks', 'weir_sink_delivered_rows_total'),
  {
    ...total('stage_in_queue_size', 'Flows that a sink has not settled', 'sinks', 'weir_sink_pending_rows'),
    kind: 'gauge',
  },
  {
    ...total('loki_sent_entries_total', 'Flows delivered to Loki', 'sinks', 'weir_sink_delivered_rows_total'),
    type: 'loki',
  },
  {
    ...total(
      'loki_dropped_entries_total',
      'Flows that Loki did not accept, or that were not delivered in time',
      'sinks',
      'weir_sink_dropped_rows_total',
      'weir_sink_dead_letters_total',
    ),
    type: 'loki',
  },
  {
    ...total('loki_batch_retries_total', 'Repeated requests to Loki', 'sinks', 'weir_sink_retries_total'),
    type: 'loki',
  },
]

export function namedMetrics(store: MetricStore, names: NetObservNames): readonly NamedMetric[] {
  const series = new Map([...store].map(([name, , all]) => [name, [...all]] as const))
  return metrics.map(({ name, from, of, type: only, ...info }) => {
    const samples = new Map<string, Sample>()
    for (const { values, value } of from.flatMap((name) => series.get(name) ?? [])) {
      const [stage = '', code = ''] = values
      const type = names[of].get(stage)
      if (type === undefined || (only !== undefined && type !== only)) continue
      const labels = info.labels.length === 1 ? [stage] : [stage, type, code]
      const key = labels.join('\0')
      samples.set(key, { values: labels, value: value + (samples.get(key)?.value ?? 0), text: undefined })
    }
    return { name: names.prefix + name, info, samples: samples.values() }
  })
}
