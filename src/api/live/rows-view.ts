import type { Resolver } from '../../engine/contracts.ts'
import { cellReader } from './cells.ts'
import type { Cell } from '../../topics/cells.ts'
import type { BatchFilter } from './filter.ts'
import type { Ring, RingFrame } from './ring.ts'
import type { RowsSpec } from './spec.ts'
import type { ClientState, LiveMessage, LiveView } from './view.ts'

export type RowsMessage = Readonly<{
  view: string
  cols: readonly string[]
  rows: readonly (readonly Cell[])[]
  matched: number
  shown: number
  snapshot?: true
}>

export type GapMessage = Readonly<{
  view: string
  fromSeq: number
  toSeq: number
  reason: 'evicted' | 'slow' | 'unknown-position'
}>

type RowPosition = Readonly<{
  frame: RingFrame
  row: number
}>

export const maxInspectedRows = 20_000

/**
 * All before `cursor` was sent or skipped, all before `counted` is in `matched`; nothing before `catchUpTo` is skipped.
 */
export class RowsView implements LiveView {
  readonly spec: RowsSpec
  readonly #ring: Ring
  readonly #resolver: Resolver | undefined
  readonly #filter: BatchFilter | undefined
  readonly #rowsPerTick: number
  readonly #tickMs: number
  cursor = 0
  #row = 0
  #counted = 0
  #catchUpTo = 0
  #credit = 0
  /** Frames received from another server. */
  #seen: ((frame: RingFrame) => boolean) | undefined
  #unreported = 0
  readonly #counts = new Map<number, number>()
  matched = 0
  shown = 0
  fresh = 0

  constructor(
    spec: RowsSpec,
    ring: Ring,
    filter: BatchFilter | undefined,
    resolver: Resolver | undefined,
    limits: { rowsPerTick: number; tickMs: number },
  ) {
    this.spec = spec
    this.#ring = ring
    this.#resolver = resolver
    this.#filter = filter
    this.#rowsPerTick = limits.rowsPerTick
    this.#tickMs = limits.tickMs
  }

