import { u32 } from '../packet/packet.ts'
import type { Datagram } from './datagram.ts'
import { sampleTag } from './format.ts'

export interface Losses {
  missing: number
  late: number
  /** Samples skipped by a data source: lost with their datagram, or by the agent. */
  missingSamples: number
  lateSamples: number
  restarts: number
}

/** Larger jumps of a sequence number are restarts of the agent. */
const reorderWindow = 3000
const uptimeTolerance = 5000
const slots = 1 << 18
const probes = 8

/** A new counter replaces the least recently used of eight. Forged addresses can only restart other counters. */
export class Sequences {
  readonly #keyLow = new Uint32Array(slots)
  readonly #keyHigh = new Uint32Array(slots)
  readonly #expected = new Uint32Array(slots)
  readonly #uptime = new Uint32Array(slots)
  readonly #seen = new Uint32Array(slots)
  #now = 0
  #low = 0
  #high = 0
  #found = false

  follow(datagram: Datagram, exporter: Uint32Array, totals: Losses): void {
    this.#now = (this.#now + 1) >>> 0
    this.#low = 1
    this.#high = 2
    for (let word = 0; word < 4; word++) this.#mix(exporter[word] ?? 0)
    for (let word = 0; word < 4; word++) this.#mix(datagram.agent[word] ?? 0)
    this.#mix(datagram.subAgent)
    const lowHash = this.#low
    const highHash = this.#high
    const jump = this.#step(datagram.sequence, datagram.uptime)
    if (jump === restarted) totals.restarts++
    else if (jump > 0) totals.missing += jump
    // A duplicate must not compensate for a missing datagram.
    else if (jump < 0) totals.late = Math.min(totals.missing, totals.late + 1)
    for (let i = 0; i < datagram.samples; i++) {
      const tag = datagram.tags[i] ?? 0
      if (tag !== sampleTag.flow && tag !== sampleTag.expandedFlow && tag !== sampleTag.discarded) continue
      const at = datagram.starts[i] ?? 0
      if ((datagram.ends[i] ?? 0) - at < 12) continue
      this.#low = lowHash
      this.#high = highHash
      this.#mixSource(tag, datagram.bytes, at)
      const step = this.#step(u32(datagram.bytes, at), datagram.uptime)
      if (step === restarted) continue
      if (step > 0) totals.missingSamples += step
      else if (step < 0) totals.lateSamples = Math.min(totals.missingSamples, totals.lateSamples + 1)
    }
  }

  /** Mixes the data source into the key. Both forms of flow samples share a counter. */
  #mixSource(tag: number, bytes: Uint8Array, at: number) {
    const source = u32(bytes, at + 4)
    const compact = tag === sampleTag.flow
    this.#mix(tag === sampleTag.discarded ? 2 : 1)
    this.#mix(compact ? source >>> 24 : source)
    this.#mix(compact ? source & 0xffffff : u32(bytes, at + 8))
  }

  #mix(word: number) {
    let lowHash = Math.imul(this.#low ^ word, 0x85ebca6b)
    lowHash ^= lowHash >>> 15
    this.#low = Math.imul(lowHash, 0x2c1b3c6d) ^ (lowHash >>> 13)
    let highHash = Math.imul(this.#high ^ word, 0xc2b2ae35)
    highHash ^= highHash >>> 16
    this.#high = Math.imul(highHash, 0x297a2d39) ^ (highHash >>> 14)
  }

  #step(sequence: number, uptime: number): number {
    const slot = this.#slot()
    this.#seen[slot] = this.#now
    const jump = this.#found ? (sequence - (this.#expected[slot] ?? 0)) | 0 : 0
    const rebooted = ((uptime - (this.#uptime[slot] ?? 0)) | 0) < -uptimeTolerance
    const restart = jump !== 0 && (jump < -reorderWindow || rebooted)
    if (jump < 0 && !restart) return jump
    this.#expected[slot] = sequence + 1
    this.#uptime[slot] = uptime
    return restart ? restarted : jump
  }

  #slot(): number {
    const lowKey = this.#low >>> 0
    // Key 0 marks a free slot.
    const highKey = (this.#high | 1) >>> 0
    const first = (lowKey ^ highKey) & (slots - 1)
    let oldest = first
    let age = -1
    this.#found = true
    for (let i = 0; i < probes; i++) {
      const slot = (first + i) & (slots - 1)
      if (this.#keyHigh[slot] === highKey && this.#keyLow[slot] === lowKey) return slot
      const old = this.#keyHigh[slot] === 0 ? Infinity : (this.#now - (this.#seen[slot] ?? 0)) >>> 0
      if (old > age) {
        age = old
        oldest = slot
      }
    }
    this.#found = false
    this.#keyLow[oldest] = lowKey
    this.#keyHigh[oldest] = highKey
    return oldest
  }
}

/** A distance below all others, hence beyond the window. */
const restarted = Number.NEGATIVE_INFINITY
