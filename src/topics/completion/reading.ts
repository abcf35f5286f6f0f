import type { StoreReader } from '../../engine/control.ts'
import type { Host } from '../../host/index.ts'
import type { Surroundings } from '../operation.ts'

/** Flows of a store, or without one the newest ones in memory, since a time (Unix ms). */
export type Flows = Readonly<{ store: StoreReader; since?: () => number }>

/** What completion reads; of flows also without a store. */
export type Reading = Pick<Surroundings, 'now' | 'viewer' | 'signal'> &
  Readonly<{
    store: StoreReader | undefined
    flows: () => Promise<Flows>
    host: Pick<Host, 'clock' | 'timers'>
  }>
