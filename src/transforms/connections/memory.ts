import { isPresent, type U64Column } from '../../model/columns.ts'
import type { ConnectionsConfig } from './config.ts'
import type { FlowRows } from './flow-rows.ts'
import { SlotList, SlotTable } from './slots.ts'

/** State of a slot. A slot that is not open remembers a connection that ended. */
export const state = { open: 1, aIsLess: 2, reported: 4, scaled: 8 } as const

/** Two exporters, two directions, and bytes and packets as low and high words. */
const sumWords = 16
const twoTo32 = 2 ** 32

type Sums = Readonly<{
  bytesLow: number
  bytesHigh: number
  packetsLow: number
  packetsHigh: number
}>

/** Columns by slot. Times are Unix ms. */
export class Memory {
  readonly table: SlotTable
  recent = new SlotList()
  /** Open slots with a FIN, by their last flow with one. */
  ending = new SlotList()
  beating = new SlotList()
  size = 0
  states = new Uint8Array(0)
  last = new Float64Array(0)
  /** Start of the part of the connection that is summed up. */
  began = new Float64Array(0)
  /** The first flow from this time on begins another part. */
  until = new Float64Array(0)
  ended = new Float64Array(0)
  beat = new Float64Array(0)
  flows = new Uint32Array(0)
  start = new Float64Array(0)
  end = new Float64Array(0)
  flags = new Uint16Array(0)
  rtt = new Float64Array(0)
  etype = new Uint16Array(0)
  sampling = new Uint32Array(0)
  texts: (readonly string[] | undefined)[] = []
  ids: (string | undefined)[] = []
  readonly #isLargest: boolean
  #sums = new Float64Array(0)
  #exporters = new Uint32Array(0)
  #exporterCounts = new Uint8Array(0)
  readonly #exporter = new Uint32Array(4)

  constructor(reporters: ConnectionsConfig['reporters']) {
    this.#isLargest = reporters === 'largest'
    this.table = new SlotTable((slots) => this.#grow(slots))
  }

  clear(): void {
    this.recent = new SlotList()
    this.ending = new SlotList()
    this.beating = new SlotList()
    this.size = 0
    this.texts = []
    this.ids = []
    this.table.clear()
  }

  /** Sums of a part begin with no flows. */
  begin(slot: number, row: number, rows: FlowRows): void {
    this.flows[slot] = 0
    this.start[slot] = Number.NaN
    this.end[slot] = Number.NaN
    this.flags[slot] = 0
    this.rtt[slot] = Number.NaN
    this.etype[slot] = rows.etype(row)
    this.sampling[slot] = rows.sampling(row)
    this.states[slot] = this.states[slot]! & ~state.scaled
    this.#exporterCounts[slot] = 0
    this.#sums.fill(0, slot * sumWords, (slot + 1) * sumWords)
  }

  add(slot: number, row: number, rows: FlowRows, way: 0 | 1): void {
    this.flows[slot] = this.flows[slot]! + 1
    this.flags[slot] = this.flags[slot]! | rows.flags(row)
    const [start, end, rtt] = [rows.start(row), rows.end(row), wide(rows.rtt, row)]
    // Comparisons with NaN are false.
    if (!(this.start[slot]! <= start) && !Number.isNaN(start)) this.start[slot] = start
    if (!(this.end[slot]! >= end) && !Number.isNaN(end)) this.end[slot] = end
    if (!(this.rtt[slot]! >= rtt) && !Number.isNaN(rtt)) this.rtt[slot] = rtt
    const by = this.#exporterOf(slot, row, rows)
    const factor = this.#factor(slot, rows.sampling(row))
    if (by < 0) return
    const at = slot * sumWords + by * 8 + way * 4
    this.#sum(at, rows.bytes, row, factor)
    this.#sum(at + 2, rows.packets, row, factor)
  }

  /** The larger sum of the exporters. */
  sums(slot: number, way: 0 | 1): Sums {
    const [first, second] = [slot * sumWords + way * 4, slot * sumWords + 8 + way * 4]
    const at = this.#isMore(second, first) ? second : first
    const [bytesLow, bytesHigh, packetsLow, packetsHigh] = this.#sums.subarray(at, at + 4) as unknown as Numbers
    return { bytesLow, bytesHigh, packetsLow, packetsHigh }
  }

  #isMore(a: number, b: number): boolean {
    for (const word of [1, 0, 3, 2]) {
      const difference = this.#sums[a + word]! - this.#sums[b + word]!
      if (difference !== 0) return difference > 0
    }
    return false
  }

