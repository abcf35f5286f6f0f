import type { Endpoint } from '../../model/endpoint.ts'
import { formatIp } from '../../model/ip.ts'
import type { Texts } from '../rollup/keys.ts'
import { placeText } from '../rollup/place.ts'

export interface Named {
  readonly address: string
  readonly means: Endpoint
}

const nothing: Endpoint = {}

/** What the endpoint ids of one generation mean: ids are given out one after the other. */
export class EndpointNames {
  readonly base: number
  #addresses = new Uint32Array(4 * 256)
  readonly #means = new Map<number, Endpoint>()
  /** Label, namespace and cluster of those that have one of them. */
  readonly #places = new Map<number, string>()
  count = 0
  /** Numbers of the places, for one rollup. */
  #numbers = new Uint32Array(0)
  #numbered = 0
  #texts: Texts | undefined

  constructor(base: number) {
    this.base = base
  }

  add(words: Uint32Array, offset: number, means: Endpoint | undefined): void {
    if (this.#addresses.length < 4 * (this.count + 1)) {
      const larger = new Uint32Array(2 * this.#addresses.length)
      larger.set(this.#addresses)
      this.#addresses = larger
    }
    for (let i = 0; i < 4; i++) this.#addresses[4 * this.count + i] = words[offset + i] ?? 0
    if (means !== undefined) {
      this.#means.set(this.count, means)
      const place = placeText(means)
      if (place !== undefined) this.#places.set(this.count, place)
    }
    this.count++
  }

  /** Number of each endpoint's place (see rollup/place.ts) by id − base; undefined when no endpoint has one. */
  places(texts: Texts): Uint32Array | undefined {
    if (this.#places.size === 0) return undefined
    if (texts !== this.#texts) {
      this.#texts = texts
      this.#numbered = 0
    }
    if (this.#numbers.length < this.count) this.#numbers = grown(this.#numbers, Math.max(this.count, 2 * this.#numbers.length))
    for (; this.#numbered < this.count; this.#numbered++) {
      const place = this.#places.get(this.#numbered)
      this.#numbers[this.#numbered] = place === undefined ? 0 : texts.number(place)
    }
    return this.#numbers
  }

  of(index: number): Named {
    return { address: formatIp(this.#addresses, 4 * index), means: this.#means.get(index) ?? nothing }
  }
}

function grown(from: Uint32Array, length: number): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(length)
  larger.set(from)
  return larger
}
