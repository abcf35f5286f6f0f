import { threadMemory } from '../host/process.ts'
import type { Metrics } from './ports.ts'

export const memoryMetric = 'weir_memory_bytes'

/** Sets the gauges of the calling thread: committed V8 heap, and buffers outside it. */
export function recordThreadMemory(metrics: Metrics, thread: string): void {
  const { heap, buffers } = threadMemory()
  metrics.set(memoryMetric, heap, { part: `${thread} heap` })
  metrics.set(memoryMetric, buffers, { part: `${thread} buffers` })
}
