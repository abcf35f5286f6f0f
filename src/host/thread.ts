import { performance } from 'node:perf_hooks'
import { getHeapStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { realMachine } from './machine.ts'

export interface Thread {
  memory(): Readonly<{ heap: number; buffers: number }>
  used(): number
  /** Processor time since the last call, as a share of elapsed time. */
  load(): number
  /** Bytes of the whole process. */
  resident(): number
  /** Whether the process uses more than half of the memory of its container or machine. */
  isMemoryShort(): boolean
  /** Pauses the thread for about a millisecond per live megabyte. `thorough`: three to ten times slower. */
  collectGarbage(how: 'quick' | 'thorough'): void
}

export function realThread(): Thread {
  let last = usage()
  const plenty = realMachine.memory().limit / 2
  const resident = () => process.memoryUsage.rss()
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
    resident,
    isMemoryShort: () => resident() > plenty,
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
