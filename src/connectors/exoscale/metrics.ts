import type { MetricInfo } from '../../telemetry/metric-table.ts'

const gauge = (help: string, ...labels: string[]): MetricInfo => ({ kind: 'gauge', help, labels, series: 100_000 })
const instance = ['id', 'name', 'family', 'size', 'zone'] as const
const nodePool = ['id', 'name', 'version'] as const

/** Names of exoscale-exporter, for existing dashboards. Its counters that can fall are gauges. */
export const metrics = {
  exoscale_organization_balance: gauge('Balance', 'organization_id', 'organization_name'),
  exoscale_organization_usage: gauge('Balance with the opposite sign', 'organization_id', 'organization_name'),
  exoscale_organization_info: gauge(
    'Always 1; the labels contain name and address',
    'organization_id',
    'organization_name',
    'address',
    'postcode',
    'city',
    'country',
  ),
  exoscale_ssh_key: gauge('SSH keys, always 1', 'fingerprint', 'name'),
  exoscale_iam_key: gauge('API keys, always 1; `key` is a digest of the id', 'key', 'name', 'role'),
  exoscale_iam_key_count: gauge('Number of API keys'),
  exoscale_instance_up: gauge('1 if the instance is running, else 0', ...instance),
  exoscale_instance_cpus: gauge('CPUs of the instance', ...instance),
  exoscale_instance_gpus: gauge('GPUs of the instance', ...instance),
  exoscale_instance_memory: gauge('Memory of the instance in bytes', ...instance),
  exoscale_instances_count: gauge('Number of instances'),
  exoscale_instance_pool_up: gauge('0 if the instance pool is suspended, else 1', 'id', 'name'),
  exoscale_instance_pool_size: gauge('Instances of the pool', 'id', 'name'),
  exoscale_instance_pool_count: gauge('Number of instance pools'),
  exoscale_anti_affinity_group: gauge('Members, always 1', 'name', 'instance_id', 'instance_name'),
  exoscale_sks_cluster_up: gauge('1 if the cluster is running, else 0', 'id', 'name', 'level', 'version'),
  exoscale_sks_cluster_size: gauge('Nodes of all clusters'),
  exoscale_sks_cluster_count: gauge('Number of clusters'),
  exoscale_sks_nodepool_up: gauge('1 if the node pool is running, else 0', ...nodePool),
  exoscale_sks_nodepool_size: gauge('Nodes of the pool', ...nodePool),
  exoscale_sks_nodepool_disk_size: gauge('Disk of each node in GiB', ...nodePool),
  exoscale_snapshot_size: gauge('Size of the snapshot in GiB', 'id', 'name'),
  exoscale_snapshot_count: gauge('Number of snapshots'),
  exoscale_volume_size: gauge('Size of the volume in GiB', 'id', 'name'),
  exoscale_volume_count: gauge('Number of volumes'),
  exoscale_sos_bucket: gauge('Bytes in the bucket', 'name', 'zone'),
  exoscale_sos_bucket_count: gauge('Number of buckets'),
  exoscale_domain: gauge('Domains, always 1', 'domain'),
  exoscale_domain_count: gauge('Number of domains'),
  exoscale_domain_record: gauge(
    'Records, always 1; `record` is empty for records of text',
    'domain',
    'name',
    'record',
    'priority',
    'ttl',
    'type',
  ),
  exoscale_domain_record_count: gauge('Number of records'),
  exoscale_load_balancer: gauge('1 if the load balancer is running, else 0', 'name'),
  exoscale_load_balancer_count: gauge('Number of load balancers'),
  exoscale_load_balancer_service: gauge(
    '1 if the service is running, else 0',
    'name',
    'service',
    'port',
    'target_port',
    'strategy',
  ),
  exoscale_load_balancer_service_count: gauge('Number of services of load balancers'),
  exoscale_elastic_ip: gauge('Elastic IPs, always 1', 'ip'),
  exoscale_elastic_ip_count: gauge('Number of elastic IPs'),
  exoscale_private_network: gauge('Private networks, always 1', 'name', 'vni'),
  exoscale_private_network_count: gauge('Number of private networks'),
  exoscale_security_group: gauge('Security groups, always 1', 'security_group'),
  exoscale_security_group_count: gauge('Number of security groups'),
  exoscale_security_group_rule: gauge(
    'Rules, always 1',
    'security_group',
    'start_port',
    'end_port',
    'direction',
    'network',
    'protocol',
  ),
  exoscale_security_group_rule_count: gauge('Number of rules of security groups'),
}

type Own = typeof metrics

declare module '../../telemetry/ports.ts' {
  interface MetricNames extends Own {}
}
