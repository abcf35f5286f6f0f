/** The resolved fields of an endpoint. Flow columns have the prefix `src_` or `dst_`; `cluster` has none. */
export const endpointParts = [
  'name',
  'label',
  'kind',
  'namespace',
  'owner_name',
  'owner_kind',
  'node',
  'zone',
  'network',
  'cluster',
] as const

export type EndpointPart = (typeof endpointParts)[number]

/** Unknown parts are omitted. */
export type Endpoint = { readonly [Part in EndpointPart]?: string }

export type End = 'src' | 'dst'

/**
 * A column resolved for the addresses of flows: one part for one or both ends, without the values that the flows
 * carried.
 */
export interface EndpointColumn {
  readonly part: EndpointPart
  readonly ends: readonly End[]
}

const columnsOf = (end: End): [string, EndpointColumn][] =>
  endpointParts.filter((part) => part !== 'cluster').map((part) => [`${end}_${part}`, { part, ends: [end] }])

export const endpointColumns: ReadonlyMap<string, EndpointColumn> = new Map([
  ...columnsOf('src'),
  ...columnsOf('dst'),
  ['cluster', { part: 'cluster', ends: ['src', 'dst'] }],
])

/** Parts that also exist for networks outside a cluster. */
export function isOfNetworks(part: EndpointPart): boolean {
  return part === 'name' || part === 'label'
}
