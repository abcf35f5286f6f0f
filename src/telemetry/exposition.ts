import type { Counter, Registry } from 'prom-client'
import { realThread, type Thread } from '../host/thread.ts'
import { ByteBuffer } from '../model/byte-buffer.ts'
import { recordThreadMemory } from './memory.ts'
import type { MetricStore } from './metrics.ts'
import { namedMetrics, type NetObservNames } from './netobserv-names.ts'
import { metricText } from './series-text.ts'

export type Exposition = Readonly<{
  contentType: string
  body: Buffer
}>

/** More than growth between two scrapes, and the room that the last part reserves. */
const spareBytes = 1 << 19

/**
 * prom-client has the metrics of the process; the first scrape loads it. The text of the store is written here, because
 * 20,000 series of an inventory took 150 ms. `names` adds the metric names of NetObserv.
 */
export function exposition(
  store: MetricStore,
  thread: Pick<Thread, 'memory'> = realThread(),
  names: () => NetObservNames | undefined = () => undefined,
): () => Promise<Exposition> {
  let loading: Promise<Registry> | undefined
  let length = 0
  return async () => {
    loading ??= processMetrics()
    const registry = await loading
    recordThreadMemory(store, 'main', thread)
    const text = await registry.metrics()
    const out = new ByteBuffer(length + spareBytes)
    out.utf8(text)
    for (const part of storeText(store, names())) out.utf8(part)
    length = out.at
    return { contentType: registry.contentType, body: out.slice() }
  }
}

function* storeText(store: MetricStore, names: NetObservNames | undefined): Generator<string> {
  for (const { name, info, samples } of names === undefined ? [] : namedMetrics(store, names))
    yield* metricText(name, info, samples)
  for (const [name, info, series] of store) yield* metricText(name, info, series)
}

async function processMetrics(): Promise<Registry> {
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
  return registry
}
