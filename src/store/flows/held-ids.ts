import type { Endpoint, Holders, Resolver, RowHints } from '../../engine/contracts.ts'
import { AddressTable, rowsAhead } from '../../model/address-table.ts'
import { isPresent, type IpColumn } from '../../model/columns.ts'
import { withRoom } from '../../model/growing.ts'
import { hourOf } from '../names.ts'

export type HolderMeaning = Readonly<{
  scopes: Uint32Array | undefined
  scopeName(scope: number): string
  times?(): Float64Array
  /** Unix ms. Unknown addresses are resolved again after its hour. */
  received?: number
  /** 48 bits, NaN if absent; undefined if no row has one. */
  macs?(column: IpColumn): ((row: number) => number) | undefined
  networks?(): ((row: number) => string) | undefined
}>

/** Unknown holders get one id per minute, to be named later. */
const minuteMs = 60_000

type Give = (words: Uint32Array, offset: number, meaning: Endpoint | undefined, unknownAt?: number) => number

/** Holder and entry number combine to a safe integer. */
const maxHolders = 2 ** 31

const entryWords = 4
const [fromAt, untilAt, idAt] = [0, 1, 2]
const maxMinute = 0xffff_ffff
/** A holder for this long before the receipt is assumed to be the flow's. */
const steadyMs = 600_000
/** Steady holder: the table has id − base. Greater than all entry numbers. */
const steady = 0x8000_0000

/** One id per holder and address. An entry caches the interval of its last id: most rows need one lookup. */
export class HeldIds {
  readonly #resolver: Resolver
  readonly #holders: Holders
  readonly #give: Give
  readonly #table = new AddressTable()
  /** Unix ms from which steady addresses need no check; never decreases. */
  #floor = -Infinity
  #steadyOf = new Uint32Array(1024)
  #entries = new Uint32Array(entryWords * 1024)
  readonly #base: number
  readonly #scopes = new Map<number, number>()
  readonly #ids = new Map<number, number>()
  /** Meaning of the rows that are being resolved. */
  #meaning: HolderMeaning = { scopes: undefined, scopeName: () => '' }
  readonly #beside: RowHints<number> = { mac: Number.NaN, network: 0 }
  #unknown = new Map<string, number>()
  #unknownHour = Number.NaN
  readonly close: () => void

  constructor(resolver: Resolver, holders: Holders, base: number, give: Give) {
    this.#base = base
    this.#resolver = resolver
    this.#holders = holders
    this.#give = give
    this.close = holders.onChange((words) => this.#changed(words))
  }

  get count(): number {
    return this.#ids.size + this.#unknown.size
  }

  fill(ids: Float64Array, column: IpColumn, count: number, meaning: HolderMeaning): void {
    const { words, valid } = column
    const { scopes } = meaning
    this.#meaning = meaning
    const times = meaning.times?.() ?? new Float64Array(count)
    const floor = (this.#floor = Math.max(this.#floor, (meaning.received ?? 0) - steadyMs))
    let macs: ((row: number) => number) | undefined | null = null
    let networks: ((row: number) => string) | undefined
    let [w0, w1, w2, w3, scope, id, from, until, seen] = [0, 0, 0, 0, -1, 0, 0, 0, 0]
    for (let row = 0; row < count; row++) {
      if (row % rowsAhead === 0) {
        for (let next = row; next < count && next < row + rowsAhead; next++) {
          const nearEntry = this.#table.near(words[4 * next + 3]!)
          seen ^= nearEntry < steady ? this.#entries[entryWords * nearEntry]! : nearEntry
        }
      }
      if (valid !== undefined && !isPresent(valid, row)) {
        ids[row] = 0
        continue
      }
      const at = 4 * row
      const rowScope = scopes === undefined ? 0 : scopes[row]!
      const time = times[row]!
      if (
        words[at + 3] !== w3 ||
        words[at + 2] !== w2 ||
        words[at + 1] !== w1 ||
        words[at] !== w0 ||
        rowScope !== scope ||
        time < from ||
        time >= until
      ) {
        w0 = words[at]!
        w1 = words[at + 1]!
        w2 = words[at + 2]!
        w3 = words[at + 3]!
        scope = rowScope
        const existing = this.#table.find(w0, w1, w2, w3, rowScope)
        if (existing >= steady && time >= floor) {
          id = this.#base + existing - steady
          from = floor
          until = Infinity
        } else {
          let entry = this.#entryOf(existing)
          let offset = entry * entryWords
          from = 1000 * this.#entries[offset + fromAt]!
          until = 1000 * this.#entries[offset + untilAt]!
          if (entry === 0 || !(from <= time && time < until)) {
            if (macs === null) {
              macs = meaning.macs?.(column)
              networks = meaning.networks?.()
            }
            const network = networks?.(row) ?? ''
            this.#beside.mac = macs?.(row) ?? Number.NaN
            this.#beside.network = network === '' ? 0 : this.#holders.networkOf(network)
            entry = this.#resolve(entry, words, at, rowScope, time)
            offset = entry * entryWords
            from = 1000 * this.#entries[offset + fromAt]!
            until = 1000 * this.#entries[offset + untilAt]!
          }
          const idAboveBase = this.#entries[offset + idAt]!
          id = this.#base + idAboveBase
          if (from <= floor && until === 1000 * maxMinute && existing < steady) {
            this.#steadyOf = withRoom(this.#steadyOf, idAboveBase + 1)
            this.#steadyOf[idAboveBase] = entry
            this.#table.change(words, at, rowScope, steady + idAboveBase)
          }
        }
      }
      ids[row] = id
    }
    this.#table.seen = seen
  }

  #entryOf(slot: number) {
    return slot < steady ? slot : this.#steadyOf[slot - steady]!
  }

  #clusterOf(scope: number): number {
    let cluster = this.#scopes.get(scope)
    if (cluster === undefined)
      this.#scopes.set(scope, (cluster = this.#holders.clusterOf(this.#meaning.scopeName(scope))))
    return cluster
  }

