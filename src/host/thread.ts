/** Memory and load of the calling thread. */
import { performance } from 'node:perf_hooks'
import { getHeapStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

export interface Thread {
  /** Bytes: memory committed for the V8 heap, and buffers outside it. */
  memory(): { readonly heap: number; readonly buffers: number }
  /** Bytes that objects and their buffers use, garbage included. */
  used(): number
  /** Share of the time since the last call in which the event loop was busy, 0 to 1. */
  load(): number
  /** A full collection; pauses the thread for about a millisecond per live megabyte. */
  collectGarbage(): void
}

export function realThread(): Thread {
  let last = performance.eventLoopUtilization()
  let collect: (() => void) | undefined
  return {
    memory() {
      const { total_physical_size: heap, external_memory: buffers } = getHeapStatistics()
      return { heap, buffers }
    },
    used() {
      const { used_heap_size: heap, external_memory: buffers } = getHeapStatistics()
      return heap + buffers
    },
    load() {
      const now = performance.eventLoopUtilization()
      const { utilization } = performance.eventLoopUtilization(now, last)
      last = now
      return utilization
    },
    collectGarbage() {
      if (collect === undefined) {
        setFlagsFromString('--expose-gc')
        collect = runInNewContext('gc') as () => void
      }
      collect()
    },
  }
}
