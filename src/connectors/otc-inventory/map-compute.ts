import type { Price } from '../../codecs/focus/index.ts'
import { fieldsOf, withoutUndefined, textOf, type Fields } from '../../model/json.ts'
import type { Snapshot } from '../../polling/inventory/collector.ts'
import { listOf, nonEmpty, numberOf, snapshotOf } from '../../polling/inventory/fields.ts'
import { gib, mapTags, mib, resourceOf, textTags, timeOf } from './map-fields.ts'

/** `project`: its name. `priceOf`: the list price of a flavor and operating system. */
type Around = Readonly<{
  region: string
  project: string
  priceOf: (flavor: string, system: string) => Price | undefined
}>

export function mapServers(servers: readonly Fields[], { region, project, priceOf }: Around): Snapshot {
  const info = { name: 'cloud_account_info', value: 1, labels: { name: project, address: '' } } as const
  return snapshotOf(
    servers.map((server) => {
      const flavor = fieldsOf(server['flavor'])
      const metadata = fieldsOf(server['metadata'])
      const size = textOf(flavor['name']) ?? textOf(flavor['id'])
      const floating = Object.values(fieldsOf(server['addresses']))
        .flatMap(listOf)
        .filter((address) => address['OS-EXT-IPS:type'] === 'floating')
      const memory = numberOf(flavor['ram'])
      const system = textOf(metadata['os_type'])
      const price = size === undefined ? undefined : priceOf(size, system ?? 'Linux')
      return resourceOf({
        type: 'instance',
        region,
        id: textOf(server['id']),
        name: textOf(server['name']),
        rawState: textOf(server['status']),
        tags: textTags(server['tags']),
        size,
        cpuCores: numberOf(flavor['vcpus']),
        memoryBytes: memory === undefined ? undefined : memory * mib,
        createdAt: timeOf(server['created']),
        addresses: nonEmpty(floating.map((address) => textOf(address['addr']))),
        costPerHour:
          price === undefined ? undefined : { amount: price.amount, currency: price.currency, source: 'pricelist' },
        attributes: withoutUndefined<Record<string, string>>({
          zone: textOf(server['OS-EXT-AZ:availability_zone']),
          image: textOf(fieldsOf(server['image'])['id']),
          vpc: textOf(metadata['vpc_id']),
          system,
        }),
      })
    }),
    { samples: [info] },
  )
}

export function mapVolumes(volumes: readonly Fields[], region: string): Snapshot {
  return snapshotOf(
    volumes.map((volume) => {
      const size = numberOf(volume['size'])
      return resourceOf({
        type: 'volume',
        region,
        id: textOf(volume['id']),
        name: nameOf(volume),
        rawState: textOf(volume['status']),
        tags: mapTags(fieldsOf(volume['tags'])),
        size: textOf(volume['volume_type']),
        diskBytes: size === undefined ? undefined : size * gib,
        createdAt: timeOf(volume['created_at']),
        attachedTo: Array.isArray(volume['attachments'])
          ? listOf(volume['attachments']).flatMap((record) => textOf(record['server_id']) ?? [])
          : undefined,
        attributes: withoutUndefined<Record<string, string | boolean>>({
          zone: textOf(volume['availability_zone']),
          encrypted: typeof volume['encrypted'] === 'boolean' ? volume['encrypted'] : undefined,
        }),
      })
    }),
  )
}

/** Names may be empty. */
export function nameOf(given: Fields): string | undefined {
  const name = textOf(given['name'])
  return name === '' ? undefined : name
}

export type ClusterOfList = Readonly<{ cluster: Fields; pools: readonly Fields[]; nodes: readonly Fields[] }>

const poolLabel = 'kubernetes.io/node-pool.id'

/** A node belongs to its pool, else to the pool `DefaultPool`, which the API does not list. */
export function mapClusters(clusters: readonly ClusterOfList[], region: string): Snapshot {
  return snapshotOf(
    clusters.flatMap(({ cluster, pools, nodes }) => {
      const { metadata, spec, status } = partsOf(cluster)
      const id = textOf(metadata['uid'])
      const listed = new Set(pools.map((pool) => textOf(partsOf(pool).metadata['uid'])))
      const serversOf = (pool: string | undefined) =>
        nodes
          .filter((node) => (listed.has(poolOf(node)) ? poolOf(node) : undefined) === pool)
          .map((node) => textOf(partsOf(node).status['serverId']) ?? textOf(partsOf(node).status['ServerID']))
          .filter((server) => server !== undefined)
      const rest = serversOf(undefined)
      return [
        resourceOf({
          type: 'kubernetes_cluster',
          region,
          id,
          name: textOf(metadata['name']),
          rawState: textOf(status['phase']),
          size: textOf(spec['flavor']),
          nodes: nodes.length,
          createdAt: timeOf(metadata['creationTimestamp']),
          attributes: withoutUndefined<Record<string, string>>({
            version: textOf(spec['version']),
            type: textOf(spec['type']),
          }),
        }),
        ...pools.map((pool) => {
          const of = partsOf(pool)
          const template = fieldsOf(of.spec['nodeTemplate'])
          const uid = textOf(of.metadata['uid'])
          return resourceOf({
            type: 'node_pool',
            region,
            id: uid,
            name: textOf(of.metadata['name']),
            parent: id,
            rawState: textOf(of.status['phase']) ?? '',
            size: textOf(template['flavor']),
            nodes: numberOf(of.spec['initialNodeCount']) ?? numberOf(of.status['currentNode']),
            attachedTo: uid === undefined ? [] : serversOf(uid),
          })
        }),
        ...(rest.length === 0 || id === undefined
          ? []
          : [
              resourceOf({
                type: 'node_pool',
                region,
                id: `${id}/DefaultPool`,
                name: 'DefaultPool',
                parent: id,
                nodes: rest.length,
                attachedTo: rest,
              }),
            ]),
      ]
    }),
  )
}

function partsOf(given: Fields) {
  return {
    metadata: fieldsOf(given['metadata']),
    spec: fieldsOf(given['spec']),
    status: fieldsOf(given['status']),
  }
}

function poolOf(node: Fields): string | undefined {
  const { metadata } = partsOf(node)
  return textOf(fieldsOf(metadata['annotations'])[poolLabel]) ?? textOf(fieldsOf(metadata['labels'])[poolLabel])
}
