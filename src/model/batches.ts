import type { Column } from './columns.ts'

/**
 * `columns` is keyed by the registry's field names and omits empty fields. `dictionary[0]` is the empty string and
 * means absent.
 */
export interface FlowBatch {
  readonly kind: 'flows'
  readonly count: number
  readonly dictionary: readonly string[]
  readonly columns: Readonly<Record<string, Column>>
}

/** Item r is bytes[offsets[r] .. offsets[r+1]). */
export interface Heap {
  readonly offsets: Uint32Array
  readonly bytes: Uint8Array
}

/** Encoding of `data`. The index in this list is the number on disk. */
export const dataEncodings = ['none', 'json', 'text', 'binary'] as const
export type DataEncoding = (typeof dataEncodings)[number]

/** `event` is the default. */
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
 * Envelopes as columns, bodies as unparsed bytes. Dictionary columns hold codes (0 absent). `extensions`: a JSON object
 * text per distinct set.
 */
/** Dictionary columns of an EventBatch, in the order of the journal format. */
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
  /** Unix ms; NaN if absent. */
  readonly time: Float64Array
  readonly family: Uint32Array
  /** Ordering key: events of one key stay in order. */
  readonly key: Uint32Array
  readonly ref: Uint32Array
  /** Index into {@link dataEncodings}. */
  readonly encoding: Uint8Array
  readonly data: Heap
}

export type Batch = EventBatch | FlowBatch
export type BatchKind = Batch['kind']
