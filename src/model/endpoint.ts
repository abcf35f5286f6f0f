/** What the address of an end means, part by part: columns of flows are `src_` and `dst_` before these, and `cluster` as it is. */
export const endpointParts = ['name', 'label', 'kind', 'namespace', 'owner_name', 'owner_kind', 'node', 'zone', 'network', 'cluster'] as const

export type EndpointPart = (typeof endpointParts)[number]

/** Parts that are not known are left out. */
export type Endpoint = { readonly [Part in EndpointPart]?: string }
