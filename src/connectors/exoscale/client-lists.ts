import type { Fields } from '../../model/json.ts'
import { CollectError, type Snapshot } from '../../polling/inventory/collector.ts'
import type { ExoscaleClient } from './client.ts'
import type { InstanceTypes } from './client-types.ts'
import { balanceOf, mapKeys, mapOrganization, mapQuotas, mapSshKeys } from './map-account.ts'
import { mapGroupMembers, mapInstances, mapPools, mapSks } from './map-compute.ts'
import { mapDomains, mapElasticIps, mapLoadBalancers, mapNetworks, mapSecurityGroups } from './map-network.ts'
import { mapBuckets, mapDatabases, mapSnapshots, mapVolumes } from './map-storage.ts'

type Reading = Readonly<{ client: ExoscaleClient; region: string; types: InstanceTypes; signal: AbortSignal }>

export type ListReader = Readonly<{
  name: string
  pace?: 'slow' | 'balance'
  /** Exists for the names of exoscale-exporter only. */
  isLegacy?: true
  read(reading: Reading): Promise<Snapshot>
}>

/** A list that one request returns as a whole. */
function simple(
  name: string,
  path: string,
  envelope: string,
  map: (items: readonly Fields[], region: string) => Snapshot,
  more: Pick<ListReader, 'pace' | 'isLegacy'> = {},
): ListReader {
  return {
    name,
    ...more,
    read: async ({ client, region, signal }) => map(await client.list(path, envelope, signal), region),
  }
}

const slow = { pace: 'slow' } as const

export const zonalLists: readonly ListReader[] = [
  {
    name: 'instances',
    async read({ client, region, types, signal }) {
      const instances = await client.list('/instance', 'instances', signal)
      const sizes = new Map<string, Fields>()
      for (const id of typeIds(instances)) sizes.set(id, await types.get(id, signal))
      return mapInstances(instances, region, sizes)
    },
  },
  simple('instance-pools', '/instance-pool', 'instance-pools', mapPools),
  simple('sks-clusters', '/sks-cluster', 'sks-clusters', mapSks),
  simple('volumes', '/block-storage', 'block-storage-volumes', mapVolumes),
  {
    name: 'snapshots',
    pace: 'slow',
    async read({ client, region, signal }) {
      const instances = await client.list('/snapshot', 'snapshots', signal)
      const volumes = await client.list('/block-storage-snapshot', 'block-storage-snapshots', signal)
      return mapSnapshots(instances, volumes, region)
    },
  },
  simple('load-balancers', '/load-balancer', 'load-balancers', mapLoadBalancers),
  simple('elastic-ips', '/elastic-ip', 'elastic-ips', mapElasticIps),
  simple('private-networks', '/private-network', 'private-networks', mapNetworks, slow),
  simple('databases', '/dbaas-service', 'dbaas-services', mapDatabases),
]

export const globalLists: readonly ListReader[] = [
  {
    name: 'organization',
    pace: 'balance',
    read: async ({ client, signal }) => mapOrganization(await client.get('/organization', signal)),
  },
  {
    name: 'balance',
    pace: 'balance',
    async read({ client, signal }) {
      const live = await client.get('/live-balance', signal).catch((error: unknown) => {
        // The list is a beta: a role without it may still read the deprecated field.
        if (error instanceof CollectError && !error.mayPass) return undefined
        throw error
      })
      return balanceOf(live ?? (await client.get('/organization', signal)))
    },
  },
  simple('quotas', '/quota', 'quotas', mapQuotas, slow),
  simple('api-keys', '/api-key', 'api-keys', mapKeys, slow),
  simple('ssh-keys', '/ssh-key', 'ssh-keys', mapSshKeys, slow),
  simple('security-groups', '/security-group', 'security-groups', mapSecurityGroups, slow),
  simple('anti-affinity-groups', '/anti-affinity-group', 'anti-affinity-groups', mapGroupMembers, {
    ...slow,
    isLegacy: true,
  }),
  simple('buckets', '/sos-buckets-usage', 'sos-buckets-usage', mapBuckets, slow),
  {
    name: 'dns',
    pace: 'slow',
    async read({ client, signal }) {
      const domains = await client.list('/dns-domain', 'dns-domains', signal)
      const records = new Map<Fields, readonly Fields[]>()
      for (const domain of domains)
        records.set(
          domain,
          await client.list(
            `/dns-domain/${encodeURIComponent(String(domain['id']))}/record`,
            'dns-domain-records',
            signal,
          ),
        )
      return mapDomains(records)
    },
  },
]

function typeIds(instances: readonly Fields[]): ReadonlySet<string> {
  const ids = instances.map((instance) => (instance['instance-type'] as Fields | undefined)?.['id'])
  return new Set(ids.filter((id) => typeof id === 'string'))
}
