/** What every view of the page asks about, in the words of the API and of the live stream. */
import type { ViewRequest } from '../../../../src/api/published.ts'
import type { Query } from '../../api/client.ts'

export interface FlowQuestion {
  /** The whole filter: what was typed, and the quick filters that are on. */
  readonly filter: string
  /** Also rows that match with source and destination exchanged. */
  readonly both: boolean
  /** A flow that two nodes report counts once. */
  readonly once: boolean
}

/** The parameters of flows, series, topology and export. */
export function questionQuery({ filter, both, once }: FlowQuestion): Query {
  return { filter, ...(both ? { both_ways: 'true' } : {}), ...(once ? { reporters: 'one' } : {}) }
}

/** `q` of a live view. */
export function liveQuestion({ filter, both, once }: FlowQuestion): ViewRequest['q'] {
  return {
    stream: 'flows',
    ...(filter === '' ? {} : { filter }),
    ...(both ? { both_ways: true } : {}),
    ...(once ? { reporters: 'one' } : {}),
  }
}
