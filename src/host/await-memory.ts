import type { Host } from './index.ts'
import type { MemoryBudget, MemoryLease } from './memory-budget.ts'

const pollMs = 20
/** Fits beside those that wait for more. */
const smallBytes = 1 << 20

/** A message that waits is parsed if that needs at most so many bytes: half of the budget. */
export const awaitedLimit = ({ capacity }: MemoryBudget): number => capacity / 2

/** The last one that waits, in this thread. */
const lastOf = new WeakMap<MemoryBudget, Promise<unknown>>()

/**
 * As `MemoryBudget.reserve`, for data that its sender keeps: waits while others use the memory, in the order of the
 * calls. At most `awaitedLimit` is reserved. Throws when the signal aborts.
 */
export async function awaitMemory(
  { memory, timers }: Pick<Host, 'memory' | 'timers'>,
  bytes: number,
  signal?: AbortSignal,
): Promise<MemoryLease> {
  const size = Math.min(bytes, awaitedLimit(memory))
  const before = size <= smallBytes ? undefined : lastOf.get(memory)
  const turn = (async () => {
    await before
    while (memory.used > 0 && memory.used + size > 0.75 * memory.capacity) {
      await timers.sleep(pollMs, signal)
      signal?.throwIfAborted()
    }
    return memory.reserve(size)
  })()
  if (size > smallBytes) {
    const settled = turn.then(
      () => {},
      () => {},
    )
    lastOf.set(memory, settled)
  }
  return turn
}
