import type { RowHints } from '../engine/contracts.ts'
import { AddressTable } from '../model/address-table.ts'
import { withRoom } from '../model/growing.ts'

/** A flow may begin this long before the report of its address, because of clock differences and delays. */
export const headMs = 2000
/** Flows of a released address belong to its last holder for this long, unless it has another one. */
export const tailMs = 60_000

/** Priority of concurrent holders of an address, lowest first. 0: the row has its MAC address or network. */
export const ranks = { pod: 1, node: 2, service: 3, outside: 4, finished: 5, secondary: 6, slice: 7 } as const
const rankCount = 8

/** Current claims precede those that begin soon, then finished and ended ones. */
const classes = { now: 0, soon: 1, finished: 2, lately: 3 } as const

type Claim = Readonly<{
  holder: number
  cluster: number
  rank: number
  from: number
  until: number
  mac: number | undefined
  /** 0 if absent. */
  network: number
}>

/** Packed into typed arrays and linked by address. Times are Unix ms; valid from `from` until before `until`. */
export class Claims {
  readonly #addresses = new AddressTable()
  #first = new Int32Array(256)
  #words = new Uint32Array(1024)
  #addressCount = 0
  #next = new Int32Array(256)
  #holder = new Uint32Array(256)
  #address = new Uint32Array(256)
  #cluster = new Uint16Array(256)
  #rank = new Uint8Array(256)
  #times = new Float64Array(512)
  readonly #macs = new Map<number, number>()
  readonly #networks = new Map<number, number>()
  #count = 0

  from = -Infinity
  until = Infinity

  get count(): number {
    return this.#count
  }

  add(words: Uint32Array, { holder, cluster, rank, from, until, mac, network }: Claim): number {
    const claim = this.#count++
    this.#next = withRoom(this.#next, this.#count)
    this.#holder = withRoom(this.#holder, this.#count)
    this.#address = withRoom(this.#address, this.#count)
    this.#cluster = withRoom(this.#cluster, this.#count)
    this.#rank = withRoom(this.#rank, this.#count)
    this.#times = withRoom(this.#times, 2 * this.#count)
    const address = this.#addressOf(words)
    this.#next[claim] = this.#first[address - 1]!
    this.#first[address - 1] = claim + 1
    this.#holder[claim] = holder
    this.#address[claim] = address - 1
    this.#cluster[claim] = cluster
    this.#rank[claim] = rank
    this.#times[2 * claim] = from
    this.#times[2 * claim + 1] = until
    if (mac !== undefined) this.#macs.set(claim, mac)
    if (network !== 0) this.#networks.set(claim, network)
    return claim
  }

  is(claim: number, words: Uint32Array, rank: number, mac: number | undefined): boolean {
    const numbers = this.wordsOf(claim)
    return (
      numbers[3] === words[3] &&
      numbers[2] === words[2] &&
      numbers[1] === words[1] &&
      numbers[0] === words[0] &&
      this.#rank[claim] === rank &&
      this.#macs.get(claim) === mac
    )
  }

  holderOf(claim: number): number {
    return this.#holder[claim]!
  }

  wordsOf(claim: number): Uint32Array {
    const at = 4 * this.#address[claim]!
    return this.#words.subarray(at, at + 4)
  }

  end(claim: number, until: number): void {
    this.#times[2 * claim + 1] = Math.min(this.#times[2 * claim + 1]!, until)
  }

  hand(claim: number, holder: number): void {
    this.#holder[claim] = holder
  }

  /** 0 without a holder, or if two clusters conflict. `cluster` 0 searches all. */
  find(words: Uint32Array, at: number, time: number, cluster: number, beside?: RowHints<number>): number {
    this.from = -Infinity
    this.until = Infinity
    const address = this.#addresses.find(words[at]!, words[at + 1]!, words[at + 2]!, words[at + 3]!, 0)
    if (address === 0) return 0
    let [low, high] = [-Infinity, Infinity]
    let best = -1
    let bestKey = Infinity
    let bestTime = 0
    let torn = false
    let byRow = false
    const times = this.#times
    for (let claim = this.#first[address - 1]! - 1; claim >= 0; claim = this.#next[claim]! - 1) {
      if (cluster !== 0 && this.#cluster[claim] !== cluster) continue
      const from = times[2 * claim]!
      const until = times[2 * claim + 1]!
      const soon = from - headMs
      const late = until + tailMs
      if (time < soon) {
        if (soon < high) high = soon
        continue
      }
      if (time >= late) {
        if (late > low) low = late
        continue
      }
      let rank = this.#rank[claim]!
      let is: number = rank === ranks.finished ? classes.finished : classes.now
      let order = -from
      let [since, to] = [from, until]
      if (time < from) {
        is = classes.soon
        order = from
        since = soon
        to = from
      } else if (time >= until) {
        is = classes.lately
        order = -until
        since = until
        to = late
      }
      if (since > low) low = since
      if (to < high) high = to
      if (rank === ranks.secondary) {
        byRow = true
        if (beside !== undefined && this.#agrees(claim, beside)) rank = 0
      }
      const key = is * rankCount + rank
      if (key > bestKey) continue
      torn = key === bestKey && (torn || this.#cluster[claim] !== this.#cluster[best])
      // The greater number wins, so that the order of updates does not matter.
      if (key === bestKey && (order > bestTime || (order === bestTime && this.#holder[claim]! < this.#holder[best]!)))
        continue
      best = claim
      bestKey = key
      bestTime = order
    }
    this.from = byRow ? Infinity : low
    this.until = byRow ? -Infinity : high
    return best < 0 || torn ? 0 : this.#holder[best]!
  }

  #agrees(claim: number, { mac, network }: RowHints<number>): boolean {
    return this.#macs.get(claim) === mac || (network !== 0 && this.#networks.get(claim) === network)
  }

  at(
    claim: number,
  ): Readonly<{ words: Uint32Array; rank: number; from: number; until: number; mac: number | undefined }> {
    return {
      words: this.wordsOf(claim),
      rank: this.#rank[claim]!,
      from: this.#times[2 * claim]!,
      until: this.#times[2 * claim + 1]!,
      mac: this.#macs.get(claim),
    }
  }

  #addressOf(words: Uint32Array): number {
    const [a, b, c, d] = words as unknown as [number, number, number, number]
    const address = this.#addresses.find(a, b, c, d, 0)
    if (address !== 0) return address
    const number = ++this.#addressCount
    this.#first = withRoom(this.#first, number)
    this.#words = withRoom(this.#words, 4 * number)
    this.#words.set(words.subarray(0, 4), 4 * (number - 1))
    this.#addresses.add(words, 0, 0, number)
    return number
  }
}
