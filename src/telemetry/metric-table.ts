/**
 * Weir's own metrics; a connector declares its metrics in `metrics.ts`. Names follow `weir_<area>_<what>_<unit>`;
 * counters end in `_total`. The unit is a base unit (`bytes`, `seconds`) or the counted thing (`rows`, `frames`).
 */
export interface MetricInfo {
  readonly kind: 'counter' | 'gauge'
  readonly help: string
  readonly labels: readonly string[]
  /** Limit of series, if the default is too low (metrics.ts). */
  readonly series?: number
}

export type MetricTable = Readonly<Record<string, MetricInfo>>

export const counter = (help: string, ...labels: string[]): MetricInfo => ({ kind: 'counter', help, labels })
export const gauge = (help: string, ...labels: string[]): MetricInfo => ({ kind: 'gauge', help, labels })

export const coreMetrics = {
  weir_build_info: gauge('Always 1; the labels say which Weir runs on which Node', 'version', 'node'),

  weir_source_accepted_rows_total: counter(
    'Rows whose frame was synced, as in the ledger: since the data folder was made',
    'source',
  ),
  weir_source_duplicate_rows_total: counter('Rows recognised as sent before, as in the ledger', 'source'),
  weir_source_shed_total: counter(
    'What a source could not take; the reason says whether rows or datagrams are counted',
    'source',
    'reason',
  ),

  weir_bus_messages_total: counter(
    'Messages read from a bus: taken, empty because they tell of nothing that happened, or rejected because they can not be read',
    'source',
    'outcome',
  ),

  weir_poll_invalid_responses_total: counter(
    'Successful answers of polled services that were not whole: `no_list`, `count` (list and stated count differ), `repeated_token`, `unreadable`',
    'source',
    'reason',
  ),

  weir_udp_receive_buffer_bytes: gauge('Receive buffer that the kernel gave a UDP socket', 'source', 'listener'),
  weir_udp_kernel_dropped_datagrams_total: counter(
    'Datagrams the kernel dropped because they were not read in time',
    'source',
    'listener',
  ),

  weir_journal_frames_total: counter('Frames synced'),
  weir_journal_written_bytes_total: counter('Bytes written to segments'),
  weir_journal_syncs_total: counter('Syncs of a segment'),
  weir_journal_failed_syncs_total: counter('Syncs that the disk refused; each abandons a segment'),
  weir_journal_size_bytes: gauge('Bytes in segments'),
  weir_journal_segments: gauge('Segment files'),
  weir_shared_journal_refused_records_total: counter(
    'Records of a journal on a bus that were passed over: `repeated` and `fenced` are no loss, `damaged` and `incomplete` hold rows that are quarantined',
    'reason',
  ),
  weir_shared_journal_partitions: gauge('Partitions of a journal on a bus that are delivered here'),
  weir_journal_unreadable_bytes_total: counter(
    'Bytes that readers had to pass over; each reader of a stretch counts it',
  ),

  weir_sink_delivered_rows_total: counter('Rows that a sink has taken', 'sink'),
  weir_sink_dead_letters_total: counter('Rows that a sink refused for good', 'sink'),
  weir_sink_quarantined_rows_total: counter('Rows that no reader could read any more', 'sink'),
  weir_sink_dropped_rows_total: counter('Rows given up for a sink', 'sink', 'reason'),
  weir_sink_filtered_rows_total: counter('Rows that were not for a sink', 'sink', 'reason'),
  weir_sink_oversize_rows_total: counter(
    'Events that were too large for a bus and went out in parts, or as a claim to a body in a store',
    'sink',
    'way',
  ),
  weir_sink_reduced_rows_total: counter(
    'Changes of objects that were too large and went out without their states',
    'sink',
  ),
  weir_sink_retries_total: counter('Batches sent again', 'sink'),
  weir_sink_orphaned_rows: gauge('Pending rows of a sink that is no longer configured', 'sink'),
  weir_sink_pending_rows: gauge('Rows accepted and not settled at a sink', 'sink'),
  weir_sink_lag_seconds: gauge('Age of the oldest row that a sink has not settled', 'sink'),

  kollect_resource_created_total: {
    ...counter('Creations of objects that a sink has written as kollect does', 'group', 'version', 'kind', 'namespace'),
    series: 20_000,
  },
  kollect_resource_updated_total: {
    ...counter('Updates of objects that a sink has written as kollect does', 'group', 'version', 'kind', 'namespace'),
    series: 20_000,
  },
  kollect_resource_deleted_total: {
    ...counter('Deletions of objects that a sink has written as kollect does', 'group', 'version', 'kind', 'namespace'),
    series: 20_000,
  },
  kollect_events_written_total: counter('Messages of kollect that a sink has written', 'type'),

  weir_store_rows_total: counter('Rows committed to the store', 'stream'),
  weir_store_commits_total: counter('Commits of the store'),
  weir_store_expired_rows_total: counter('Rows that the store let go because of its retention', 'reason'),
  weir_store_merged_files_total: counter('Small files that became part of a larger one'),
  weir_store_size_bytes: gauge('Bytes in files of the store'),
  weir_store_files: gauge('Files of the store'),
  weir_memory_bytes: gauge('Memory by part: heap and buffers of a thread, DuckDB instances, other processes', 'part'),
  weir_store_lost_rows: gauge('Rows of damaged or missing files of the store; they count as quarantined in the ledger'),
  weir_store_scrubbed_bytes_total: counter('Bytes of the store that were read again to verify their checksums'),
  weir_store_refilled_rows_total: counter(
    'Rows of lost files of the store that were stored again from the journal',
    'stream',
  ),

  weir_identity_workloads: gauge('Pods, services and nodes whose addresses are known'),
  weir_identity_claims: gauge('Addresses that somebody had or has, each as often as it changed hands'),

  weir_api_requests_total: counter('HTTP requests answered', 'route', 'status'),
  weir_api_failed_logins_total: counter(
    'Tokens that are not known: refused, or not even looked at after too many (limited)',
    'how',
    'outcome',
  ),

  weir_traces_sent_spans_total: counter('Spans of traces that were taken'),
  weir_traces_dropped_spans_total: counter(
    'Spans of traces that were given up: no room (queue_full), refused or nobody there (not_taken), at the end (stopped)',
    'reason',
  ),

  weir_log_lines_total: counter('Program log lines, repeated ones included', 'level'),
  weir_telemetry_overflow_total: counter(
    'Additions to a metric that already has as many series as it may have',
    'metric',
  ),
} satisfies MetricTable
