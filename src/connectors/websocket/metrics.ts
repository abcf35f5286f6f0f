import { counter } from '../../telemetry/metric-table.ts'

export const metrics = {
  weir_websocket_messages_total: counter(
    'Messages of websocket feeds, by outcome: taken, duplicate, dropped by a rule, subscription response, too large',
    'source',
    'outcome',
  ),
  weir_websocket_connections_total: counter('Ends of connections to websocket feeds', 'source'),
  weir_websocket_gaps_total: counter('Gaps in the sequence numbers of websocket feeds', 'source'),
  weir_websocket_missing_messages_total: counter('Messages missing in gaps of sequence numbers', 'source'),
}

type Own = typeof metrics

declare module '../../telemetry/ports.ts' {
  interface MetricNames extends Own {}
}
