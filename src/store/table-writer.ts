import type { Endpoint } from '../model/endpoint.ts'
import type { EventBatch, FlowBatch } from '../model/batches.ts'
import type { Stream } from './names.ts'
import type { RollupRows } from './rollup/rows.ts'

/** With the row number it forms the stable id. */
export interface RowOrigin {
  readonly source: number
  readonly epoch: number
  readonly sequence: number
  /** Unix ms of the newest row. */
  readonly received: number
}

export interface FlowRows {
  readonly stream: 'flows'
  readonly batch: FlowBatch
  readonly origin: RowOrigin
  /** Safe integers by address field; 0 is absent. */
  readonly endpoints: Readonly<Record<string, Float64Array>>
  readonly release?: () => void
  /** Manifest number of each dictionary string; 0 is absent. */
  readonly words: Uint32Array
}

export interface EventRows {
  readonly stream: 'events'
  readonly batch: EventBatch
  readonly origin: RowOrigin
  readonly release?: () => void
}

export interface EndpointRow {
  readonly id: number
  readonly address: string
  readonly meaning: Endpoint
  /** Unix ms of the minute in which a watched cluster lacked the address. */
  readonly unknownAt?: number
}

export interface UnknownEndpoint {
  readonly id: number
  readonly address: string
  readonly unknownAt: number
  readonly cluster: string | undefined
}

export interface Revision {
  readonly id: number
  readonly meaning: Endpoint
}

export interface EndpointRows {
  readonly stream: 'endpoints'
  readonly rows: readonly EndpointRow[]
}

/** One commit's addition to the finest rollup. */
export interface PartialRows {
  readonly stream: 'flows_1m'
  readonly rows: RollupRows
}

export type TableRows = FlowRows | EventRows | EndpointRows | PartialRows

/** Footer metadata, for recovery without a manifest. */
export interface FileAbout {
  readonly schema: number
  readonly sources: Readonly<Record<string, number>>
  readonly words: readonly string[]
}

export interface Written {
  readonly rows: number
  readonly bytes: number
  readonly columns?: string
  /** If the writer computed it. */
  readonly crc?: number
}

/** Of a file that no record describes. */
export interface Inspected extends Written {
  readonly timeMin: number | null
  readonly timeMax: number | null
  readonly receivedMin: number
  readonly receivedMax: number
  readonly timed?: true
  readonly families?: readonly string[]
  readonly perSource: ReadonlyMap<number, number>
  /** 0 without endpoints. */
  readonly lastEndpoint: number
  readonly about: FileAbout | undefined
}

/**
 * Rows by stream and hour. The store syncs and renames the files. Rows stay until `discard`. Appended batches are not
 * copied and must not change.
 */
export interface TableWriter {
  append(hour: number, rows: TableRows): Promise<void>
  /** A new synced file, rows in the order appended. */
  write(stream: Stream, hour: number, path: string, about: FileAbout): Promise<Written>
  discard(stream: Stream, hour: number): Promise<void>
  /** Concatenates files; sums rollups by the step of `stream`. May overlap `append` and `write`. */
  merge(stream: Stream, from: readonly string[], path: string, about: FileAbout): Promise<Written>
  /** Unknown endpoints in minutes from `from` to before `to` (Unix ms). */
  unknown(path: string, from: number, to: number): Promise<readonly UnknownEndpoint[]>
  /** Known meanings are retained. */
  revise(from: string, revisions: readonly Revision[], path: string, about: FileAbout): Promise<Written>
  inspect(stream: Stream, path: string): Promise<Inspected>
  memory(): Promise<number>
  close(): Promise<void>
}
