import { countRecords, Netflow5Decoder, readSequence, type SequenceInfo } from '../../codecs/netflow5/decode.ts'
import type { Source, SourceContext } from '../../engine/ports.ts'
import { parseCidr } from '../../model/cidr.ts'
import { FlowBuilder } from '../../model/flow-builder.ts'
import type { Datagrams } from '../../net/udp.ts'
import { UdpListeners, type UdpListenerStatus } from '../../net/udp-listeners.ts'
import type { NetflowConfig } from './config.ts'
import { Exporters, type Exporter, type ExporterStatus } from './source-exporters.ts'
import { listenIpfixTcp, type IpfixTcp } from './source-tcp.ts'
import { UnitWriter, usualLimits, type UnitLimits } from './source-units.ts'

const housekeepingMs = 5000

export interface NetflowStatus {
  readonly exporters: readonly ExporterStatus[]
  readonly listeners: readonly UdpListenerStatus[]
  /** Units that are not synced yet. */
  readonly inFlight: number
}

/** What a test may set smaller than life. */
export interface NetflowLimits {
  readonly units: UnitLimits
  readonly exporters: number
}

export interface NetflowSource extends Source {
  status(): NetflowStatus
}

/** Opens every listener; when one cannot be opened, none stays open. */
export async function openNetflow(config: NetflowConfig, context: SourceContext, limits?: NetflowLimits): Promise<NetflowSource> {
  const source = new Netflow(config, context, limits ?? { units: usualLimits, exporters: 10_000 })
  try {
    await source.open()
  } catch (error) {
    await source.close()
    throw error
  }
  return source
}

class Netflow implements NetflowSource {
  readonly #config: NetflowConfig
  readonly #context: SourceContext
  readonly #labels: { readonly source: string }
  readonly #netflow5Labels: { readonly source: string; readonly protocol: string }
  readonly #exporters: Exporters
  readonly #flows = new FlowBuilder()
  readonly #decoder = new Netflow5Decoder(this.#flows)
  readonly #writer: UnitWriter
  #udp: UdpListeners | undefined
  readonly #tcp: IpfixTcp[] = []
  readonly #warned = new Set<string>()

  constructor(config: NetflowConfig, context: SourceContext, limits: NetflowLimits) {
    this.#config = config
    this.#context = context
    this.#labels = { source: context.id }
    this.#netflow5Labels = { source: context.id, protocol: 'netflow5' }
    this.#exporters = new Exporters(config.allow.flatMap((range) => parseCidr(range) ?? []), limits.exporters)
    this.#writer = new UnitWriter(context, this.#flows, limits.units)
  }

  get addresses(): readonly string[] {
    return [...(this.#udp?.addresses ?? []), ...this.#tcp.map(({ address }) => `tcp://${address}`)]
  }

  async open(): Promise<void> {
    const { id, log, metrics, host: environment } = this.#context
    const { listen: places, receive_buffer: receiveBuffer } = this.#config
    this.#udp = await UdpListeners.open({ source: id, places, receiveBuffer, environment, log, metrics, onDatagrams: (datagrams) => this.#take(datagrams) })
    for (const place of this.#config.tcp) {
      this.#tcp.push(await listenIpfixTcp(place, {
        seen: (address) => this.#exporters.seen(address, environment.clock.now()),
        undecoded: (exporter, messages, bytes) => {
          if (messages > 0) this.#undecoded(exporter, 'ipfix', messages)
          metrics.count('weir_netflow_received_bytes_total', bytes, this.#labels)
        },
        malformed: (exporter) => this.#malformed(exporter, 'framing'),
        refused: () => this.#writer.shed('not_allowed', 1),
      }))
    }
  }

  status(): NetflowStatus {
    return {
      exporters: this.#exporters.list(),
      listeners: this.#udp?.status() ?? [],
      inFlight: this.#writer.inFlight,
    }
  }

