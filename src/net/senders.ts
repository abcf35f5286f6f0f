import { covers, type Cidr } from '../model/cidr.ts'
import { parseIp } from '../model/ip.ts'

/** One address that sends to us. A connector extends it by what it wants to remember of each. */
export class Sender {
  readonly address: string
  /** Four words, v4-mapped. */
  readonly words: Uint32Array
  /** Unix ms of the last datagram, or connection. */
  lastSeen = 0
  datagrams = 0
  /** Seen since the table last looked for something to forget. */
  recent = true

  constructor(address: string, words: Uint32Array) {
    this.address = address
    this.words = words
  }
}

/**
 * The senders seen lately, at most `most`. Anyone can send a datagram from an invented address, so an address is on
 * probation until its second datagram: a flood of addresses pushes out only others on probation. What a sender that was
 * forgotten sends is taken all the same.
 */
export class Senders<S extends Sender> {
  readonly #allow: readonly Cidr[]
  readonly #make: (address: string, words: Uint32Array) => S
  readonly #most: number
  readonly #forgotten: (sender: S) => void
  readonly #known = new Map<string, S>()
  readonly #probation = new Map<string, S>()

  /** `forgotten` is told of each sender that is remembered no more. */
  constructor(
    allow: readonly Cidr[],
    make: (address: string, words: Uint32Array) => S,
    most = 10_000,
    forgotten: (sender: S) => void = () => {},
  ) {
    this.#allow = allow
    this.#make = make
    this.#most = most
    this.#forgotten = forgotten
  }

  /** The sender of a datagram; undefined when its address is not allowed. */
  seen(remote: string, time: number): S | undefined {
    const address = remote.startsWith('::ffff:') ? remote.slice(7) : remote
    const known = this.#known.get(address) ?? this.#promote(address) ?? this.#admit(address)
    if (known === undefined) return undefined
    known.lastSeen = time
    known.datagrams++
    known.recent = true
    return known
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
    if (this.#known.size >= this.#mostKnown) this.#forgetOne()
    this.#known.set(address, sender)
    return sender
  }

  #admit(address: string): S | undefined {
    // A zone names the interface of a link-local address; it is no part of the address.
    const words = parseIp(address.replace(/%.*$/, ''))
    if (words === undefined || !this.#allows(words)) return undefined
    const sender = this.#make(address, words)
    // Probation has all the room that known senders leave, so that many that start together all come to be known.
    if (this.#probation.size >= this.#most - this.#known.size) this.#forgetUnproven()
    this.#probation.set(address, sender)
    return sender
  }

  #forgetUnproven(): void {
    for (const [address, sender] of this.#probation) {
      this.#probation.delete(address)
      return this.#forgotten(sender)
    }
  }

  get #mostKnown(): number {
    return Math.floor(this.#most * 0.75)
  }

  /** Second chance: whoever sent since the last round moves to the back, the first who did not is forgotten. */
  #forgetOne(): void {
    for (const [address, sender] of this.#known) {
      this.#known.delete(address)
      if (!sender.recent) return this.#forgotten(sender)
      sender.recent = false
      this.#known.set(address, sender)
    }
  }

  #allows(words: Uint32Array): boolean {
    return this.#allow.length === 0 || this.#allow.some((range) => covers(range, words, 0))
  }
}
