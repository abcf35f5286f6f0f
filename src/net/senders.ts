import { covers, type Cidr } from '../model/cidr.ts'
import { parseIp } from '../model/ip.ts'

export class Sender {
  readonly address: string
  readonly words: Uint32Array
  /** Unix ms. */
  lastSeen = 0
  datagrams = 0
  /** Used since the last eviction round. */
  recent = true

  constructor(address: string, words: Uint32Array) {
    this.address = address
    this.words = words
  }
}

/**
 * Source addresses may be forged: a new address is on probation until its second datagram, and evicts only such.
 * Datagrams of evicted senders are accepted all the same.
 */
export class Senders<S extends Sender> {
  readonly #allow: readonly Cidr[]
  readonly #make: (address: string, words: Uint32Array) => S
  readonly #max: number
  readonly #forgotten: (sender: S) => void
  readonly #known = new Map<string, S>()
  readonly #probation = new Map<string, S>()

  constructor(
    allow: readonly Cidr[],
    make: (address: string, words: Uint32Array) => S,
    max = 10_000,
    forgotten: (sender: S) => void = () => {},
  ) {
    this.#allow = allow
    this.#make = make
    this.#max = max
    this.#forgotten = forgotten
  }

  seen(remote: string, time: number): S | undefined {
    const address = remote.startsWith('::ffff:') ? remote.slice(7) : remote
    const existing = this.#known.get(address) ?? this.#promote(address) ?? this.#admit(address)
    if (existing === undefined) return undefined
    existing.lastSeen = time
    existing.datagrams++
    existing.recent = true
    return existing
  }

  get size(): number {
    return this.#known.size + this.#probation.size
  }

  all(): readonly S[] {
    return [...this.#known.values(), ...this.#probation.values()]
  }

  #promote(address: string): S | undefined {
    const sender = this.#probation.get(address)
    if (sender === undefined) return undefined
    this.#probation.delete(address)
    if (this.#known.size >= this.#maxKnown) this.#forgetOne()
    this.#known.set(address, sender)
    return sender
  }

  #admit(address: string): S | undefined {
    // Without the zone of a link-local address.
    const words = parseIp(address.replace(/%.*$/, ''))
    if (words === undefined || !this.#allows(words)) return undefined
    const sender = this.#make(address, words)
    if (this.#probation.size >= this.#max - this.#known.size) this.#forgetUnproven()
    this.#probation.set(address, sender)
    return sender
  }

  #forgetUnproven() {
    for (const [address, sender] of this.#probation) {
      this.#probation.delete(address)
      return this.#forgotten(sender)
    }
  }

  get #maxKnown(): number {
    return Math.floor(this.#max * 0.75)
  }

  /** Second chance: recently used senders move to the back. */
  #forgetOne() {
    for (const [address, sender] of this.#known) {
      this.#known.delete(address)
      if (!sender.recent) return this.#forgotten(sender)
      sender.recent = false
      this.#known.set(address, sender)
    }
  }

  #allows(words: Uint32Array) {
    return this.#allow.length === 0 || this.#allow.some((range) => covers(range, words, 0))
  }
}
