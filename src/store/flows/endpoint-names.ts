import { formatIp } from '../../model/ip.ts'
import type { Texts } from '../rollup/keys.ts'

export interface Named {
  readonly address: string
  readonly name: string | undefined
  readonly label: string | undefined
}

/** What the endpoint ids of one generation mean: ids are given out one after the other. */
export class EndpointNames {
  readonly base: number
  #addresses = new Uint32Array(4 * 256)
  readonly #names = new Map<number, string>()
  readonly #labels = new Map<number, string>()
  count = 0
  /** Numbers of the labels, for one rollup. */
  #numbers = new Uint32Array(0)
  #numbered = 0
  #texts: Texts | undefined

  constructor(base: number) {
    this.base = base
  }

  add(words: Uint32Array, offset: number, name: string | undefined, label: string | undefined): void {
    if (this.#addresses.length < 4 * (this.count + 1)) {
      const larger = new Uint32Array(2 * this.#addresses.length)
      larger.set(this.#addresses)
      this.#addresses = larger
    }
    for (let i = 0; i < 4; i++) this.#addresses[4 * this.count + i] = words[offset + i] ?? 0
    if (name !== undefined) this.#names.set(this.count, name)
    if (label !== undefined) this.#labels.set(this.count, label)
    this.count++
  }

  /** Number of each endpoint's label by id − base; undefined when no endpoint has one. */
  labels(texts: Texts): Uint32Array | undefined {
    if (this.#labels.size === 0) return undefined
    if (texts !== this.#texts) {
      this.#texts = texts
      this.#numbered = 0
    }
    if (this.#numbers.length < this.count) this.#numbers = grown(this.#numbers, Math.max(this.count, 2 * this.#numbers.length))
    for (; this.#numbered < this.count; this.#numbered++) {
      const label = this.#labels.get(this.#numbered)
      this.#numbers[this.#numbered] = label === undefined ? 0 : texts.number(label)
    }
    return this.#numbers
  }

  of(index: number): Named {
    return { address: formatIp(this.#addresses, 4 * index), name: this.#names.get(index), label: this.#labels.get(index) }
  }
}

function grown(from: Uint32Array, length: number): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(length)
  larger.set(from)
  return larger
}
