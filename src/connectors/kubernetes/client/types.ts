import type { Host } from '../../../host/index.ts'
import type { Ask } from '../../../net/kubernetes/types.ts'
import type { Pace } from './pace.ts'
import type { SeenObject, Stripper } from './strip.ts'

export type KubeObject = Readonly<{
  apiVersion?: string
  kind?: string
  metadata?: Readonly<{
    uid?: string
    name?: string
    namespace?: string
    resourceVersion?: string
    annotations?: Readonly<Record<string, string>>
    [other: string]: unknown
  }>
  [other: string]: unknown
}>

export type ChangeType = 'ADDED' | 'MODIFIED' | 'DELETED'
type Settled = void | Promise<void>

/** Receives the changes of a collection, in order. A returned promise slows the server down; the object stays valid. */
export type Target = Readonly<{
  /** Undefined: list first. */
  cursor: string | undefined
  asOf?: string | undefined
  /** A list begins: objects not present until `listed` are deleted. A second call before `listed` restarts the list. */
  listing(): Settled
  present(object: SeenObject): Settled
  listed(resourceVersion: string): Settled
  changed(type: ChangeType, object: SeenObject): Settled
  reached(resourceVersion: string): Settled
}>

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

export type ReaderStatus = Readonly<{
  state: ReaderState
  reason?: string
  /** Unix ms of the last byte from the server. */
  lastByte?: number
  lists: number
  watches: number
  unreadable: number
}>

export type ReaderOptions = Readonly<{
  path: string
  selectors?: Readonly<Record<string, string>>
  /** The server supports streaming lists (1.32 and later, built-in types only). */
  streams: boolean
  ask: Ask
  target: Target
  stripper?: Stripper
  host: Host
  /** Read schedule; undefined: read at once. */
  pace?: Pace
  onMissing?: () => void
  onForbidden?: (reason: string) => void
  /** The watch is given up, and the collection is listed again. */
  onRelist?: (reason: string) => void
  limits?: Partial<ReaderLimits>
}>

export type ReaderLimits = Readonly<{
  pageRows: number
  lineBytes: number
  /** Silence beyond the watch's timeout after which the connection is closed. */
  silentMs: number
  /** Silence of a streaming list after which the server counts as not supporting it. */
  endMarkMs: number
}>

export const usualLimits: ReaderLimits = {
  pageRows: 500,
  lineBytes: 32 * 1024 * 1024,
  silentMs: 30_000,
  endMarkMs: 60_000,
}
