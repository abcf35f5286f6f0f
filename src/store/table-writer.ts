import type { Endpoint } from '../model/endpoint.ts'
import type { EventBatch, FlowBatch } from '../model/batches.ts'
import type { Stream } from './names.ts'
import type { RollupRows } from './rollup/rows.ts'

/** Where the rows of a frame stand: with the row's number these make its stable id. */
export interface RowOrigin {
  /** Number of the source in the manifest. */
  readonly source: number
  readonly epoch: number
  readonly sequence: number
  /** Unix ms at which the frame's newest row was received. */
  readonly received: number
}

export interface FlowRows {
  readonly stream: 'flows'
  readonly batch: FlowBatch
  readonly origin: RowOrigin
  /** Endpoint ids by the name of the address field, safe integers; 0 is absent. */
  readonly endpoints: Readonly<Record<string, Float64Array>>
  /** Gives back what the batch no longer needs, once its rows are in a file. */
  readonly release?: () => void
  /** Number in the manifest of every string of the batch's dictionary, for dictionary columns; 0 is absent. */
  readonly words: Uint32Array
}

export interface EventRows {
  readonly stream: 'events'
  readonly batch: EventBatch
  readonly origin: RowOrigin
  /** Gives the batch back, once its rows are in a file. */
  readonly release?: () => void
}

export interface EndpointRow {
  readonly id: number
  readonly address: string
  readonly means: Endpoint
  /** Unix ms of the minute of whose flows it is, when a cluster should have known the address and did not: it is asked again. */
  readonly unknownAt?: number
}

/** A stored endpoint that is to be asked again. */
export interface UnknownEndpoint {
  readonly id: number
  readonly address: string
  readonly unknownAt: number
  /** Cluster that the flow named. */
  readonly cluster: string | undefined
}

/** What an endpoint turned out to mean. */
export interface Revision {
  readonly id: number
  readonly means: Endpoint
}

export interface EndpointRows {
  readonly stream: 'endpoints'
  readonly rows: readonly EndpointRow[]
}

/** What a commit adds to the finest rollup. */
export interface PartialRows {
  readonly stream: 'flows_1m'
  readonly rows: RollupRows
}

export type TableRows = FlowRows | EventRows | EndpointRows | PartialRows

/** What a file says of itself in its footer, should the manifest be lost. */
export interface FileAbout {
  readonly schema: number
  /** Numbers of sources by their names. */
  readonly sources: Readonly<Record<string, number>>
  readonly words: readonly string[]
}

export interface Written {
  readonly rows: number
  readonly bytes: number
  /** Set of the columns that the file has, where not every file has all. */
  readonly columns?: string
  /** CRC-32 of the file, if the writer had its bytes; otherwise the store reads the file again for it. */
  readonly crc?: number
}

/** What a file that no record describes says about itself. */
export interface Inspected extends Written {
  readonly timeMin: number | null
  readonly timeMax: number | null
  readonly receivedMin: number
  readonly receivedMax: number
  readonly timed?: true
  readonly families?: readonly string[]
  /** Rows by the number of their source. */
  readonly perSource: ReadonlyMap<number, number>
  /** Highest endpoint id in a file of endpoints; else 0. */
  readonly lastEndpoint: number
  readonly about: FileAbout | undefined
}

/**
 * Turns rows into table files. The files that it writes are not durable: the store syncs and renames them. Tables are
 * kept by stream and hour; a table's rows stay until it is discarded, so that a failed write can be repeated. Batches that
 * were appended are kept, not copied: they must not change.
 */
export interface TableWriter {
  append(hour: number, rows: TableRows): Promise<void>
  /** Writes every row of the table, in the order appended, into a new file, and syncs it. */
  write(stream: Stream, hour: number, path: string, about: FileAbout): Promise<Written>
  discard(stream: Stream, hour: number): Promise<void>
  /**
   * Writes the rows of the files, one file after the other, into one; for a rollup, the sums of what they hold by the step
   * of `stream`, which may be a coarser one than theirs. May run beside `append` and `write`.
   */
  merge(stream: Stream, from: readonly string[], path: string, about: FileAbout): Promise<Written>
  /** Of a file of endpoints that has the column: those of minutes from `from` on and before `to` (Unix ms). */
  unknown(path: string, from: number, to: number): Promise<readonly UnknownEndpoint[]>
  /** Writes a file of endpoints again with what some of them turned out to mean; what is known of those is kept. */
  revise(from: string, revisions: readonly Revision[], path: string, about: FileAbout): Promise<Written>
  /** Rejects when the file can't be read. */
  inspect(stream: Stream, path: string): Promise<Inspected>
  /** Bytes that the database accounts for which merges and inspects. */
  memory(): Promise<number>
  close(): Promise<void>
}
