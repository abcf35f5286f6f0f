/**
 * Every metric of Weir. One naming rule: `weir_<area>_<what>_<unit>`, and counters end in `_total`; the unit is a base
 * unit (`bytes`, `seconds`) or what is counted (`rows`, `frames`). A metric that is not here cannot be counted.
 */
export interface MetricInfo {
  readonly kind: 'counter' | 'gauge'
  readonly help: string
  readonly labels: readonly string[]
  /** Series it may have, when the usual number is too small (metrics.ts). */
  readonly series?: number
}

const counter = (help: string, ...labels: string[]): MetricInfo => ({ kind: 'counter', help, labels })
const gauge = (help: string, ...labels: string[]): MetricInfo => ({ kind: 'gauge', help, labels })

export const metricTable: Readonly<Record<string, MetricInfo>> = {
  weir_build_info: gauge('Always 1; the labels say which Weir runs on which Node', 'version', 'node'),

  weir_source_accepted_rows_total: counter('Rows whose frame was synced, as in the ledger: since the data folder was made', 'source'),
  weir_source_duplicate_rows_total: counter('Rows recognised as sent before, as in the ledger', 'source'),
  weir_source_shed_total: counter('What a source could not take; the reason says whether rows or datagrams are counted', 'source', 'reason'),

  weir_bus_messages_total: counter('Messages read from a bus: taken, empty because they tell of nothing that happened, or rejected because they can not be read', 'source', 'outcome'),

  weir_kubernetes_changes_total: counter('Changes of objects of a cluster', 'source', 'kind'),
  weir_kubernetes_lease_held: gauge('Whether this replica tells what happens (1) or stands by (0)', 'source'),
  weir_kubernetes_left_events_total: counter('Events that this replica did not write while it stood by, because another one had', 'source'),
  weir_kubernetes_compared_objects_total: counter('Objects that were compared with what the server has', 'source'),
  weir_kubernetes_repaired_objects_total: counter('Objects that were not as the server has them, and were listed again', 'source'),
  weir_kubernetes_retold_objects_total: counter('Objects that were told of again, unchanged, before the store forgets them', 'source'),
  weir_kubernetes_state_bytes: gauge('What is known of the cluster, as it was put into a shared journal last', 'source'),
  weir_kubernetes_damaged_records_total: counter('Stored objects, or files of them, that failed their checksum; the cluster is listed again', 'source', 'what'),
  weir_kubernetes_forgotten_restarts_total: counter('Starts at which a shared journal had nothing of what was known of the cluster', 'source'),
  weir_kubernetes_hidden_total: counter('Changes that a rule of noise has hidden', 'source', 'rule'),

  weir_netflow_datagrams_total: counter('Export datagrams received (IPFIX over TCP: messages)', 'source', 'protocol'),
  weir_netflow_received_bytes_total: counter('Bytes of export datagrams and messages', 'source'),
  weir_netflow_accounted_bytes_total: counter('What became of the bytes received: header, template, decoded, padding, skipped, malformed; the rest is parked', 'source', 'fate'),
  weir_netflow_parked_bytes: gauge('Bytes of data that wait for their template', 'source'),
  weir_netflow_rows_total: counter('Flows decoded', 'source'),
  weir_netflow_malformed_datagrams_total: counter('Datagrams that are no well-formed export', 'source', 'reason'),
  weir_netflow_missing_flows_total: counter('Flows (IPFIX: records) that the exporters’ sequence numbers skipped', 'source'),
  weir_netflow_late_flows_total: counter('Flows, records or datagrams counted as missing that came after all', 'source'),
  weir_netflow_restarts_total: counter('Exporters that began to count anew', 'source'),
  weir_netflow_skewed_rows_total: counter('Flows whose exporter’s clock is further away than the limit', 'source'),
  weir_netflow_option_records_total: counter('Records that tell about exporters, not about flows', 'source'),
  weir_netflow_malformed_sets_total: counter('Sets of v9 and IPFIX that could not be read, or not to their end', 'source'),
  weir_netflow_reserved_sets_total: counter('Sets with an id that has no meaning', 'source'),
  weir_netflow_parked_sets_total: counter('Data sets that came before their template', 'source'),
  weir_netflow_expired_sets_total: counter('Data sets given up because their template did not come, or because there was no room for them', 'source'),
  weir_netflow_refused_templates_total: counter('Templates beyond the number that is kept for one exporter', 'source'),
  weir_netflow_missing_datagrams_total: counter('Datagrams of v9 that the exporters’ sequence numbers skipped', 'source'),
  weir_netflow_exporters: gauge('Exporters remembered', 'source'),
  weir_netflow_templates: gauge('Templates remembered', 'source'),

  weir_sflow_datagrams_total: counter('Datagrams of sFlow agents received', 'source'),
  weir_sflow_received_bytes_total: counter('Bytes of datagrams of sFlow agents', 'source'),
  weir_sflow_accounted_bytes_total: counter('What became of the bytes received: decoded, padding, skipped, malformed, shed, not_allowed', 'source', 'fate'),
  weir_sflow_rows_total: counter('Packet samples and dropped packets decoded', 'source'),
  weir_sflow_counter_samples_total: counter('Samples of interface and host counters, which are not taken', 'source'),
  weir_sflow_unknown_samples_total: counter('Samples of kinds that are not known', 'source'),
  weir_sflow_malformed_datagrams_total: counter('Datagrams that are no well-formed sFlow v5', 'source', 'reason'),
  weir_sflow_missing_datagrams_total: counter('Datagrams that the sequence numbers of agents skipped', 'source'),
  weir_sflow_late_datagrams_total: counter('Datagrams counted as missing that came after all', 'source'),
  weir_sflow_missing_samples_total: counter('Packet samples that the sequence numbers of data sources skipped', 'source'),
  weir_sflow_late_samples_total: counter('Packet samples counted as missing that came after all', 'source'),
  weir_sflow_restarts_total: counter('Agents that began to count anew', 'source'),
  weir_sflow_exporters: gauge('Addresses of agents remembered', 'source'),

  weir_kube_audit_batches_total: counter('Batches of audit events, by what became of each: taken, or why it was refused', 'source', 'outcome'),
  weir_kube_audit_events_total: counter('Audit events of batches that were taken: taken, duplicate, of a stage or verb that is not kept, malformed', 'source', 'outcome'),

  weir_cts_traces_total: counter('Traces of a cloud: taken (nameless: of these, without an id of their own), malformed, too large', 'source', 'project', 'tracker', 'outcome'),
  weir_cts_requests_total: counter('Requests for traces of a cloud: answered, or failed', 'source', 'project', 'tracker', 'outcome'),
  weir_cts_behind_seconds: gauge('Time since when traces may still come: `look_back`, and more when they can’t be read', 'source', 'project', 'tracker'),
  weir_cts_recorded_after_seconds: gauge('Longest time that one of the last traces took to be recorded', 'source', 'project', 'tracker'),
  weir_cts_missed_seconds_total: counter('Time of which the cloud has no traces any more, because they were not read for so long', 'source', 'project', 'tracker'),
  weir_poll_invalid_responses_total: counter('Successful answers of polled services that were not whole: `no_list`, `count` (list and stated count differ), `repeated_token`, `unreadable`', 'source', 'reason'),
  weir_cloudtrail_events_total: counter('Events that CloudTrail was asked for: taken, malformed, too large', 'source', 'region', 'outcome'),
  weir_cloudtrail_requests_total: counter('Requests for events of CloudTrail: answered, or failed', 'source', 'region', 'outcome'),
  weir_cloudtrail_behind_seconds: gauge('Time since when events may still come: `look_back`, and more when they can’t be read', 'source', 'region'),
  weir_cloudtrail_missed_seconds_total: counter('Time of which CloudTrail has no events any more, because they were not read for so long', 'source', 'region'),
  weir_cloudtrail_files_total: counter('Files of a trail: read, skipped (digests), rejected, denied (each time)', 'source', 'outcome'),

  weir_exoscale_events_total: counter('Events that Exoscale was asked for: taken, malformed, too large', 'source', 'zone', 'outcome'),
  weir_exoscale_requests_total: counter('Requests for events of Exoscale: answered, or failed', 'source', 'zone', 'outcome'),
  weir_exoscale_behind_seconds: gauge('Time since when events may still come: `look_back`, and more when they can’t be read', 'source', 'zone'),
  weir_exoscale_missed_seconds_total: counter('Time of which Exoscale is not asked for events any more, because they were not read for so long', 'source', 'zone'),

  weir_udp_receive_buffer_bytes: gauge('Receive buffer that the kernel gave a UDP socket', 'source', 'listener'),
  weir_udp_kernel_dropped_datagrams_total: counter('Datagrams the kernel dropped because they were not read in time', 'source', 'listener'),

  weir_journal_frames_total: counter('Frames synced'),
  weir_journal_written_bytes_total: counter('Bytes written to segments'),
  weir_journal_syncs_total: counter('Syncs of a segment'),
  weir_journal_failed_syncs_total: counter('Syncs that the disk refused; each abandons a segment'),
  weir_journal_size_bytes: gauge('Bytes in segments'),
  weir_journal_segments: gauge('Segment files'),
  weir_shared_journal_refused_records_total: counter('Records of a journal on a bus that were passed over: `repeated` and `fenced` are no loss, `damaged` and `incomplete` hold rows that are quarantined', 'reason'),
  weir_shared_journal_partitions: gauge('Partitions of a journal on a bus that are delivered here'),
  weir_journal_unreadable_bytes_total: counter('Bytes that readers had to pass over; each reader of a stretch counts it'),

  weir_sink_delivered_rows_total: counter('Rows that a sink has taken', 'sink'),
  weir_sink_dead_letters_total: counter('Rows that a sink refused for good', 'sink'),
  weir_sink_quarantined_rows_total: counter('Rows that no reader could read any more', 'sink'),
  weir_sink_dropped_rows_total: counter('Rows given up for a sink', 'sink', 'reason'),
  weir_sink_filtered_rows_total: counter('Rows that were not for a sink', 'sink', 'reason'),
  weir_sink_oversize_rows_total: counter('Events that were too large for a bus and went out in parts, or as a claim to a body in a store', 'sink', 'way'),
  weir_sink_reduced_rows_total: counter('Changes of objects that were too large and went out without their states', 'sink'),
  weir_sink_retries_total: counter('Batches sent again', 'sink'),
  weir_sink_orphaned_rows: gauge('Pending rows of a sink that is no longer configured', 'sink'),
  weir_sink_pending_rows: gauge('Rows accepted and not settled at a sink', 'sink'),
  weir_sink_lag_seconds: gauge('Age of the oldest row that a sink has not settled', 'sink'),

  kollect_resource_created_total: { ...counter('Creations of objects that a sink has written as kollect does', 'group', 'version', 'kind', 'namespace'), series: 20_000 },
  kollect_resource_updated_total: { ...counter('Updates of objects that a sink has written as kollect does', 'group', 'version', 'kind', 'namespace'), series: 20_000 },
  kollect_resource_deleted_total: { ...counter('Deletions of objects that a sink has written as kollect does', 'group', 'version', 'kind', 'namespace'), series: 20_000 },
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
  weir_store_refilled_rows_total: counter('Rows of lost files of the store that were stored again from the journal', 'stream'),

  weir_identity_workloads: gauge('Pods, services and nodes whose addresses are known'),
  weir_identity_claims: gauge('Addresses that somebody had or has, each as often as it changed hands'),

  weir_api_requests_total: counter('HTTP requests answered', 'route', 'status'),
  weir_api_failed_logins_total: counter('Tokens that are not known: refused, or not even looked at after too many (limited)', 'how', 'outcome'),

  weir_traces_sent_spans_total: counter('Spans of traces that were taken'),
  weir_traces_dropped_spans_total: counter('Spans of traces that were given up: no room (queue_full), refused or nobody there (not_taken), at the end (stopped)', 'reason'),

  weir_log_lines_total: counter('Program log lines, repeated ones included', 'level'),
  weir_telemetry_overflow_total: counter('Additions to a metric that already has as many series as it may have', 'metric'),
}
