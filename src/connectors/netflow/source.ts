import { usualTemplateLimits } from '../../codecs/templates/table.ts'
import type { Source, SourceContext } from '../../engine/contracts.ts'
import { NetflowIngest } from '../../ingest/decode-netflow.ts'
import { FlowWriter, defaultLimits, type UnitLimits } from '../../ingest/write.ts'
import { parseCidr } from '../../model/cidr.ts'
import type { Datagrams } from '../../net/udp.ts'
import { TlsFiles } from '../../net/tls-files.ts'
import { UdpListeners, type UdpListenerStatus } from '../../net/udp-listeners.ts'
import { defineSource } from '../../engine/define.ts'
import type { NetflowConfig, netflowSchema } from './config.ts'
import { NetflowCounts } from './source-counts.ts'
import { Exporters, type Exporter, type ExporterStatus } from './source-exporters.ts'
import { InterfacesFile } from './source-interfaces.ts'
import { TemplateMemory } from './source-memory.ts'
import { listenIpfixTcp, type IpfixConnection, type IpfixTcp } from './source-tcp.ts'

export const source = defineSource<typeof netflowSchema>('netflow', { build: openNetflow })

const housekeepingMs = 1000
const kernelRounds = 5
const sweepRounds = 30

type NetflowStatus = Readonly<{
  exporters: readonly ExporterStatus[]
  listeners: readonly UdpListenerStatus[]
  inFlight: number
  why?: string
}>

export type NetflowLimits = Readonly<{
  units: UnitLimits
  exporters: number
}>

export interface NetflowSource extends Source {
  status(): NetflowStatus
}

