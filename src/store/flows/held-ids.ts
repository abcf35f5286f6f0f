import type { Endpoint, Holders, Resolver } from '../../engine/ports.ts'
import { AddressTable } from '../../model/address-table.ts'
import type { IpColumn } from '../../model/columns.ts'
import { isPresent } from '../../model/columns.ts'

/** What decides of a row who had its address. */
export interface HolderMeaning {
  readonly scopes: Uint32Array | undefined
  scopeName(scope: number): string
  /** When each row's flow was, in Unix ms. */
  times?(): Float64Array
  /** MAC address of each row's end (48 bits), NaN where it has none; undefined where no row has one. */
  macs?(column: IpColumn): ((row: number) => number) | undefined
}

/** Numbers of holders stay below this, so that one with the number of an entry is a safe integer. */
const mostHolders = 2 ** 31

/** Words of an entry: from when until when its id is good, the id, and one of no meaning that rounds it up to half a cache line. */
const entryWords = 4

/**
 * Endpoint ids where an address changes hands: one for each holder of each address. An entry remembers for which times its
 * last id is good, so that most rows cost one look at one table, as they do where no cluster is known.
 */
export class HeldIds {
  readonly #resolver: Resolver
  readonly #holders: Holders
  readonly #give: (words: Uint32Array, offset: number, means: Endpoint | undefined) => number
  /** Number of the entry of an address in a scope, from 1 on. */
  readonly #table = new AddressTable()
  #entries = new Float64Array(entryWords * 1024)
  /** Cluster of each scope that was met. */
  readonly #scopes = new Map<number, number>()
  /** Id by the numbers of entry and holder. */
  readonly #ids = new Map<number, number>()
  readonly close: () => void

  constructor(resolver: Resolver, holders: Holders, give: (words: Uint32Array, offset: number, means: Endpoint | undefined) => number) {
    this.#resolver = resolver
    this.#holders = holders
    this.#give = give
    this.close = holders.onChange((words) => this.#changed(words))
  }

  /** Ids given out. */
  get count(): number {
    return this.#ids.size
  }

  /** Ids of a column; absent is 0. */
  fill(ids: Float64Array, column: IpColumn, count: number, meaning: HolderMeaning): void {
    const { words, valid } = column
    const { scopes } = meaning
    const times = meaning.times?.() ?? new Float64Array(count)
    let macs: ((row: number) => number) | undefined | null = null
    let [w0, w1, w2, w3, scope, id, from, until] = [0, 0, 0, 0, -1, 0, 0, 0]
    for (let row = 0; row < count; row++) {
      if (valid !== undefined && !isPresent(valid, row)) {
        ids[row] = 0
        continue
      }
      const at = 4 * row
      const own = scopes === undefined ? 0 : (scopes[row] as number)
      const time = times[row] as number
      // Exporters and next hops are the same for many rows.
      if (words[at + 3] !== w3 || words[at + 2] !== w2 || words[at + 1] !== w1 || words[at] !== w0 || own !== scope || time < from || time >= until) {
        w0 = words[at] as number
        w1 = words[at + 1] as number
        w2 = words[at + 2] as number
        w3 = words[at + 3] as number
        scope = own
        let entry = this.#table.find(w0, w1, w2, w3, own)
        let place = entry * entryWords
        if (entry === 0 || !((this.#entries[place] as number) <= time && time < (this.#entries[place + 1] as number))) {
          if (macs === null) macs = meaning.macs?.(column)
          entry = this.#ask(entry, words, at, own, time, macs?.(row) ?? Number.NaN, meaning)
          place = entry * entryWords
        }
        from = this.#entries[place] as number
        until = this.#entries[place + 1] as number
        id = this.#entries[place + 2] as number
      }
      ids[row] = id
    }
  }

  /** Puts the id of this row's end into its entry. */
  #ask(known: number, words: Uint32Array, at: number, scope: number, time: number, mac: number, meaning: HolderMeaning): number {
    const holders = this.#holders
    let cluster = this.#scopes.get(scope)
    if (cluster === undefined) this.#scopes.set(scope, (cluster = holders.clusterOf(meaning.scopeName(scope))))
    const holder = holders.find(words, at, time, cluster, mac)
    const { from, until } = holders
    let entry = known
    if (entry === 0) {
      entry = this.#table.count + 1
      this.#table.add(words[at] as number, words[at + 1] as number, words[at + 2] as number, words[at + 3] as number, scope, entry)
      if (this.#entries.length <= entryWords * entry) {
        const larger = new Float64Array(2 * this.#entries.length)
        larger.set(this.#entries)
        this.#entries = larger
      }
    }
    const pair = entry * mostHolders + holder
    let id = this.#ids.get(pair)
    if (id === undefined) {
      const resolved = this.#resolver.resolve(words, at, time, meaning.scopeName(scope))
      id = this.#give(words, at, meansOf(resolved.is === 'endpoint' ? resolved.endpoint : undefined, holder === 0 ? undefined : holders.endpoint(holder)))
      this.#ids.set(pair, id)
    }
    const place = entry * entryWords
    this.#entries[place] = from
    this.#entries[place + 1] = until
    this.#entries[place + 2] = id
    return entry
  }

  #changed(words: Uint32Array): void {
    for (const scope of this.#scopes.keys()) {
      const entry = this.#table.find(words[0] as number, words[1] as number, words[2] as number, words[3] as number, scope)
      // An empty span: the next row asks again.
      if (entry !== 0) this.#entries.fill(Number.NaN, entryWords * entry, entryWords * entry + 2)
    }
  }
}

/** Who has the address names it; what it is called by its network stays its label. */
function meansOf(network: Endpoint | undefined, holder: Endpoint | undefined): Endpoint | undefined {
  return holder === undefined ? network : network?.label === undefined ? holder : { label: network.label, ...holder }
}
