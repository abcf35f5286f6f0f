import type { Family } from '../../model/batches.ts'
import type { RowFilter } from '../contracts.ts'

export type DeliverySettings = Readonly<{
  from?: readonly string[]
  only?: Only
  batch: Readonly<{ events: number; bytes: number; waitMs: number }>
  retry: Readonly<{ firstMs: number; maxMs: number; maxElapsedMs?: number }>
  retain: Readonly<{ bytes: number; ageMs: number }>
  whenBehind: 'drop' | 'block'
  rate?: number
  /** Events of silenced alerts as well. */
  silenced?: true
}>

export type Only = Readonly<{
  family?: readonly (Family | 'flow')[]
  /** `*` matches any text. Flows have no type. */
  type?: readonly string[]
  filter?: RowFilter
}>

export const defaultDelivery: DeliverySettings = {
  batch: { events: 1000, bytes: 4 * 1024 * 1024, waitMs: 0 },
  retry: { firstMs: 200, maxMs: 30_000 },
  retain: { bytes: 2 * 1024 * 1024 * 1024, ageMs: 24 * 3600_000 },
  whenBehind: 'drop',
}
