export type ResourceType = Readonly<{
  group: string
  version: string
  resource: string
  kind: string
  namespaced: boolean
}>

export type Discovered = Readonly<{
  types: readonly ResourceType[]
  unavailable: readonly string[]
}>

/** Accept header of aggregated discovery, two responses for all groups. Older servers respond with their group list. */
export const aggregated = ['v2', 'v2beta1']
  .map((version) => `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`)
  .concat('application/json')
  .join(',')

const needed = ['get', 'list', 'watch']

/** Types under two names, of which one is watched. */
const twins = new Map([['events.k8s.io/events', '/events']])

type Resource = Readonly<{
  resource?: string
  responseKind?: { readonly kind?: string }
  scope?: string
  verbs?: readonly string[]
}>

type Group = Readonly<{
  metadata?: { readonly name?: string }
  versions?: readonly Readonly<{ version?: string; freshness?: string; resources?: readonly Resource[] }>[]
}>

export function isAggregated(answer: unknown): answer is { readonly items: readonly Group[] } {
  return (
    typeof answer === 'object' &&
    answer !== null &&
    (answer as { kind?: unknown }).kind === 'APIGroupDiscoveryList' &&
    Array.isArray((answer as { items?: unknown }).items)
  )
}

export function fromAggregated(...answers: readonly { readonly items: readonly Group[] }[]): Discovered {
  const results = new Found()
  for (const { metadata, versions = [] } of answers.flatMap(({ items }) => items)) {
    const group = metadata?.name ?? ''
    for (const { version = '', freshness, resources = [] } of versions) {
      if (freshness === 'Stale') results.unavailable.add(group)
      else
        for (const { resource, responseKind, scope, verbs = [] } of resources)
          results.add({ group, version, resource, kind: responseKind?.kind, namespaced: scope === 'Namespaced' }, verbs)
    }
  }
  return results.all()
}

type LegacyResource = Readonly<{
  name?: string
  kind?: string
  namespaced?: boolean
  verbs?: readonly string[]
}>

type LegacyVersion = Readonly<{
  group: string
  version: string
  resources: readonly LegacyResource[] | undefined
}>

export function fromLegacy(versions: readonly LegacyVersion[]): Discovered {
  const results = new Found()
  for (const { group, version, resources } of versions) {
    if (resources === undefined) results.unavailable.add(group)
    else
      for (const { name, kind, namespaced = false, verbs = [] } of resources)
        results.add({ group, version, resource: name, kind, namespaced }, verbs)
  }
  return results.all()
}

export function legacyVersions(api: unknown, apis: unknown): Readonly<{ group: string; version: string }>[] {
  const core = ((api as { versions?: readonly string[] } | null)?.versions ?? []).map((version) => ({
    group: '',
    version,
  }))
  type Listed = Readonly<{
    name?: string
    preferredVersion?: { readonly version?: string }
    versions?: readonly { readonly version?: string }[]
  }>
  const groups = ((apis as { groups?: readonly Listed[] } | null)?.groups ?? []).flatMap(
    ({ name: group = '', preferredVersion, versions = [] }) => {
      const all = new Set([preferredVersion?.version, ...versions.map(({ version }) => version)])
      return [...all].flatMap((version) => (version === undefined ? [] : [{ group, version }]))
    },
  )
  return [...core, ...groups]
}

/** The first version with a resource is the preferred one. */
class Found {
  readonly unavailable = new Set<string>()
  readonly #types = new Map<string, ResourceType>()

  add(
    {
      group,
      version,
      resource,
      kind,
      namespaced,
    }: {
      group: string
      version: string
      resource: string | undefined
      kind: string | undefined
      namespaced: boolean
    },
    verbs: readonly string[],
  ): void {
    // A slash marks a subresource: pods/status.
    if (resource === undefined || kind === undefined || version === '' || resource.includes('/')) return
    if (!needed.every((verb) => verbs.includes(verb))) return
    const key = typeKey({ group, resource })
    if (!this.#types.has(key)) this.#types.set(key, { group, version, resource, kind, namespaced })
  }

  all(): Discovered {
    const types = [...this.#types].filter(([key]) => !this.#types.has(twins.get(key) ?? 'none'))
    return { types: types.map(([, type]) => type), unavailable: [...this.unavailable] }
  }
}

export function nameOf({ kind, group }: Pick<ResourceType, 'kind' | 'group'>): string {
  return group === '' ? kind : `${kind}.${group}`
}

export function typeKey({ group, resource }: Pick<ResourceType, 'group' | 'resource'>): string {
  return `${group}/${resource}`
}

export function pathOf({ group, version, resource }: ResourceType, namespace?: string): string {
  const base = group === '' ? `/api/${version}` : `/apis/${group}/${version}`
  return `${base}${namespace === undefined ? '' : `/namespaces/${namespace}`}/${resource}`
}

/** True for aggregated API servers, which may not support streaming lists. */
export function isServedElsewhere({ group }: ResourceType): boolean {
  return group !== '' && group.includes('.') && !group.endsWith('.k8s.io')
}
