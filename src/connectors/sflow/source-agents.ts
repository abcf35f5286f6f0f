import type { Datagram, Malformed } from '../../codecs/sflow5/datagram.ts'
import type { Decoded } from '../../codecs/sflow5/decode.ts'
import type { Losses } from '../../codecs/sflow5/sequence.ts'
import { formatIp } from '../../model/ip.ts'
import { Sender } from '../../net/senders.ts'

export interface AgentStatus extends Readonly<Losses> {
  readonly address: string
  readonly agent: string
  readonly lastSeen: number
  readonly lastRow: number | undefined
  readonly datagrams: number
  readonly rows: number
  readonly counterSamples: number
  readonly unknownSamples: number
  readonly malformed: number
  readonly lastMalformed: Malformed | undefined
  readonly why?: string
}

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

  named(datagram: Datagram): void {
    this.#named.set(datagram.agent)
  }

  decoded({ rows, counterSamples, unknownSamples }: Readonly<Decoded>, time: number): void {
    this.rows += rows
    this.counterSamples += counterSamples
    this.unknownSamples += unknownSamples
    if (rows > 0) this.lastRow = time
  }

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
        ? 'The agent does not send sFlow version 5: set its version to 5, and send NetFlow or IPFIX to the ' +
            'ports of `netflow`.'
        : 'Datagrams are truncated or damaged: check for a relay or a fragmenting network.'
    }
    if (this.counterSamples > 0)
      return 'The agent sends counters and no packet samples: enable packet sampling on its interfaces.'
    if (this.unknownSamples > 0) return 'The agent sends unsupported sample types and no packet samples.'
    return 'The datagrams contain no supported samples.'
  }
}
