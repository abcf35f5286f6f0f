// Seeded flows for load, all different, between a pool of addresses with unequal shares.
import { SeededRandom } from '../random.ts'

export interface TrafficOptions {
  readonly seed: number
  /** Addresses per side. */
  readonly addresses: number
}

/** The current flow; `next` overwrites its fields, so that no objects are allocated. */
export class Traffic {
  srcAddr = 0
  dstAddr = 0
  srcPort = 0
  dstPort = 0
  proto = 6
  tcpFlags = 0
  bytes = 0
  packets = 0
  startedAgo = 0
  endedAgo = 0
  inIf = 0
  outIf = 0
  srcAs = 0
  dstAs = 0
  readonly #addresses: number
  #state: number

  constructor({ seed, addresses }: TrafficOptions) {
    this.#addresses = addresses
    this.#state = new SeededRandom(seed).integer(1, 2 ** 31)
  }

  next(): void {
    const client = this.#popular()
    const server = this.#popular()
    const forward = (this.#draw() & 3) !== 0
    const service = services[this.#draw() & 15] ?? 443
    const ephemeral = 32_768 + (this.#draw() % 28_000)
    const [a, b] = [(0x0a000000 + client) >>> 0, (0xac100000 + server) >>> 0]
    this.srcAddr = forward ? a : b
    this.dstAddr = forward ? b : a
    this.srcPort = forward ? ephemeral : service
    this.dstPort = forward ? service : ephemeral
    this.proto = service === 53 ? 17 : 6
    this.tcpFlags = service === 53 ? 0 : (this.#draw() & 3) === 0 ? 0x1b : 0x18
    // Each step doubles the size and is half as likely.
    const scale = Math.clz32(this.#draw() | 1)
    this.packets = 1 + (this.#draw() % (2 << Math.min(scale, 16)))
    this.bytes = this.packets * (40 + (this.#draw() % 1400))
    this.endedAgo = this.#draw() % 15_000
    this.startedAgo = this.endedAgo + (this.#draw() % 45_000)
    this.inIf = 1 + (client & 15)
    this.outIf = 1 + (server & 7)
    this.srcAs = 64_512 + (client & 255)
    this.dstAs = 64_512 + (server & 1023)
  }

  /** A quarter of the pool gets half of the traffic. */
  #popular(): number {
    const unit = this.#draw() / 0x1_0000_0000
    return Math.floor(unit * unit * this.#addresses)
  }

  #draw(): number {
    let x = this.#state
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    this.#state = x
    return x >>> 0
  }
}

const services = [443, 443, 443, 443, 443, 80, 80, 53, 53, 53, 5432, 6443, 8080, 9092, 2379, 22]
