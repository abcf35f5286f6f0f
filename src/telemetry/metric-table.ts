import { cloudMetrics } from './cloud-metrics.ts'

/** `weir_<area>_<what>_<unit>`, counters end in `_total`. A connector declares its metrics in `metrics.ts`. */
export type MetricInfo = Readonly<{
  kind: 'counter' | 'gauge'
  help: string
  labels: readonly string[]
  series?: number
}>

export type MetricTable = Readonly<Record<string, MetricInfo>>

export const counter = (help: string, ...labels: string[]): MetricInfo => ({ kind: 'counter', help, labels })
export const gauge = (help: string, ...labels: string[]): MetricInfo => ({ kind: 'gauge', help, labels })

export const coreMetrics = {
  ...cloudMetrics,

  weir_build_info: gauge('Always 1; the labels contain the versions of Weir and Node', 'version', 'node'),

  weir_source_accepted_rows_total: counter(
    'Accepted rows since the data folder was created, as in the ledger',
    'source',
  ),
  weir_source_duplicate_rows_total: counter('Duplicate rows recognized, as in the ledger', 'source'),
  weir_source_shed_total: counter(
    'Shed by a source; the reason shows whether rows or datagrams are counted',
    'source',
    'reason',
  ),

  weir_listening_entries: gauge('Servers (address, port, protocol) remembered from flows that show them'),
  weir_listening_evicted_entries_total: counter('Remembered servers replaced by others because the memory was full'),
  weir_listening_decided_flows_total: counter('Flows that show no server and got one from earlier flows'),

  weir_bus_messages_total: counter(
    'Messages read from a bus, by outcome: taken, empty (no event inside), or rejected (unreadable)',
    'source',
    'outcome',
  ),

  weir_poll_invalid_responses_total: counter(
    'Successful but incomplete responses of polled services: `no_list`, `count` (list and stated count ' +
      'differ), `repeated_token`, `unreadable`',
    'source',
    'reason',
  ),

  weir_udp_receive_buffer_bytes: gauge('Receive buffer that the kernel granted to a UDP socket', 'source', 'listener'),
  weir_udp_kernel_dropped_datagrams_total: counter(
    'Datagrams that the kernel dropped because they were not read in time',
    'source',
    'listener',
  ),

  weir_journal_frames_total: counter('Frames synced'),
  weir_journal_written_bytes_total: counter('Bytes written to segments'),
  weir_journal_syncs_total: counter('Syncs of a segment'),
  weir_journal_failed_syncs_total: counter('Failed syncs; each abandons a segment'),
  weir_journal_size_bytes: gauge('Bytes in segments'),
  weir_journal_segments: gauge('Segment files'),
  weir_shared_journal_refused_records_total: counter(
    'Skipped records of a journal on a bus: `repeated` and `fenced` are no loss, `damaged` and `incomplete` ' +
      'contain quarantined rows',
    'reason',
  ),
  weir_shared_journal_partitions: gauge('Partitions of a journal on a bus that this instance delivers'),
  weir_journal_unreadable_bytes_total: counter('Unreadable bytes that readers skipped; each reader counts them'),

  weir_sink_delivered_rows_total: counter('Rows that a sink delivered', 'sink'),
  weir_sink_dead_letters_total: counter('Rows that a sink rejected permanently', 'sink'),
  weir_sink_quarantined_rows_total: counter('Rows that were unreadable for every reader', 'sink'),
  weir_sink_dropped_rows_total: counter('Rows dropped for a sink', 'sink', 'reason'),
  weir_sink_filtered_rows_total: counter('Rows that a sink does not select', 'sink', 'reason'),
  weir_sink_oversize_rows_total: counter(
    'Events too large for a bus, sent in parts or as a claim check',
    'sink',
    'way',
  ),
  weir_sink_reduced_rows_total: counter('Object changes too large for a bus, sent without their states', 'sink'),
  weir_flow_metrics_sets: gauge('Label sets in memory of a sink that sums flows into metrics', 'sink'),
  weir_flow_metrics_surplus_samples_total: counter(
    'Values counted under `other`, because a metric reached `max_series`',
    'sink',
    'reason',
  ),
  weir_sink_retries_total: counter('Retried batches', 'sink'),
  weir_sink_orphaned_rows: gauge('Pending rows of a sink that is no longer configured', 'sink'),
  weir_sink_pending_rows: gauge('Rows accepted and not settled at a sink', 'sink'),
  weir_sink_lag_seconds: gauge('Age of the oldest row that a sink has not settled', 'sink'),

  kollect_resource_created_total: {
    ...counter('Created objects that a sink wrote in kollect’s form', 'group', 'version', 'kind', 'namespace'),
    series: 20_000,
  },
  kollect_resource_updated_total: {
    ...counter('Updated objects that a sink wrote in kollect’s form', 'group', 'version', 'kind', 'namespace'),
    series: 20_000,
  },
  kollect_resource_deleted_total: {
    ...counter('Deleted objects that a sink wrote in kollect’s form', 'group', 'version', 'kind', 'namespace'),
    series: 20_000,
  },
  kollect_events_written_total: counter('Messages that a sink wrote in kollect’s form', 'type'),

  weir_store_rows_total: counter('Rows committed to the store', 'stream'),
  weir_store_commits_total: counter('Commits of the store'),
  weir_store_expired_rows_total: counter('Rows that the store expired', 'reason'),
  weir_store_merged_files_total: counter('Small files that were merged into a larger one'),
  weir_store_size_bytes: gauge('Bytes in files of the store'),
  weir_store_files: gauge('Files of the store'),
  weir_memory_bytes: gauge('Memory by part: heap and buffers of a thread, DuckDB instances, other processes', 'part'),
  weir_decoding_memory_bytes: gauge(
    'Memory of received data that is being decoded: `used`, `peak` since the start, and `limit`',
    'state',
  ),
  weir_decoding_refused_requests_total: counter(
    'Requests and messages refused because decoding needs memory: `busy` (others use it) or `too_large`',
    'reason',
  ),
  weir_store_lost_rows: gauge('Rows in damaged or missing files of the store; the ledger counts them as quarantined'),
  weir_store_scrubbed_bytes_total: counter('Bytes of the store that were re-read to verify their checksums'),
  weir_store_refilled_rows_total: counter(
    'Rows of lost files of the store that were restored from the journal',
    'stream',
  ),

  weir_identity_workloads: gauge('Pods, services and nodes with known addresses'),
  weir_identity_claims: gauge('Assignments of addresses to workloads, including past ones'),

  weir_api_requests_total: counter('HTTP requests answered', 'route', 'status'),
  weir_api_failed_logins_total: counter(
    'Requests with an unknown token: refused, or rejected by the rate limit (limited)',
    'how',
    'outcome',
  ),

  weir_alert_evaluations_total: counter(
    'Evaluations of alert rules, by outcome: evaluated, no_data, or failed',
    'outcome',
  ),
  weir_alert_transitions_total: counter(
    'Alerts that began to fire or were resolved; `silenced` ones were not sent',
    'state',
  ),
  weir_alert_active_alerts: gauge('Alerts that are pending or firing', 'state'),
  weir_alert_failing_rules: gauge('Alert rules with a failed last evaluation'),

  weir_traces_sent_spans_total: counter('Spans that were exported'),
  weir_traces_dropped_spans_total: counter(
    'Dropped spans: queue full (queue_full), refused or unreachable (not_taken), at shutdown (stopped)',
    'reason',
  ),

  weir_log_lines_total: counter('Log lines, including repeated ones', 'level'),
  weir_telemetry_overflow_total: counter(
    'Updates discarded because the metric has reached its maximum number of series',
    'metric',
  ),
} satisfies MetricTable
