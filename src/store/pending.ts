import type { FrameHeader } from '../journal/types.ts'
import type { Stream } from './names.ts'

/** What is known of a table that is not a file yet. Times are Unix ms. */
export interface PendingTable {
  readonly stream: Stream
  readonly hour: number
  rows: number
  firstSequence: number
  lastSequence: number
  timeMin: number
  timeMax: number
  receivedMin: number
  receivedMax: number
}

/** Tables by stream and hour, with what their rows span. */
export class PendingTables {
  #tables = new Map<string, PendingTable>()
  rows = 0
  /** Of uncompressed bodies. */
  bytes = 0
  /** The part of it that is events. */
  eventBytes = 0

  get tables(): readonly PendingTable[] {
    return [...this.#tables.values()]
  }

  add(stream: Stream, hour: number, rows: number, first: number, header: FrameHeader): void {
    const key = `${stream}_${hour}`
    let table = this.#tables.get(key)
    if (table === undefined) {
      table = { stream, hour, rows: 0, firstSequence: first, lastSequence: first, timeMin: Infinity, timeMax: -Infinity, receivedMin: Infinity, receivedMax: -Infinity }
      this.#tables.set(key, table)
    }
    table.rows += rows
    table.firstSequence = Math.min(table.firstSequence, first)
    table.lastSequence = Math.max(table.lastSequence, header.sequence)
    // A comparison with NaN is false: a frame without times changes nothing.
    if (header.timeMin < table.timeMin) table.timeMin = header.timeMin
    if (header.timeMax > table.timeMax) table.timeMax = header.timeMax
    table.receivedMin = Math.min(table.receivedMin, header.received)
    table.receivedMax = Math.max(table.receivedMax, header.received)
    this.rows += rows
  }

  /** Rows of a rollup stand for the flows of their hour. */
  addRollup(hour: number, rows: number): void {
    const flows = this.#tables.get(`flows_${hour}`)
    if (flows === undefined) return
    const before = this.#tables.get(`flows_1m_${hour}`)?.rows ?? 0
    this.#tables.set(`flows_1m_${hour}`, { ...flows, stream: 'flows_1m', rows: before + rows })
  }

  clear(): void {
    this.#tables = new Map()
    this.rows = 0
    this.bytes = 0
    this.eventBytes = 0
  }
}
