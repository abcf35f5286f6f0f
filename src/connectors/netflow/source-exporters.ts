import type { SequenceInfo } from '../../codecs/netflow5/decode.ts'
import { FlowSequence, type Losses } from '../../codecs/netflow5/sequence.ts'
import { covers, type Cidr } from '../../model/cidr.ts'
import { parseIp } from '../../model/ip.ts'

/** What is known about one exporter: the totals since it was first seen, or since it was forgotten and seen again. */
export interface ExporterStatus extends Readonly<Losses> {
  readonly address: string
  /** Unix ms of the last datagram. */
  readonly lastSeen: number
  readonly datagrams: number
  readonly rows: number
  readonly malformed: number
  readonly undecoded: number
  readonly skewed: number
}

/** One address that sends to us. */
export class Exporter implements ExporterStatus {
  readonly address: string
  readonly words: Uint32Array
  lastSeen = 0
  datagrams = 0
  rows = 0
  malformed = 0
  undecoded = 0
  skewed = 0
  missing = 0
  late = 0
  restarts = 0
  /** Seen since the table last looked for something to forget. */
  recent = true
  readonly #sequences = new Map<number, FlowSequence>()

  constructor(address: string, words: Uint32Array) {
    this.address = address
    this.words = words
  }

  /** Each engine counts for itself, and so does each process behind one address: the source port tells them apart. */
  follow(port: number, seen: SequenceInfo): void {
    const key = port * 0x10000 + seen.engine
    let sequence = this.#sequences.get(key)
    if (sequence === undefined) {
      sequence = new FlowSequence()
      if (this.#sequences.size >= mostSequences) this.#sequences.delete(this.#sequences.keys().next().value ?? 0)
      this.#sequences.set(key, sequence)
    }
    sequence.follow(seen, this)
  }
}

/** More engines and ports than a real exporter has; the oldest goes first. */
const mostSequences = 64

/**
 * The exporters seen lately, at most `most`. Anyone can send a datagram from an invented address, so an address is on
 * probation until its second datagram: a flood of addresses pushes out only others on probation, and rows of an
 * exporter that was forgotten are taken all the same.
 */
export class Exporters {
  readonly #allow: readonly Cidr[]
  readonly #most: number
  readonly #known = new Map<string, Exporter>()
  readonly #probation = new Map<string, Exporter>()

  constructor(allow: readonly Cidr[], most = 10_000) {
    this.#allow = allow
    this.#most = most
  }

  /** The exporter of a datagram; undefined when its address is not allowed. */
  seen(remote: string, time: number): Exporter | undefined {
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

  /** Plain data, so that it crosses threads. */
  list(): readonly ExporterStatus[] {
    return [...this.#known.values(), ...this.#probation.values()].map(
      ({ address, lastSeen, datagrams, rows, malformed, undecoded, skewed, missing, late, restarts }) =>
        ({ address, lastSeen, datagrams, rows, malformed, undecoded, skewed, missing, late, restarts }))
  }

  #promote(address: string): Exporter | undefined {
    const exporter = this.#probation.get(address)
    if (exporter === undefined) return undefined
    this.#probation.delete(address)
    if (this.#known.size >= this.#mostKnown) this.#forgetOne()
    this.#known.set(address, exporter)
    return exporter
  }

  #admit(address: string): Exporter | undefined {
    // A zone names the interface of a link-local address; it is no part of the address.
    const words = parseIp(address.replace(/%.*$/, ''))
    if (words === undefined || !this.#allows(words)) return undefined
    const exporter = new Exporter(address, words)
    // Probation has all the room that known exporters leave, so that many exporters that start together all come to be known.
    if (this.#probation.size >= this.#most - this.#known.size) this.#probation.delete(this.#probation.keys().next().value ?? '')
    this.#probation.set(address, exporter)
    return exporter
  }

  get #mostKnown(): number {
    return Math.floor(this.#most * 0.75)
  }

  /** Second chance: whoever sent since the last round moves to the back, the first who did not is forgotten. */
  #forgetOne(): void {
    for (const [address, exporter] of this.#known) {
      this.#known.delete(address)
      if (!exporter.recent) return
      exporter.recent = false
      this.#known.set(address, exporter)
    }
  }

  #allows(words: Uint32Array): boolean {
    return this.#allow.length === 0 || this.#allow.some((range) => covers(range, words, 0))
  }
}
