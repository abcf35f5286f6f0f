import type { StoreReader } from '../engine/control.ts'
import { Refusal } from './refusal.ts'

/** Throws WEIR_API_NO_STORE without a store. */
export function requiredStore(store: StoreReader | undefined): StoreReader {
  if (store !== undefined) return store
  throw new Refusal('WEIR_API_NO_STORE', 'This instance has no store to query.', [
    'GET /api/v1/live streams current rows.',
  ])
}
