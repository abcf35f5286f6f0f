export const endTexts = [
  'name',
  'label',
  'kind',
  'namespace',
  'owner_name',
  'owner_kind',
  'node',
  'zone',
  'network',
] as const

export const endpointParts = [...endTexts, 'cluster', 'layer', 'node_addr'] as const

export type EndpointPart = (typeof endpointParts)[number]

export type Endpoint = { readonly [Part in EndpointPart]?: string }

export type End = 'src' | 'dst'

/** One part of one or both ends, without the values that the flows carried. */
type EndpointColumn = Readonly<{
  part: EndpointPart
  ends: readonly End[]
  /** A field of two ends has the lesser text; otherwise that of the first end. */
  least?: true
}>

export const textParts: readonly EndpointPart[] = endpointParts.filter(
  (part) => part !== 'cluster' && part !== 'layer' && part !== 'node_addr',
)

const columnsOf = (end: End): [string, EndpointColumn][] =>
  textParts.map((part) => [`${end}_${part}`, { part, ends: [end] }])

export const endpointColumns: ReadonlyMap<string, EndpointColumn> = new Map([
  ...columnsOf('src'),
  ...columnsOf('dst'),
  ['cluster', { part: 'cluster', ends: ['src', 'dst'] }],
  ['flow_layer', { part: 'layer', ends: ['src', 'dst'], least: true }],
])

export const nodeColumns: ReadonlyMap<string, End> = new Map([
  ['src_node_addr', 'src'],
  ['dst_node_addr', 'dst'],
])

/** Parts that also exist for networks outside a cluster. */
export function isOfNetworks(part: EndpointPart): boolean {
  return part === 'name' || part === 'label'
}
