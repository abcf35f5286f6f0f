import type { Family } from '../../model/batches.ts'

/** What the engine does for every sink, whatever it speaks. Times in ms, sizes in bytes. */
export interface DeliverySettings {
  /** Ids of the sources it takes; undefined takes every source there is and will be. */
  readonly from?: readonly string[]
  readonly only?: Only
  readonly batch: { readonly events: number; readonly bytes: number; readonly waitMs: number }
  readonly retry: { readonly initialMs: number; readonly maxMs: number; readonly giveUpMs?: number }
  /** How much may pend for this sink before `whenBehind` acts. */
  readonly retain: { readonly bytes: number; readonly ageMs: number }
  readonly whenBehind: 'drop' | 'block'
  /** Rows a second at most. */
  readonly rate?: number
}

/** Rows that do not match are counted as filtered. */
export interface Only {
  /** Flows have the family `flow`. */
  readonly family?: readonly (Family | 'flow')[]
  /** CloudEvents types; `*` stands for any text. Flows have none and do not match. */
  readonly type?: readonly string[]
}

export const defaultDelivery: DeliverySettings = {
  batch: { events: 1000, bytes: 4 * 1024 * 1024, waitMs: 0 },
  retry: { initialMs: 200, maxMs: 30_000 },
  retain: { bytes: 2 * 1024 * 1024 * 1024, ageMs: 24 * 3600_000 },
  whenBehind: 'drop',
}
