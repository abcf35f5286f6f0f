import type { Context } from '../../engine/contracts.ts'
import { self } from '../../host/process.ts'
import { fieldsOf, textOf, type Fields } from '../../model/json.ts'
import { CollectError, type Account, type Collector, type Snapshot } from '../../polling/inventory/collector.ts'
import { DigitaloceanClient } from './client.ts'
import type { DigitaloceanConfig } from './config.ts'
import {
  mapAddresses,
  mapBalance,
  mapClusters,
  mapDatabases,
  mapDomains,
  mapDroplets,
  mapLoadBalancers,
  mapNetworks,
  mapSnapshots,
  mapVolumes,
} from './map.ts'

type AccountContext = Pick<Context, 'host' | 'metrics'>
type Read = (client: DigitaloceanClient, signal: AbortSignal) => Promise<Snapshot>

const list =
  (path: string, envelope: string, map: (items: readonly Fields[]) => Snapshot): Read =>
  async (client, signal) =>
    map(await client.list(path, envelope, signal))

const fast: Readonly<Record<string, Read>> = {
  droplets: list('/v2/droplets', 'droplets', mapDroplets),
  clusters: list('/v2/kubernetes/clusters', 'kubernetes_clusters', mapClusters),
  volumes: list('/v2/volumes', 'volumes', mapVolumes),
  'load-balancers': list('/v2/load_balancers', 'load_balancers', mapLoadBalancers),
  databases: list('/v2/databases', 'databases', mapDatabases),
}
const slow: Readonly<Record<string, Read>> = {
  snapshots: list('/v2/snapshots', 'snapshots', mapSnapshots),
  addresses: list('/v2/reserved_ips', 'reserved_ips', mapAddresses),
  networks: list('/v2/vpcs', 'vpcs', mapNetworks),
  async domains(client, signal) {
    const domains = await client.list('/v2/domains', 'domains', signal)
    const records = new Map<string, readonly Fields[]>()
    for (const { name } of domains) {
      const domain = textOf(name)
      if (domain === undefined) throw new CollectError('decode', 'a domain has no name')
      const path = `/v2/domains/${encodeURIComponent(domain)}/records`
      records.set(domain, await client.list(path, 'domain_records', signal))
    }
    return mapDomains(records)
  },
}

export function digitaloceanAccount(config: DigitaloceanConfig, { host, metrics }: AccountContext): Account {
  let account = ''
  const client = new DigitaloceanClient({
    host,
    config,
    env: self.env,
    requested(endpoint, status, remaining) {
      const labels = { provider: 'digitalocean', account }
      metrics.count('cloud_api_requests_total', 1, { ...labels, endpoint, status })
      if (remaining !== undefined) metrics.set('cloud_api_ratelimit_remaining_requests', remaining, labels)
    },
  })
  const collectors = (lists: Readonly<Record<string, Read>>, every: number): readonly Collector[] =>
    Object.entries(lists).map(([name, read]) => ({
      name,
      region: 'global',
      every,
      collect: (signal) => read(client, signal),
    }))
  return {
    provider: 'digitalocean',
    requiredTags: config.required_tags,
    origin: (id) => `https://api.digitalocean.com/${id}`,
    concurrency: 4,
    async open(signal) {
      const { id, name } = await accountOf(client, signal)
      account = id
      const balance: Read = async (of, until) => {
        const read = mapBalance(await of.get('/v2/customers/my/balance', until))
        const info = { name: 'cloud_account_info', value: 1, labels: { name, address: '' } } as const
        return { ...read, samples: [info, ...(read.samples ?? [])] }
      }
      return {
        id,
        collectors: [
          ...collectors(fast, config.every),
          ...collectors(slow, config.every_slow),
          ...collectors({ balance }, config.every_balance),
        ],
      }
    },
    close() {
      client.close()
    },
  }
}

/** The team, or the user of an account without teams. */
export async function accountOf(
  client: DigitaloceanClient,
  signal: AbortSignal,
): Promise<Readonly<{ id: string; name: string }>> {
  const account = fieldsOf((await client.get('/v2/account', signal))['account'])
  const team = fieldsOf(account['team'])
  const id = textOf(team['uuid']) ?? textOf(account['uuid'])
  if (id === undefined) throw new CollectError('decode', 'the account has no id')
  return { id, name: textOf(team['name']) ?? '' }
}
