import type { SequenceInfo } from '../../codecs/netflow5/decode.ts'
import { FlowSequence, type Losses } from '../../codecs/netflow5/sequence.ts'
import type { Cidr } from '../../model/cidr.ts'
import { Sender, Senders } from '../../net/senders.ts'

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
export class Exporter extends Sender implements ExporterStatus {
  rows = 0
  malformed = 0
  undecoded = 0
  skewed = 0
  missing = 0
  late = 0
  restarts = 0
  readonly #sequences = new Map<number, FlowSequence>()

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

/** The exporters seen lately. */
export class Exporters extends Senders<Exporter> {
  constructor(allow: readonly Cidr[], most?: number) {
    super(allow, (address, words) => new Exporter(address, words), most)
  }

  /** Plain data, so that it crosses threads. */
  list(): readonly ExporterStatus[] {
    return this.all().map(({ address, lastSeen, datagrams, rows, malformed, undecoded, skewed, missing, late, restarts }) =>
      ({ address, lastSeen, datagrams, rows, malformed, undecoded, skewed, missing, late, restarts }))
  }
}
