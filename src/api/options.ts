import type { Control } from '../engine/control.ts'
import type { Log, Metrics, Resolver } from '../engine/contracts.ts'
import type { Host } from '../host/index.ts'
import type { OidcSettings } from './access/oidc/settings.ts'
import type { ApiToken } from './access/token-book.ts'
import type { Certificate } from '../net/tls-files.ts'

/** Sizes in bytes, times in ms. */
export interface ApiLimits {
  /** As sent, and after decompression. */
  readonly bodyBytes: number
  readonly eventBytes: number
  readonly sqlBytes: number
  readonly jsonDepth: number
  readonly headerBytes: number
  /** For the whole request to arrive. */
  readonly requestMs: number
  /** Wait for responses in progress. */
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
  readonly concurrentQueries: number
  readonly queuedPerUser: number
  readonly concurrentExports: number
  readonly queuedQueries: number
  /** Per kind (flows, events), whichever is reached first: rows, compressed bytes (a quarter for events), age. */
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
  /** `sessionMs`: of a browser session. */
  readonly auth: { readonly tokens: readonly ApiToken[]; readonly sessionMs?: number; readonly oidc?: OidcSettings }
  /** For POST /events. */
  readonly httpAuth: 'api' | 'none'
  /** Accept only events, on any path. */
  readonly eventsListen?: readonly { readonly host: string; readonly port: number }[]
  /** Without it connections are plain. */
  readonly tls?: Certificate | undefined
  readonly limits?: Partial<ApiLimits>
  readonly log: Log
  readonly metrics?: Metrics
  readonly host: Host
  readonly version: string
  /** Without it no view can be saved. */
  readonly folder?: string
  readonly quickFilters?: () => readonly QuickFilter[]
  readonly auditTypes?: ReadonlySet<string>
  /** Enriches live flows. */
  readonly resolver?: Resolver
}

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
  /** http://host:port or https://host:port. */
  readonly url: string
  /** In the order of `eventsListen`. */
  readonly eventsUrls: readonly string[]
  /** For new connections. Throws if invalid. */
  renew(tls: Certificate): void
  /** Ends live streams, waits up to `closeMs` for responses. */
  close(): Promise<void>
}
