import type { Timers } from '../host/index.ts'
import type { Thread } from '../host/thread.ts'
import type { Metrics } from './ports.ts'

export const memoryMetric = 'weir_memory_bytes'

const checkMs = 10_000
/** Above this load a thread is not paused. */
const idleLoad = 0.25
const minGarbage = 4e6
/** A full collection takes tenths of a second. */
const quietLoad = 0.1
/** In intervals: after a minute and every ten minutes. */
const [firstThorough, thoroughEvery] = [6, 60]

export function recordThreadMemory(metrics: Metrics, name: string, thread: Pick<Thread, 'memory'>): void {
  const { heap, buffers } = thread.memory()
  metrics.set(memoryMetric, heap, { part: `${name} heap` })
  metrics.set(memoryMetric, buffers, { part: `${name} buffers` })
}

/** Returns garbage of an idle thread to the system. V8 alone retains 20 to 40 MB per thread. */
export function collectWhenIdle(timers: Timers, thread: Pick<Thread, 'used' | 'load' | 'collectGarbage'>): void {
  let live = thread.used()
  let checks = 0
  timers.every(checkMs, () => {
    const used = thread.used()
    // Buffers are freed with a delay.
    live = Math.min(live, used)
    checks++
    const load = thread.load()
    if (checks % thoroughEvery === firstThorough && load < quietLoad) {
      thread.collectGarbage('thorough')
      live = thread.used()
      return
    }
    if (load > idleLoad || used - live < Math.max(minGarbage, live / 10)) return
    thread.collectGarbage('quick')
    live = thread.used()
  })
}
