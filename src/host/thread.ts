import { performance } from 'node:perf_hooks'
import { getHeapStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

export interface Thread {
  /** Bytes committed for the V8 heap, and bytes of buffers outside it. */
  memory(): Readonly<{ heap: number; buffers: number }>
  /** Bytes of objects and their buffers, including garbage. */
  used(): number
  /** Processor time since the last call, as a share of elapsed time. */
  load(): number
  /**
   * A full collection; pauses the thread for about a millisecond per live megabyte. `thorough` also shrinks the new
   * space and drops compiled code: three to ten times slower, 10 to 20 MB more freed.
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

function usage(): Readonly<{ busy: number; at: number }> {
  const { user, system } = process.threadCpuUsage()
  return { busy: user + system, at: performance.now() * 1000 }
}
