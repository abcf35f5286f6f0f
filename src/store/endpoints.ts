import type { Resolver } from '../engine/ports.ts'
import type { IpColumn } from '../model/columns.ts'
import { isPresent } from '../model/columns.ts'
import { EndpointNames, type Named } from './endpoint-names.ts'
import type { Texts } from './rollup-keys.ts'
import type { EndpointRow } from './table-writer.ts'

/** Words of a slot: the address, the scope's number, and id − #base + 1, which is 0 in a free slot. */
const slotWords = 6
const firstSlots = 4096
const twoTo32 = 4_294_967_296

/** How a batch's addresses are to be understood. */
export interface AddressMeaning {
  /** Number of each row's scope; without it all are in the default scope, 0. */
  readonly scopes: Uint32Array | undefined
  scopeName(scope: number): string
  /** When the row's flow was, in Unix ms. */
  timeOf(row: number): number
}

export interface EndpointsOptions {
  readonly resolver: Resolver
  /** First id to give out. */
  readonly next: number
  /** Addresses kept before a new generation begins. */
  readonly limit?: number
}

/**
 * Gives addresses their endpoint ids. A generation lasts while the receive hour, the resolver's answers and the bound on its
 * size do; what it gave out is stored with its hour, so that an hour's flows find all their endpoints in that hour.
 */
export class Endpoints {
  readonly #resolver: Resolver
  readonly #limit: number
  #next: number
  #hour = Number.NaN
  #answers: number
  #fresh: EndpointRow[] = []
  #count = 0
  #mask = 0
  #slots = new Uint32Array(0)
  #base = 0
  /** What ids mean: the newest generation is the last, others are those that were used since `forget`. */
  #meanings: EndpointNames[] = []

  constructor(options: EndpointsOptions) {
    this.#resolver = options.resolver
    this.#limit = options.limit ?? 1 << 20
    this.#next = options.next
    this.#answers = options.resolver.generation
    this.#begin(firstSlots)
  }

  /** Ids below this were given out. */
  get next(): number {
    return this.#next
  }

  /** Every row of the hour that is not stored yet, to be stored with it. */
  take(): readonly EndpointRow[] {
    const fresh = this.#fresh
    this.#fresh = []
    return fresh
  }

  /** Ids of a column; absent is 0. */
  ids(hour: number, column: IpColumn, count: number, meaning: AddressMeaning): Float64Array {
    if (hour !== this.#hour || this.#answers !== this.#resolver.generation) {
      this.#hour = hour
      this.#answers = this.#resolver.generation
      this.#begin(firstSlots)
    }
    const ids = new Float64Array(count)
    const { words, valid } = column
    const { scopes } = meaning
    let [w0, w1, w2, w3, scope, id] = [0, 0, 0, 0, -1, 0]
    for (let row = 0; row < count; row++) {
      if (valid !== undefined && !isPresent(valid, row)) continue
      const at = 4 * row
      const own = scopes === undefined ? 0 : (scopes[row] as number)
      // Exporters and next hops are the same for many rows.
      if (words[at + 3] !== w3 || words[at + 2] !== w2 || words[at + 1] !== w1 || words[at] !== w0 || own !== scope) {
        w0 = words[at] as number
        w1 = words[at + 1] as number
        w2 = words[at + 2] as number
        w3 = words[at + 3] as number
        scope = own
        id = this.#idOf(w0, w1, w2, w3, own) || this.#add(words, row, own, meaning)
      }
      ids[row] = id
    }
    return ids
  }

