import type { Host } from './index.ts'
import type { MemoryLease } from './memory-budget.ts'

const pollMs = 20

/**
 * As `MemoryBudget.reserve`, for data that its sender keeps: waits while others use the memory. At most half of the
 * budget is reserved. Throws when the signal aborts.
 */
export async function awaitMemory(
  { memory, timers }: Pick<Host, 'memory' | 'timers'>,
  bytes: number,
  signal?: AbortSignal,
): Promise<MemoryLease> {
  const size = Math.min(bytes, memory.capacity / 2)
  while (memory.used > 0 && memory.used + size > 0.75 * memory.capacity) {
    await timers.sleep(pollMs, signal)
    signal?.throwIfAborted()
  }
  return memory.reserve(size)
}
