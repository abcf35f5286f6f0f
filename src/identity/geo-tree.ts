import { mappedPrefix } from '../model/ip.ts'

type TreeShape = Readonly<{
  nodeCount: number
  /** Bits of each of a node's two records: 24, 28 or 32. */
  recordSize: number
  ipVersion: number
}>

/** MaxMind DB format, version 2. Searched on words, because converting addresses to text costs ten times as much. */
export class GeoTree {
  readonly #bytes: Uint8Array
  readonly #nodes: number
  readonly #recordSize: number
  readonly #v6: boolean
  /** Node of IPv4: in an IPv6 tree, after 96 zero bits. */
  readonly #v4Start: number

  constructor(bytes: Uint8Array, { nodeCount, recordSize, ipVersion }: TreeShape) {
    this.#bytes = bytes
    this.#nodes = nodeCount
    this.#recordSize = recordSize
    this.#v6 = ipVersion === 6
    let node = 0
    if (this.#v6) for (let bit = 0; bit < 96 && node < nodeCount; bit++) node = this.#next(node, 0)
    this.#v4Start = node
  }

  find(words: Uint32Array, offset: number): number {
    const v4 = words[offset] === 0 && words[offset + 1] === 0 && words[offset + 2] === mappedPrefix
    if (!v4 && !this.#v6) return 0
    let node = v4 ? this.#v4Start : 0
    for (let word = v4 ? 3 : 0; word < 4; word++) {
      const bits = words[offset + word] ?? 0
      for (let bit = 31; bit >= 0; bit--) {
        if (node >= this.#nodes) return node > this.#nodes ? node : 0
        node = this.#next(node, (bits >>> bit) & 1)
      }
    }
    return node > this.#nodes ? node : 0
  }

  /** Another node, the number of nodes (empty), or a larger number (a record). */
  #next(node: number, bit: number): number {
    const bytes = this.#bytes
    switch (this.#recordSize) {
      case 24: {
        const at = node * 6 + bit * 3
        return ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0)
      }
      case 28: {
        const at = node * 7 + bit * 4
        const middle = bytes[node * 7 + 3] ?? 0
        const high = bit === 0 ? middle >> 4 : middle & 0x0f
        return (high << 24) | ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0)
      }
      default: {
        const at = node * 8 + bit * 4
        return (
          (((bytes[at] ?? 0) << 24) |
            ((bytes[at + 1] ?? 0) << 16) |
            ((bytes[at + 2] ?? 0) << 8) |
            (bytes[at + 3] ?? 0)) >>>
          0
        )
      }
    }
  }
}
