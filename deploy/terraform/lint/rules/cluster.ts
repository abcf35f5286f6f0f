import { at, isFields, text, walk, within, type Finding, type Rule, type Stack, type Value } from '../model.ts'

const oneInlinePool: Rule = ({ clusters, pools }) =>
  clusters.flatMap(({ place }) =>
    pools
      .filter((pool) => pool.inline && pool.place.key.startsWith(`${place.key}:`))
      .slice(1)
      .map((pool) => ({
        rule: 'L1',
        ...pool.place,
        message: 'the schema permits one node_pool block; use digitalocean_kubernetes_node_pool for further pools',
      })),
  )

const scalingPool: Rule = ({ pools }) => [
  ...pools.flatMap(({ place, autoScale, min, max }) =>
    autoScale && !(min !== undefined && max !== undefined && !(min < 1) && !(max < min))
      ? [{ rule: 'L2', ...place, message: 'auto_scale needs min_nodes of at least 1, and max_nodes' }]
      : [],
  ),
  ...(pools.length > 1 && pools.every(({ autoScale }) => !autoScale)
    ? [{ rule: 'L2', ...pools.at(-1)!.place, message: 'no pool has auto_scale, so that the cluster has a fixed size' }]
    : []),
]

const clusterSettings: Rule = ({ clusters, hasRegistry }) =>
  clusters.flatMap(({ place, maintenance, autoUpgrade, registry, ha, version }) => {
    const findings: Finding[] = []
    const add = (key: string, message: string): void => {
      findings.push({ rule: 'L3', ...within(place, key), message })
    }
    if (maintenance && !autoUpgrade) add('maintenance_policy', 'the window has an effect with auto_upgrade only')
    if (registry && !hasRegistry) add('registry_integration', 'the integration needs a digitalocean_container_registry')
    const [, minor] = /^1\.(\d+)\./.exec(version) ?? []
    if (ha === undefined && Number(minor ?? 36) >= 36) add('ha', 'ha is true by default from version 1.36; state it')
    return findings
  })

const memory: Rule = (stack) => {
  const capacity = capacityMib(stack)
  const requests = stack.releases.reduce((sum, { values, chart }) => sum + requestedMib(values, chart), 0)
  if (capacity !== undefined && requests <= capacity) return []
  const caches = stack.releases
    .filter(({ chart }) => chart === 'loki')
    .flatMap(({ place, values }) => cachesOf(values).map(([name, mib]) => ({ place, name, mib })))
  if (capacity === undefined && caches.length === 0) return []
  const sum = capacity === undefined ? '' : `; the stack requests ${requests} MiB of ${capacity} MiB`
  if (caches.length === 0) return [{ rule: 'L11', ...stack.releases[0]!.place, message: `too little memory${sum}` }]
  return caches.map(({ place, name, mib }) => ({
    rule: 'L11',
    ...within(place, name, 'allocatedMemory'),
    message: `Memcached requests ${mib} MiB, 1.2 times its memory; disable the cache${sum}`,
  }))
}

const DEFAULT_CACHES: Readonly<Record<string, number>> = { chunksCache: 8192, resultsCache: 1024 }

/** Enabled caches of Loki's chart and the memory that each requests. */
function cachesOf(values: Value): (readonly [name: string, mib: number])[] {
  return Object.entries(DEFAULT_CACHES).flatMap(([name, initial]) => {
    if (at(values, name, 'enabled') === false) return []
    return [[name, Math.floor(Number(at(values, name, 'allocatedMemory') ?? initial) * 1.2)] as const]
  })
}

function requestedMib(values: Value, chart: string): number {
  let sum = chart === 'loki' ? cachesOf(values).reduce((total, [, mib]) => total + mib, 0) : 0
  for (const [path, value] of walk(values))
    if (path.at(-1) === 'requests' && isFields(value)) sum += mibOf(text(value['memory']))
  return sum
}

function mibOf(quantity: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)(Ki|Mi|Gi)?$/.exec(quantity) ?? []
  return Number(number ?? 0) * ({ Ki: 1 / 1024, Mi: 1, Gi: 1024 }[unit ?? ''] ?? 1 / 1024 / 1024)
}

/** Memory of all nodes by the size's slug, `s-2vcpu-4gb`. */
function capacityMib({ pools }: Stack): number | undefined {
  if (pools.length === 0) return undefined
  return pools.reduce<number | undefined>((sum, { size, nodes }) => {
    const [, gib] = /-(\d+)gb/.exec(size) ?? []
    return sum === undefined || gib === undefined || Number.isNaN(nodes) ? undefined : sum + Number(gib) * 1024 * nodes
  }, 0)
}

const providers: Rule = ({ boundProviders, providerBlocks, releases }) => [
  ...providerBlocks.map((providerBlock) => ({
    rule: 'L16',
    ...providerBlock,
    message: 'provider helm 3 has an attribute here: kubernetes = {…}, registries = […], experiments = {…}',
  })),
  ...releases
    .filter(({ setBlocks }) => setBlocks)
    .map(({ place }) => ({
      rule: 'L16',
      ...within(place, 'set'),
      message: 'provider helm 3 has no set blocks; use values, or set = [{ name = …, value = … }]',
    })),
  ...boundProviders.map((boundProvider) => ({
    rule: 'L17',
    ...boundProvider,
    message: 'the provider reads a cluster of the same configuration; use a separate root, or exec credentials',
  })),
]

export const clusterRules: readonly Rule[] = [oneInlinePool, scalingPool, clusterSettings, memory, providers]
