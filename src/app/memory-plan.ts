import type { MemoryBudget } from '../host/index.ts'
import { realMachine } from '../host/machine.ts'
import { defaultBudget } from '../host/memory-budget.ts'
import type { self as realSelf } from '../host/process.ts'
import { collections, type CollectionPlan } from '../telemetry/memory.ts'
import type { WeirConfig } from './config.ts'
import { receivesFlows, receivesMessages } from './config-entries.ts'

type Self = Pick<typeof realSelf, 'prepareForFlows' | 'prepareForMessages' | 'keepThreadsSmall'>

/** Sets the limit of the memory for decoding, and the V8 flags of the threads that start later. */
export function prepareMemory(
  { sources, decoding }: WeirConfig,
  self: Self,
  memory: MemoryBudget,
): Readonly<{ memory: MemoryBudget; collections: CollectionPlan }> {
  const { limit } = realMachine.memory()
  memory.capacity = decoding.memory ?? defaultBudget(limit)
  return { memory, collections: collectionsFor(sources, self, limit) }
}

/** In less memory, 80 MB of room for young objects and garbage matter more than a tenth of the speed. */
const smallLimit = 2 ** 30

/** `limit`: bytes of the container or machine. */
export function collectionsFor(sources: WeirConfig['sources'], self: Self, limit: number): CollectionPlan {
  const all = Object.values(sources)
  const hasFlows = all.some(receivesFlows)
  const isSteady = !hasFlows && all.some(receivesMessages)
  if (limit <= smallLimit) self.keepThreadsSmall()
  else if (hasFlows) self.prepareForFlows()
  else if (isSteady) self.prepareForMessages()
  else self.keepThreadsSmall()
  return isSteady ? collections.steady : collections.usual
}
