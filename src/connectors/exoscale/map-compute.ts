import { fieldsOf, withoutUndefined, textOf, type Fields } from '../../model/json.ts'
import type { MetricName } from '../../telemetry/ports.ts'
import type { Sample, Snapshot } from '../../polling/inventory/collector.ts'
import { bytesOf, idOf, label, listOf, numberOf, resourceOf, snapshotOf, upOf } from './map-fields.ts'

/** `types`: instance types by id. */
export function mapInstances(
  instances: readonly Fields[],
  region: string,
  types: ReadonlyMap<string, Fields>,
): Snapshot {
  const typeOf = (record: Fields): Fields => types.get(idOf(record['instance-type']) ?? '') ?? {}
  const foundResources = instances.map((instance) => {
    const { family, size, cpus, gpus, memory } = typeOf(instance)
    const addresses = [textOf(instance['public-ip']), textOf(instance['ipv6-address'])].filter(
      (text) => text !== undefined,
    )
    const manager = fieldsOf(instance['manager'])
    return resourceOf(
      instance,
      { type: 'instance', region },
      {
        parent: idOf(manager),
        size: [textOf(family), textOf(size)].filter((part) => part !== undefined).join('.') || undefined,
        cpuCores: numberOf(cpus),
        gpus: numberOf(gpus),
        memoryBytes: numberOf(memory),
        diskBytes: bytesOf(instance['disk-size']),
        addresses: addresses.length === 0 ? undefined : addresses,
        attributes: withoutUndefined<Record<string, string>>({ template: idOf(instance['template']) }),
      },
    )
  })
  const samples = instances.flatMap((instance): Sample[] => {
    const type = typeOf(instance)
    const labels = {
      id: label(instance['id']),
      name: label(instance['name']),
      family: label(type['family']),
      size: label(type['size']),
      zone: region,
    }
    const put = (name: MetricName, value: number): Sample => ({ name, value, labels })
    return [
      put('exoscale_instance_up', upOf(instance)),
      put('exoscale_instance_cpus', numberOf(type['cpus']) ?? 0),
      put('exoscale_instance_gpus', numberOf(type['gpus']) ?? 0),
      put('exoscale_instance_memory', numberOf(type['memory']) ?? 0),
    ]
  })
  return snapshotOf(foundResources, {
    samples,
    totals: [{ name: 'exoscale_instances_count', value: instances.length }],
  })
}

export function mapPools(pools: readonly Fields[], region: string): Snapshot {
  return snapshotOf(
    pools.map((pool) =>
      resourceOf(
        pool,
        { type: 'instance_pool', region },
        {
          nodes: numberOf(pool['size']),
          parent: idOf(pool['manager']),
          diskBytes: bytesOf(pool['disk-size']),
          attachedTo: listOf(pool['instances']).flatMap((record) => idOf(record) ?? []),
        },
      ),
    ),
    {
      samples: pools.flatMap((pool): Sample[] => {
        const labels = { id: label(pool['id']), name: label(pool['name']) }
        return [
          { name: 'exoscale_instance_pool_up', value: pool['state'] === 'suspended' ? 0 : 1, labels },
          { name: 'exoscale_instance_pool_size', value: numberOf(pool['size']) ?? 0, labels },
        ]
      }),
      totals: [{ name: 'exoscale_instance_pool_count', value: pools.length }],
    },
  )
}

export function mapSks(clusters: readonly Fields[], region: string): Snapshot {
  const sizeOf = (cluster: Fields) =>
    listOf(cluster['nodepools']).reduce((sum, pool) => sum + (numberOf(pool['size']) ?? 0), 0)
  const foundResources = clusters.flatMap((cluster) => [
    resourceOf(
      cluster,
      { type: 'kubernetes_cluster', region },
      {
        size: textOf(cluster['level']),
        nodes: sizeOf(cluster),
        attributes: withoutUndefined<Record<string, string>>({
          version: textOf(cluster['version']),
          cni: textOf(cluster['cni']),
          endpoint: textOf(cluster['endpoint']),
        }),
      },
    ),
    ...listOf(cluster['nodepools']).map((pool) => {
      const instances = idOf(pool['instance-pool'])
      return resourceOf(
        pool,
        { type: 'node_pool', region },
        {
          parent: idOf(cluster),
          nodes: numberOf(pool['size']),
          diskBytes: bytesOf(pool['disk-size']),
          attachedTo: instances === undefined ? undefined : [instances],
          attributes: withoutUndefined<Record<string, string>>({ version: textOf(pool['version']) }),
        },
      )
    }),
  ])
  const samples = clusters.flatMap((cluster): Sample[] => [
    {
      name: 'exoscale_sks_cluster_up',
      value: upOf(cluster),
      labels: {
        id: label(cluster['id']),
        name: label(cluster['name']),
        level: label(cluster['level']),
        version: label(cluster['version']),
      },
    },
    ...listOf(cluster['nodepools']).flatMap((pool): Sample[] => {
      const labels = { id: label(pool['id']), name: label(pool['name']), version: label(pool['version']) }
      return [
        { name: 'exoscale_sks_nodepool_up', value: upOf(pool), labels },
        { name: 'exoscale_sks_nodepool_size', value: numberOf(pool['size']) ?? 0, labels },
        { name: 'exoscale_sks_nodepool_disk_size', value: numberOf(pool['disk-size']) ?? 0, labels },
      ]
    }),
  ])
  return snapshotOf(foundResources, {
    samples,
    totals: [
      { name: 'exoscale_sks_cluster_count', value: clusters.length },
      { name: 'exoscale_sks_cluster_size', value: clusters.reduce((sum, cluster) => sum + sizeOf(cluster), 0) },
    ],
  })
}

/** Anti-affinity groups are no resources of the inventory. */
export function mapGroupMembers(groups: readonly Fields[]): Snapshot {
  return {
    resources: [],
    complete: true,
    samples: groups.flatMap((group) =>
      listOf(group['instances']).map((record): Sample => ({
        name: 'exoscale_anti_affinity_group',
        value: 1,
        labels: { name: label(group['name']), instance_id: label(record['id']), instance_name: label(record['name']) },
      })),
    ),
  }
}