  #resolve(slot: number, words: Uint32Array, at: number, scope: number, time: number): number {
    const holders = this.#holders
    const holder = holders.find(words, at, time, this.#clusterOf(scope), this.#beside)
    const { from, until } = holders
    let entry = slot
    if (entry === 0) {
      entry = this.#table.count + 1
      this.#table.add(words, at, scope, entry)
      this.#entries = withRoom(this.#entries, entryWords * (entry + 1))
    }
    const offset = entry * entryWords
    if (holder === 0 && holders.inClusterRange(words, at)) {
      // The holder may be known by the next row.
      this.#void(entry)
      this.#entries[offset + idAt] = this.#unknownId(entry, words, at, scope, time) - this.#base
      return entry
    }
    const pair = entry * maxHolders + holder
    let id = this.#ids.get(pair)
    if (id === undefined) {
      const resolved = this.#resolver.resolve(words, at, time, this.#meaning.scopeName(scope))
      id = this.#give(
        words,
        at,
        meansOf(
          resolved.is === 'endpoint' ? resolved.endpoint : undefined,
          holder === 0 ? undefined : holders.endpoint(holder),
        ),
      )
      this.#ids.set(pair, id)
    }
    // Rows at the edges of a minute are resolved again.
    this.#entries[offset + fromAt] = Math.min(maxMinute, Math.max(0, Math.ceil(from / 1000)))
    this.#entries[offset + untilAt] = Math.min(maxMinute, Math.max(0, Math.floor(until / 1000)))
    this.#entries[offset + idAt] = id - this.#base
    return entry
  }

  #unknownId(entry: number, words: Uint32Array, at: number, scope: number, time: number): number {
    const hour = hourOf(this.#meaning.received ?? 0)
    if (hour !== this.#unknownHour) this.#unknown = new Map()
    this.#unknownHour = hour
    const minute = Math.floor(time / minuteMs) * minuteMs
    const key = `${entry} ${minute}`
    let id = this.#unknown.get(key)
    if (id === undefined) {
      const name = this.#meaning.scopeName(scope)
      const resolved = this.#resolver.resolve(words, at, time, name)
      const network = resolved.is === 'endpoint' ? resolved.endpoint : undefined
      id = this.#give(words, at, this.#clusterOf(scope) === 0 ? network : { ...network, cluster: name }, minute)
      this.#unknown.set(key, id)
    }
    return id
  }

  #changed(words: Uint32Array) {
    for (const scope of this.#scopes.keys()) {
      const [a, b, c, d] = words as unknown as [number, number, number, number]
      const slot = this.#table.find(a, b, c, d, scope)
      if (slot === 0) continue
      const entry = this.#entryOf(slot)
      if (slot >= steady) this.#table.change(words, 0, scope, entry)
      this.#void(entry)
    }
  }

  #void(entry: number) {
    this.#entries[entryWords * entry + fromAt] = maxMinute
    this.#entries[entryWords * entry + untilAt] = 0
  }
}

function meansOf(network: Endpoint | undefined, holder: Endpoint | undefined) {
  return holder === undefined ? network : network?.label === undefined ? holder : { label: network.label, ...holder }
}