  snapshot(newest: number): LiveMessage {
    const frames = this.#ring.after(0)
    const results: RowPosition[][] = []
    let [room, inspected, matched] = [this.#rowsPerTick, 0, this.#filter === undefined ? this.#ring.rows : 0]
    for (
      let at = frames.length - 1;
      at >= 0 && inspected < maxInspectedRows && (room > 0 || this.#filter !== undefined);
      at--
    ) {
      const frame = frames[at]!
      const positions = this.#matches(frame, this.#filter === undefined ? room : frame.count)
      inspected += frame.count
      if (this.#filter !== undefined) matched += positions.length
      if (room > 0) results.unshift(positions.slice(-room))
      room -= Math.min(room, positions.length)
    }
    this.#jump(newest)
    const rows = this.#cells(results.flat())
    return message({ view: this.spec.id, cols: this.spec.columns, rows, matched, shown: rows.length, snapshot: true })
  }

  catchUp(from: number, newest: number, seen?: (frame: RingFrame) => boolean): undefined {
    this.#seen = seen
    this.cursor = from
    this.#counted = Math.max(this.#counted, from)
    this.#row = 0
    this.#catchUpTo = newest
  }

  resume(how: 'catch-up' | 'now', newest: number): void {
    this.fresh = 0
    if (how === 'catch-up') this.#catchUpTo = newest
    else this.#jump(newest)
  }

  #jump(newest: number) {
    this.#counts.clear()
    this.cursor = newest
    this.#counted = newest
    this.#row = 0
  }

  countOnly(newest: number): void {
    for (const frame of this.#ring.after(this.#counted)) this.fresh += this.#count(frame)
    this.#counted = Math.max(this.#counted, newest)
  }

  keepUp(newest: number): void {
    for (const frame of this.#ring.after(this.#counted)) this.#count(frame)
    this.#counted = Math.max(this.#counted, newest)
  }

  evicting(frame: RingFrame, state: ClientState): void {
    if (frame.sequence > this.#counted) {
      const matched = this.#count(frame)
      this.#counted = frame.sequence
      if (state === 'paused') this.fresh += matched
    }
    if (state === 'live' && this.cursor >= this.#catchUpTo && frame.sequence > this.cursor) {
      this.cursor = frame.sequence
      this.#row = 0
    }
  }

  gap(reason: 'evicted' | 'slow'): LiveMessage | undefined {
    if (this.#ring.evicted <= this.cursor) return undefined
    const gap: GapMessage = { view: this.spec.id, fromSeq: this.cursor + 1, toSeq: this.#ring.evicted, reason }
    this.cursor = this.#ring.evicted
    this.#counted = Math.max(this.#counted, this.cursor)
    this.#row = 0
    return { event: 'gap', data: gap }
  }

  tick(newest: number): LiveMessage | undefined {
    const limit = this.#allowance()
    const positions: RowPosition[] = []
    const waiting = this.#ring.after(this.cursor)
    for (const frame of waiting) if (frame.sequence > this.#counted) this.#count(frame)
    this.#counted = Math.max(this.#counted, newest)
    if (this.#takeAll(waiting, limit, positions)) {
      this.#takeNewest(waiting, limit - positions.length, positions)
      this.cursor = newest
      this.#row = 0
    }
    for (const sequence of this.#counts.keys()) {
      if (sequence > this.cursor) break
      this.#counts.delete(sequence)
    }
    if (positions.length === 0) return undefined
    this.#credit -= positions.length
    this.shown += positions.length
    const matched = this.#unreported
    this.#unreported = 0
    return message({
      view: this.spec.id,
      cols: this.spec.columns,
      rows: this.#cells(positions),
      matched,
      shown: positions.length,
    })
  }

  pending(): number {
    let rows = 0
    let from = this.#row
    for (const frame of this.#ring.after(this.cursor)) {
      if (frame.sequence > this.#counted) break
      if (this.#filter === undefined) rows += this.#seen?.(frame) === true ? 0 : frame.count - from
      else
        rows +=
          from === 0
            ? (this.#counts.get(frame.sequence) ?? this.#matches(frame).length)
            : this.#matches(frame).filter((position) => position.row >= from).length
      from = 0
    }
    return rows
  }

  #allowance() {
    const rate = this.spec.maxRate
    if (rate === undefined) this.#credit = this.#rowsPerTick
    else this.#credit = Math.min(this.#rowsPerTick, Math.max(rate, 1), this.#credit + (rate * this.#tickMs) / 1000)
    return Math.floor(this.#credit)
  }

  #takeAll(waiting: readonly RingFrame[], limit: number, positions: RowPosition[]): boolean {
    let inspected = 0
    for (const frame of waiting) {
      if (frame.sequence > this.#catchUpTo) return true
      if (this.#counts.get(frame.sequence) === 0) {
        this.cursor = frame.sequence
        this.#row = 0
        continue
      }
      if (inspected >= maxInspectedRows) return false
      inspected += frame.count
      const open = this.#matches(frame).filter((position) => position.row >= this.#row)
      const room = limit - positions.length
      positions.push(...open.slice(0, room))
      if (open.length > room) {
        this.cursor = Math.max(this.cursor, frame.sequence - 1)
        this.#row = open[room]?.row ?? 0
        return false
      }
      this.cursor = frame.sequence
      this.#row = 0
    }
    return true
  }

  /** Older rows are counted and skipped. */
  #takeNewest(waiting: readonly RingFrame[], room: number, positions: RowPosition[]) {
    const newest: RowPosition[][] = []
    let left = room
    for (let at = waiting.length - 1; at >= 0 && left > 0; at--) {
      const frame = waiting[at]
      if (frame === undefined || frame.sequence <= this.#catchUpTo || frame.sequence <= this.cursor) break
      const matches = this.#matches(frame, left)
      newest.unshift(matches)
      left -= matches.length
    }
    positions.push(...newest.flat())
  }

  #count(frame: RingFrame): number {
    const matched =
      this.#filter === undefined && this.#seen?.(frame) !== true ? frame.count : this.#matches(frame).length
    if (this.#filter !== undefined) this.#counts.set(frame.sequence, matched)
    this.matched += matched
    this.#unreported += matched
    return matched
  }

  #matches(frame: RingFrame, last = frame.count): RowPosition[] {
    const positions: RowPosition[] = []
    if (this.#seen?.(frame) === true) return positions
    if (this.#filter !== undefined) {
      const test = this.#filter(frame.batch, frame.frame.header, this.#resolver)
      for (let row = 0; row < frame.count; row++) if (test(row)) positions.push({ frame, row })
      return last < positions.length ? positions.slice(positions.length - last) : positions
    }
    for (let row = Math.max(0, frame.count - last); row < frame.count; row++) positions.push({ frame, row })
    return positions
  }

  #cells(positions: readonly RowPosition[]): Cell[][] {
    let of: RingFrame | undefined
    let readers: ((row: number) => Cell)[] = []
    return positions.map(({ frame, row }) => {
      if (frame !== of) {
        readers = this.spec.columns.map((name) => cellReader(frame.batch, frame.frame.header, name, this.#resolver))
        of = frame
      }
      return readers.map((read) => read(row))
    })
  }
}

function message(data: RowsMessage): LiveMessage {
  return { event: 'rows', data }
}
