import type { ViewRequest } from '../../../../src/api/published.ts'
import type { Query } from '../../api/client.ts'

export type FlowQuestion = Readonly<{
  filter: string
  both: boolean
  /** Counts a flow reported by two nodes once. */
  once: boolean
}>

export function questionQuery({ filter, both, once }: FlowQuestion): Query {
  return { filter, ...(both ? { both_ways: 'true' } : {}), ...(once ? { reporters: 'one' } : {}) }
}

export function liveQuestion({ filter, both, once }: FlowQuestion): ViewRequest['q'] {
  return {
    stream: 'flows',
    ...(filter === '' ? {} : { filter }),
    ...(both ? { both_ways: true } : {}),
    ...(once ? { reporters: 'one' } : {}),
  }
}
