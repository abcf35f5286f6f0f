/** Flow columns have the prefix `src_` or `dst_`; `cluster` has none. */
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

export type Endpoint = { readonly [Part in EndpointPart]?: string }

export type End = 'src' | 'dst'

/** One part for one or both ends, without the values that flows carried. */
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

/** The part also exists for networks outside a cluster. */
export function isOfNetworks(part: EndpointPart): boolean {
  return part === 'name' || part === 'label'
}
