/** Memory and load of the calling thread. */
import { performance } from 'node:perf_hooks'
import { getHeapStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

export interface Thread {
  /** Bytes: memory committed for the V8 heap, and buffers outside it. */
  memory(): { readonly heap: number; readonly buffers: number }
  /** Bytes that objects and their buffers use, garbage included. */
  used(): number
  /** Processor time since the last call, as a share of the time that passed. */
  load(): number
  /**
   * A full collection; pauses the thread for about a millisecond per live megabyte. `thorough` repeats it, shrinks the space of young objects
   * and drops caches of compiled code: it takes three to ten times as long, and frees 10 to 20 MB more.
   */
  collectGarbage(how: 'quick' | 'thorough'): void
}

export function realThread(): Thread {
  let last = usage()
  let collect: ((options?: object) => void) | undefined
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
      const now = usage()
      const share = (now.busy - last.busy) / Math.max(1, now.at - last.at)
      last = now
      return share
    },
    collectGarbage(how) {
      if (collect === undefined) {
        setFlagsFromString('--expose-gc')
        collect = runInNewContext('gc') as (options?: object) => void
      }
      if (how === 'quick') collect()
      else collect({ type: 'major', execution: 'sync', flavor: 'last-resort' })
    },
  }
}

/** Microseconds. */
function usage(): { readonly busy: number; readonly at: number } {
  const { user, system } = process.threadCpuUsage()
  return { busy: user + system, at: performance.now() * 1000 }
}
