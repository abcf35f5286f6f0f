import type { ConnectionsConfig } from './config.ts'
import { endTexts } from '../../model/endpoint.ts'
import type { FlowRows } from './flow-rows.ts'
import { Memory, state } from './memory.ts'
import { endReason, Records } from './records.ts'
import { hashOf, keyWords } from './slots.ts'

const never = Number.POSITIVE_INFINITY
/** Resolution of the begin of the oldest part, ms. */
const stepMs = 1000

/** The end of a row with the lower address. */
type LesserEnd = 'source' | 'destination'

export class Tracker {
  readonly memory: Memory
  readonly records: Records
  readonly #config: ConnectionsConfig
  readonly #reports: ReadonlySet<string>
  readonly #key = new Uint32Array(keyWords)
  /** Open parts by the step in which they began, oldest first. */
  readonly #began = new Map<number, number>()

  constructor(config: ConnectionsConfig) {
    this.#config = config
    this.#reports = new Set(config.records)
    this.memory = new Memory(config.reporters)
    this.records = new Records(this.memory, config)
  }

  clear(): void {
    this.memory.clear()
    this.#began.clear()
    this.records.take()
  }

  /** `slots`: -1 for a flow without one. Returns the indexes of flows that ended another connection early. */
  take(
    rows: FlowRows,
    chosen: Uint32Array,
    now: number,
    slots: Int32Array,
    onFound: (index: number, slot: number) => void,
  ): ReadonlySet<number> {
    const limited = new Set<number>()
    for (let index = 0; index < chosen.length; index++) {
      const row = chosen[index]!
      const ends = rows.key(row, this.#key)
      if (ends === 0) {
        slots[index] = -1
        continue
      }
      const hash = hashOf(this.#key)
      let slot = this.memory.table.find(this.#key, hash)
      if (slot < 0) {
        if (this.memory.size >= this.#config.connections && this.#evict()) limited.add(index)
        slot = this.#add(hash)
      }
      this.#flow(slot, row, rows, ends === 1 ? 'source' : 'destination', now)
      slots[index] = slot
      onFound(index, slot)
    }
    return limited
  }

  /** Reports all that is due up to a time, in order. */
  advance(now: number): void {
    const { memory } = this
    const { end_timeout: idleMs, terminating_timeout: endingMs, heartbeat } = this.#config
    for (;;) {
      const [idle, ending, beating] = [memory.recent.first, memory.ending.first, memory.beating.first]
      const idleAt = idle < 0 ? never : memory.last[idle]! + idleMs
      const endAt = ending < 0 ? never : memory.ended[ending]! + endingMs
      const beatAt = beating < 0 ? never : memory.beat[beating]!
      const next = Math.min(idleAt, endAt, beatAt)
      if (next > now || next === never) return
      if (next === idleAt) {
        this.#end(idle, memory.ending.has(idle) ? endReason.end : endReason.idle)
        this.#forget(idle)
      } else if (next === endAt) this.#end(ending, endReason.end)
      else {
        this.records.add(beating, 'heartbeat')
        memory.beat[beating] = beatAt + heartbeat
        memory.beating.moveLast(beating)
      }
    }
  }

  due(): number | undefined {
    const { memory } = this
    const { end_timeout: idleMs, terminating_timeout: endingMs } = this.#config
    const beating = memory.beating.first
    let next = beating < 0 ? never : memory.beat[beating]!
    if (this.#reports.has('endConnection')) {
      const ending = memory.ending.first
      if (ending >= 0) next = Math.min(next, memory.ended[ending]! + endingMs)
      let idle = memory.recent.first
      while (idle >= 0 && !this.#is(idle, state.open)) idle = memory.recent.after(idle)
      if (idle >= 0) next = Math.min(next, memory.last[idle]! + idleMs)
    }
    return next === never ? undefined : next
  }

  /** Rows before this time are not needed to rebuild the memory. */
  needsFrom(now: number): number {
    const [oldest] = this.#began.keys()
    const { end_timeout: idleMs, terminating_timeout: endingMs } = this.#config
    // A row continues a connection if the key had rows within these timeouts, so they are read again as well.
    return Math.min(now, oldest === undefined ? now : oldest * stepMs) - idleMs - endingMs
  }

  #flow(slot: number, row: number, rows: FlowRows, from: LesserEnd, now: number) {
    const { memory } = this
    if (!this.#is(slot, state.open)) {
      this.#begin(slot, row, rows, from, now)
      memory.states[slot] = memory.states[slot]! & ~state.reported
      memory.ended[slot] = 0
      this.#sum(slot, row, rows, from, now)
      this.#report(slot, 'newConnection')
      return
    }
    if (now >= memory.until[slot]!) {
      this.#report(slot, 'endConnection', endReason.active)
      this.#leave(slot)
      this.#begin(slot, row, rows, from, now)
      memory.states[slot] = memory.states[slot]! | state.reported
    }
    this.#sum(slot, row, rows, from, now)
  }

  #begin(slot: number, row: number, rows: FlowRows, from: LesserEnd, now: number) {
    const { memory } = this
    const { max_duration: part, heartbeat } = this.#config
    const isFromLess = from === 'source'
    const aIsLess = rows.isFromA(row) === isFromLess
    memory.states[slot] = (memory.states[slot]! & ~state.aIsLess) | state.open | (aIsLess ? state.aIsLess : 0)
    memory.began[slot] = now
    const phase = memory.table.hashOf(slot) % part
    memory.until[slot] = (Math.floor((now - phase) / part) + 1) * part + phase
    memory.texts[slot] = aIsLess === isFromLess ? rows.texts(row) : swapped(rows.texts(row))
    memory.begin(slot, row, rows)
    const step = Math.floor(now / stepMs)
    this.#began.set(step, (this.#began.get(step) ?? 0) + 1)
    if (this.#reports.has('heartbeat')) {
      memory.beat[slot] = now + heartbeat
      memory.beating.remove(slot)
      memory.beating.push(slot)
    }
  }

  #sum(slot: number, row: number, rows: FlowRows, from: LesserEnd, now: number) {
    const { memory } = this
    memory.last[slot] = now
    memory.recent.moveLast(slot)
    memory.add(slot, row, rows, (from === 'source') === this.#is(slot, state.aIsLess) ? 0 : 1)
    if (!rows.endsConnection(row)) return
    memory.ended[slot] = now
    memory.ending.remove(slot)
    memory.ending.push(slot)
  }

  #evict(): boolean {
    const slot = this.memory.recent.first
    const isOpen = this.#is(slot, state.open)
    this.#end(slot, endReason.resources)
    this.#forget(slot)
    return isOpen
  }

  /** The slot remains until no flow followed for a time, so that the memory depends only on recent rows. */
  #end(slot: number, reason: number) {
    const { memory } = this
    if (!this.#is(slot, state.open)) return
    this.#report(slot, 'endConnection', reason)
    this.#leave(slot)
    memory.states[slot] = memory.states[slot]! & ~state.open
    memory.ending.remove(slot)
    memory.beating.remove(slot)
  }

  #leave(slot: number) {
    const step = Math.floor(this.memory.began[slot]! / stepMs)
    const open = (this.#began.get(step) ?? 0) - 1
    if (open > 0) this.#began.set(step, open)
    else this.#began.delete(step)
  }

  #add(hash: number): number {
    const { memory } = this
    const slot = memory.table.add(this.#key, hash)
    memory.size++
    memory.states[slot] = 0
    memory.ids[slot] = undefined
    memory.recent.push(slot)
    return slot
  }

  #forget(slot: number) {
    const { memory } = this
    memory.recent.remove(slot)
    memory.table.remove(slot)
    memory.texts[slot] = undefined
    memory.ids[slot] = undefined
    memory.size--
  }

  #report(slot: number, type: 'newConnection' | 'endConnection', reason = 0) {
    if (this.#reports.has(type)) this.records.add(slot, type, reason)
  }

  #is(slot: number, bit: number) {
    return (this.memory.states[slot]! & bit) !== 0
  }
}

function swapped(texts: readonly string[]): readonly string[] {
  if (texts.length === 0) return texts
  const [common, end] = [texts.length - 2 * endTexts.length, endTexts.length]
  return [...texts.slice(0, common), ...texts.slice(common + end), ...texts.slice(common, common + end)]
}
