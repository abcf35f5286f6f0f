import type { Control } from '../engine/control.ts'
import type { Log, Metrics, Resolver } from '../engine/contracts.ts'
import type { Host } from '../host/index.ts'
import type { OidcSettings } from './access/oidc/settings.ts'
import type { ApiToken } from './access/token-book.ts'
import type { Certificate } from '../net/tls-files.ts'

/** Limits per client and server. Sizes in bytes, times in milliseconds. */
export interface ApiLimits {
  /** Request body as sent, and again after decompression. */
  readonly bodyBytes: number
  readonly eventBytes: number
  readonly sqlBytes: number
  readonly jsonDepth: number
  readonly headerBytes: number
  /** Time in which the whole request must arrive. */
  readonly requestMs: number
  /** How long `close` waits for responses in progress. */
  readonly closeMs: number
  readonly viewsPerStream: number
  readonly streamsPerUser: number
  readonly streamsPerServer: number
  /** A live client that reads nothing for this long is disconnected. */
  readonly stuckMs: number
  readonly commentMs: number
  readonly tickMs: number
  readonly rowsPerTick: number
  /** Time between messages of live series and graphs. */
  readonly seriesMs: number
  readonly graphMs: number
  /** Concurrent store queries, and limits of queued ones, per user and in all. */
  readonly concurrentQueries: number
  readonly queuedPerUser: number
  /** Concurrent exports, each in a separate process. */
  readonly concurrentExports: number
  readonly queuedQueries: number
  /**
   * Limits of the ring of each kind (flows, events), whichever is reached first: rows, compressed bytes (a quarter for
   * events), age. The rings serve live streams, and queries where there is no store.
   */
  readonly ringRows: number
  readonly ringBytes: number
  readonly ringMs: number
}

export const defaultLimits: ApiLimits = {
  bodyBytes: 32 * 1024 * 1024,
  eventBytes: 16 * 1024 * 1024,
  sqlBytes: 1024 * 1024,
  jsonDepth: 64,
  headerBytes: 16 * 1024,
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

export interface QuickFilter {
  readonly name: string
  readonly filter: string
}

export interface ApiOptions {
  readonly control: Control
  readonly listen: { readonly host: string; readonly port: number }
  /** `sessionMs`: longest duration of a browser session. */
  readonly auth: { readonly tokens: readonly ApiToken[]; readonly sessionMs?: number; readonly oidc?: OidcSettings }
  /** Rule of POST /events: that of the API, or open to everyone who reaches the listener. */
  readonly httpAuth: 'api' | 'none'
  /** Listeners that accept only events, on any path, by the rule of POST /events. */
  readonly eventsListen?: readonly { readonly host: string; readonly port: number }[]
  /** Certificate of every listener; without it connections are plain. */
  readonly tls?: Certificate | undefined
  readonly limits?: Partial<ApiLimits>
  readonly log: Log
  readonly metrics?: Metrics
  readonly host: Host
  readonly version: string
  /** Folder for saved views; without it nothing can be saved. */
  readonly folder?: string
  /** The current named filters of the configuration. */
  readonly quickFilters?: () => readonly QuickFilter[]
  /** Types of sources that emit audit events. */
  readonly auditTypes?: ReadonlySet<string>
  /** Enriches live flows; without it they have addresses only. */
  readonly resolver?: Resolver
}

/** Dependencies of the routes. */
export interface ApiContext {
  readonly control: Control
  readonly limits: ApiLimits
  readonly log: Log
  readonly host: Host
  readonly version: string
  readonly resolver: Resolver | undefined
  readonly tls?: Certificate | undefined
}

export interface RunningApi {
  /** The base URL, as http://host:port or https://host:port without a path. */
  readonly url: string
  /** URLs of the events listeners, in the order of `eventsListen`. */
  readonly eventsUrls: readonly string[]
  /** Sets the certificate for new connections. Throws if it is invalid. */
  renew(tls: Certificate): void
  /** Ends live streams, waits up to `closeMs` for responses in progress, then closes. */
  close(): Promise<void>
}
