import type { CloudState } from '../../model/cloud.ts'
import { fieldsOf, withoutUndefined, textOf, type Fields } from '../../model/json.ts'
import type { FoundResource, Sample, Snapshot } from '../../polling/inventory/collector.ts'
import { listOf, snapshotOf } from '../../polling/inventory/fields.ts'

const [mib, gib] = [2 ** 20, 2 ** 30]
const states: Readonly<Record<string, CloudState>> = {
  active: 'running',
  online: 'running',
  running: 'running',
  new: 'pending',
  creating: 'pending',
  provisioning: 'pending',
  upgrading: 'pending',
  resizing: 'pending',
  migrating: 'pending',
  forking: 'pending',
  off: 'stopped',
  archive: 'stopped',
  degraded: 'degraded',
  error: 'error',
  errored: 'error',
  deleting: 'deleting',
  deleted: 'deleted',
}

type More = { readonly [K in keyof FoundResource]?: FoundResource[K] | undefined }

/** Only listed fields are taken: databases contain passwords. Undefined without an id. */
function resourceOf(type: FoundResource['type'], given: Fields, more: More = {}): FoundResource | undefined {
  const id = more.id ?? textOf(given['id'])
  if (id === undefined) return undefined
  const rawState = textOf(given['status'])
  const region = textOf(given['region']) ?? textOf(fieldsOf(given['region'])['slug']) ?? 'global'
  return withoutUndefined<FoundResource>({
    id,
    type,
    region,
    name: textOf(given['name']) ?? id,
    state: rawState === undefined ? 'running' : (states[rawState] ?? 'unknown'),
    rawState,
    tags: tagsOf(given['tags']),
    createdAt: textOf(given['created_at']),
    ...more,
  })
}

/** `team:shop` has a value, `web` is true. */
function tagsOf(given: unknown): Record<string, string> | undefined {
  const tags = textsOf(given).map((tag): readonly [string, string] => {
    const at = tag.indexOf(':')
    return at > 0 ? [tag.slice(0, at), tag.slice(at + 1)] : [tag, 'true']
  })
  return tags.length === 0 ? undefined : Object.fromEntries(tags)
}

function textsOf(given: unknown): readonly string[] {
  return Array.isArray(given) ? given.flatMap((item) => textOf(item) ?? []) : []
}

function sized(given: unknown, unit = 1): number | undefined {
  return typeof given === 'number' && Number.isFinite(given) ? given * unit : undefined
}

export function mapDroplets(droplets: readonly Fields[]): Snapshot {
  return snapshotOf(
    droplets.map((droplet) => {
      const networks = fieldsOf(droplet['networks'])
      const addresses = [...listOf(networks['v4']), ...listOf(networks['v6'])]
        .filter((record) => record['type'] === 'public')
        .flatMap((record) => textOf(record['ip_address']) ?? [])
      const price = textOf(fieldsOf(droplet['size'])['price_hourly'])
      return resourceOf('instance', droplet, {
        size: textOf(droplet['size_slug']),
        cpuCores: sized(droplet['vcpus']),
        memoryBytes: sized(droplet['memory'], mib),
        diskBytes: sized(droplet['disk'], gib),
        addresses: addresses.length === 0 ? undefined : addresses,
        costPerHour: price === undefined ? undefined : { amount: price, currency: 'USD', source: 'api' },
      })
    }),
  )
}

export function mapClusters(clusters: readonly Fields[]): Snapshot {
  return snapshotOf(
    clusters.flatMap((cluster) => {
      const pools = listOf(cluster['node_pools'])
      const state = fieldsOf(cluster['status'])['state']
      const { region } = cluster
      const id = textOf(cluster['id'])
      return [
        resourceOf(
          'kubernetes_cluster',
          { ...cluster, status: state },
          {
            nodes: pools.reduce((sum, pool) => sum + (sized(pool['count']) ?? 0), 0),
            attributes: withoutUndefined<Record<string, string>>({ version: textOf(cluster['version']) }),
          },
        ),
        ...pools.map((pool) =>
          resourceOf(
            'node_pool',
            { ...pool, region },
            {
              parent: id,
              size: textOf(pool['size']),
              nodes: sized(pool['count']),
              attachedTo: listOf(pool['nodes']).flatMap((node) => textOf(node['droplet_id']) ?? []),
            },
          ),
        ),
      ]
    }),
  )
}

