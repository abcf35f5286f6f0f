import type { Endpoint, Holders, Resolver } from '../../engine/contracts.ts'
import { AddressTable, rowsAhead } from '../../model/address-table.ts'
import { isPresent, type IpColumn } from '../../model/columns.ts'
import { AddressNumbers } from '../../model/flow-nodes.ts'
import { EndpointNames, firstTexts, type EndpointRange, type PartTexts } from './endpoint-names.ts'
import { HeldIds, type HolderMeaning } from './held-ids.ts'
import { Numbering } from '../numbering.ts'
import type { Texts } from '../rollup/keys.ts'

const maxSpare = 256
const maxTexts = 1 << 18
const twoTo32 = 4_294_967_296

export interface AddressMeaning extends HolderMeaning {
  /** Addresses without names: the flow has all that it shows. */
  readonly unnamed?: boolean
  /** Scope per row; default: 0. */
  readonly scopes: Uint32Array | undefined
  scopeName(scope: number): string
  timeOf(row: number): number
}

type EndpointsOptions = Readonly<{
  resolver: Resolver
  next: number
  limit?: number
}>

/** A generation ends with the day of receipt, a change of the resolver or the size limit. */
export class Endpoints {
  readonly #resolver: Resolver
  readonly #limit: number
  #next: number
  #day = Number.NaN
  #answers: number
  /** The first id that `take` has not returned. */
  #fresh: number
  /** id − #base + 1, or the entry for addresses with changing holders. */
  #table = new AddressTable()
  #unnamed = new AddressTable()
  #base = 0
  #holders: Holders | undefined
  #held: HeldIds | undefined
  readonly #spare: ArrayBuffer[] = []
  #meanings: EndpointNames[] = []
  #texts: PartTexts = new Numbering(firstTexts)
  readonly #addresses = new AddressNumbers()

  constructor(options: EndpointsOptions) {
    this.#resolver = options.resolver
    this.#limit = options.limit ?? 1 << 20
    this.#next = options.next
    this.#fresh = options.next
    this.#answers = options.resolver.generation
    this.#begin()
  }

  get next(): number {
    return this.#next
  }

  /** Endpoints since the last call. Call it before `forget`. */
  take(): readonly EndpointRange[] {
    const fresh = this.#fresh
    this.#fresh = this.#next
    return this.#meanings
      .filter(({ base, count }) => count > 0 && base + count > fresh)
      .map((names) => ({ names, from: Math.max(0, fresh - names.base), to: names.count }))
  }

  ids(day: number, column: IpColumn, count: number, meaning: AddressMeaning): Float64Array {
    if (day !== this.#day || this.#answers !== this.#resolver.generation || this.#holders !== this.#resolver.holders) {
      this.#day = day
      this.#answers = this.#resolver.generation
      this.#begin()
    }
    const ids = this.#room(count)
    if (this.#held === undefined || meaning.unnamed === true) this.#plainIds(ids, column, count, meaning)
    else {
      this.#held.fill(ids, column, count, meaning)
      if (this.#held.count >= this.#limit) this.#begin()
    }
    return ids
  }

  #plainIds(ids: Float64Array, { words, valid }: IpColumn, count: number, meaning: AddressMeaning) {
    const scopes = meaning.unnamed === true ? undefined : meaning.scopes
    let table = this.#tableOf(meaning)
    let [w0, w1, w2, w3, scope, id] = [0, 0, 0, 0, -1, 0]
    let seen = 0
    for (let row = 0; row < count; row++) {
      if (row % rowsAhead === 0)
        for (let next = row; next < count && next < row + rowsAhead; next++) seen ^= table.near(words[4 * next + 3]!)
      if (valid !== undefined && !isPresent(valid, row)) {
        ids[row] = 0
        continue
      }
      const at = 4 * row
      const own = scopes === undefined ? 0 : scopes[row]!
      if (words[at + 3] !== w3 || words[at + 2] !== w2 || words[at + 1] !== w1 || words[at] !== w0 || own !== scope) {
        w0 = words[at]!
        w1 = words[at + 1]!
        w2 = words[at + 2]!
        w3 = words[at + 3]!
        scope = own
        const existing = table.find(w0, w1, w2, w3, own)
        id = existing === 0 ? this.#add(words, row, own, meaning) : this.#base + existing - 1
        table = this.#tableOf(meaning)
      }
      ids[row] = id
    }
    table.seen = seen
  }

  #tableOf({ unnamed }: AddressMeaning) {
    return unnamed === true ? this.#unnamed : this.#table
  }

