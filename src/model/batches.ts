import type { Column } from './columns.ts'

/** `columns` is keyed by field name and omits empty fields. `dictionary[0]` is the empty string and means absent. */
export type FlowBatch = Readonly<{
  kind: 'flows'
  count: number
  dictionary: readonly string[]
  columns: Readonly<Record<string, Column>>
  /** Rows of a transform, which saw the names of addresses: absent names stay absent. */
  derived?: true
}>

/** Many byte strings in one buffer: item r is bytes[offsets[r] .. offsets[r+1]). */
export type Heap = Readonly<{
  offsets: Uint32Array
  bytes: Uint8Array
}>

/** The encoding of an event's `data`. The index in this list is the number on disk. */
export const dataEncodings = ['none', 'json', 'text', 'binary'] as const
export type DataEncoding = (typeof dataEncodings)[number]

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

/** Dictionary columns hold codes (0 absent). `extensions` is a JSON object text per distinct set. */
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

export type EventBatch = Readonly<{
  kind: 'events'
  count: number
  dictionary: readonly string[]
  id: Heap
  source: Uint32Array
  type: Uint32Array
  subject: Uint32Array
  datacontenttype: Uint32Array
  dataschema: Uint32Array
  extensions: Uint32Array
  /** Unix milliseconds; NaN if absent. */
  time: Float64Array
  family: Uint32Array
  /** Ordering key: sinks that support order keep the events of one key in order. */
  key: Uint32Array
  ref: Uint32Array
  encoding: Uint8Array
  data: Heap
}>

export type Batch = EventBatch | FlowBatch
export type BatchKind = Batch['kind']