  async run(signal: AbortSignal): Promise<void> {
    const { timers } = this.#context.host
    const flushing = timers.every(this.#config.flush, () => void this.#writer.flush())
    while (!signal.aborted) {
      await timers.sleep(housekeepingMs, signal)
      this.#writer.shed('kernel_dropped', (await this.#udp?.newKernelDrops()) ?? 0)
      this.#context.metrics.set('weir_netflow_exporters', this.#exporters.size, this.#labels)
      this.#writer.tellShed()
    }
    flushing.cancel()
    await this.close()
    await this.#writer.drain()
  }

  async close(): Promise<void> {
    await Promise.all([this.#udp?.close(), ...this.#tcp.map((tcp) => tcp.close())])
  }

  #take({ bytes, from, received }: Datagrams): void {
    let size = 0
    for (let i = 0; i < bytes.length; i++) {
      const datagram = bytes[i]
      const sender = from[i]
      if (datagram === undefined || sender === undefined) continue
      size += datagram.length
      const exporter = this.#exporters.seen(sender.address, received)
      if (exporter === undefined) this.#writer.shed('not_allowed', 1)
      else this.#read(datagram, exporter, sender.port, received)
    }
    this.#context.metrics.count('weir_netflow_received_bytes_total', size, this.#labels)
  }

  #read(datagram: Uint8Array, exporter: Exporter, port: number, received: number): void {
    const version = datagram.length < 2 ? -1 : ((datagram[0] ?? 0) << 8) | (datagram[1] ?? 0)
    if (version === 5) this.#netflow5(datagram, exporter, port, received)
    else if (version === 9) this.#undecoded(exporter, 'netflow9', 1)
    else if (version === 10) this.#undecoded(exporter, 'ipfix', 1)
    else this.#malformed(exporter, 'version')
  }

  #netflow5(datagram: Uint8Array, exporter: Exporter, port: number, time: number): void {
    this.#context.metrics.count('weir_netflow_datagrams_total', 1, this.#netflow5Labels)
    if (!this.#writer.admit(countRecords(datagram), time)) {
      this.#follow(exporter, port, readSequence(datagram))
      return
    }
    const { rows, malformed, skewed, sequence } = this.#decoder.decode(datagram, { exporter: exporter.words, time, skewLimit: this.#config.skew_limit })
    exporter.rows += rows
    exporter.skewed += skewed
    if (malformed !== undefined) this.#malformed(exporter, malformed)
    this.#follow(exporter, port, sequence)
    this.#count('weir_netflow_rows_total', rows)
    this.#count('weir_netflow_skewed_rows_total', skewed)
  }

  #follow(exporter: Exporter, port: number, sequence: SequenceInfo | undefined): void {
    if (sequence === undefined) return
    const { missing, late, restarts } = exporter
    exporter.follow(port, sequence)
    this.#count('weir_netflow_missing_flows_total', exporter.missing - missing)
    this.#count('weir_netflow_late_flows_total', exporter.late - late)
    this.#count('weir_netflow_restarts_total', exporter.restarts - restarts)
  }

  #malformed(exporter: Exporter, reason: string): void {
    exporter.malformed++
    this.#writer.shed('malformed', 1)
    this.#context.metrics.count('weir_netflow_malformed_datagrams_total', 1, { ...this.#labels, reason })
    this.#warnOnce(`malformed ${reason}`, 'A datagram is no well-formed export; what could be read of it was taken.', { exporter: exporter.address, reason })
  }

  #undecoded(exporter: Exporter, protocol: string, messages: number): void {
    exporter.undecoded += messages
    this.#writer.shed('undecoded', messages)
    this.#context.metrics.count('weir_netflow_datagrams_total', messages, { ...this.#labels, protocol })
    this.#warnOnce(protocol, 'An exporter sends a protocol that is counted as undecoded: its codec is not built yet.', { exporter: exporter.address, protocol })
  }

  #warnOnce(key: string, message: string, fields: Record<string, unknown>): void {
    if (this.#warned.has(key)) return
    this.#warned.add(key)
    this.#context.log.warn(message, { source: this.#context.id, ...fields })
  }

  #count(name: string, by: number): void {
    if (by > 0) this.#context.metrics.count(name, by, this.#labels)
  }
}
