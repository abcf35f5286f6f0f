/** The dashboard of the demo: a panel of each kind that its shop has data for. */
export const shopBoard = {
  title: 'Shop',
  variables: [{ name: 'ns', value: 'shop' }],
  panels: [
    {
      kind: 'text',
      title: 'About',
      width: 4,
      text: 'Traffic of the shop, changes and their actors. *Edit* shows each panel; `ns` selects another namespace.',
    },
    { kind: 'series', title: 'Traffic of $ns by source', filter: 'any.ns = $ns', group: 'src_endpoint', width: 4 },
    { kind: 'top', title: 'Largest pairs', filter: 'any.ns = $ns', group: 'src_endpoint,dst_endpoint' },
    { kind: 'percentiles', title: 'Round-trip times' },
    { kind: 'changes', title: 'Changes by kind', group: 'kind' },
    { kind: 'changes', title: 'Newest changes', view: 'list', limit: 8 },
    { kind: 'audit', title: 'Failed logins', view: 'logins' },
    { kind: 'alerts', title: 'Alerts' },
    {
      kind: 'metric',
      title: 'Bytes per second by namespace',
      queries: [
        { expr: 'sum by (dst_namespace) (rate(weir_flow_bytes_total[$__rate_interval]))', legend: '{{dst_namespace}}' },
      ],
      unit: 'bytes_per_second',
      stack: 'stacked',
    },
    {
      kind: 'resources',
      title: 'Workloads and pods of $ns',
      filter: 'namespace = $ns and kind in (Deployment, StatefulSet, Pod)',
      limit: 12,
      width: 4,
    },
    { kind: 'insights', title: 'Problems of images', width: 4 },
    { kind: 'spend', title: 'Costs by service', group: 'service', select: { span: 'days' } },
    { kind: 'inventory', title: 'Findings of the clouds', view: 'findings', limit: 10 },
    { kind: 'topology', title: 'Workloads', filter: 'any.ns = $ns', scope: 'workload', width: 4 },
  ],
} as const
