import { AddressTable } from '../model/address-table.ts'
import { isIpv4Range, parseCidr } from '../model/cidr.ts'
import { mappedPrefix } from '../model/ip.ts'

/** Maximum parts of one range; the largest cluster has no more. */
const maxParts = 1 << 16

/** Ranges of pod and service addresses of a cluster, in parts of 256 IPv4 addresses or 64 bits of IPv6. */
export class OwnRanges {
  readonly #parts = new AddressTable()

  add(words: Uint32Array): void {
    const [a = 0, b = 0, c = 0, d = 0] = words
    if (c === mappedPrefix && a === 0 && b === 0) this.#put(0, 0, mappedPrefix, (d & 0xffffff00) >>> 0)
    else this.#put(a, b, 0, 0)
  }

  addRange(text: string): void {
    const range = parseCidr(text)
    if (range === undefined) return
    const v4 = isIpv4Range(range)
    const word = v4 ? 3 : 1
    const step = v4 ? 256 : 1
    const parts = Math.min(maxParts, 2 ** Math.max(0, (v4 ? 120 : 64) - range.bits))
    const words = Uint32Array.from(range.words)
    const first = words[word] ?? 0
    for (let part = 0; part < parts && first + part * step <= 0xffff_ffff; part++) {
      words[word] = first + part * step
      this.add(words)
    }
  }

  has(words: Uint32Array, at: number): boolean {
    const a = words[at]!,
      b = words[at + 1]!,
      c = words[at + 2]!
    if (c === mappedPrefix && a === 0 && b === 0)
      return this.#parts.find(0, 0, mappedPrefix, (words[at + 3]! & 0xffffff00) >>> 0, 0) !== 0
    return this.#parts.find(a, b, 0, 0, 0) !== 0
  }

  #put(a: number, b: number, c: number, d: number) {
    if (this.#parts.find(a, b, c, d, 0) === 0) this.#parts.add(Uint32Array.of(a, b, c, d), 0, 0, 1)
  }
}