  #add(words: Uint32Array, row: number, scope: number, meaning: AddressMeaning): number {
    const offset = 4 * row
    if (this.#tableOf(meaning).count >= this.#limit) this.#begin()
    this.#tableOf(meaning).add(words, offset, scope, this.#next - this.#base + 1)
    if (meaning.unnamed === true) return this.#give(words, offset, undefined)
    const resolved = this.#resolver.resolve(words, offset, meaning.timeOf(row), meaning.scopeName(scope))
    return this.#give(words, offset, resolved.is === 'endpoint' ? resolved.endpoint : undefined)
  }

  #give(words: Uint32Array, offset: number, meaning: Endpoint | undefined, unknownAt?: number): number {
    this.#meanings.at(-1)!.add(words, offset, meaning, unknownAt)
    return this.#next++
  }

  #room(count: number): Float64Array {
    const index = this.#spare.findIndex(({ byteLength }) => byteLength >= 8 * count)
    const buffer = index < 0 ? new ArrayBuffer(8 * Math.ceil(count / 1024) * 1024) : this.#spare.splice(index, 1)[0]
    return new Float64Array(buffer!, 0, count)
  }

  recycle(columns: Iterable<Float64Array>): void {
    for (const { buffer } of columns) if (this.#spare.length < maxSpare) this.#spare.push(buffer as ArrayBuffer)
  }

  places(ids: Float64Array, count: number, out: Uint32Array, texts: Texts): void {
    let meaning = this.#meanings.at(-1)!
    let places = meaning.places(texts)
    for (let row = 0; row < count; row++) {
      const id = ids[row]!
      if (id !== 0 && (id < meaning.base || id >= meaning.base + meaning.count)) {
        meaning = this.#meaningOf(id)
        places = meaning.places(texts)
      }
      out[row] = places === undefined || id === 0 ? 0 : places[id - meaning.base]!
    }
  }

  get hasNodes(): boolean {
    return this.#meanings.some(({ hasNodes }) => hasNodes)
  }

  /** Numbers of the addresses of assigned ids; 0 if absent, or not an earlier result of `nodeNumbers`. */
  addressNumbers(ids: Float64Array, count: number): Uint32Array {
    const numbers = new Uint32Array(count)
    let [last, number] = [0, 0]
    for (let row = 0; row < count; row++) {
      const id = ids[row]!
      if (id !== last) {
        last = id
        const meaning = id === 0 ? undefined : this.#meaningOf(id)
        number = meaning?.number(id - meaning.base, this.#addresses) ?? 0
      }
      numbers[row] = number
    }
    return numbers
  }

  nodeNumbers(ids: Float64Array, count: number): Uint32Array {
    const numbers = new Uint32Array(count)
    let meaning = this.#meanings.at(-1)!
    let nodes = meaning.nodes(this.#addresses)
    for (let row = 0; row < count; row++) {
      const id = ids[row]!
      if (id === 0) continue
      if (id < meaning.base || id >= meaning.base + meaning.count) {
        meaning = this.#meaningOf(id)
        nodes = meaning.nodes(this.#addresses)
      }
      numbers[row] = nodes[id - meaning.base]!
    }
    return numbers
  }

  get texts(): readonly (string | undefined)[] {
    return this.#texts.list
  }

  describe(low: number, words: Uint32Array, parts: Uint32Array): boolean {
    for (const meaning of this.#meanings) {
      const index = (low - (meaning.base % twoTo32) + twoTo32) % twoTo32
      if (index >= meaning.count) continue
      meaning.describe(index, this.#texts, words, parts)
      return true
    }
    return false
  }

  #meaningOf(id: number): EndpointNames {
    const meaning = this.#meanings.find(({ base, count }) => id >= base && id < base + count)
    if (meaning === undefined) throw new Error(`endpoint ${id} belongs to no known generation`)
    return meaning
  }

  forget(): void {
    this.#meanings = this.#meanings.slice(-1)
    if (this.#texts.list.length > maxTexts) this.#texts = new Numbering(firstTexts)
  }

  #begin() {
    this.#base = this.#next
    this.#table = new AddressTable()
    this.#unnamed = new AddressTable()
    this.#meanings.push(new EndpointNames(this.#next))
    this.#held?.close()
    this.#holders = this.#resolver.holders
    this.#held =
      this.#holders === undefined
        ? undefined
        : new HeldIds(this.#resolver, this.#holders, this.#base, (words, offset, meaning, unknownAt) =>
            this.#give(words, offset, meaning, unknownAt),
          )
  }
}
