import { counter } from '../../telemetry/metric-table.ts'

export const metrics = {
  weir_syslog_messages_total: counter(
    'Syslog messages, by outcome: taken, unparsed (stored as text), too_large, queue_full',
    'source',
    'outcome',
  ),
}

type Own = typeof metrics

declare module '../../telemetry/ports.ts' {
  interface MetricNames extends Own {}
}
