import type { Endpoint } from '../../model/endpoint.ts'
import type { AddressNumbers } from '../../model/flow-nodes.ts'
import { withRoom } from '../../model/growing.ts'
import { parseIp } from '../../model/ip.ts'
import type { Numbering } from '../numbering.ts'
import type { Texts } from '../rollup/keys.ts'
import { placeText } from '../rollup/place.ts'

/** Endpoints with the ids `names.base + from` to before `names.base + to`. */
export type EndpointRange = Readonly<{ names: EndpointNames; from: number; to: number }>

export function endpointsIn(ranges: readonly EndpointRange[]): number {
  return ranges.reduce((sum, { from, to }) => sum + to - from, 0)
}

export const namedParts = ['name', 'owner_name', 'owner_kind'] as const
const partCount = namedParts.length

export type PartTexts = Numbering<string, undefined>
export const firstTexts = [undefined, undefined] as const
export const noText = 1

const nothing: Endpoint = {}

export class EndpointNames {
  readonly base: number
  #addresses = new Uint32Array(4 * 256)
  readonly #meanings: (Endpoint | undefined)[] = []
  readonly #unknownAt = new Map<number, number>()
  #hasMeanings = false
  #hasPlaces = false
  #hasNodes = false
  #nodes = new Uint32Array(0)
  #nodeCount = 0
  count = 0
  #numbers = new Uint32Array(0)
  #numbered = 0
  #texts: Texts | undefined
  #parts = new Uint32Array(0)
  #partTexts: PartTexts | undefined

  constructor(base: number) {
    this.base = base
  }

  /** `unknownAt`: Unix ms of the minute in which a watched cluster lacked the address. */
  add(words: Uint32Array, offset: number, meaning: Endpoint | undefined, unknownAt?: number): void {
    this.#addresses = withRoom(this.#addresses, 4 * (this.count + 1))
    for (let i = 0; i < 4; i++) this.#addresses[4 * this.count + i] = words[offset + i] ?? 0
    this.#meanings.push(meaning)
    this.#hasMeanings ||= meaning !== undefined
    if (unknownAt !== undefined) this.#unknownAt.set(this.count, unknownAt)
    this.#hasNodes ||= meaning?.node_addr !== undefined
    this.#hasPlaces ||= meaning !== undefined && placeText(meaning) !== undefined
    this.count++
  }

  places(texts: Texts): Uint32Array | undefined {
    if (!this.#hasPlaces) return undefined
    if (texts !== this.#texts) {
      this.#texts = texts
      this.#numbered = 0
    }
    this.#numbers = withRoom(this.#numbers, this.count)
    for (; this.#numbered < this.count; this.#numbered++) {
      const position = placeText(this.#meanings[this.#numbered] ?? nothing)
      this.#numbers[this.#numbered] = position === undefined ? 0 : texts.number(position)
    }
    return this.#numbers
  }

  /** Four words each. */
  addresses(from: number, to: number): Uint32Array {
    return this.#addresses.subarray(4 * from, 4 * to)
  }

  meaning(index: number): Endpoint | undefined {
    return this.#meanings[index]
  }

  get hasMeanings(): boolean {
    return this.#hasMeanings
  }

  unknownAt(index: number): number | undefined {
    return this.#unknownAt.get(index)
  }

  get hasUnknown(): boolean {
    return this.#unknownAt.size > 0
  }

  get hasNodes(): boolean {
    return this.#hasNodes
  }

  number(index: number, addresses: AddressNumbers): number {
    return addresses.find(this.#addresses, 4 * index)
  }

  nodes(addresses: AddressNumbers): Uint32Array {
    this.#nodes = withRoom(this.#nodes, this.count)
    for (; this.#nodeCount < this.count; this.#nodeCount++) {
      const node = parseIp(this.#meanings[this.#nodeCount]?.node_addr ?? '')
      this.#nodes[this.#nodeCount] = node === undefined ? 0 : addresses.of(node, 0)
    }
    return this.#nodes
  }

  describe(index: number, texts: PartTexts, words: Uint32Array, parts: Uint32Array): void {
    for (let i = 0; i < 4; i++) words[i] = this.#addresses[4 * index + i]!
    if (texts !== this.#partTexts) this.#parts.fill(0)
    this.#partTexts = texts
    this.#parts = withRoom(this.#parts, partCount * this.count)
    const at = partCount * index
    for (let part = 0; part < partCount; part++) {
      const knownPart = this.#parts[at + part]!
      parts[part] = knownPart === 0 ? (this.#parts[at + part] = this.#number(index, part, texts)) : knownPart
    }
  }

  #number(index: number, part: number, texts: PartTexts) {
    const text = this.#meanings[index]?.[namedParts[part]!]
    return text === undefined ? noText : texts.number(text)
  }
}
