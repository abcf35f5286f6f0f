import { decodeIpfix } from '../codecs/ipfix/decode.ts'
import {
  countRecords,
  countUnread,
  headerBytes,
  Netflow5Decoder,
  readSequence,
  recordBytes,
  type SequenceInfo,
} from '../codecs/netflow5/decode.ts'
import { decodeNetflow9 } from '../codecs/netflow9/decode.ts'
import type { ByteCounts } from '../codecs/templates/bytes.ts'
import { TemplateDecoder, type DecoderOptions } from '../codecs/templates/decoder.ts'
import type { ExporterState, Transport } from '../codecs/templates/state.ts'
import type { FlowBuilder } from '../model/flow-builder.ts'
import type { FlowWriter } from './write.ts'

export interface NetflowExporter {
  readonly words: Uint32Array
  readonly state: ExporterState
  lastRow: number | undefined
  follow(port: number, seen: SequenceInfo): void
}

type NetflowTotals = Readonly<{
  bytes: ByteCounts
  datagrams: Record<'netflow5' | 'netflow9' | 'ipfix', number>
}>

export class NetflowIngest {
  readonly templates: TemplateDecoder
  readonly #writer: FlowWriter
  readonly #flows: FlowBuilder
  readonly #netflow5: Netflow5Decoder
  readonly #totals: NetflowTotals
  readonly #options: DecoderOptions

  constructor(writer: FlowWriter, totals: NetflowTotals, options: DecoderOptions) {
    this.#writer = writer
    this.#flows = writer.flows
    this.#netflow5 = new Netflow5Decoder(writer.flows)
    this.#totals = totals
    this.#options = options
    this.templates = new TemplateDecoder(writer.flows, options, totals.bytes)
  }

  /** `received`: Unix ms. Returns why the datagram, or part of it, could not be read. */
  take(datagram: Uint8Array, exporter: NetflowExporter, transport: Transport, received: number): string | undefined {
    const { state } = exporter
    const { rows, shedRows } = state
    this.templates.keepsRows = this.#writer.makeRoom()
    let malformed = this.#decode(datagram, exporter, transport, received)
    this.#writer.added(state.rows - rows, received)
    // Each parked data set fits into a datagram; all of them may exceed a unit.
    while (this.templates.released > 0) {
      const before = state.rows
      this.templates.keepsRows = this.#writer.makeRoom()
      const parked = this.templates.readReleased()
      this.#writer.added(state.rows - before, received)
      malformed ??= parked
    }
    this.#writer.shed('journal_behind', state.shedRows - shedRows)
    if (state.rows > rows) exporter.lastRow = received
    return malformed
  }

  #decode(datagram: Uint8Array, exporter: NetflowExporter, transport: Transport, received: number): string | undefined {
    const version = datagram.length < 2 ? -1 : ((datagram[0] ?? 0) << 8) | (datagram[1] ?? 0)
    const { datagrams } = this.#totals
    if (version === 9) {
      datagrams.netflow9++
      return decodeNetflow9(this.templates, datagram, exporter.state, transport, received)
    }
    if (version === 10) {
      datagrams.ipfix++
      return decodeIpfix(this.templates, datagram, exporter.state, transport, received)
    }
    if (version === 5) {
      datagrams.netflow5++
      return this.#decode5(datagram, exporter, transport.port, received)
    }
    this.templates.count(exporter.state, 'malformed', datagram.length)
    return 'version'
  }

  #decode5(datagram: Uint8Array, exporter: NetflowExporter, port: number, time: number): string | undefined {
    const { state } = exporter
    const { templates } = this
    const records = templates.keepsRows ? 0 : countRecords(datagram)
    if (records > 0) {
      state.shedRows += records
      templates.count(state, 'skipped', datagram.length)
      follow(exporter, port, readSequence(datagram))
      return undefined
    }
    const { skewLimit, sampling } = this.#options
    const first = this.#flows.count
    const { rows, malformed, skewed, sequence } = this.#netflow5.decode(datagram, {
      exporter: exporter.words,
      time,
      skewLimit,
      sampling,
    })
    if (malformed !== undefined) this.#writer.shed('unread_flows', countUnread(datagram))
    templates.namer.name(first, rows, state.configuredNames, undefined)
    state.rows += rows
    state.skewed += skewed
    follow(exporter, port, sequence)
    const read = sequence === undefined ? 0 : headerBytes + rows * recordBytes
    templates.count(state, 'header', sequence === undefined ? 0 : headerBytes)
    templates.count(state, 'decoded', rows * recordBytes)
    templates.count(state, malformed === undefined ? 'skipped' : 'malformed', datagram.length - read)
    return malformed
  }
}

function follow(exporter: NetflowExporter, port: number, sequence: SequenceInfo | undefined) {
  if (sequence !== undefined) exporter.follow(port, sequence)
}
