/** Tables of sums, and their views. */
export const rollups = ['flows_1m', 'flows_5m', 'flows_1h'] as const
export type Rollup = (typeof rollups)[number]

/** Neither addresses nor ports: their combinations are as many as the flows. */
export const rollupDimensions = [
  'src_namespace',
  'dst_namespace',
  'src_owner_name',
  'dst_owner_name',
  'src_owner_kind',
  'dst_owner_kind',
  'src_label',
  'dst_label',
  'src_zone',
  'dst_zone',
  'cluster',
  'scope',
  'flow_layer',
  'proto',
  'direction',
  'node_direction',
  'reverse',
  'record_type',
  'exporter_addr',
  'in_if',
  'out_if',
] as const

export const rollupCounted = ['bytes', 'packets'] as const
export const rollupSums: readonly string[] = ['flows', ...rollupCounted, ...rollupCounted.map((name) => `${name}_est`)]
