import { withoutUndefined, textOf, type Fields } from '../../model/json.ts'
import type { Sample, Snapshot } from '../../polling/inventory/collector.ts'
import { bytesOf, idOf, label, numberOf, resourceOf, snapshotOf } from './map-fields.ts'

export function mapVolumes(volumes: readonly Fields[], region: string): Snapshot {
  return snapshotOf(
    volumes.map((volume) => {
      const instance = volume['state'] === 'detached' ? undefined : idOf(volume['instance'])
      return resourceOf(
        volume,
        { type: 'volume', region },
        { diskBytes: bytesOf(volume['size']), attachedTo: instance === undefined ? [] : [instance] },
      )
    }),
    {
      samples: volumes.map((volume) => ({
        name: 'exoscale_volume_size',
        value: numberOf(volume['size']) ?? 0,
        labels: { id: label(volume['id']), name: label(volume['name']) },
      })),
      totals: [{ name: 'exoscale_volume_count', value: volumes.length }],
    },
  )
}

/** `instances`: snapshots of instances, which are those of exoscale-exporter. */
export function mapSnapshots(instances: readonly Fields[], volumes: readonly Fields[], region: string): Snapshot {
  return snapshotOf(
    [
      ...instances.map((instance) => ({ one: instance, of: idOf(instance['instance']) })),
      ...volumes.map((volume) => ({ one: volume, of: idOf(volume['block-storage-volume']) })),
    ].map(({ one, of }) =>
      resourceOf(
        one,
        { type: 'snapshot', region },
        { diskBytes: bytesOf(one['size']), attachedTo: of === undefined ? undefined : [of] },
      ),
    ),
    {
      samples: instances.map((instance) => ({
        name: 'exoscale_snapshot_size',
        value: numberOf(instance['size']) ?? 0,
        labels: { id: label(instance['id']), name: label(instance['name']) },
      })),
      totals: [{ name: 'exoscale_snapshot_count', value: instances.length }],
    },
  )
}

export function mapBuckets(buckets: readonly Fields[]): Snapshot {
  return snapshotOf(
    buckets.map((bucket) =>
      resourceOf(
        bucket,
        { type: 'bucket', region: textOf(bucket['zone-name']) ?? 'global', id: textOf(bucket['name']) },
        { diskBytes: numberOf(bucket['size']) },
      ),
    ),
    {
      samples: buckets.map((bucket): Sample => ({
        name: 'exoscale_sos_bucket',
        value: numberOf(bucket['size']) ?? 0,
        labels: { name: label(bucket['name']), zone: label(bucket['zone-name']) },
      })),
      totals: [{ name: 'exoscale_sos_bucket_count', value: buckets.length }],
    },
  )
}

/** A zone may return the services of others. */
export function mapDatabases(services: readonly Fields[], region: string): Snapshot {
  return snapshotOf(
    services
      .filter((service) => (textOf(service['zone']) ?? region) === region)
      .map((service) =>
        resourceOf(
          service,
          { type: 'database', region, id: textOf(service['name']) },
          {
            size: textOf(service['plan']),
            nodes: numberOf(service['node-count']),
            cpuCores: numberOf(service['node-cpu-count']),
            memoryBytes: numberOf(service['node-memory']),
            diskBytes: numberOf(service['disk-size']),
            attributes: withoutUndefined<Record<string, string>>({ engine: textOf(service['type']) }),
          },
        ),
      ),
  )
}