export function mapVolumes(volumes: readonly Fields[]): Snapshot {
  return snapshotOf(
    volumes.map((volume) =>
      resourceOf('volume', volume, {
        diskBytes: sized(volume['size_gigabytes'], gib),
        attachedTo: textsOf(volume['droplet_ids']),
      }),
    ),
  )
}

export function mapLoadBalancers(balancers: readonly Fields[]): Snapshot {
  return snapshotOf(
    balancers.map((balancer) => {
      const ip = textOf(balancer['ip'])
      return resourceOf('load_balancer', balancer, {
        size: textOf(balancer['size']),
        addresses: ip === undefined ? undefined : [ip],
        attachedTo: textsOf(balancer['droplet_ids']),
      })
    }),
  )
}

export function mapDatabases(databases: readonly Fields[]): Snapshot {
  return snapshotOf(
    databases.map((database) =>
      resourceOf('database', database, {
        size: textOf(database['size']),
        nodes: sized(database['num_nodes']),
        diskBytes: sized(database['storage_size_mib'], mib),
        attributes: withoutUndefined<Record<string, string>>({
          engine: textOf(database['engine']),
          version: textOf(database['version']),
        }),
      }),
    ),
  )
}

export function mapSnapshots(snapshots: readonly Fields[]): Snapshot {
  return snapshotOf(
    snapshots.map((snapshot) => {
      const of = textOf(snapshot['resource_id'])
      return resourceOf('snapshot', snapshot, {
        diskBytes: sized(snapshot['size_gigabytes'], gib),
        attachedTo: of === undefined ? undefined : [of],
      })
    }),
  )
}

export function mapAddresses(addresses: readonly Fields[]): Snapshot {
  return snapshotOf(
    addresses.map((address) => {
      const [ip, droplet] = [textOf(address['ip']), textOf(fieldsOf(address['droplet'])['id'])]
      return resourceOf('ip_address', address, {
        id: ip,
        name: ip,
        addresses: ip === undefined ? undefined : [ip],
        attachedTo: droplet === undefined ? [] : [droplet],
      })
    }),
  )
}

export function mapNetworks(networks: readonly Fields[]): Snapshot {
  return snapshotOf(
    networks.map((network) =>
      resourceOf('network', network, {
        attributes: withoutUndefined<Record<string, string>>({ range: textOf(network['ip_range']) }),
      }),
    ),
  )
}

/** The data of A and AAAA is taken only. That of others, such as TXT, may be long or secret. */
export function mapDomains(records: ReadonlyMap<string, readonly Fields[]>): Snapshot {
  const all = [...records].flatMap(([domain, of]) => of.map((record) => ({ domain, record })))
  const counts = new Map<string, Sample>()
  for (const { domain, record } of all) {
    const labels = { domain, type: textOf(record['type']) ?? '' }
    const value = (counts.get(JSON.stringify(labels))?.value ?? 0) + 1
    counts.set(JSON.stringify(labels), { name: 'cloud_dns_records', value, labels })
  }
  return snapshotOf(
    [
      ...[...records.keys()].map((domain) => resourceOf('dns_domain', { name: domain }, { id: domain })),
      ...all.map(({ domain, record }) => {
        const [type, data, name] = [textOf(record['type']), textOf(record['data']), textOf(record['name'])]
        const isAddress = type === 'A' || type === 'AAAA'
        return resourceOf('dns_record', record, {
          name: name === undefined || name === '@' ? domain : `${name}.${domain}`,
          parent: domain,
          addresses: isAddress && data !== undefined ? [data] : undefined,
          attributes: withoutUndefined<Record<string, string | number>>({ type, ttl: sized(record['ttl']) }),
        })
      }),
    ],
    { samples: [...counts.values()] },
  )
}

/** Amounts are decimals as text. An empty one is absent, and another text is counted as undecodable. */
export function mapBalance(given: Fields): Snapshot {
  let undecodable = 0
  const amount = (name: string): number | undefined => {
    const text = given[name] ?? ''
    if (text === '') return undefined
    if (typeof text === 'string' && /^-?\d+(?:\.\d+)?$/.test(text)) return Number(text)
    undecodable++
    return undefined
  }
  const [balance, usage] = [amount('account_balance'), amount('month_to_date_usage')]
  const currency = 'USD'
  const samples: Sample[] = []
  if (balance !== undefined) samples.push({ name: 'cloud_account_balance', value: balance, labels: { currency } })
  if (usage !== undefined)
    samples.push({ name: 'cloud_account_spend_month_to_date', value: usage, labels: { currency, source: 'balance' } })
  return { resources: [], complete: undecodable === 0, undecodable, samples }
}
