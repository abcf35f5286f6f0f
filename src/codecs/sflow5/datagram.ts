import { u32 } from '../packet/packet.ts'
import { sampleTag } from './format.ts'

export type Malformed = 'short' | 'version' | 'agent' | 'sample' | 'record' | 'truncated'

const mappedPrefix = 0xffff
const maxSamples = 8192

export class Datagram {
  bytes: Uint8Array = new Uint8Array(0)
  /** Four words, v4-mapped. */
  readonly agent = new Uint32Array(4)
  subAgent = 0
  sequence = 0
  /** In ms, modulo 2^32. */
  uptime = 0
  samples = 0
  flowSamples = 0
  headerBytes = 0
  padding = 0
  /** Bytes from the first unreadable position. */
  lost = 0
  malformed: Malformed | undefined
  readonly tags = new Uint32Array(maxSamples)
  /** Start of each sample's content, and the byte after it. */
  readonly starts = new Uint32Array(maxSamples)
  readonly ends = new Uint32Array(maxSamples)

  scan(bytes: Uint8Array): boolean {
    this.bytes = bytes
    this.samples = this.flowSamples = this.headerBytes = this.padding = this.lost = 0
    this.malformed = this.#readHeader(bytes)
    if (this.malformed !== undefined) {
      this.lost = bytes.length
      return false
    }
    this.#findSamples(bytes, u32(bytes, this.headerBytes - 4))
    return true
  }

  #readHeader(bytes: Uint8Array): Malformed | undefined {
    if (bytes.length < 8) return 'short'
    if (u32(bytes, 0) !== 5) return 'version'
    const family = u32(bytes, 4)
    if (family !== 1 && family !== 2) return 'agent'
    const at = family === 1 ? 12 : 24
    if (bytes.length < at + 16) return 'short'
    const { agent } = this
    if (family === 1) {
      agent[0] = agent[1] = 0
      agent[2] = mappedPrefix
      agent[3] = u32(bytes, 8)
    } else for (let word = 0; word < 4; word++) agent[word] = u32(bytes, 8 + 4 * word)
    this.subAgent = u32(bytes, at)
    this.sequence = u32(bytes, at + 4)
    this.uptime = u32(bytes, at + 8)
    this.headerBytes = at + 16
    return undefined
  }

  /** `count` is unverified: up to 2^32 - 1. */
  #findSamples(bytes: Uint8Array, count: number) {
    let at = this.headerBytes
    for (let i = 0; i < count; i++) {
      if (at === bytes.length) {
        this.malformed = 'truncated'
        return
      }
      const start = at + 8
      const length = start > bytes.length ? 0 : u32(bytes, at + 4)
      if (start + length > bytes.length || this.samples === maxSamples) {
        this.malformed = 'sample'
        this.lost = bytes.length - at
        return
      }
      const tag = u32(bytes, at)
      this.tags[this.samples] = tag
      this.starts[this.samples] = start
      this.ends[this.samples++] = start + length
      if (tag === sampleTag.flow || tag === sampleTag.expandedFlow || tag === sampleTag.discarded) this.flowSamples++
      at = start + length
    }
    this.padding = bytes.length - at
  }
}
