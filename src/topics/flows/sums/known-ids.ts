import type { StoreReader } from '../../../engine/control.ts'
import { singleIdsOf, type SingleIds } from '../../../query/plan/index.ts'
import type { SumRow } from './request.ts'

/** `uncounted`: the request before had as many endpoints, so that a count is worth its time. */
export type KnownIds = SingleIds | 'several' | 'uncounted' | 'changed'

const counted = new WeakMap<StoreReader, Readonly<{ endpoints: number; ids: SingleIds | 'several' | 'uncounted' }>>()

/** The last count of the ids of addresses. `endpoints`: number of those that are stored, if known. */
export function knownIds(store: StoreReader, endpoints: number | undefined): KnownIds {
  const last = counted.get(store)
  if (endpoints !== undefined && last?.endpoints === endpoints) return last.ids
  if (endpoints !== undefined) counted.set(store, { endpoints, ids: 'uncounted' })
  return 'changed'
}

/** `row`: with `idCounts`. */
export function keepIds(store: StoreReader, endpoints: number | undefined, row: SumRow | undefined): void {
  if (row !== undefined && endpoints !== undefined)
    counted.set(store, { endpoints, ids: singleIdsOf(row) ?? 'several' })
}

/** After a statement with ids that were out of date. */
export function forgetIds(store: StoreReader): void {
  counted.delete(store)
}
