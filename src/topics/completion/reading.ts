import type { StoreReader } from '../../engine/control.ts'
import type { Host } from '../../host/index.ts'
import type { QueryField } from '../../query/index.ts'
import type { RowQuery } from '../../query/plan/index.ts'
import type { Surroundings } from '../operation.ts'
import type { UsedValues, ValueTest } from './values.ts'

export type WantedValues = Readonly<{
  fields: readonly QueryField[]
  matches: (field: QueryField) => ValueTest
  limit: number
}>

type Use = ReadonlyMap<string, number>

/** The newest flows in memory. Times in ms. */
export type NewestFlows = Readonly<{
  values: (
    rowQuery: RowQuery,
    wanted: WantedValues,
    how: Readonly<{ withinMs: number; signal: AbortSignal }>,
  ) => Promise<UsedValues>
  /** Of so many rows, how many have a value, by field. Undefined: there is no row. */
  fieldUse: (rowQuery: RowQuery, rows: number, signal: AbortSignal) => Promise<Use | undefined>
  /** Of so many rows with `extra`, how many have each member. */
  memberUse: (rowQuery: RowQuery, rows: number, signal: AbortSignal) => Promise<Use>
}>

/** What completion reads; of flows also without a store. */
export type Reading = Pick<Surroundings, 'now' | 'viewer' | 'signal'> &
  Readonly<{ store: StoreReader | undefined; host: Pick<Host, 'clock' | 'timers'>; newest: NewestFlows }>
