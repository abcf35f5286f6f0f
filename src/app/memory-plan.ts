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
  memory.capacity = decoding.memory ?? defaultBudget(realMachine.memory().limit)
  return { memory, collections: collectionsFor(sources, self) }
}

function collectionsFor(sources: WeirConfig['sources'], self: Self): CollectionPlan {
  const all = Object.values(sources)
  if (all.some(receivesFlows)) self.prepareForFlows()
  else if (all.some(receivesMessages)) {
    self.prepareForMessages()
    return collections.steady
  } else self.keepThreadsSmall()
  return collections.usual
}
