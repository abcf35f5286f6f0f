import type { AlertBook, AlertView } from '../alerts/index.ts'
import type { Control } from '../engine/control.ts'
import type { Log, Metrics, Resolver } from '../engine/contracts.ts'
import type { Host } from '../host/index.ts'
import type { FairReaders } from './fair/store.ts'
import type { OidcSettings } from './access/oidc/settings.ts'
import type { Opaque } from './access/opaque.ts'
import type { ApiToken } from './access/token-book.ts'
import type { Schema } from './request/check.ts'
import type { Budget } from '../topics/spend/index.ts'
import type { TransferSettings } from '../topics/transfers/index.ts'
import type { Certificate } from '../net/tls-files.ts'

/** Sizes in bytes, times in ms. */
export type ApiLimits = Readonly<{
  bodyBytes: number
  eventBytes: number
  sqlBytes: number
  jsonDepth: number
  headerBytes: number
  requestMs: number
  closeMs: number
  viewsPerStream: number
  streamsPerUser: number
  streamsPerServer: number
  /** A live client that reads nothing for this long is disconnected. */
  stuckMs: number
  commentMs: number
  tickMs: number
  rowsPerTick: number
  seriesMs: number
  graphMs: number
  concurrentQueries: number
  queuedPerUser: number
  concurrentExports: number
  queuedQueries: number
  /** Per kind (flows, events), whichever is reached first: rows, compressed bytes (a quarter for events), age. */
  ringRows: number
  ringBytes: number
  ringMs: number
}>

export const defaultLimits: ApiLimits = {
  bodyBytes: 32 * 1024 * 1024,
  eventBytes: 16 * 1024 * 1024,
  sqlBytes: 1024 * 1024,
  jsonDepth: 64,
  /** A filter of 64 KiB with every character escaped. */
  headerBytes: 256 * 1024,
  requestMs: 60_000,
  closeMs: 5_000,
  viewsPerStream: 8,
  streamsPerUser: 4,
  streamsPerServer: 200,
  stuckMs: 30_000,
  commentMs: 15_000,
  tickMs: 250,
  rowsPerTick: 500,
  seriesMs: 1000,
  graphMs: 2000,
  concurrentQueries: 2,
  queuedPerUser: 64,
  concurrentExports: 4,
  queuedQueries: 1000,
  ringRows: 1_000_000,
  ringBytes: 32 * 1024 * 1024,
  ringMs: 900_000,
}

export type QuickFilter = Readonly<{
  name: string
  filter: string
}>

export type ApiOptions = Readonly<{
  control: Control
  listen: Readonly<{ host: string; port: number }>
  auth: Readonly<{ tokens: readonly ApiToken[]; sessionMs?: number; oidc?: OidcSettings }>
  httpAuth: 'api' | 'none'
  /** Default: refuse. */
  httpInvalid?: 'refuse' | 'accept'
  eventsListen?: readonly Readonly<{ host: string; port: number }>[]
  tls?: Certificate | undefined
  limits?: Partial<ApiLimits>
  log: Log
  metrics?: Metrics
  host: Host
  version: string
  folder?: string
  quickFilters?: () => readonly QuickFilter[]
  budgets?: () => readonly Budget[]
  /** Reads the files of price lists. */
  transferSettings?: () => Promise<TransferSettings>
  alerts?: () => AlertView | undefined
  /** Rules and silences of users. */
  alertBook?: AlertBook
  /** Folder of dashboards. */
  dashboards?: () => string | undefined
  auditTypes?: ReadonlySet<string>
  resolver?: Resolver
  /** For tests: each response with the statuses that the description of its route has; undefined: no such route. */
  answered?: (answer: Readonly<{ route: string; status: number; described: readonly string[] | undefined }>) => void
  /** For tests: each JSON response with its schema; undefined: the description has none for this status. */
  sent?: (response: Readonly<{ route: string; status: number; schema: Schema | undefined; value: unknown }>) => void
  /** True while Weir leaves: responses close their connections, so that clients connect to another instance. */
  draining?: () => boolean
}>

export type ApiContext = Readonly<{
  control: Control
  fair: FairReaders
  limits: ApiLimits
  httpInvalid?: ApiOptions['httpInvalid']
  log: Log
  host: Host
  version: string
  resolver: Resolver | undefined
  tls?: Certificate | undefined
  /** Undefined: no viewer is limited. */
  opaque?: Opaque | undefined
  draining?: ApiOptions['draining']
  nextQueryId: () => string
}>

export type RunningApi = Readonly<{
  /** http://host:port or https://host:port. */
  url: string
  eventsUrls: readonly string[]
  renew(tls: Certificate): void
  close(): Promise<void>
}>
