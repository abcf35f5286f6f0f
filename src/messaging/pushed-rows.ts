import { hash } from 'node:crypto'
import type { MemoryLease } from '../host/index.ts'
import { EventRows } from '../model/event-rows.ts'
import type { WeirEvent } from '../model/events.ts'
import { PushRefused } from '../net/http/push-refused.ts'
import { DigestCounts } from './digest-counts.ts'

export type RowHead = Omit<WeirEvent, 'id' | 'data' | 'encoding' | 'datacontenttype'>

/** A decoder yields when the rows are full, and after each part of its input, so that others get the thread. */
export type Decoding<T> = Generator<undefined, T>

const chunkRows = 8192
const chunkBytes = 1 << 20
/** Memory of a row in columns and in the journal's queue, without its data. */
const rowBytes = 256
/** Data exist as text, in the columns, and in the frame, of two chunks. */
const copies = 6
/** Larger texts are encoded first: `utf8` reserves three times their length. */
const largeText = 1 << 16
const digestChars = 22
/** A request's rows together, as a multiple of the largest body: labels of a series are repeated in each row. */
const maxExpansion = 32

/** Rows of one request, in chunks that are appended while the rest is decoded. */
export class PushedRows {
  readonly lease: MemoryLease
  /** Rows that cannot be stored, by reason. */
  readonly left: Record<string, number> = {}
  /** The first row that cannot be stored. */
  fault = ''
  faults = 0
  #rows: EventRows | undefined
  #sizes: readonly [rows: number, bytes: number] = [16, 4096]
  readonly #seen: DigestCounts
  readonly #maxBytes: number
  #bytes = 0
  #reserved = 0

  constructor(lease: MemoryLease, maxBody: number) {
    this.lease = lease
    this.#seen = new DigestCounts(lease)
    this.#maxBytes = maxExpansion * maxBody
  }

  get count(): number {
    return this.#rows?.count ?? 0
  }

  /** Whether the request has a row that is stored. */
  get isAny(): boolean {
    return this.#bytes > 0
  }

  get isFull(): boolean {
    const rows = this.#rows
    return rows !== undefined && (rows.count >= chunkRows || rows.data.at >= chunkBytes)
  }

  /**
   * The id is a digest of `identity`. Rows of one request with equal identity have different ids; a repeated request
   * has the same ones.
   */
  put(head: RowHead, json: string, identity: string): void {
    const digest = hash('sha256', identity, 'base64url').slice(0, digestChars)
    const seen = this.#seen.count(digest)
    this.#bytes += json.length + rowBytes
    if (this.#bytes > this.#maxBytes)
      throw new PushRefused(
        413,
        'too_large',
        `The rows of the request have more than ${this.#maxBytes >> 20} MiB. Send fewer rows in one request.`,
      )
    const rows = (this.#rows ??= new EventRows(...this.#sizes))
    const needed = copies * (rows.data.at + json.length) + rowBytes * rows.count
    if (needed > this.#reserved) {
      const more = Math.max(needed - this.#reserved, Math.min(this.#reserved, chunkBytes))
      this.lease.grow(more)
      this.#reserved += more
    }
    if (json.length > largeText) rows.data.raw(Buffer.from(json))
    else rows.data.utf8(json)
    rows.row({
      ...head,
      id: seen === 0 ? digest : `${digest}-${seen}`,
      datacontenttype: 'application/json',
      encoding: 'json',
    })
  }

  /** Counts rows that cannot be stored. */
  leave(reason: string, rows: number, message: string): void {
    this.left[reason] = (this.left[reason] ?? 0) + rows
    if (this.faults++ === 0) this.fault = message
  }

  /** The rows since the last call, if there are some. */
  take(): EventRows | undefined {
    const rows = this.#rows
    if (rows !== undefined) this.#sizes = [rows.count, rows.data.at]
    this.#rows = undefined
    return rows
  }

  release(): void {
    this.#rows?.release()
    this.#seen.release()
  }
}
