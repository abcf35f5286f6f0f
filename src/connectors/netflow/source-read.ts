import { decodeIpfix } from '../../codecs/ipfix/decode.ts'
import {
  countRecords,
  headerBytes,
  Netflow5Decoder,
  readSequence,
  recordBytes,
  type SequenceInfo,
} from '../../codecs/netflow5/decode.ts'
import { decodeNetflow9 } from '../../codecs/netflow9/decode.ts'
import { TemplateDecoder, type DecoderOptions } from '../../codecs/templates/decoder.ts'
import type { Transport } from '../../codecs/templates/state.ts'
import type { UnitWriter } from '../../engine/sources/flow-units.ts'
import type { FlowBuilder } from '../../model/flow-builder.ts'
import type { NetflowCounts } from './source-counts.ts'
import type { Exporter } from './source-exporters.ts'

/** Reads export datagrams of every version into the columns that all exporters share. */
export class DatagramReader {
  readonly templates: TemplateDecoder
  readonly #flows: FlowBuilder
  readonly #netflow5: Netflow5Decoder
  readonly #writer: UnitWriter
  readonly #counts: NetflowCounts
  readonly #options: DecoderOptions

  constructor(flows: FlowBuilder, writer: UnitWriter, counts: NetflowCounts, options: DecoderOptions) {
    this.#flows = flows
    this.#netflow5 = new Netflow5Decoder(flows)
    this.#writer = writer
    this.#counts = counts
    this.#options = options
    this.templates = new TemplateDecoder(flows, options, counts.bytes, (rows, received) => writer.admit(rows, received))
  }

  /** Why the datagram, or part of it, could not be read. */
  read(datagram: Uint8Array, exporter: Exporter, transport: Transport, received: number): string | undefined {
    const { state } = exporter
    const before = state.rows
    const malformed = this.#read(datagram, exporter, transport, received)
    if (state.rows > before) exporter.lastRow = received
    return malformed
  }

  #read(datagram: Uint8Array, exporter: Exporter, transport: Transport, received: number): string | undefined {
    const version = datagram.length < 2 ? -1 : ((datagram[0] ?? 0) << 8) | (datagram[1] ?? 0)
    const { datagrams } = this.#counts
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
      return this.#read5(datagram, exporter, transport.port, received)
    }
    this.templates.count(exporter.state, 'malformed', datagram.length)
    return 'version'
  }

  #read5(datagram: Uint8Array, exporter: Exporter, port: number, time: number): string | undefined {
    const { state } = exporter
    const { templates } = this
    if (!this.#writer.admit(countRecords(datagram), time)) {
      templates.count(state, 'skipped', datagram.length)
      this.#follow(exporter, port, readSequence(datagram))
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
    templates.namer.name(first, rows, state.configuredNames, undefined)
    state.rows += rows
    state.skewed += skewed
    this.#follow(exporter, port, sequence)
    const read = sequence === undefined ? 0 : headerBytes + rows * recordBytes
    templates.count(state, 'header', sequence === undefined ? 0 : headerBytes)
    templates.count(state, 'decoded', rows * recordBytes)
    templates.count(state, malformed === undefined ? 'skipped' : 'malformed', datagram.length - read)
    return malformed
  }

  #follow(exporter: Exporter, port: number, sequence: SequenceInfo | undefined): void {
    if (sequence !== undefined) exporter.follow(port, sequence)
  }
}