  /** -1: further exporters see the same packets. */
  #exporterOf(slot: number, row: number, rows: FlowRows): number {
    if (!this.#isLargest) return 0
    rows.exporter(row, this.#exporter)
    const count = this.#exporterCounts[slot]!
    for (let index = 0; index < count; index++) {
      const at = slot * 8 + index * 4
      let same = true
      for (let word = 0; word < 4; word++) same &&= this.#exporters[at + word] === this.#exporter[word]
      if (same) return index
    }
    if (count === 2) return -1
    this.#exporters.set(this.#exporter, slot * 8 + count * 4)
    this.#exporterCounts[slot] = count + 1
    return count
  }

  /** Flows of several sampling intervals are summed up as estimates. */
  #factor(slot: number, sampling: number): number {
    const states = this.states[slot]!
    if ((states & state.scaled) !== 0) return Math.max(1, sampling)
    const before = this.sampling[slot]!
    if (sampling === before) return 1
    this.states[slot] = states | state.scaled
    this.sampling[slot] = 1
    if (before > 1)
      for (let at = slot * sumWords; at < (slot + 1) * sumWords; at += 2) {
        const [low, high] = [this.#sums[at]!, this.#sums[at + 1]!]
        this.#sums.fill(0, at, at + 2)
        this.#put(at, low, high, before)
      }
    return Math.max(1, sampling)
  }

  #sum(at: number, column: U64Column | undefined, row: number, factor: number) {
    if (column === undefined || !isPresent(column.valid, row)) return
    this.#put(at, column.words[2 * row]!, column.words[2 * row + 1]!, factor)
  }

  #put(at: number, low: number, high: number, factor: number) {
    const sums = this.#sums
    let [l, h] = [low * factor, high * factor]
    if (!Number.isSafeInteger(l)) {
      const exact = BigInt(low) * BigInt(factor)
      l = Number(exact & 0xffff_ffffn)
      h += Number(exact >> 32n)
    }
    l += sums[at]!
    h += sums[at + 1]!
    const carry = Math.floor(l / twoTo32)
    sums[at] = l - carry * twoTo32
    sums[at + 1] = h + carry
  }

  #grow(slots: number) {
    const grown = <T extends { set(from: T): void }>(make: new (length: number) => T, from: T, width = 1) => {
      const all = new make(slots * width)
      // A table that begins again is smaller.
      if (slots > 64) all.set(from)
      return all
    }
    this.states = grown(Uint8Array, this.states)
    this.last = grown(Float64Array, this.last)
    this.began = grown(Float64Array, this.began)
    this.until = grown(Float64Array, this.until)
    this.ended = grown(Float64Array, this.ended)
    this.beat = grown(Float64Array, this.beat)
    this.flows = grown(Uint32Array, this.flows)
    this.start = grown(Float64Array, this.start)
    this.end = grown(Float64Array, this.end)
    this.flags = grown(Uint16Array, this.flags)
    this.rtt = grown(Float64Array, this.rtt)
    this.etype = grown(Uint16Array, this.etype)
    this.sampling = grown(Uint32Array, this.sampling)
    this.#sums = grown(Float64Array, this.#sums, sumWords)
    this.#exporters = grown(Uint32Array, this.#exporters, 8)
    this.#exporterCounts = grown(Uint8Array, this.#exporterCounts)
    this.recent.grow(slots)
    this.ending.grow(slots)
    this.beating.grow(slots)
  }
}

type Numbers = readonly [number, number, number, number]

function wide(column: U64Column | undefined, row: number) {
  if (column === undefined || !isPresent(column.valid, row)) return Number.NaN
  return column.words[2 * row + 1]! * twoTo32 + column.words[2 * row]!
}
