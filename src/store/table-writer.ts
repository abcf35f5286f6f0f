import type { Endpoint } from '../model/endpoint.ts'
import type { EventBatch, FlowBatch } from '../model/batches.ts'
import type { SumsBuilt } from './file-sums/build.ts'
import type { Stream } from './names.ts'
import type { EndpointRange } from './flows/endpoint-names.ts'
import type { RollupRows } from './rollup/rows.ts'

export type RowOrigin = Readonly<{
  source: number
  epoch: number
  sequence: number
  /** Unix ms of the newest row. */
  received: number
}>

export type FlowRows = Readonly<{
  stream: 'flows'
  batch: FlowBatch
  origin: RowOrigin
  endpoints: Readonly<Record<string, Float64Array>>
  release?: () => void
  /** Manifest number of each dictionary string; 0 is absent. */
  words: Uint32Array
}>

export type EventRows = Readonly<{
  stream: 'events'
  batch: EventBatch
  origin: RowOrigin
  release?: () => void
}>

export type UnknownEndpoint = Readonly<{
  id: number
  address: string
  unknownAt: number
  cluster: string | undefined
}>

export type Revision = Readonly<{
  id: number
  meaning: Endpoint
}>

type EndpointRows = Readonly<{
  stream: 'endpoints'
  rows: readonly EndpointRange[]
}>

type PartialRows = Readonly<{
  stream: 'flows_1m'
  rows: RollupRows
}>

export type TableRows = FlowRows | EventRows | EndpointRows | PartialRows

export type FileAbout = Readonly<{
  schema: number
  sources: Readonly<Record<string, number>>
  words: readonly string[]
}>

export type Written = Readonly<{
  rows: number
  bytes: number
  columns?: string
  crc?: number
}>

export interface Inspected extends Written {
  readonly timeMin: number | null
  readonly timeMax: number | null
  readonly receivedMin: number
  readonly receivedMax: number
  readonly timed?: true
  readonly families?: readonly string[]
  readonly perSource: ReadonlyMap<number, number>
  readonly lastEndpoint: number
  readonly about: FileAbout | undefined
}

export type EndpointUse = Readonly<{
  rows: number
  /** Least and largest id. */
  first: number
  last: number
  /**
   * Calls `visit` with some rows after another. A column has ids relative to `first`: 1 is `first`, 0 is absent.
   * `times` are receive times (Unix µs). The arrays are valid during the call only.
   */
  each(visit: (columns: readonly Uint32Array[], times: Float64Array) => void): Promise<void>
}>

/** The store syncs and renames the files. Rows stay until `discard`. Appended batches must not change. */
export interface TableWriter {
  append(hour: number, rows: TableRows): Promise<void>
  write(stream: Stream, hour: number, path: string, about: FileAbout): Promise<Written>
  discard(stream: Stream, hour: number): Promise<void>
  /** Concatenates files; sums rollups by the step of `stream`. May overlap `append` and `write`. */
  merge(stream: Stream, from: readonly string[], path: string, about: FileAbout): Promise<Written>
  /** Unknown endpoints in minutes from `from` to before `to` (Unix ms). */
  unknown(path: string, from: number, to: number): Promise<readonly UnknownEndpoint[]>
  /** Known meanings are retained. */
  revise(from: string, revisions: readonly Revision[], path: string, about: FileAbout): Promise<Written>
  inspect(stream: Stream, path: string): Promise<Inspected>
  /** Endpoint ids of a file of flows in these columns. Undefined if it has none, or rows without a receive time. */
  endpointUse(path: string, columns: readonly string[]): Promise<EndpointUse | undefined>
  /** Writes the sums of a file of flows, of which these files have the endpoints. Undefined if it can have none. */
  sums(path: string, into: string, about: FileAbout, endpoints: readonly string[]): Promise<SumsBuilt | undefined>
  /** Sums the sums of files by parts that all have. Returns rows by name of the part; undefined beyond 63 bits. */
  mergeSums(
    from: readonly string[],
    parts: readonly string[],
    into: string,
  ): Promise<Readonly<Record<string, number>> | undefined>
  memory(): Promise<number>
  close(): Promise<void>
}
