import type { Host } from '../../host/index.ts'
import type { Ask } from '../../net/kubernetes/types.ts'
import type { Pace } from './client-pace.ts'
import type { SeenObject, Stripper } from './client-strip.ts'

export interface KubeObject {
  readonly apiVersion?: string
  readonly kind?: string
  readonly metadata?: {
    readonly uid?: string
    readonly name?: string
    readonly namespace?: string
    readonly resourceVersion?: string
    readonly annotations?: Readonly<Record<string, string>>
    readonly [other: string]: unknown
  }
  readonly [other: string]: unknown
}

export type ChangeType = 'ADDED' | 'MODIFIED' | 'DELETED'
type Settled = void | Promise<void>

/**
 * Receives the changes of a collection, in order. A returned promise is awaited before the next call: it slows the
 * server down, and the object stays valid until then.
 */
export interface Target {
  /** Undefined: list first. */
  readonly cursor: string | undefined
  /** Preferred version of the first list. */
  readonly asOf?: string | undefined
  /** A list begins: objects not present until `listed` are deleted. A second call before `listed` restarts the list. */
  listing(): Settled
  present(object: SeenObject): Settled
  listed(resourceVersion: string): Settled
  changed(type: ChangeType, object: SeenObject): Settled
  /** No changes up to this version. */
  reached(resourceVersion: string): Settled
}

/** `waiting`: backoff. `missing`: the server lacks the collection. `unwatchable`: the collection has no watch. */
export type ReaderState =
  | 'starting'
  | 'listing'
  | 'watching'
  | 'waiting'
  | 'forbidden'
  | 'missing'
  | 'unwatchable'
  | 'stopped'

export interface ReaderStatus {
  readonly state: ReaderState
  readonly reason?: string
  /** Unix ms of the last byte from the server. */
  readonly lastByte?: number
  readonly lists: number
  readonly watches: number
  readonly unreadable: number
}

export interface ReaderOptions {
  readonly path: string
  readonly selectors?: Readonly<Record<string, string>>
  /** The server supports streaming lists (1.32 and later, built-in types only). */
  readonly streams: boolean
  readonly ask: Ask
  readonly target: Target
  /** Parses objects and removes irrelevant parts. Exclusive to this reader. */
  readonly stripper?: Stripper
  readonly host: Host
  /** Read schedule; undefined: read at once. */
  readonly pace?: Pace
  readonly onMissing?: () => void
  /** Called once until the next successful watch. */
  readonly onForbidden?: (reason: string) => void
  readonly limits?: Partial<ReaderLimits>
}

export interface ReaderLimits {
  readonly pageRows: number
  readonly lineBytes: number
  /** Silence beyond the watch's timeout after which the connection is closed. */
  readonly silentMs: number
  /** Silence of a streaming list after which the server counts as not supporting it. */
  readonly endMarkMs: number
}

export const usualLimits: ReaderLimits = {
  pageRows: 500,
  lineBytes: 32 * 1024 * 1024,
  silentMs: 30_000,
  endMarkMs: 60_000,
}
