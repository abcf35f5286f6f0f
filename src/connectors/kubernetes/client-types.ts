/** What a reader of a collection is told, asked and given. */
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
 * What is told of the collection, in order. A promise is waited for before the next is told: the server is read no faster, and an
 * object is good until then.
 */
export interface Target {
  /** Where a watch may go on; undefined: everything has to be listed first. */
  readonly cursor: string | undefined
  /** The version that the first list is to be of, if the server still has it; undefined: as it is now. */
  readonly asOf?: string | undefined
  /** A list begins: what is not told of until `listed` is gone. May come again before `listed`: then from the beginning. */
  listing(): Settled
  present(object: SeenObject): Settled
  listed(resourceVersion: string): Settled
  changed(type: ChangeType, object: SeenObject): Settled
  /** Nothing changed up to here. */
  reached(resourceVersion: string): Settled
}

/** `waiting`: for the next try. `missing`: the server has no such collection now. `unwatchable`: it has, but gives no watch. */
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
  /** Why it does not watch, in words. */
  readonly reason?: string
  /** Unix ms of the last byte from the server. */
  readonly heard?: number
  readonly lists: number
  readonly watches: number
  readonly unreadable: number
}

export interface ReaderOptions {
  readonly path: string
  /** Label and field selectors. */
  readonly selectors?: Readonly<Record<string, string>>
  /** The server is known to send a list as a watch (1.32 and later, its own types only). */
  readonly streams: boolean
  readonly ask: Ask
  readonly target: Target
  /** Reads objects, without what does not count. Nobody else reads with it. */
  readonly stripper?: Stripper
  readonly host: Host
  /** When watches are read; undefined: as something comes. */
  readonly pace?: Pace
  /** Called when the server says that there is no such collection. */
  readonly onMissing?: () => void
  /** Called when the server forbids the collection: once, until it has been watched. */
  readonly onForbidden?: (reason: string) => void
  readonly limits?: Partial<ReaderLimits>
}

export interface ReaderLimits {
  readonly pageRows: number
  readonly lineBytes: number
  /** A watch that is silent for this long beyond its end is dead. */
  readonly silentMs: number
  /** A list by watch that says nothing for so long has a server that knows no end mark. */
  readonly endMarkMs: number
}

export const usualLimits: ReaderLimits = {
  pageRows: 500,
  lineBytes: 32 * 1024 * 1024,
  silentMs: 30_000,
  endMarkMs: 60_000,
}
