import type { FlowFrame } from '../../../../../src/api/published.ts'
import { request } from '../../../api/client.ts'
import { isMoving, type Range } from '../../../state/range.ts'
import { isExact } from './resolved-range.ts'

/** Flows of this age are durable, so that `stored_to` covers them. */
const durableMs = 1000
/** A slow server must not delay the panels: they read without a bound then. */
const patienceMs = 3000
const maxRevisions = 8
const bounds = new Map<number, Promise<string | undefined>>()

type StoredState = Pick<FlowFrame, 'span' | 'stored_to'>

function readStoredState(): Promise<StoredState> {
  return request<StoredState>('/api/v1/flows', { query: { columns: '_pos', from: 'now-1s', limit: 1 } })
}

/**
 * The condition of flows that are stored when the first panel of a revision reads. Panels read one after another, and
 * without it later panels count flows that arrived meanwhile. Empty for fixed ranges, and for long ones: their stored
 * sums have no receive time.
 */
export async function receiptOf(t: Range, revision: number, read = readStoredState): Promise<string> {
  if (!isMoving(t) || !isExact(t)) return ''
  let bound = bounds.get(revision)
  if (bound === undefined) {
    bound = Promise.race([read().then(boundOf), afterPatience()])
    bounds.set(revision, bound)
    bound.catch(() => bounds.delete(revision))
    for (const old of bounds.keys()) if (bounds.size > maxRevisions) bounds.delete(old)
  }
  const time = await bound
  return time === undefined ? '' : `time_received < "${time}"`
}

const afterPatience = () => new Promise<undefined>((resolve) => setTimeout(resolve, patienceMs))

function boundOf({ span, stored_to: storedTo }: StoredState) {
  const durable = Date.parse(span.to) - durableMs
  return new Date(Math.min(durable, Date.parse(storedTo ?? span.to))).toISOString()
}
