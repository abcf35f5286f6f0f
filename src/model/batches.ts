import type { Column } from './columns.ts'

/**
 * Flows as columns. `columns` is keyed by the field's name in the registry; a field that no row has is left out.
 * `dictionary[0]` is always the empty string and means absent.
 */
export interface FlowBatch {
  readonly kind: 'flows'
  readonly count: number
  readonly dictionary: readonly string[]
  readonly columns: Readonly<Record<string, Column>>
}

/** Many byte strings in one buffer: item r is bytes[offsets[r] .. offsets[r+1]). */
export interface Heap {
  readonly offsets: Uint32Array
  readonly bytes: Uint8Array
}

/** How `data` of an event is to be read. The position in this list is the number on disk. */
export const dataEncodings = ['none', 'json', 'text', 'binary'] as const
export type DataEncoding = (typeof dataEncodings)[number]

/** The families an event can belong to; `event` is whatever has no other. */
export const families = [
  'event',
  'audit',
  'change',
  'k8s-event',
  'fact',
  'problem',
  'package',
  'resource',
  'cost',
  'point',
  'log',
] as const
export type Family = (typeof families)[number]

/**
 * Events: the CloudEvents envelope as columns, the body as bytes that only those parse who need it.
 * Dictionary columns hold codes (0 absent). `extensions` is a JSON object text per distinct set.
 */
export interface EventBatch {
  readonly kind: 'events'
  readonly count: number
  readonly dictionary: readonly string[]
  readonly id: Heap
  readonly source: Uint32Array
  readonly type: Uint32Array
  readonly subject: Uint32Array
  readonly datacontenttype: Uint32Array
  readonly dataschema: Uint32Array
  readonly extensions: Uint32Array
  /** Unix milliseconds; NaN when the producer gave none. */
  readonly time: Float64Array
  readonly family: Uint32Array
  /** Ordering key: events of one key stay in order on every sink that can order. */
  readonly key: Uint32Array
  /** Text of the ResourceRef that the event is about. */
  readonly ref: Uint32Array
  /** Index into {@link dataEncodings}. */
  readonly encoding: Uint8Array
  readonly data: Heap
}

export type Batch = EventBatch | FlowBatch
export type BatchKind = Batch['kind']
