import type { Query } from '../../../api/client.ts'
import { isOnRequest, type Measure } from '../../../parts/measures.ts'

/** Parameters of flows besides the filter. */
export const flowSelect = { both_ways: ['', 'true'], reporters: ['', 'one'] } as const

/** Sums of drops are read on request. */
export const rankedBy = (by: Measure): Query => ({ by, ...(isOnRequest(by) ? { measure: by } : {}) })
