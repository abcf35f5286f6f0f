import type { MetricInfo } from './metric-table.ts'

const of = (kind: MetricInfo['kind'], help: string, ...labels: string[]): MetricInfo => ({
  kind,
  help,
  labels: ['provider', 'account', ...labels],
  series: 100_000,
})
const gauge = (help: string, ...labels: string[]) => of('gauge', help, ...labels)
const counter = (help: string, ...labels: string[]) => of('counter', help, ...labels)
const resource = ['region', 'type', 'id'] as const

/** Metrics of cloud inventories, without the prefix of Weir: dashboards do not depend on the collecting program. */
export const cloudMetrics = {
  cloud_collector_up: gauge('1 if the last read of a list succeeded completely, else 0', 'region', 'collector'),
  cloud_collector_duration_seconds: gauge('Duration of the last read of a list', 'region', 'collector'),
  cloud_collector_last_success_timestamp_seconds: gauge(
    'Unix time of the last complete read of a list; the help of each source states how often lists are read',
    'region',
    'collector',
  ),
  cloud_collector_errors_total: counter(
    'Failed reads by reason: auth, forbidden, rate_limited, timeout, decode, server',
    'region',
    'collector',
    'reason',
  ),
  cloud_api_requests_total: counter('Requests to the API of a cloud', 'endpoint', 'status'),
  cloud_api_request_charges_usd_total: counter('Price of requests to APIs that charge for each, in USD'),
  cloud_api_ratelimit_remaining_requests: gauge('Requests that the rate limit still allows'),
  cloud_account_info: gauge('Always 1; the labels contain name and postal address of the account', 'name', 'address'),
  cloud_account_balance: gauge('Balance of the account', 'currency'),
  cloud_account_spend_month_to_date: gauge('Spend of the current month', 'currency', 'source'),
  cloud_resources: gauge('Resources by type and state', 'region', 'type', 'state'),
  cloud_resource_info: gauge('Always 1; the labels describe the resource', ...resource, 'name', 'size', 'parent'),
  cloud_resource_up: gauge('1 if the resource is running, else 0', ...resource),
  cloud_resource_cpu_cores: gauge('CPU cores', ...resource),
  cloud_resource_gpus: gauge('GPUs', ...resource),
  cloud_resource_memory_bytes: gauge('Memory', ...resource),
  cloud_resource_disk_bytes: gauge('Disk size', ...resource),
  cloud_resource_nodes: gauge('Desired number of nodes', ...resource),
  cloud_resource_created_timestamp_seconds: gauge('Unix time of the creation', ...resource),
  cloud_resource_cost_per_hour: gauge('List price per hour', ...resource, 'currency'),
  cloud_object_storage_used_bytes: gauge('Bytes in a bucket', 'region', 'bucket'),
  cloud_dns_records: gauge('DNS records by domain and type', 'domain', 'type'),
  cloud_quota_used: gauge('Used part of a quota', 'region', 'resource'),
  cloud_quota_limit: gauge('Limit of a quota; +Inf if unlimited', 'region', 'resource'),
  cloud_changes_total: counter('Recorded changes of resources', 'type', 'kind'),
  cloud_orphaned_resources: gauge('Resources without a user, by reason', 'region', 'type', 'reason'),
} satisfies Readonly<Record<string, MetricInfo>>
