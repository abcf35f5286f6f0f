import type { Datagram, Malformed } from '../../codecs/sflow5/datagram.ts'
import type { Decoded } from '../../codecs/sflow5/decode.ts'
import type { Losses } from '../../codecs/sflow5/sequence.ts'
import { formatIp } from '../../model/ip.ts'
import { Sender } from '../../net/senders.ts'

/** What is known about one exporter: the totals since it was first seen, or since it was forgotten and seen again. */
export interface AgentStatus extends Readonly<Losses> {
  /** Where its datagrams come from. */
  readonly address: string
  /** The address that its last datagram names. */
  readonly agent: string
  /** Unix ms of the last datagram, and of the last that gave a row. */
  readonly lastSeen: number
  readonly lastRow: number | undefined
  readonly datagrams: number
  readonly rows: number
  readonly counterSamples: number
  readonly unknownSamples: number
  readonly malformed: number
  readonly lastMalformed: Malformed | undefined
  /** Why nothing is seen of it, and what to do. */
  readonly why?: string
}

/** One address that sends to us. */
export class Agent extends Sender implements Losses {
  rows = 0
  lastRow: number | undefined
  counterSamples = 0
  unknownSamples = 0
  malformed = 0
  lastMalformed: Malformed | undefined
  missing = 0
  late = 0
  missingSamples = 0
  lateSamples = 0
  restarts = 0
  readonly #named = new Uint32Array(4)

  /** The last datagram with a usable header. */
  named(datagram: Datagram): void {
    this.#named.set(datagram.agent)
  }

  decoded({ rows, counterSamples, unknownSamples }: Readonly<Decoded>, time: number): void {
    this.rows += rows
    this.counterSamples += counterSamples
    this.unknownSamples += unknownSamples
    if (rows > 0) this.lastRow = time
  }

  /** Plain data, so that it crosses threads. */
  status(): AgentStatus {
    const { address, lastSeen, lastRow, datagrams, rows, counterSamples, unknownSamples, malformed, lastMalformed } =
      this
    const { missing, late, missingSamples, lateSamples, restarts } = this
    const why = this.#why()
    return {
      address,
      agent: formatIp(this.#named),
      lastSeen,
      lastRow,
      datagrams,
      rows,
      counterSamples,
      unknownSamples,
      malformed,
      lastMalformed,
      missing,
      late,
      missingSamples,
      lateSamples,
      restarts,
      ...(why === undefined ? {} : { why }),
    }
  }

  #why(): string | undefined {
    if (this.rows > 0) return undefined
    if (this.malformed === this.datagrams) {
      return this.lastMalformed === 'version'
        ? 'What it sends is not sFlow version 5: set its sFlow version to 5, and NetFlow or IPFIX to the ports of `netflow`.'
        : 'Its datagrams are cut or damaged: look for a relay or a fragmenting network on the way.'
    }
    if (this.counterSamples > 0)
      return 'It sends counters and no packet samples: turn on packet sampling on its interfaces.'
    if (this.unknownSamples > 0) return 'It sends samples of kinds that are not known here, and no packet samples.'
    return 'Its datagrams hold no samples that could be taken.'
  }
}
