import type { CloudResource } from '../../model/cloud.ts'
import type { Labels, MetricName, Metrics } from '../../telemetry/ports.ts'
import type { Sample } from './collector.ts'

type Series = Readonly<{ name: MetricName; labels: Labels }>

/** The gauges of one snapshot. The next snapshot replaces them, and `clear` removes them. */
export class PublishedSamples {
  readonly #metrics: Metrics
  readonly #labels: Labels
  #shown = new Map<string, Series>()

  constructor(metrics: Metrics, labels: Labels) {
    this.#metrics = metrics
    this.#labels = labels
  }

  show(samples: readonly Sample[]): void {
    const shown = new Map<string, Series>()
    for (const { name, value, labels = {} } of samples) {
      const all = { ...(name.startsWith('cloud_') ? this.#labels : {}), ...labels }
      this.#metrics.set(name, value, all)
      shown.set(JSON.stringify([name, all]), { name, labels: all })
    }
    for (const [key, { name, labels }] of this.#shown) if (!shown.has(key)) this.#metrics.set(name, undefined, labels)
    this.#shown = shown
  }

  clear(): void {
    this.show([])
  }
}

/** Types that are counted only: labels with their names or contents would be many, or disclose something. */
const uncounted = new Set<CloudResource['type']>(['dns_record', 'api_key', 'ssh_key', 'key', 'lb_service'])

export function resourceSamples(resources: readonly Omit<CloudResource, 'provider' | 'account'>[]): readonly Sample[] {
  const samples: Sample[] = []
  const counts = new Map<string, { labels: Labels; value: number }>()
  for (const { region, type, id, name, state, size = '', parent = '', ...numbers } of resources) {
    const count = counts.get(`${region}\0${type}\0${state}`) ?? { labels: { region, type, state }, value: 0 }
    count.value++
    counts.set(`${region}\0${type}\0${state}`, count)
    if (uncounted.has(type)) continue
    const labels = { region, type, id }
    const put = (metric: MetricName, value: number | undefined) => {
      if (value !== undefined && !Number.isNaN(value)) samples.push({ name: metric, value, labels })
    }
    samples.push({ name: 'cloud_resource_info', value: 1, labels: { ...labels, name, size, parent } })
    put('cloud_resource_up', state === 'running' ? 1 : 0)
    put('cloud_resource_cpu_cores', numbers.cpuCores)
    put('cloud_resource_gpus', numbers.gpus)
    put('cloud_resource_memory_bytes', numbers.memoryBytes)
    if (type === 'bucket')
      samples.push({
        name: 'cloud_object_storage_used_bytes',
        value: numbers.diskBytes ?? 0,
        labels: { region, bucket: name },
      })
    else put('cloud_resource_disk_bytes', numbers.diskBytes)
    put('cloud_resource_nodes', numbers.nodes)
    const { createdAt, costPerHour } = numbers
    if (createdAt !== undefined) put('cloud_resource_created_timestamp_seconds', Date.parse(createdAt) / 1000)
    if (costPerHour !== undefined)
      samples.push({
        name: 'cloud_resource_cost_per_hour',
        value: Number(costPerHour.amount),
        labels: { ...labels, currency: costPerHour.currency },
      })
  }
  return [...samples, ...[...counts.values()].map((count) => ({ name: 'cloud_resources' as const, ...count }))]
}
