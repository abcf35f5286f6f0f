/** What the address of an end means, part by part: columns of flows are `src_` and `dst_` before these, and `cluster` as it is. */
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

/** Parts that are not known are left out. */
export type Endpoint = { readonly [Part in EndpointPart]?: string }

export type End = 'src' | 'dst'

/** What a column of flows has of an address, what the flow carried set aside: a part, and the ends that are asked for it one after the other. */
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

/** Parts that a network has, too; the others only what runs in a cluster. */
export function isOfNetworks(part: EndpointPart): boolean {
  return part === 'name' || part === 'label'
}
