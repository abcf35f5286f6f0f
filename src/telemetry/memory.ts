import type { Host, MemoryBudget } from '../host/index.ts'
import type { Thread } from '../host/thread.ts'
import type { MetricStore } from './metrics.ts'
import type { Metrics } from './ports.ts'
import { ShortMemory } from './short-memory.ts'

export const memoryMetric = 'weir_memory_bytes'

/** When garbage is collected. A full collection takes tenths of a second: only below `quietLoad`. */
export type CollectionPlan = Readonly<{ everyMs: number; quietLoad: number }>

export const collections = {
  usual: { everyMs: 10_000, quietLoad: 0.1 },
  /** Threads that have a small load all the time: a tenth of it would be collections. */
  steady: { everyMs: 60_000, quietLoad: 0.02 },
} as const satisfies Record<string, CollectionPlan>

/** Above this load a thread is not paused. */
const idleLoad = 0.25
const minGarbage = 4e6
const shortEveryMs = 500
const [firstThoroughMs, thoroughEveryMs] = [60_000, 600_000]

export function recordThreadMemory(metrics: Metrics, name: string, thread: Pick<Thread, 'memory'>): void {
  const { heap, buffers } = thread.memory()
  metrics.set(memoryMetric, heap, { part: `${name} heap` })
  metrics.set(memoryMetric, buffers, { part: `${name} buffers` })
}

export function recordBudget(metrics: MetricStore, { used, peak, capacity, refused }: MemoryBudget): void {
  for (const [state, bytes] of Object.entries({ used, peak, limit: capacity }))
    metrics.set('weir_decoding_memory_bytes', bytes, { state })
  for (const [reason, count] of Object.entries(refused)) {
    const before = metrics.value('weir_decoding_refused_requests_total', { reason })
    metrics.count('weir_decoding_refused_requests_total', count - before, { reason })
  }
}

/**
 * Returns garbage of an idle thread to the system, and of a working one while memory is short. V8 alone retains 20 to
 * 40 MB per thread, and 64 MB outside the heap.
 */
export function collectWhenIdle(
  { timers, memory }: Pick<Host, 'timers'> & { readonly memory: Pick<MemoryBudget, 'onLargeRelease'> },
  thread: Pick<Thread, 'memory' | 'used' | 'load' | 'isMemoryShort' | 'collectGarbage'>,
  { everyMs, quietLoad }: CollectionPlan = collections.usual,
): void {
  const short = new ShortMemory(thread)
  let elapsed = 0
  timers.every(everyMs, () => {
    const bytes = short.garbage()
    elapsed += everyMs
    const load = thread.load()
    if (elapsed % thoroughEveryMs === firstThoroughMs && load < quietLoad) short.collect('thorough')
    else if (load <= idleLoad && bytes >= Math.max(minGarbage, short.live / 10)) short.collect('quick')
  })
  timers.every(shortEveryMs, () => short.collectIfShort(shortEveryMs))
  memory.onLargeRelease(() => timers.after(0, () => short.collectIfShort(0)))
}
