import type { self as realSelf } from '../host/process.ts'
import { collections, type CollectionPlan } from '../telemetry/memory.ts'
import type { WeirConfig } from './config.ts'
import { receivesFlows, receivesMessages } from './config-entries.ts'

type Self = Pick<typeof realSelf, 'prepareForFlows' | 'prepareForMessages' | 'keepThreadsSmall'>

/** Sets the V8 flags of the threads that start later. Returns when these collect garbage. */
export function prepareMemory(sources: WeirConfig['sources'], self: Self): CollectionPlan {
  const all = Object.values(sources)
  if (all.some(receivesFlows)) self.prepareForFlows()
  else if (all.some(receivesMessages)) {
    self.prepareForMessages()
    return collections.steady
  } else self.keepThreadsSmall()
  return collections.usual
}
