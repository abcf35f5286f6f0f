import type { Counter, Gauge, Registry } from 'prom-client'
import { realThread, type Thread } from '../host/thread.ts'
import { recordThreadMemory } from './memory.ts'
import type { MetricInfo } from './metric-table.ts'
import type { MetricStore } from './metrics.ts'
import { namedMetrics, type NetObservNames } from './netobserv-names.ts'

export type Exposition = Readonly<{
  contentType: string
  text: string
}>

/** The first scrape loads prom-client. `names` adds the metric names of NetObserv. */
export function exposition(
  store: MetricStore,
  thread: Pick<Thread, 'memory'> = realThread(),
  names: () => NetObservNames | undefined = () => undefined,
): () => Promise<Exposition> {
  let loading: Promise<{ registry: Registry; fill: () => void }> | undefined
  return async () => {
    loading ??= open(store, names)
    const { registry, fill } = await loading
    recordThreadMemory(store, 'main', thread)
    fill()
    return { contentType: registry.contentType, text: await registry.metrics() }
  }
}

async function open(
  store: MetricStore,
  names: () => NetObservNames | undefined,
): Promise<{ registry: Registry; fill: () => void }> {
  const prom = await import('prom-client')
  const registry = new prom.Registry()
  const { user, system } = process.cpuUsage()
  prom.collectDefaultMetrics({ register: registry })
  // Sums of other metrics; as gauges they violate the naming rules.
  for (const kind of ['handles', 'requests', 'resources']) registry.removeSingleMetric(`nodejs_active_${kind}_total`)
  // prom-client counts from its load; add the time before.
  for (const [name, micros] of [
    ['user_', user],
    ['system_', system],
    ['', user + system],
  ] as const)
    (registry.getSingleMetric(`process_cpu_${name}seconds_total`) as Counter).inc(micros / 1e6)
  const shown = new Map<string, Counter | Gauge>()
  const metricOf = (name: string, info: MetricInfo) => {
    let metric = shown.get(name)
    if (metric === undefined) {
      const options = { name, help: info.help, labelNames: info.labels, registers: [registry] }
      metric = info.kind === 'counter' ? new prom.Counter(options) : new prom.Gauge(options)
      shown.set(name, metric)
    }
    metric.reset()
    return metric
  }
  const fill = () => {
    const others = names()
    for (const { samples, ...named } of others === undefined ? [] : namedMetrics(store, others)) {
      const metric = metricOf(named.name, named)
      for (const { labels, value } of samples) metric.inc(labels, value)
    }
    for (const [name, info, series] of store) {
      const metric = metricOf(name, info)
      for (const { values, value } of series) {
        const labels = Object.fromEntries(info.labels.map((label, index) => [label, values[index] ?? '']))
        metric.inc(labels, value)
      }
    }
  }
  return { registry, fill }
}
