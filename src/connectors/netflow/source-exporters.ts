import type { SequenceInfo } from '../../codecs/netflow5/decode.ts'
import { FlowSequence } from '../../codecs/netflow5/sequence.ts'
import type { ByteCounts } from '../../codecs/templates/bytes.ts'
import { ExporterState } from '../../codecs/templates/state.ts'
import type { Cidr } from '../../model/cidr.ts'
import { trimOldest } from '../../model/trim-oldest.ts'
import { Sender, Senders } from '../../net/senders.ts'
import { describeDomains, whyNothing, type DomainStatus } from './map-status.ts'

export type ExporterStatus = Readonly<{
  address: string
  lastSeen: number
  lastRow: number | undefined
  datagrams: number
  rows: number
  skewed: number
  malformed: number
  malformedSets: number
  lastMalformed: string | undefined
  optionRecords: number
  reservedSets: number
  parkedSets: number
  expiredSets: number
  refusedTemplates: number
  missing: number
  missingDatagrams: number
  late: number
  restarts: number
  bytes: Readonly<ByteCounts>
  domains: readonly DomainStatus[]
  why?: string
}>

export class Exporter extends Sender {
  readonly state: ExporterState
  malformed = 0
  lastMalformed: string | undefined
  lastRow: number | undefined
  readonly #sequences = new Map<number, FlowSequence>()

  constructor(address: string, words: Uint32Array) {
    super(address, words)
    this.state = new ExporterState(words)
  }

  follow(port: number, seen: SequenceInfo): void {
    const key = port * 0x10000 + seen.engine
    let sequence = this.#sequences.get(key)
    if (sequence === undefined) {
      sequence = new FlowSequence()
      this.#sequences.set(key, sequence)
      trimOldest(this.#sequences, mostSequences)
    }
    sequence.follow(seen, this.state)
  }

  status(): ExporterStatus {
    const { address, lastSeen, lastRow, datagrams, malformed, lastMalformed, state } = this
    const { rows, skewed, malformedSets, optionRecords, reservedSets, parkedSets, expiredSets, refusedTemplates } =
      state
    const { missing, missingDatagrams, late, restarts } = state
    const why = whyNothing(this)
    return {
      address,
      lastSeen,
      lastRow,
      datagrams,
      rows,
      skewed,
      malformed,
      malformedSets,
      lastMalformed,
      optionRecords,
      reservedSets,
      parkedSets,
      expiredSets,
      refusedTemplates,
      missing,
      missingDatagrams,
      late,
      restarts,
      bytes: { ...state.bytes },
      domains: describeDomains(state),
      ...(why === undefined ? {} : { why }),
    }
  }
}

const mostSequences = 64

export class Exporters extends Senders<Exporter> {
  constructor(allow: readonly Cidr[], most?: number, forgotten?: (exporter: Exporter) => void) {
    super(allow, (address, words) => new Exporter(address, words), most, forgotten)
  }

  list(): readonly ExporterStatus[] {
    return this.all().map((exporter) => exporter.status())
  }
}
