import type { CloudProvider, CloudResource } from '../../model/cloud.ts'
import type { Labels, MetricName } from '../../telemetry/ports.ts'
import { PollError } from '../poll-error.ts'

/** Values of `reason` in `cloud_collector_errors_total`. */
export type CollectFault = 'auth' | 'forbidden' | 'rate_limited' | 'timeout' | 'decode' | 'server'

export class CollectError extends PollError {
  override readonly name = 'CollectError'
  readonly fault: CollectFault

  constructor(fault: CollectFault, message: string, options: ConstructorParameters<typeof PollError>[1] = {}) {
    super(message, options)
    this.fault = fault
  }
}

/** A gauge of a snapshot. It vanishes with it. */
export type Sample = Readonly<{
  name: MetricName
  value: number
  /** Without `provider` and `account`, which are added if the metric has them. */
  labels?: Labels
}>

/** A resource without the provider and account, which belong to the account of the collector. */
export type FoundResource = Omit<CloudResource, 'provider' | 'account'>

export type Snapshot = Readonly<{
  resources: readonly FoundResource[]
  /** Every page and every item was read. Only a complete snapshot may delete. */
  complete: boolean
  samples?: readonly Sample[]
  /** Summed over all collectors of the account. */
  totals?: readonly Sample[]
  /** Items that could not be decoded. The snapshot is then not complete. */
  undecodable?: number
}>

/** Reads one list of an account in one region. It makes no retry: the next attempt is the next turn. */
export type Collector = Readonly<{
  name: string
  /** `global` if the list has no region. */
  region: string
  /** Time from start to start, in ms. */
  every: number
  collect(signal: AbortSignal): Promise<Snapshot>
}>

export type Account = Readonly<{
  provider: CloudProvider
  /** Reads the id of the account and its regions. Called again after a failure. */
  open(signal: AbortSignal): Promise<Readonly<{ id: string; collectors: readonly Collector[] }>>
  /** `source` of its events. */
  origin(account: string): string
  /** Tags that resources should have. */
  requiredTags?: readonly string[]
  /** Collectors at once. */
  concurrency: number
  close(): void
}>
