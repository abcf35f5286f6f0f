import type { Column } from './columns.ts'

/**
 * Flows as columns. `columns` is keyed by the field's name in the registry and omits empty fields. `dictionary[0]` is
 * always the empty string and means absent.
 */
export interface FlowBatch {
  readonly kind: 'flows'
  readonly count: number
  readonly dictionary: readonly string[]
  readonly columns: Readonly<Record<string, Column>>
  /** Rows of a transform, which saw the names of addresses: absent names stay absent. */
  readonly derived?: true
}

/** Many byte strings in one buffer: item r is bytes[offsets[r] .. offsets[r+1]). */
export interface Heap {
  readonly offsets: Uint32Array
  readonly bytes: Uint8Array
}

/** The encoding of an event's `data`. The index in this list is the number on disk. */
export const dataEncodings = ['none', 'json', 'text', 'binary'] as const
export type DataEncoding = (typeof dataEncodings)[number]

/** The families of events; `event` is the default. */
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
 * Events: the CloudEvents envelope as columns, the body as unparsed bytes. Dictionary columns hold codes (0 absent).
 * `extensions` is a JSON object text per distinct set.
 */
/** Columns of an EventBatch that are codes of its dictionary, in the order of the journal format. */
export const eventCodes = [
  'source',
  'type',
  'subject',
  'datacontenttype',
  'dataschema',
  'extensions',
  'family',
  'key',
  'ref',
] as const

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
  /** Unix milliseconds; NaN if absent. */
  readonly time: Float64Array
  readonly family: Uint32Array
  /** Ordering key: sinks that support order keep the events of one key in order. */
  readonly key: Uint32Array
  /** Text of the event's ResourceRef. */
  readonly ref: Uint32Array
  /** Index into {@link dataEncodings}. */
  readonly encoding: Uint8Array
  readonly data: Heap
}

export type Batch = EventBatch | FlowBatch
export type BatchKind = Batch['kind']
