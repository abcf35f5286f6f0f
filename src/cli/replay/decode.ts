import { decodeIpfix } from '../../codecs/ipfix/decode.ts'
import { Netflow5Decoder } from '../../codecs/netflow5/decode.ts'
import { decodeNetflow9 } from '../../codecs/netflow9/decode.ts'
import { Datagram } from '../../codecs/sflow5/datagram.ts'
import { Sflow5Decoder } from '../../codecs/sflow5/decode.ts'
import { noBytes } from '../../codecs/templates/bytes.ts'
import { TemplateDecoder } from '../../codecs/templates/decoder.ts'
import { ExporterState } from '../../codecs/templates/state.ts'
import { usualTemplateLimits } from '../../codecs/templates/table.ts'
import { FlowBuilder } from '../../model/flow-builder.ts'
import { parseIp } from '../../model/ip.ts'
import type { TimedDatagram } from './capture.ts'
import type { Protocol } from './tally.ts'

/** Bytes and packets are as reported, not multiplied by the sampling interval. */
export interface FlowCounts {
  flows: number
  bytes: bigint
  packets: bigint
  malformed: number
}

const hour = 3_600_000
const nowhere = Uint32Array.of(0, 0, 0xffff, 0)

/** Decodes as the sources do, with the capture's clock and only its own templates. It stores no flows. */
export class CaptureDecoder {
  readonly counts = new Map<Protocol, FlowCounts>()
  readonly #flows = new FlowBuilder()
  readonly #netflow5 = new Netflow5Decoder(this.#flows)
  readonly #templates = new TemplateDecoder(
    this.#flows,
    {
      skewLimit: hour,
      sampling: 0,
      netobservPen: 2,
      extra: [],
      elements: 'none',
      templates: { ...usualTemplateLimits, expiry: 2 * hour },
      parking: { bytes: 256 << 20, exporterBytes: 64 << 20, time: 24 * hour },
    },
    noBytes(),
  )
  readonly #sflow = new Sflow5Decoder(this.#flows)
  readonly #datagram = new Datagram()
  readonly #exporters = new Map<string, ExporterState>()

  get waiting(): number {
    let sets = 0
    for (const { sessions } of this.#exporters.values()) {
      for (const { domains } of sessions.values())
        for (const { parked } of domains.values()) for (const parkedSets of parked.values()) sets += parkedSets.length
    }
    return sets
  }

  take(datagram: TimedDatagram, protocol: Protocol): void {
    let counts = this.counts.get(protocol)
    if (counts === undefined) this.counts.set(protocol, (counts = { flows: 0, bytes: 0n, packets: 0n, malformed: 0 }))
    if (this.#read(datagram, protocol) !== undefined) counts.malformed++
    counts.flows += this.#flows.count
    const { bytes, packets } = this.#flows.batch().columns
    if (bytes?.kind === 'u64') counts.bytes += sum(bytes.words, this.#flows.count)
    if (packets?.kind === 'u64') counts.packets += sum(packets.words, this.#flows.count)
    this.#flows.reset()
  }

  #read({ payload, srcAddr, srcPort, time }: TimedDatagram, protocol: Protocol): string | undefined {
    const exporter = this.#exporter(srcAddr)
    const received = Number.isNaN(time) ? 0 : Math.floor(time)
    const transport = { kind: 'udp', listener: 0, port: srcPort } as const
    switch (protocol) {
      case 'netflow5':
        return this.#netflow5.decode(payload, { exporter: exporter.words, time: received, skewLimit: hour }).malformed
      case 'netflow9':
        return this.#withParked(decodeNetflow9(this.#templates, payload, exporter, transport, received))
      case 'ipfix':
        return this.#withParked(decodeIpfix(this.#templates, payload, exporter, transport, received))
      case 'sflow5':
        this.#datagram.scan(payload)
        return this.#sflow.decode(this.#datagram, { exporter: exporter.words, time: received }).malformed
      case 'unknown':
        return undefined
    }
  }

  #withParked(malformed: string | undefined): string | undefined {
    let why = malformed
    while (this.#templates.released > 0) {
      const parked = this.#templates.readReleased()
      why ??= parked
    }
    return why
  }

  #exporter(address: string): ExporterState {
    let state = this.#exporters.get(address)
    if (state === undefined) {
      state = new ExporterState(parseIp(address) ?? nowhere)
      state.proven = true
      this.#exporters.set(address, state)
    }
    return state
  }
}

function sum(words: Uint32Array, count: number): bigint {
  let [low, high] = [0, 0]
  for (let row = 0; row < count; row++) {
    low += words[2 * row] ?? 0
    high += words[2 * row + 1] ?? 0
  }
  return BigInt(low) + (BigInt(high) << 32n)
}
