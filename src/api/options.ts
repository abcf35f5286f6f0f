import type { Control } from '../engine/control.ts'
import type { Log, Metrics, Resolver } from '../engine/contracts.ts'
import type { Host } from '../host/index.ts'
import type { OidcSettings } from './access/oidc/settings.ts'
import type { ApiToken } from './access/token-book.ts'
import type { Certificate } from '../net/tls-files.ts'

/** Bounds on what one client can make the server hold or do. Sizes in bytes, times in milliseconds. */
export interface ApiLimits {
  /** Request body as sent, and again after decompression. */
  readonly bodyBytes: number
  readonly eventBytes: number
  readonly sqlBytes: number
  readonly jsonDepth: number
  readonly headerBytes: number
  /** Until the whole request has arrived. */
  readonly requestMs: number
  /** How long `close` waits for answers under way. */
  readonly closeMs: number
  readonly viewsPerStream: number
  readonly streamsPerUser: number
  readonly streamsPerServer: number
  /** A live client that reads nothing for this long is cut. */
  readonly stuckMs: number
  readonly commentMs: number
  readonly tickMs: number
  readonly rowsPerTick: number
  /** Time between messages of a live series, of a live graph. */
  readonly seriesMs: number
  readonly graphMs: number
  /** Questions that the store works on at a time, and how many may wait for their turn, of one user and in all. */
  readonly questionsAtOnce: number
  readonly questionsPerUser: number
  /** Exports that are written at a time, each by a process. */
  readonly exportsAtOnce: number
  readonly questions: number
  /**
   * Each stream kind (flows, events) keeps its newest rows for clients that come or come back, and for answers where there is no
   * store: so many, in so many bytes as the journal has them (events a quarter of it), received within so much time of the newest, whichever is least.
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
  questionsAtOnce: 2,
  questionsPerUser: 64,
  exportsAtOnce: 4,
  questions: 1000,
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
  /** `sessionMs`: longest time for which a browser stays logged in. */
  readonly auth: { readonly tokens: readonly ApiToken[]; readonly sessionMs?: number; readonly oidc?: OidcSettings }
  /** Rule of POST /events: the API's own, or open to everybody who reaches the listener. */
  readonly httpAuth: 'api' | 'none'
  /** Addresses that take events alone, on any path, by the rule of POST /events. */
  readonly eventsListen?: readonly { readonly host: string; readonly port: number }[]
  /** Of every listener; left out, connections are plain. */
  readonly tls?: Certificate | undefined
  readonly limits?: Partial<ApiLimits>
  readonly log: Log
  readonly metrics?: Metrics
  readonly host: Host
  readonly version: string
  /** Folder for what users save; without it nothing can be saved. */
  readonly folder?: string
  /** Filters that the console offers by name, as the configuration has them now. */
  readonly quickFilters?: () => readonly QuickFilter[]
  /** Types of sources that emit audit events. */
  readonly auditTypes?: ReadonlySet<string>
  /** Gives live flow rows their names; without it they show addresses alone. */
  readonly resolver?: Resolver
}

/** What the routes are built with. */
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
  /** Where it answers, as http://host:port or https://host:port without a path. */
  readonly url: string
  /** Where events alone are taken, in the order of `eventsListen`. */
  readonly eventsUrls: readonly string[]
  /** New connections get this certificate. Throws if it is none. */
  renew(tls: Certificate): void
  /** Ends live streams, waits for answers under way up to `closeMs`, then closes. */
  close(): Promise<void>
}