export async function openNetflow(
  config: NetflowConfig,
  context: SourceContext,
  limits?: NetflowLimits,
): Promise<NetflowSource> {
  const source = new Netflow(config, context, limits ?? { units: defaultLimits, exporters: 10_000 })
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
  readonly #counts: NetflowCounts
  readonly #exporters: Exporters
  readonly #writer: FlowWriter
  readonly #ingest: NetflowIngest
  readonly #interfaces: InterfacesFile
  readonly #memory: TemplateMemory
  readonly #connected = new Map<IpfixConnection, Exporter>()
  readonly #orphans = new Set<Exporter>()
  readonly #tcp: IpfixTcp[] = []
  readonly #warned = new Set<string>()
  #udp: UdpListeners | undefined
  #files: TlsFiles | undefined

  constructor(config: NetflowConfig, context: SourceContext, limits: NetflowLimits) {
    this.#config = config
    this.#context = context
    this.#counts = new NetflowCounts(context)
    this.#writer = new FlowWriter(context, limits.units, config.flush)
    this.#ingest = new NetflowIngest(this.#writer, this.#counts, {
      skewLimit: config.skew_limit,
      sampling: config.sampling,
      netobservPen: config.netobserv_pen,
      extra: config.element_names,
      elements: config.elements,
      templates: { ...usualTemplateLimits, expiry: config.template_expiry },
      parking: { bytes: config.park_bytes, exporterBytes: Math.floor(config.park_bytes / 32), time: config.park_time },
    })
    this.#exporters = new Exporters(
      config.allow.flatMap((range) => parseCidr(range) ?? []),
      limits.exporters,
      (exporter) => this.#forget(exporter),
    )
    this.#interfaces = new InterfacesFile(context, config.interfaces)
    this.#memory = new TemplateMemory(context, this.#ingest.templates, config.listen)
  }

  get addresses(): readonly string[] {
    return [...(this.#udp?.addresses ?? []), ...this.#tcp.map(({ address }) => address)]
  }

  async open(): Promise<void> {
    const { id, log, metrics, host: environment } = this.#context
    const { listen: places, receive_buffer: receiveBuffer } = this.#config
    await this.#interfaces.refresh()
    this.#counts.received += await this.#memory.load((address, proven) => this.#restore(address, { proven }))
    this.#udp = await UdpListeners.open({
      source: id,
      places,
      receiveBuffer,
      environment,
      log,
      metrics,
      onDatagrams: (datagrams, listener) => this.#take(datagrams, listener),
    })
    this.#files = await TlsFiles.ofListener(this.#config.tls, environment.disk)
    for (const [listener, position] of this.#config.tcp.entries()) {
      this.#tcp.push(
        await listenIpfixTcp(position, this.#files?.current, {
          connected: (address, port) => this.#connect(address, { kind: 'tcp', listener, port }),
          failed: (exporter, reason) => this.#warnOnce('A TLS connection failed.', { exporter, reason }),
        }),
      )
    }
  }

  status(): NetflowStatus {
    const exporters = this.#exporters.list()
    const listeners = this.#udp?.status() ?? []
    const why =
      exporters.length === 0 && this.addresses.length > 0
        ? `No datagram was received at ${this.addresses.join(' or ')}: check the collector address and port of ` +
          'the exporters, and the firewalls between.'
        : undefined
    return { exporters, listeners, inFlight: this.#writer.inFlight, ...(why === undefined ? {} : { why }) }
  }

  async run(signal: AbortSignal): Promise<void> {
    const { timers } = this.#context.host
    for (let round = 1; !signal.aborted; round++) {
      await timers.tick(housekeepingMs, signal)
      if (round % kernelRounds === 0 || signal.aborted)
        this.#writer.shed('kernel_dropped', (await this.#udp?.newKernelDrops()) ?? 0)
      if (round % sweepRounds === 0) this.#ingest.templates.table.sweep(this.#context.host.clock.now())
      await this.#housekeeping()
    }
    this.#writer.stopWaiting()
    await this.close()
    await this.#housekeeping()
    await this.#memory.saveLast(this.#exporters.all())
    await this.#writer.drain()
  }

  async close(): Promise<void> {
    await Promise.all([this.#udp?.close(), ...this.#tcp.map((tcp) => tcp.close())])
  }

  async #housekeeping() {
    const { metrics, id, host, log } = this.#context
    const files = this.#files
    await files?.renew(
      'the IPFIX listener',
      log,
      () => {
        for (const listener of this.#tcp) listener.renew(files.current)
      },
      { source: id },
    )
    this.#ingest.templates.parking.sweep(host.clock.now())
    const exporters = new Set([...this.#exporters.all(), ...this.#connected.values()])
    this.#writer.shed('no_template', this.#counts.publish([...exporters].map(({ state }) => state)))
    metrics.set('weir_netflow_exporters', this.#exporters.size, { source: id })
    metrics.set('weir_netflow_templates', this.#ingest.templates.table.size, { source: id })
    this.#writer.recordShed()
    if (await this.#interfaces.refresh()) for (const exporter of exporters) this.#configure(exporter)
    await this.#memory.save(this.#exporters.all())
  }

  #take({ bytes, from, received }: Datagrams, listener: number) {
    for (let i = 0; i < bytes.length; i++) {
      const datagram = bytes[i]
      const sender = from[i]
      if (datagram === undefined || sender === undefined) continue
      this.#counts.received += datagram.length
      const exporter = this.#exporters.seen(sender.address, received)
      if (exporter === undefined) {
        this.#writer.shed('not_allowed', 1)
        this.#counts.bytes.skipped += datagram.length
        continue
      }
      this.#meet(exporter)
      const malformed = this.#ingest.take(datagram, exporter, { kind: 'udp', listener, port: sender.port }, received)
      if (malformed !== undefined) this.#malformed(exporter, malformed)
    }
  }

  #connect(address: string, transport: { kind: 'tcp'; listener: number; port: number }): IpfixConnection | undefined {
    const { clock } = this.#context.host
    const exporter = this.#exporters.seen(address, clock.now())
    if (exporter === undefined) {
      this.#writer.shed('not_allowed', 1)
      return undefined
    }
    exporter.state.proven = true
    exporter.datagrams--
    this.#meet(exporter)
    const connection: IpfixConnection = {
      message: async (bytes) => {
        await this.#writer.ready()
        const received = clock.now()
        this.#counts.received += bytes.length
        exporter.datagrams++
        exporter.lastSeen = received
        exporter.recent = true
        const malformed = this.#writer.ofPatientSender(() => this.#ingest.take(bytes, exporter, transport, received))
        if (malformed !== undefined) this.#malformed(exporter, malformed)
      },
      malformed: (bytes) => {
        this.#counts.received += bytes
        this.#ingest.templates.count(exporter.state, 'malformed', bytes)
        this.#malformed(exporter, 'framing')
      },
      closed: (bytes, local) => {
        this.#connected.delete(connection)
        this.#counts.received += bytes
        this.#ingest.templates.count(exporter.state, local ? 'skipped' : 'malformed', bytes)
        if (bytes > 0 && !local) this.#malformed(exporter, 'cut')
        this.#ingest.templates.closeSession(exporter.state, transport)
        if (this.#orphans.delete(exporter)) this.#forget(exporter)
      },
    }
    this.#connected.set(connection, exporter)
    return connection
  }

  #meet(exporter: Exporter) {
    if (exporter.datagrams <= 1) this.#configure(exporter)
    else exporter.state.proven = true
  }

  #configure(exporter: Exporter) {
    exporter.state.configuredNames = this.#interfaces.of(exporter.address)
  }

  #restore(address: string, { proven }: Readonly<{ proven: boolean }>): Exporter | undefined {
    const now = this.#context.host.clock.now()
    if (proven) this.#exporters.seen(address, now)
    const exporter = this.#exporters.seen(address, now)
    if (exporter === undefined) return undefined
    exporter.datagrams = 0
    exporter.state.proven = proven
    this.#configure(exporter)
    return exporter
  }

  #forget(exporter: Exporter): void {
    for (const connected of this.#connected.values())
      if (connected === exporter) return void this.#orphans.add(exporter)
    this.#ingest.templates.table.forget(exporter.state)
    this.#counts.forget(exporter.state)
  }

  #malformed(exporter: Exporter, reason: string) {
    const { id: source, metrics } = this.#context
    exporter.malformed++
    exporter.lastMalformed = reason
    this.#writer.shed('malformed', 1)
    metrics.count('weir_netflow_malformed_datagrams_total', 1, { source, reason })
    this.#warnOnce('A datagram is a malformed export; its readable part was accepted.', {
      exporter: exporter.address,
      reason,
    })
  }

  /** By reason, because a sender can repeat it. */
  #warnOnce(message: string, fields: Readonly<{ exporter: string; reason: string }>) {
    if (this.#warned.has(fields.reason)) return
    this.#warned.add(fields.reason)
    this.#context.log.warn(message, { source: this.#context.id, ...fields })
  }
}
