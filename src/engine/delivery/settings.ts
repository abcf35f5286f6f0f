import type { Family } from '../../model/batches.ts'
import type { RowFilter } from '../contracts.ts'

/** Times in ms, sizes in bytes. */
export interface DeliverySettings {
  readonly from?: readonly string[]
  readonly only?: Only
  readonly batch: Readonly<{ events: number; bytes: number; waitMs: number }>
  readonly retry: Readonly<{ firstMs: number; maxMs: number; maxElapsedMs?: number }>
  /** Limit of pending rows before `whenBehind` applies. */
  readonly retain: Readonly<{ bytes: number; ageMs: number }>
  readonly whenBehind: 'drop' | 'block'
  readonly rate?: number
}

export interface Only {
  /** Flows have the family `flow`. */
  readonly family?: readonly (Family | 'flow')[]
  /** `*` matches any text. Flows have no type. */
  readonly type?: readonly string[]
  /** Applies to the rows that family and type select, with the names of addresses. */
  readonly filter?: RowFilter
}

export const defaultDelivery: DeliverySettings = {
  batch: { events: 1000, bytes: 4 * 1024 * 1024, waitMs: 0 },
  retry: { firstMs: 200, maxMs: 30_000 },
  retain: { bytes: 2 * 1024 * 1024 * 1024, ageMs: 24 * 3600_000 },
  whenBehind: 'drop',
}
