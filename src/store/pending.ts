import type { FrameHeader } from '../journal/types.ts'
import type { Extent, Receipt } from './extent.ts'
import type { Stream } from './names.ts'
import type { PerSource } from './record.ts'

/** Not a file yet. Times are Unix ms. */
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
  timed: boolean
  /** Only for flows, see `StoredFile`. */
  endTimes: boolean
  families: Set<string> | undefined
  readonly perSource: Map<number, number>
}

export function perSourceOf(counts: ReadonlyMap<number, number>): PerSource {
  return [...counts].toSorted(([a], [b]) => a - b)
}

type PendingRows = Readonly<{
  rows: number
  /** Sequence of the first frame. */
  first: number
  header: FrameHeader
  /** If the rows were read. */
  extent?: Extent | undefined
  receipt?: Receipt | undefined
  /** For rows of the journal. */
  source?: number
}>

export class PendingTables {
  #tables = new Map<string, PendingTable>()
  rows = 0
  bytes = 0
  eventBytes = 0

  get tables(): readonly PendingTable[] {
    return [...this.#tables.values()]
  }

  add(stream: Stream, hour: number, { rows, first, header, extent, receipt, source }: PendingRows): void {
    const key = `${stream}_${hour}`
    let table = this.#tables.get(key)
    if (table === undefined) {
      table = {
        stream,
        hour,
        rows: 0,
        firstSequence: first,
        lastSequence: first,
        timeMin: Infinity,
        timeMax: -Infinity,
        receivedMin: Infinity,
        receivedMax: -Infinity,
        timed: extent !== undefined,
        endTimes: receipt !== undefined,
        families: extent?.families === undefined ? undefined : new Set(),
        perSource: new Map(),
      }
      this.#tables.set(key, table)
    }
    table.rows += rows
    if (source !== undefined) table.perSource.set(source, (table.perSource.get(source) ?? 0) + rows)
    table.firstSequence = Math.min(table.firstSequence, first)
    table.lastSequence = Math.max(table.lastSequence, header.sequence)
    // False for NaN.
    const { timeMin, timeMax } = extent ?? header
    if (timeMin < table.timeMin) table.timeMin = timeMin
    if (timeMax > table.timeMax) table.timeMax = timeMax
    for (const family of extent?.families ?? []) table.families?.add(family)
    table.receivedMin = Math.min(table.receivedMin, receipt?.receivedMin ?? header.received)
    table.receivedMax = Math.max(table.receivedMax, receipt?.receivedMax ?? header.received)
    if (receipt?.endTimes !== true) table.endTimes = false
    this.rows += rows
  }

  addRollup(hour: number, rows: number, { timeMin, timeMax }: Extent): void {
    const flows = this.#tables.get(`flows_${hour}`)
    if (flows === undefined) return
    const before = this.#tables.get(`flows_1m_${hour}`) ?? { rows: 0, timeMin, timeMax }
    this.#tables.set(`flows_1m_${hour}`, {
      ...flows,
      stream: 'flows_1m',
      perSource: new Map(),
      rows: before.rows + rows,
      timeMin: Math.min(timeMin, before.timeMin),
      timeMax: Math.max(timeMax, before.timeMax),
      timed: true,
      endTimes: false,
    })
  }

  clear(): void {
    this.#tables = new Map()
    this.rows = 0
    this.bytes = 0
    this.eventBytes = 0
  }
}
