import { Datagram } from '../codecs/sflow5/datagram.ts'
import { Sflow5Decoder, type Decoded } from '../codecs/sflow5/decode.ts'
import { Sequences, type Losses } from '../codecs/sflow5/sequence.ts'
import type { FlowWriter } from './write.ts'

interface SflowAgent extends Losses {
  readonly words: Uint32Array
  named(datagram: Datagram): void
}

export class SflowIngest {
  readonly #writer: FlowWriter
  readonly #decoder: Sflow5Decoder
  readonly #datagram = new Datagram()
  /** They take 5 MB. */
  #sequences: Sequences | undefined
  readonly #exporter: 'agent' | 'sender'

  constructor(writer: FlowWriter, exporter: 'agent' | 'sender') {
    this.#writer = writer
    this.#decoder = new Sflow5Decoder(writer.flows)
    this.#exporter = exporter
  }

  /** `time`: Unix ms. Undefined: the rows were shed. The result is overwritten by the next call. */
  take(bytes: Uint8Array, agent: SflowAgent, time: number): Readonly<Decoded> | undefined {
    const datagram = this.#datagram
    if (datagram.scan(bytes)) {
      agent.named(datagram)
      this.#sequences ??= new Sequences()
      this.#sequences.follow(datagram, agent.words, agent)
      if (datagram.flowSamples > 0 && !this.#writer.makeRoom()) {
        this.#writer.shed('journal_behind', datagram.flowSamples)
        return undefined
      }
    }
    const exporter = this.#exporter === 'agent' ? datagram.agent : agent.words
    const decoded = this.#decoder.decode(datagram, { exporter, time })
    this.#writer.added(decoded.rows, time)
    return decoded
  }
}