  /** 0 when it has none yet. */
  #idOf(w0: number, w1: number, w2: number, w3: number, scope: number): number {
    const slots = this.#slots
    const mask = this.#mask
    for (let slot = hash(w0, w1, w2, w3, scope) & mask; ; slot = (slot + 1) & mask) {
      const at = slot * slotWords
      const known = slots[at + 5] as number
      if (known === 0) return 0
      if (slots[at + 3] === w3 && slots[at + 2] === w2 && slots[at + 1] === w1 && slots[at] === w0 && slots[at + 4] === scope) return this.#base + known - 1
    }
  }

  #add(words: Uint32Array, row: number, scope: number, meaning: AddressMeaning): number {
    const offset = 4 * row
    if (this.#count >= this.#limit) this.#begin(firstSlots)
    else if (2 * (this.#count + 1) > this.#mask) this.#grow()
    const id = this.#next++
    this.#put(words[offset] ?? 0, words[offset + 1] ?? 0, words[offset + 2] ?? 0, words[offset + 3] ?? 0, scope, id - this.#base + 1)
    this.#count++
    const resolved = this.#resolver.resolve(words, offset, meaning.timeOf(row), meaning.scopeName(scope))
    // `wait` is stored as unknown: asking again later belongs to the Kubernetes resolver, whose answers come late.
    const endpoint = resolved.is === 'endpoint' ? resolved.endpoint : {}
    const meaningOf = this.#meanings.at(-1) as EndpointNames
    meaningOf.add(words, offset, endpoint.name, endpoint.label)
    this.#fresh.push({ id, address: meaningOf.of(id - this.#base).address, name: endpoint.name, label: endpoint.label })
    return id
  }

  /** Numbers of the labels of a column's endpoints, by the texts of a rollup; 0 for none. */
  labels(ids: Float64Array, count: number, out: Uint32Array, texts: Texts): void {
    let meaning = this.#meanings.at(-1) as EndpointNames
    let labels = meaning.labels(texts)
    for (let row = 0; row < count; row++) {
      const id = ids[row] as number
      if (id !== 0 && (id < meaning.base || id >= meaning.base + meaning.count)) {
        meaning = this.#meaningOf(id)
        labels = meaning.labels(texts)
      }
      out[row] = labels === undefined || id === 0 ? 0 : (labels[id - meaning.base] as number)
    }
  }

  /** What an id means by the lower half of it; of ids given out since the last `forget`. */
  named(low: number): Named | undefined {
    if (low === 0) return undefined
    for (const meaning of this.#meanings) {
      const index = (low - (meaning.base % twoTo32) + twoTo32) % twoTo32
      if (index < meaning.count) return meaning.of(index)
    }
    return undefined
  }

  #meaningOf(id: number): EndpointNames {
    const found = this.#meanings.find(({ base, count }) => id >= base && id < base + count)
    if (found === undefined) throw new Error(`endpoint ${id} is of no generation that is known`)
    return found
  }

  /** Only ids of the newest generation will be asked about. */
  forget(): void {
    this.#meanings = this.#meanings.slice(-1)
  }

  #put(w0: number, w1: number, w2: number, w3: number, scope: number, value: number): void {
    let slot = hash(w0, w1, w2, w3, scope) & this.#mask
    while (this.#slots[slot * slotWords + 5] !== 0) slot = (slot + 1) & this.#mask
    this.#slots.set([w0, w1, w2, w3, scope, value], slot * slotWords)
  }

  #begin(slots: number): void {
    this.#base = this.#next
    this.#count = 0
    this.#mask = slots - 1
    this.#slots = new Uint32Array(slots * slotWords)
    this.#meanings.push(new EndpointNames(this.#next))
  }

  #grow(): void {
    const slots = this.#slots
    this.#mask = 2 * (this.#mask + 1) - 1
    this.#slots = new Uint32Array(2 * slots.length)
    for (let at = 0; at < slots.length; at += slotWords) {
      const value = slots[at + 5] as number
      if (value !== 0) this.#put(slots[at] as number, slots[at + 1] as number, slots[at + 2] as number, slots[at + 3] as number, slots[at + 4] as number, value)
    }
  }
}

function hash(w0: number, w1: number, w2: number, w3: number, scope: number): number {
  let h = Math.imul(w3 ^ (w2 << 7), 0x9e3779b1)
  h = Math.imul(h ^ (h >>> 15) ^ w1, 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13) ^ w0 ^ scope, 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}
