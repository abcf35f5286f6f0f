import type { Counter, Gauge, Registry } from 'prom-client'
import { realThread, type Thread } from '../host/thread.ts'
import { recordThreadMemory } from './memory.ts'
import type { MetricStore } from './metrics.ts'

export interface Exposition {
  readonly contentType: string
  readonly text: string
}

/** Metrics of a store, the process and Node in Prometheus' text format. The first scrape loads prom-client. */
export function exposition(
  store: MetricStore,
  thread: Pick<Thread, 'memory'> = realThread(),
): () => Promise<Exposition> {
  let loading: Promise<{ registry: Registry; fill: () => void }> | undefined
  return async () => {
    loading ??= open(store)
    const { registry, fill } = await loading
    recordThreadMemory(store, 'main', thread)
    fill()
    return { contentType: registry.contentType, text: await registry.metrics() }
  }
}

async function open(store: MetricStore): Promise<{ registry: Registry; fill: () => void }> {
  const prom = await import('prom-client')
  const registry = new prom.Registry()
  const { user, system } = process.cpuUsage()
  prom.collectDefaultMetrics({ register: registry })
  // prom-client counts from its load; add the time before.
  for (const [name, micros] of [
    ['user_', user],
    ['system_', system],
    ['', user + system],
  ] as const)
    (registry.getSingleMetric(`process_cpu_${name}seconds_total`) as Counter).inc(micros / 1e6)
  const shown = new Map<string, Counter | Gauge>()
  const fill = (): void => {
    for (const [name, info, series] of store) {
      let metric = shown.get(name)
      if (metric === undefined) {
        const options = { name, help: info.help, labelNames: info.labels, registers: [registry] }
        metric = info.kind === 'counter' ? new prom.Counter(options) : new prom.Gauge(options)
        shown.set(name, metric)
      }
      metric.reset()
      for (const { values, value } of series) {
        const labels = Object.fromEntries(info.labels.map((label, index) => [label, values[index] ?? '']))
        metric.inc(labels, value)
      }
    }
  }
  return { registry, fill }
}
